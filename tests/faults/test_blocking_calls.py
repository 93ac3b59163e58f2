"""A signal in the instant before a blocking call ends that call.

To hit this instant every time, most tests block the signals in the main thread. The kernel then
delivers them to another thread: the main thread's call is not interrupted, exactly as if the
signal had arrived just before it.
"""

from __future__ import annotations

import fcntl
import os
import random
import signal
import struct
import sys
import termios

import pytest
from faults.children import Child, until
from support.steady import FULL
from support.terminal import CTRL_C, run_in_terminal

BLOCKED = """
import signal, threading
from parsec_cli.main import run

threading.Thread(target=lambda: [signal.pause() for _ in range(9)], daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
run()
"""
UNINTERRUPTED = ("-c", BLOCKED)
SIGNALS = {CTRL_C: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}
PROMPTS = {
    "to deactivate it: ": ("users", "deactivate", "alice"),
    "(not shown): ": ("config", "set", "api_key"),
}
PRESSES = 1000 if FULL else 100


@pytest.fixture
def env(isolated_environment, builder, key_env):
    builder.add("alice")
    return {**isolated_environment, **key_env(builder)}


@pytest.mark.parametrize("question", PROMPTS)
@pytest.mark.parametrize(("sent", "code"), SIGNALS.items(), ids=["Ctrl-C", "SIGTERM", "SIGHUP"])
def test_signal_just_before_a_prompt_reads_ends_the_command(
    terminal, builder, env, question, sent, code
):
    done = terminal(
        [*PROMPTS[question]], env=env, answers=[(question, sent)], program=UNINTERRUPTED
    )
    assert done.code == code, done
    assert done.echo
    assert "Traceback" not in done.text
    assert builder.mutations == []


@pytest.mark.parametrize("name", ["-", "fifo"])
def test_signal_just_before_a_file_is_read_ends_the_command(builder, env, work, name):
    if name == "fifo":
        os.mkfifo(work / "fifo")
    reader, writer = os.pipe()
    argv = ["users", "deactivate", "--from-file", name, "--confirm", "1"]
    child = Child(argv, env, work, stdin=reader, program=UNINTERRUPTED)
    os.close(reader)
    if name == "fifo":
        os.close(writer)
        writer = os.open(work / "fifo", os.O_WRONLY)
    os.write(writer, b"alice\n")
    until(lambda: not unread(writer))
    child.signal(signal.SIGINT)
    completed = child.finish()
    os.close(writer)
    assert completed.code == 130, completed
    assert builder.requests == []


def unread(pipe: int) -> int:
    """Return the bytes in a pipe that nobody has read yet."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]


def test_signal_just_before_the_wait_for_the_key_command_ends_both(builder, env, work):
    del env["PARSEC_API_KEY"]
    program = work / "slow-key"
    program.write_text('#!/bin/sh\necho $$ >"$0.pid"\nexec sleep 600\n')
    program.chmod(0o755)
    config = work / "config.toml"
    config.write_text(
        f'[profiles.default]\napi_key_command = "{program}"\nbase_url = "{builder.url}"\n'
    )
    config.chmod(0o600)
    del env["PARSEC_API_BASE_URL"]
    child = Child(
        ["pool", "show"], {**env, "PARSEC_CONFIG": str(config)}, work, program=UNINTERRUPTED
    )
    written = work / "slow-key.pid"
    until(lambda: written.exists() and written.read_text().endswith("\n"))
    child.signal(signal.SIGINT)
    completed = child.finish()
    assert completed.code == 130, completed
    with pytest.raises(ProcessLookupError):
        os.kill(int(written.read_text()), 0)
    assert builder.requests == []


# one real process asks again and again at a real terminal, as quickly as it can
ASKING = """
import os, sys
from parsec_cli.errors import Interrupted
from parsec_cli.interrupts import Interrupts
from parsec_cli.output.answers import read_hidden, read_line

def ask(number):
    question = lambda: os.write(2, b"question %d: " % number)
    if number % 2:
        return read_hidden(sys.stdin, question)
    question()
    return read_line(sys.stdin)

for number in range(int(sys.argv[1])):
    interrupts = Interrupts()
    interrupts.install()
    try:
        os.write(2, b"ready %d;" % number)
        line = ask(number)
    except Interrupted:
        interrupts.leave()
        os.write(2, b"interrupted %d;" % number)
    else:
        sys.exit(f"swallowed: {line!r}")
"""


def presses(count: int) -> list[tuple[str, str]]:
    """Return one Ctrl-C for each question: when it appears or before, or a random instant later."""
    chance = random.Random(41)

    class Later(str):
        """Keys that are typed a random instant after their text appeared."""

        __slots__ = ()

        def encode(self, *_how: str) -> bytes:
            for _ in range(chance.randrange(3000)):
                pass
            return b"\x03"

    return [
        step
        for number in range(count)
        for step in (
            (chance.choice([f"ready {number};", f"question {number}: "]), Later()),
            (f"interrupted {number};", ""),
        )
    ]


def test_no_ctrl_c_around_a_prompt_is_swallowed(isolated_environment, work):
    done = run_in_terminal(
        [str(PRESSES)],
        env={**isolated_environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=work,
        answers=presses(PRESSES),
        program=("-c", ASKING),
    )
    assert done.code == 0, done
    assert done.text.count("interrupted") == PRESSES
    assert done.echo


# press Ctrl-C once or twice before line N of what asks, in one process after the other
AT_LINE = """
import os, signal, sys
from parsec_cli import interrupts, main
from parsec_cli.output import answers

FILES = {interrupts.__file__, answers.__file__}
left = int(sys.argv[1])

def trace(frame, event, argument):
    global left
    if frame.f_code.co_filename not in FILES:
        return None
    left -= event == "line"
    if left in range(-int(sys.argv[2]), 0):
        signal.raise_signal(signal.SIGINT)
    return trace

class Typed:
    closed = False
    fileno = sys.stdin.fileno
    readline = lambda self: "answer\\n"

def ask(*_argv, **_world):
    sys.settrace(trace)
    answers.read_hidden(Typed(), lambda: None)
    sys.settrace(None)
    os.write(2, b"answered;")
    return 0

main.main = ask
main.run()
"""


@pytest.mark.parametrize("times", [1, 2])
def test_terminal_echoes_again_wherever_ctrl_c_interrupts_a_hidden_prompt(
    isolated_environment, work, times
):
    env = {**isolated_environment, "PYTHONPATH": os.pathsep.join(sys.path)}
    for line in range(100):
        argv = [str(line), str(times)]
        done = run_in_terminal(argv, env=env, cwd=work, program=("-c", AT_LINE))
        assert done.echo, f"at line {line}: {done}"
        if "answered" in done.text:
            break
        assert done.code == 130, f"at line {line}: {done}"
    assert line > 10


# as the shell does when a person types Ctrl-Z, and then `fg`
CONTINUED = """
import os, signal, sys, termios
from parsec_cli.output import answers

class Typed:
    closed = False
    fileno = sys.stdin.fileno

    def readline(self):
        modes = termios.tcgetattr(0)
        modes[3] |= termios.ECHO
        termios.tcsetattr(0, termios.TCSANOW, modes)
        signal.raise_signal(signal.SIGCONT)
        os.write(2, b"echo %d;" % bool(termios.tcgetattr(0)[3] & termios.ECHO))
        return "answer\\n"

before = signal.getsignal(signal.SIGCONT)
answers.read_hidden(Typed(), lambda: None)
sys.exit(signal.getsignal(signal.SIGCONT) is not before)
"""


def test_a_key_stays_hidden_when_the_process_was_stopped_and_continues(isolated_environment, work):
    env = {**isolated_environment, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = run_in_terminal([], env=env, cwd=work, program=("-c", CONTINUED))
    assert (done.code, done.text, done.echo) == (0, "echo 0;", True), done
