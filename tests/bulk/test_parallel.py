from __future__ import annotations

import threading

import pytest

from parsec_cli.bulk.run.parallel import for_each

PATIENCE = 60.0  # what a hang would cost


def test_several_items_are_worked_on_at_the_same_time_but_no_more_than_allowed():
    meeting, done, busy, most = threading.Barrier(4), list[int](), [0], [0]
    lock = threading.Lock()

    def work(item: int) -> None:
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        meeting.wait(PATIENCE)  # fails unless four get here together
        with lock:
            busy[0] -= 1
        done.append(item)

    for_each(range(12), work, 4)

    assert (sorted(done), most[0]) == (list(range(12)), 4)


@pytest.mark.parametrize("kind", [ValueError, IndexError, KeyboardInterrupt])
def test_the_first_exception_ends_it_while_others_hang(kind):
    hangs, go_on, done = threading.Event(), threading.Event(), list[int]()

    def work(item: int) -> None:
        if item == 0:
            hangs.set()
            assert go_on.wait(PATIENCE)
        elif item == 1:
            assert hangs.wait(PATIENCE)
            raise kind("the first")
        done.append(item)

    with pytest.raises(kind, match="the first"):
        for_each(range(9), work, 2)

    left = [one for one in threading.enumerate() if one.daemon and "take_turns" in one.name]
    go_on.set()
    for one in left:
        one.join(PATIENCE)
    assert set(done) <= {0}, "an item was taken after the exception"
    assert left


def test_nothing_is_done_without_items():
    for_each([], pytest.fail, 8)
