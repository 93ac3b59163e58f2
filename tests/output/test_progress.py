import re
import threading

import pytest
from output.builders import Shown, states
from support.clock import VirtualClock

from parsec_cli.output.progress import Progress

HEADING = "Applying to staging · api.staging.example.com"
MIXED = [*["changed"] * 41, *["created"] * 20, *["failed"] * 2]


class Known:
    """A forecast of fixed figures."""

    rate = 9.8

    def seconds(self):
        return 5.8


def advance(progress: Progress, rows: int) -> None:
    for _ in range(rows):
        progress.advance()


def a_run(shown: Shown, clock: VirtualClock, outcomes: list[str], total: int = 120) -> None:
    """Show a run whose rows end at the same moment."""
    with shown.screen.progress(total, "apply", HEADING) as progress:
        progress.forecast = Known()
        clock.sleep(30)
        for outcome in outcomes[:-1]:
            progress.advance(outcome)
        clock.sleep(30)
        progress.advance(outcomes[-1])


def test_on_a_terminal_a_bar_with_rate_and_time_left_is_repainted(clock):
    shown = Shown(terminal=True, clock=clock)
    with shown.screen.progress(2000, "listing") as progress:
        advance(progress, 499)
        clock.sleep(1)
        advance(progress, 1)
        clock.sleep(1)
        advance(progress, 500)
    assert states(shown.err) == [
        f"{'░' * 30}  listing: 0 of 2,000",
        f"{'█' * 7}{'░' * 23}  listing: 500 of 2,000   500.0/s   about 3 s left",
        f"{'█' * 7}{'░' * 23}  listing: 501 of 2,000   250.5/s   about 6 s left",
    ]
    assert shown.err.endswith("\x1b[?25h\r\x1b[1A\x1b[2K")  # the cursor is back, the bar gone


FIGURES = "63 of 120   41 changed  20 created  2 failed"


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (200, f"{'█' * 15}{'░' * 15}  {FIGURES}   9.8/s   about 6 s left"),
        (100, f"{'█' * 14}{'░' * 14}  {FIGURES}   9.8/s   about 6 s left"),
        (80, f"{'█' * 8}{'░' * 8}  {FIGURES}   about 6 s left"),
        (72, f"{FIGURES}   9.8/s   about 6 s left"),
        (60, "63 of 120  41 changed  20 created  2 failed  about 6 s left"),
        (40, "63 of 120  about 6 s left"),
    ],
)
def test_a_run_has_a_heading_and_its_outcomes_beside_the_bar(columns, line, clock):
    shown = Shown(terminal=True, clock=clock, environ={"COLUMNS": str(columns), "NO_COLOR": "1"})
    a_run(shown, clock, MIXED)
    assert states(shown.err)[-1].splitlines() == [HEADING[: columns - 1], line]


def test_what_went_wrong_is_red_or_magenta(clock):
    shown = Shown(terminal=True, clock=clock, environ={"COLUMNS": "100"})
    a_run(shown, clock, ["unknown", "failed", "unchanged", "created", "changed", "deactivated"])
    *_, last = shown.err.rpartition("Applying")
    found = re.findall(r"\x1b\[([0-9;]+)m([^\x1b]+)\x1b\[0m", last)
    assert [pair for pair in found if pair[1][:1].isdigit()] == [
        ("32", "1 changed"),
        ("32", "1 created"),
        ("32", "1 deactivated"),
        ("2", "1 unchanged"),
        ("31", "1 failed"),
        ("35", "1 unknown"),
    ]
    assert f"\x1b[1m{HEADING}\x1b[0m" in shown.err


def test_repainting_is_not_more_often_than_can_be_seen(clock):
    shown = Shown(terminal=True, clock=clock)
    with shown.screen.progress(1000, "listing") as progress:
        for _ in range(100):
            clock.sleep(0.01)
            progress.advance()
    assert shown.err.count("listing") <= 11


@pytest.mark.parametrize("columns", [1, 20, 40, 60, 70, 80])
def test_a_bar_never_wraps(columns, clock):
    shown = Shown(terminal=True, clock=clock, environ={"COLUMNS": str(columns), "NO_COLOR": "1"})
    a_run(shown, clock, MIXED)
    assert all(len(line) < columns for state in states(shown.err) for line in state.splitlines())


def test_elsewhere_progress_is_a_plain_line_every_half_minute(clock):
    shown = Shown(clock=clock)
    with shown.screen.progress(100, "apply", HEADING) as progress:
        for _ in range(61):
            clock.sleep(1)
            progress.advance("changed")
    assert shown.err == (
        "apply: 30 of 100, 30 changed, 1.0/s, about 1 min 10 s left\n"
        "apply: 60 of 100, 60 changed, 1.0/s, about 40 s left\n"
    )


@pytest.mark.parametrize("environ", [{"ACCESSIBLE": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_terminal_that_is_not_redrawn_gets_sentences(environ, clock):
    shown = Shown(terminal=True, clock=clock, environ=environ)
    with shown.screen.progress(120, "apply", HEADING) as progress:
        progress.forecast = Known()
        for outcome in MIXED:
            clock.sleep(0.5)
            progress.advance(outcome)
    assert shown.err == (
        f"{HEADING}\napply: 60 of 120, 41 changed, 19 created, 9.8/s, about 6 s left\n"
    )


@pytest.mark.parametrize(
    ("total", "left"),
    [
        (31, "about 1 s left"),
        (32, "about 2 s left"),
        (33, "about 3 s left"),
        (60, "about 30 s left"),
        (91, "about 1 min 1 s left"),
        (3_630, "about 1 h 0 min left"),
        (10_000, "about 2 h 46 min left"),
        (100_000, "about 27 h 46 min left"),
    ],
)
def test_the_time_left_is_in_hours_and_minutes_or_in_minutes_and_seconds(total, left, clock):
    shown = Shown(clock=clock)
    with shown.screen.progress(total, "listing") as progress:
        advance(progress, 29)
        clock.sleep(30)
        progress.advance()
    assert shown.err == f"listing: 30 of {total:,}, 1.0/s, {left}\n"


def test_less_than_a_second_is_shown_as_such(clock):
    shown = Shown(clock=clock)
    with shown.screen.progress(61, "listing") as progress:
        advance(progress, 59)
        clock.sleep(30)
        progress.advance()
    assert shown.err == "listing: 60 of 61, 2.0/s, under 1 s left\n"


@pytest.mark.parametrize("environ", [{}, {"ACCESSIBLE": "1"}], ids=str)
@pytest.mark.parametrize("terminal", [True, False])
def test_quiet_shows_no_progress(terminal, environ, clock):
    shown = Shown(terminal=terminal, quiet=True, clock=clock, environ=environ)
    with shown.screen.progress(10, "apply", HEADING) as progress:
        clock.sleep(60)
        progress.advance("failed")
        progress.note("waiting")
    assert shown.err == ""


def test_a_notice_replaces_the_bar_which_returns_below(clock):
    shown = Shown(terminal=True, clock=clock)
    with shown.screen.progress(2, "listing") as progress:
        clock.sleep(0.5)
        progress.advance()
        shown.screen.notice("one failed")
        progress.note("waiting \x1b 3 s")
    line = f"{'█' * 15}{'░' * 15}  listing: 1 of 2"
    assert states(shown.err)[1:] == [line, "one failed", f"{line}\nwaiting \\u{{1b}} 3 s"]


def test_a_note_follows_the_numbers_of_a_plain_line(clock):
    shown = Shown(clock=clock)
    with shown.screen.progress(2, "apply", HEADING) as progress:
        progress.advance("changed")
        progress.note("waiting 3 s")
        progress.note("waiting 3 s")
    assert shown.err == "apply: 1 of 2, 1 changed, waiting 3 s\n"


def test_several_threads_can_advance_the_progress():
    clock = VirtualClock()
    shown = Shown(clock=clock)
    with shown.screen.progress(4001, "listing") as progress:
        threads = [threading.Thread(target=advance, args=(progress, 1000)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        clock.sleep(40)
        progress.advance()
    assert shown.err == "listing: 4,001 of 4,001, 100.0/s\n"
