"""A program that does what `parsec` does, but starts faster: the tool is forked from one process.

That process has loaded the tool. The program hands it streams, arguments, environment and
directory, and waits. It is for many commands that need neither a terminal nor signals.
"""

from __future__ import annotations

import atexit
import functools
import marshal
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
# What the program does, with built-in modules alone: 10 ms instead of 150. It reads the exit code.
_CLIENT = """
import _socket, marshal, posix, sys
order = marshal.dumps((sys.argv[2:], dict(posix.environ), posix.getcwdb()))
server = _socket.socket(_socket.AF_UNIX)
server.connect(sys.argv[1])
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
head = len(order).to_bytes(4, "big")
server.sendmsg([head], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
while order:
    order = order[server.send(order):]
posix._exit(server.recv(1)[0])
"""


@functools.cache
def _address() -> str:
    """Start the process that forks the tools; it ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="parsec-")
    address = str(Path(folder.name) / "socket")
    process = subprocess.Popen(
        [sys.executable, __file__, address],
        env={"PYTHONPATH": f"{_TESTS.parent}:{_TESTS}", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )

    def stop() -> None:
        process.kill()
        process.communicate()
        folder.cleanup()

    atexit.register(stop)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return address


def forked(folder: Path) -> str:
    """Return the words by which a shell script starts the tool with its own arguments."""
    client = folder / ".parsec.py"
    client.write_text(_CLIENT)
    return f'"{sys.executable}" -I -S "{client}" "{_address()}" "$@"'


def program(path: Path) -> None:
    """Write `parsec`; on a terminal it starts the tool as any other, unless it is `FORKED`."""
    path.write_text(
        "#!/bin/sh\n"
        'if [ -z "$FORKED" ] && { [ -t 0 ] || [ -t 1 ] || [ -t 2 ]; }; then\n'
        f'  exec "{sys.executable}" -m parsec_cli "$@"\n'
        "fi\n"
        f"exec {forked(path.parent)}\n"
    )
    path.chmod(0o755)


def serve(address: str) -> None:
    from support import zygote

    zygote.serve(address, keep)


def keep(connection: socket.socket) -> None:
    """Run one tool and report its exit code; kill it if its program was killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    connection.settimeout(None)
    head, streams, _, _ = socket.recv_fds(connection, 4, 3)
    with connection.makefile("rb") as stream:
        argv, environment, folder = marshal.loads(  # noqa: S302 - from this file
            stream.read(int.from_bytes(head, "big"))
        )
    alive, mine = os.pipe()
    pid = os.fork()
    if pid == 0:
        connection.close()
        os.close(alive)
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
            os.close(descriptor)
        become(argv, environment, folder)
    os.close(mine)
    if alive not in select.select([connection, alive], [], [])[0]:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    connection.send(bytes([code if code >= 0 else 128 - code]))


def become(argv: list[str], environment: dict[bytes, bytes], folder: bytes) -> None:
    """Let this process be the tool; does not return."""
    os.environb.clear()
    os.environb.update(environment)
    time.tzset()
    os.chdir(folder)
    sys.argv[1:] = argv
    runpy.run_module("parsec_cli", run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    serve(sys.argv[1])
