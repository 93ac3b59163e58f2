import threading

import pytest
from output.builders import Shown, states
from support.clock import VirtualClock


def test_on_a_terminal_a_bar_with_rate_and_time_left_is_repainted(clock):
    shown = Shown(terminal=True, clock=clock)
    with shown.screen.progress(2000, "applying") as progress:
        clock.sleep(1)
        progress.advance(500)
        clock.sleep(1)
        progress.advance(500)
    assert states(shown.err) == [
        f"{'█' * 6}{'░' * 18}  applying: 500 of 2,000, 500.0/s, 3 s left",
        f"{'█' * 12}{'░' * 12}  applying: 1,000 of 2,000, 500.0/s, 2 s left",
    ]
    assert shown.err.endswith("\x1b[?25h\r\x1b[1A\x1b[2K")  # the cursor is back, the bar gone


def test_the_first_step_shows_no_rate(clock):
    shown = Shown(terminal=True, clock=clock)
    with shown.screen.progress(20, "applying") as progress:
        clock.sleep(0.0001)
        progress.advance()
    assert states(shown.err) == [f"{'█'}{'░' * 23}  applying: 1 of 20"]


def test_repainting_is_not_more_often_than_can_be_seen(clock):
    shown = Shown(terminal=True, clock=clock)
    with shown.screen.progress(1000, "applying") as progress:
        for _ in range(100):
            clock.sleep(0.01)
            progress.advance()
    assert shown.err.count("applying") <= 11


@pytest.mark.parametrize("columns", ["1", "20", "40"])
def test_a_bar_never_wraps(columns, clock):
    shown = Shown(terminal=True, clock=clock, environ={"COLUMNS": columns, "NO_COLOR": "1"})
    with shown.screen.progress(1000, "applying the plan") as progress:
        clock.sleep(1)
        progress.advance(10)
    assert all(len(state) < int(columns) for state in states(shown.err))


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"terminal": True, "environ": {"ACCESSIBLE": "1"}},
        {"terminal": True, "environ": {"TERM": "dumb"}},
    ],
)
def test_elsewhere_progress_is_a_plain_line_every_half_minute(plain, clock):
    shown = Shown(clock=clock, **plain)
    with shown.screen.progress(100, "applying") as progress:
        for _ in range(61):
            clock.sleep(1)
            progress.advance()
    assert shown.err == (
        "applying: 30 of 100, 1.0/s, 1 min 10 s left\napplying: 60 of 100, 1.0/s, 40 s left\n"
    )


@pytest.mark.parametrize(
    ("total", "left"),
    [
        (60, "30 s left"),
        (91, "1 min 1 s left"),
        (3_630, "1 h 0 min left"),
        (10_000, "2 h 46 min left"),
        (100_000, "27 h 46 min left"),
    ],
)
def test_the_time_left_is_in_hours_and_minutes_or_in_minutes_and_seconds(total, left, clock):
    shown = Shown(clock=clock)
    with shown.screen.progress(total, "applying") as progress:
        clock.sleep(30)
        progress.advance(30)
    assert shown.err == f"applying: 30 of {total:,}, 1.0/s, {left}\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_quiet_shows_no_progress(terminal, clock):
    shown = Shown(terminal=terminal, quiet=True, clock=clock)
    with shown.screen.progress(10, "applying") as progress:
        clock.sleep(60)
        progress.advance()
        progress.note("waiting")
    assert shown.err == ""


def test_a_notice_replaces_the_bar_which_returns_below(clock):
    shown = Shown(terminal=True, clock=clock)
    with shown.screen.progress(2, "listing") as progress:
        progress.advance()
        shown.screen.notice("one failed")
        progress.note("waiting \x1b 3 s")
    line = f"{'█' * 12}{'░' * 12}  listing: 1 of 2"
    assert states(shown.err) == [line, "one failed", rf"{line}, waiting \u{{1b}} 3 s"]


def test_several_threads_can_advance_the_progress():
    clock = VirtualClock()
    shown = Shown(clock=clock)
    with shown.screen.progress(4000, "applying") as progress:
        threads = [
            threading.Thread(target=lambda: [progress.advance() for _ in range(1000)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        clock.sleep(40)
        progress.advance(0)
    assert shown.err == "applying: 4,000 of 4,000, 100.0/s\n"
