"""Scripted attempts for the retry engine: the result of each attempt, and its duration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from support.clock import VirtualClock

from parsec_cli.api.call import Attempted, Call, Exchange, Kind, Lost, NotSent, Response
from parsec_cli.api.retry import RetryBudget, RetrySettings, send

METHODS = {
    Kind.READ: "GET",
    Kind.CREATE: "POST",
    Kind.ONBOARD: "POST",
    Kind.UPDATE: "PATCH",
    Kind.DEACTIVATE: "DELETE",
    Kind.OTHER: "PUT",
}
LOST = Lost("reset")
REFUSED = NotSent("connect", "refused")


def status(number: int, value: Any = None, **headers: str) -> Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(number, named, value=value, unfit="" if value is not None else "it is empty")


GOOD = status(200, {})


class Attempts:
    """Gives the scripted results one by one, then the last one again and again."""

    def __init__(self, results: Iterable[Attempted], clock: VirtualClock, took: float) -> None:
        self._results = list(results)
        self._clock = clock
        self._took = took
        self.sent_at: list[float] = []

    def __call__(self, number: int) -> Attempted:
        self.sent_at.append(self._clock())
        assert number == len(self.sent_at)
        assert number < 5_000, "no end of it"
        if self._took:
            self._clock.sleep(self._took)
            self._clock.waits.pop()
        return self._results[min(number, len(self._results)) - 1]


def run(
    kind: Kind,
    *results: Attempted,
    clock: VirtualClock,
    took: float = 0.0,
    chance: Callable[[], float] = lambda: 0.5,
    **patience: Any,
) -> tuple[Exchange, Attempts]:
    attempts = Attempts(results, clock, took)
    call = Call(kind, METHODS[kind], "/builder/x")
    engine = RetrySettings(
        patience.pop("budget", None) or RetryBudget(),
        clock=clock,
        wall=clock,
        sleep=patience.pop("sleep", clock.sleep),
        random=chance,
        **patience,
    )
    return send(call, attempts, engine), attempts
