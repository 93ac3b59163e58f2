"""Do the reads before a run with several workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

from parsec_cli.interrupts import start_thread

Item = TypeVar("Item")
_POLL = 0.1  # how soon a fault of one worker ends the wait for the others


def for_each(items: Iterable[Item], work: Callable[[Item], None], concurrency: int) -> None:
    """Call `work` for each item, with up to `concurrency` at a time.

    Raises the first exception, or that of a signal's handler. The other workers then take no more
    items, and the call does not wait for them.
    """
    left, faults = deque(items), list[BaseException]()

    def take_turns() -> None:
        while left:
            try:
                item = left.popleft()
            except IndexError:
                return  # another worker has taken the last one
            try:
                work(item)
            except BaseException as fault:  # noqa: BLE001 - raised by the thread that waits
                faults.append(fault)
                return

    try:
        for worker in [start_thread(take_turns) for _ in range(min(concurrency, len(left)))]:
            while worker.is_alive() and not faults:
                worker.join(_POLL)
    finally:
        left.clear()
    if faults:
        raise faults[0]
