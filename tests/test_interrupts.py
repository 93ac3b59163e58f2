"""Signals: held back while something is in flight, never lost, never a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from parsec_cli.errors import Interrupted
from parsec_cli.interrupts import Interrupts

_TWICE = """
import os, signal
from parsec_cli.interrupts import Interrupts
Interrupts().install()
try:
    os.kill(os.getpid(), signal.SIGINT)
finally:
    os.kill(os.getpid(), signal.{second})
"""


@pytest.mark.parametrize(("second", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_signal_while_tidying_up_ends_the_process_without_a_word(second, code):
    command = [sys.executable, "-c", _TWICE.format(second=second)]

    ended = subprocess.run(command, capture_output=True, check=False, timeout=30)

    assert (ended.returncode, ended.stderr) == (code, b"")


_AT_THE_EDGE = """
import atexit, os, signal
from parsec_cli import interrupts, main

def arrive(*args, **world):
    os.kill(os.getpid(), signal.{number})
    return 0

{edge}
main.run()
"""
_EDGES = {
    "while it starts": "interrupts.Interrupts = arrive",
    "before the command": "main.main = arrive",
    "after the command": "main.main = lambda *a, **w: 0; atexit.register(arrive)",
}


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("edge", _EDGES)
def test_signal_at_the_edges_of_a_command_ends_it_without_a_word(edge, number, code):
    command = [sys.executable, "-c", _AT_THE_EDGE.format(number=number, edge=_EDGES[edge])]

    ended = subprocess.run(command, capture_output=True, check=False, timeout=30)

    # by the signal itself or by the code that a shell makes of it
    assert ended.returncode in (code, 128 - code)
    assert (ended.stdout, ended.stderr) == (b"", b"")


def test_signal_in_the_middle_of_a_pause_ends_it():
    interrupts = Interrupts()
    stop = Interrupted("interrupted")
    with interrupts.shield():
        threading.Timer(0.05, interrupts.arrive, [stop]).start()

        interrupts.pause(60)

    assert interrupts.pending is stop


def test_pause_lasts_as_long_as_it_says():
    now = iter([10.0, 10.0, 10.5, 11.0])

    Interrupts(clock=lambda: next(now)).pause(1)

    assert list(now) == []


def test_ignored_signal_stays_ignored():
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from parsec_cli.interrupts import Interrupts; Interrupts().install()\n"
        "assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0


def test_handlers_are_those_of_the_tool():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    interrupts = Interrupts()
    try:
        interrupts.install()
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
