"""Run the tool where the operating system lacks much: `python lacking.py windows|bare ARGUMENT...`.

`System` starts many such processes from one.

Both take away what only POSIX has. `windows` adds what Windows has instead, with its rules: byte
locks in `msvcrt`, no file without a name, no removal of an open file. `bare` adds nothing.

This is no Windows: paths, consoles and the libraries below are still those of POSIX.
"""

from __future__ import annotations

# loaded in their POSIX form: they are not what is tested here
import asyncio  # noqa: F401
import ctypes  # noqa: F401
import errno
import fcntl
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

# loaded in their POSIX form: they are not what is tested here
for library in (
    *("asyncio", "ctypes", "multiprocessing", "shutil", "sqlite3", "subprocess"),
    *("tempfile", "webbrowser", "httpcore", "httpx", "rich.console", "typer.main"),
    "waitress.server",
):
    importlib.import_module(library)

MODULES = ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "readline", "syslog")
OS = """
O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_NOCTTY O_SYNC O_DSYNC chown chroot confstr ctermid
fchdir fchmod fchown fdatasync fork forkpty fpathconf fstatvfs getegid geteuid getgid getgroups
getpgid getpgrp getpriority getresuid getsid getuid initgroups killpg lchown lockf major makedev
minor mkfifo mknod nice openpty pathconf posix_fadvise posix_spawn pread pwrite readv sendfile
register_at_fork sched_getaffinity sched_yield setegid seteuid setgid setgroups setpgid setsid
setuid statvfs sync sysconf tcgetpgrp tcsetpgrp ttyname uname wait wait3 wait4 waitid writev
"""
SIGNALS = """
SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE SIGPROF SIGQUIT SIGSTOP SIGTSTP SIGTTIN
SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ alarm getitimer pause pthread_kill
pthread_sigmask setitimer siginterrupt sigpending sigtimedwait sigwait sigwaitinfo
"""
GONE = {os: OS.split(), signal: SIGNALS.split(), socket: ["AF_UNIX", "socketpair"]}
GONE[select] = ["poll", "epoll"]

_open, _replace, _unlink, _fork = os.open, os.replace, os.unlink, os.fork


def open_file(path, flags, mode=0o777, *, dir_fd=None):
    """Open a file, but no directory."""
    assert dir_fd is None
    if not isinstance(path, int) and os.path.isdir(path):  # noqa: PTH112
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    return _open(path, flags, mode)


def is_open(path):
    """Return whether this process has the file open."""
    try:
        wanted = os.lstat(path)
    except OSError:
        return False
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            found = os.fstat(int(name))
        except OSError:  # the listing's own
            continue
        if os.path.samestat(wanted, found):
            return True
    return False


def refuse_if_open(path):
    if is_open(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def replace(source, target, **_):
    refuse_if_open(source)
    refuse_if_open(target)
    _replace(source, target)


def unlink(path, *, dir_fd=None):
    refuse_if_open(path)
    _unlink(path, dir_fd=dir_fd)


def byte_locks():
    """Make the part of `msvcrt` that locks a byte of an open file."""
    module = types.ModuleType("msvcrt")
    module.LK_UNLCK, module.LK_LOCK, module.LK_NBLCK = 0, 1, 2
    tries = {module.LK_LOCK: 10, module.LK_NBLCK: 1}

    def locking(descriptor, mode, size):
        assert size == 1
        assert stat.S_ISREG(os.fstat(descriptor).st_mode)
        if mode == module.LK_UNLCK:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            return
        for left in reversed(range(tries[mode])):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if left:
                    time.sleep(1)
            else:
                return
        number = errno.EDEADLK if mode == module.LK_LOCK else errno.EACCES
        raise OSError(number, os.strerror(number))

    module.locking = locking
    return module


def take_away(kind):
    """Take away what the system lacks; `windows` gets its own things."""
    for name in MODULES:
        sys.modules[name] = None
    for holder, names in GONE.items():
        for name in names:
            if hasattr(holder, name):
                delattr(holder, name)
    os.open = open_file
    if kind == "windows":
        os.replace, os.rename, os.unlink, os.remove = replace, replace, unlink, unlink
        sys.modules["msvcrt"] = byte_locks()
        sys.modules["ctypes"] = None  # without it, platformdirs asks the environment for folders
        ssl.enum_certificates = lambda _: []
        sys.platform = "win32"


class System:
    """Start processes until `stop`: each is forked from one that has loaded the tool."""

    def __init__(self, kind, env):
        self._process = subprocess.Popen(
            [sys.executable, __file__, kind, "--serve"],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout.readline() == b"ready\n"

    def run(self, argv, *, env, cwd, stdin):
        """Return the exit code, stdout and stderr of the tool."""
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, name) for name in ("in", "out", "err")]
            files[0].write_bytes(stdin)
            order = [list(argv), dict(env), str(cwd), [str(path) for path in files]]
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            return code, files[1].read_bytes(), files[2].read_bytes()

    def stop(self):
        self._process.communicate()


def serve():
    """Carry out the orders of a `System`."""
    package = importlib.import_module("parsec_cli")
    for module in pkgutil.walk_packages(package.__path__, "parsec_cli."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    # the streams of the commands have the usual numbers
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = _open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    answers.write(b"ready\n")
    answers.flush()
    for order in orders:
        pid = _fork()
        if pid == 0:
            carry_out(*json.loads(order))
        _, status = os.waitpid(pid, 0)
        answers.write(b"%d\n" % os.waitstatus_to_exitcode(status))
        answers.flush()


def carry_out(argv, env, cwd, files):
    """Run the tool as this process, and end it."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    ways = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)
    for number, (path, way) in enumerate(zip(files, ways, strict=True)):
        os.dup2(_open(path, way), number)
    sys.argv[1:] = argv
    runpy.run_module("parsec_cli", run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    take_away(sys.argv.pop(1))
    if sys.argv[1:] == ["--serve"]:
        serve()
        sys.exit()
    runpy.run_module("parsec_cli", run_name="__main__")
