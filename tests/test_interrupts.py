"""Signals are deferred while a request is in flight, never lost, and cause no traceback."""

from __future__ import annotations

import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from parsec_cli.errors import Interrupted
from parsec_cli.interrupts import Deadline, Interrupts

_TWICE = """
import os, signal
from parsec_cli.interrupts import Deadline, Interrupts
Interrupts().install()
try:
    os.kill(os.getpid(), signal.SIGINT)
finally:
    os.kill(os.getpid(), signal.{second})
"""


@pytest.mark.parametrize(("second", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_during_the_clean_up_ends_the_process_silently(second, code):
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
    "after the command": "main.main = lambda *a, **w: atexit.register(arrive) is None",
}


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("edge", _EDGES)
def test_a_signal_before_or_after_the_command_ends_it_silently(edge, number, code):
    command = [sys.executable, "-c", _AT_THE_EDGE.format(number=number, edge=_EDGES[edge])]

    ended = subprocess.run(command, capture_output=True, check=False, timeout=30)

    # by the signal itself or by the code that a shell makes of it
    assert ended.returncode in (code, 128 - code)
    assert (ended.stdout, ended.stderr) == (b"", b"")


def test_a_signal_ends_a_pause():
    interrupts = Interrupts()
    stop = Interrupted("interrupted")
    with interrupts.shield():
        threading.Timer(0.05, interrupts.arrive, [stop]).start()

        interrupts.pause(60)

    assert interrupts.pending is stop


def test_a_pause_lasts_the_given_time():
    now = iter([10.0, 10.0, 10.5, 11.0])

    Interrupts(clock=lambda: next(now)).pause(1)

    assert list(now) == []


def test_a_connection_that_is_made_after_the_deadline_is_closed():
    closed, too_late = threading.Event(), threading.Event()
    deadline = Deadline(clock=lambda: 1.0 * too_late.is_set())
    deadline.begin(0.02)

    def connect():
        too_late.set()
        left.wait(60)
        return SimpleNamespace(close=closed.set)

    left, late = threading.Event(), TimeoutError("too late")
    with pytest.raises(TimeoutError) as caught:
        deadline.within(connect, late)
    left.set()

    assert caught.value is late
    assert closed.wait(60)


_WHILE_A_THREAD_STARTS = """
import os, signal, threading
from parsec_cli.errors import Interrupted
from parsec_cli.interrupts import Deadline, Interrupts, start_thread

Interrupts().install()
name = "_start_joinable_thread" if hasattr(threading, "_start_joinable_thread") else ""
name = name or "_start_new_thread"
begin = getattr(threading, name)

def arrive(*args, **options):
    begun = begin(*args, **options)
    while threading._limbo:
        pass  # the new thread notes itself that it has begun
    os.kill(os.getpid(), signal.SIGINT)
    return begun

setattr(threading, name, arrive)
try:
    {start}
except Interrupted:
    print("interrupted")
"""
_STARTS = ["Deadline().within(lambda: None, TimeoutError())", "start_thread(lambda: None).join()"]


@pytest.mark.parametrize("start", _STARTS)
def test_a_signal_while_a_thread_starts_ends_the_command(start):
    """The standard library takes an exception there for a thread that could not be started."""
    script = _WHILE_A_THREAD_STARTS.format(start=start)
    command = [sys.executable, "-c", script]

    ended = subprocess.run(command, capture_output=True, check=False, timeout=30)

    assert (ended.stdout, ended.stderr) == (b"interrupted\n", b"")
