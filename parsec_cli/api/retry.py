"""The only retry layer: what may be repeated, when, and for how long."""

from __future__ import annotations

import datetime
import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from parsec_cli.api.call import Attempted, Call, Exchange, Kind, Lost, NotSent, Response
from parsec_cli.records import changed, record, state

SHORTEST_WAIT = 0.1
_GATEWAY = (502, 503, 504)
_JITTER_FIRST, _JITTER_LONGEST = 0.5, 8.0
# seconds that the wait after repeated 429 responses grows to, even if the server asks for less
_LEAST_WAIT = 2.0
_SILENT_WAIT = 2.0  # seconds that a call may wait before the operator is informed


@record
class Rule:
    """How one kind of call is repeated.

    `attempts` limits the requests, apart from those with a 429 response. `after_loss` allows a
    repeat after a lost response (502, 503 and 504 count as lost). `malformed` allows one repeat
    after a 2xx with an unexpected body. `window` is the time in seconds after the first request
    in which a repeat may start.
    """

    attempts: int
    after_loss: bool
    on_500: bool
    malformed: bool
    window: float = math.inf


_RULES: Mapping[Kind, Rule] = {
    Kind.READ: Rule(4, after_loss=True, on_500=True, malformed=True),
    Kind.CREATE: Rule(4, after_loss=True, on_500=True, malformed=True),
    Kind.UPDATE: Rule(4, after_loss=True, on_500=True, malformed=False),
    Kind.DEACTIVATE: Rule(3, after_loss=True, on_500=False, malformed=False, window=60.0),
    # the guide calls onboarding idempotent, but it creates wallets: never repeated when in doubt
    Kind.ONBOARD: Rule(4, after_loss=False, on_500=False, malformed=False),
    Kind.OTHER: Rule(4, after_loss=False, on_500=False, malformed=False),
}


class Pacer(Protocol):
    """The request rate of a run: `acquire` waits for a turn, `limited` reports a 429 response."""

    def acquire(self) -> None: ...

    def limited(self, limit_qps: float | None, retry_after: float | None) -> None: ...


class RetryBudget:
    """Limits the retries of a whole run, so that an outage does not multiply the requests.

    Allows ten, or a tenth of the calls made so far, whichever is more.
    """

    def __init__(self) -> None:
        self._calls = 0
        self._retries = 0
        self._lock = threading.Lock()

    def call(self) -> None:
        """Count a call."""
        with self._lock:
            self._calls += 1

    def take(self) -> bool:
        """Take one retry; False if none is left."""
        with self._lock:
            if self._retries >= max(10, self._calls // 10):
                return False
            self._retries += 1
            return True


@state
class RetrySettings:
    """How long to wait and by which clock; seconds throughout.

    `max_wait` limits the waits for 429 and 503 responses of one call, taken together. `stopping`
    is True once a signal asked the command to end.
    """

    budget: RetryBudget
    max_wait: float = 60.0
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
    stopping: Callable[[], bool] = lambda: False
    notice: Callable[[str], None] = lambda _: None
    pacer: Pacer | None = None


def send(call: Call, attempt: Callable[[int], Attempted], settings: RetrySettings) -> Exchange:
    """Make attempts by `attempt(number)` until one is final by the rule of the call's kind."""
    return _Retries(call, attempt, settings, _RULES[call.kind]).run()


@state
class _Retries:
    """The attempts of one call: `tries` count against its rule, the `refused` with a 429 do not."""

    call: Call
    attempt: Callable[[int], Attempted]
    settings: RetrySettings
    rule: Rule
    requests: int = 0
    tries: int = 0
    refused: int = 0
    malformed: bool = False
    doubt: bool = False
    waited: float = 0.0
    first_sent: float = 0.0

    def run(self) -> Exchange:
        self.settings.budget.call()
        while True:
            if self.settings.pacer is not None:
                self.settings.pacer.acquire()
            if not self.doubt:
                # the window does not start with a request that was not sent or got a 429
                self.first_sent = self.settings.clock()
            self.requests += 1
            final = self._judge(self.attempt(self.requests))
            if final is not None:
                return final

    def _judge(self, last: Attempted) -> Exchange | None:
        """Return the Exchange when `last` is final; else wait and return None."""
        if isinstance(last, NotSent):
            return self._repeat(last) if last.cause == "connect" else self._end(last)
        if isinstance(last, Lost):
            return self._repeat(last, doubt=True) if self.rule.after_loss else self._end(last)
        if last.ok:
            broken = self.call.promise(last)
            if not broken:
                return self._end(last)
            if not self.rule.malformed or (self.malformed and not last.cut):
                return self._end(last, broken=broken)
            self.malformed = self.malformed or not last.cut
            final = self._repeat(last, doubt=True)
            return None if final is None else changed(final, broken=broken)
        if last.status == 429:
            return self._limited(last)
        if last.status >= 500 and last.status != 501:
            return self._failed(last)
        unproved = last.status == 403 or (last.status == 404 and not last.is_from_api)
        if unproved and self.doubt and self.call.is_gone is not None:
            # "not owned", or a gateway's 404: a read decides whether to repeat a DELETE
            gone = self.call.is_gone(last)
            repeats = gone is False and not last.refuses_repeat
            return self._repeat(last) if repeats else self._end(last, gone=bool(gone))
        return self._end(last)

    def _end(self, last: Attempted, **more: Any) -> Exchange:
        return Exchange(last, self.requests, self.doubt, **more)

    def _failed(self, response: Response) -> Exchange | None:
        """Judge a 5xx: the request was perhaps applied, perhaps not."""
        allowed = self.rule.after_loss if response.status in _GATEWAY else self.rule.on_500
        if response.refuses_repeat or not allowed:
            return self._end(response)
        wait = None
        if response.status == 503:
            asked = self._requested_wait(response)
            wait = max(SHORTEST_WAIT, self._jitter(self.tries + 1)) if asked is None else asked
        return self._repeat(response, wait, doubt=True)

    def _limited(self, response: Response) -> Exchange | None:
        """Judge a 429: it was not applied, so any call may be repeated within `max_wait`."""
        if response.is_monthly_quota or response.refuses_repeat:
            return self._end(response)
        settings, requested = self.settings, self._requested_wait(response)
        wait = self._jitter(self.requests) if requested is None else requested
        # after repeated refusals the waits grow, even if the server asks for less
        wait = max(wait, min(SHORTEST_WAIT * 2.0 ** min(self.refused, 10), _LEAST_WAIT))
        self.refused += 1
        too_long = self.waited + wait > settings.max_wait
        if settings.pacer is not None and not too_long:
            rate: Any = response.object.get("limit_qps")
            # less than one request in ten seconds is a mistake, and would look like a hang
            usable = type(rate) in (int, float) and 0.1 <= rate < 1e9
            settings.pacer.limited(float(rate) if usable else None, requested)
        late = self.doubt and not self._in_window(wait)
        if too_long or late or settings.stopping():
            return self._end(response, wait=wait)
        self._announce("rate limited by the API", wait)
        settings.sleep(wait)
        return self._end(response) if settings.stopping() else None

    def _repeat(
        self, last: Attempted, wait: float | None = None, *, doubt: bool = False
    ) -> Exchange | None:
        """Wait for another attempt and return None, or end where the rule allows none.

        `wait` is the server's wish, if it has one. `doubt`: the last request may have been applied.
        """
        self.tries += 1
        settings, ended = self.settings, self._end(last)
        if self.tries >= self.rule.attempts or settings.stopping():
            return ended
        if wait is not None and self.waited + wait > settings.max_wait:
            return self._end(last, wait=wait)
        pause = self._jitter(self.tries) if wait is None else wait
        if not self._in_window(pause) or not settings.budget.take():
            return ended
        if wait is not None:
            self._announce("the API is unavailable", wait)
        self.doubt = self.doubt or doubt
        settings.sleep(pause)
        return ended if settings.stopping() else None

    def _announce(self, why: str, wait: float) -> None:
        self.waited += wait
        if self.waited > _SILENT_WAIT:
            self.settings.notice(f"{why}: waiting {wait:.1f} s")

    def _requested_wait(self, response: Response) -> float | None:
        # by the server's clock if the response has it, because the clock here may be wrong
        now = _moment(response.headers.get("date", ""))
        asked = response.headers.get("retry-after")
        return retry_after(asked, self.settings.wall() if now is None else now)

    def _in_window(self, pause: float) -> bool:
        return self.settings.clock() + pause - self.first_sent <= self.rule.window

    def _jitter(self, tries: int) -> float:
        """Return full jitter: from 0 to a limit that doubles from 0.5 to 8 s."""
        longest = min(_JITTER_LONGEST, _JITTER_FIRST * 2.0 ** min(tries - 1, 10))
        return self.settings.random() * longest


def retry_after(text: str | None, now: float) -> float | None:
    """Read a Retry-After header: seconds to wait, at least 0.1, or None for junk or absence.

    Takes seconds and HTTP dates, which count from `now` in Unix seconds. A past date or a negative
    number means the shortest wait.
    """
    text = (text or "").strip()
    # a proxy may add a header, and httpx joins the two: the longest wait satisfies both
    waits = text.split(", ")
    if text.isascii() and all(w.removeprefix("-").replace(".", "", 1).isdigit() for w in waits):
        # a number of any length: the first 18 characters already mean a very long wait
        return max(SHORTEST_WAIT, *(float(wait[:18]) for wait in waits))
    until = _moment(text)
    return None if until is None else max(SHORTEST_WAIT, until - now)


def _moment(text: str) -> float | None:
    """Read an HTTP date as Unix seconds."""
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(text)
        # "-0000" gives a naive time, which is UTC by RFC 5322
        return when.replace(tzinfo=when.tzinfo or datetime.UTC).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
