"""What may be repeated, when, and for how long: the only retry layer there is.

`send` makes attempts until an answer is final and returns an Exchange: facts, no judgement. What
they mean for a read or for a change is decided in `reads.py` and `changes.py`.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from parsec_cli.api.answer import Answer
from parsec_cli.api.call import Attempted, Call, Exchange, Kind, Lost, NotSent
from parsec_cli.api.retry_after import SHORTEST_WAIT, retry_after
from parsec_cli.records import changed, record, state

_NOT_FOUND = 404
_TOO_MANY = 429
_UNAVAILABLE = 503
_GATEWAY = (502, _UNAVAILABLE, 504)
_JITTER_FIRST, _JITTER_LONGEST = 0.5, 8.0
_LEAST_WAIT = 2.0  # seconds between the last of many 429 answers, even if the server asks for less
_SILENT_WAIT = 2.0  # seconds that a call may wait before the operator is informed


@record
class Rule:
    """How one kind is repeated.

    `attempts` bounds sendings, 429 answers aside. `after_loss`: may be sent again when an answer
    was lost (502, 503 and 504 count as lost answers). `malformed`: how often a 2xx that is not
    what was promised may be asked again. `window`: no repeat later than so many seconds after the
    first sending.
    """

    attempts: int
    after_loss: bool
    on_500: bool
    malformed: int
    window: float = math.inf


RULES: Mapping[Kind, Rule] = {
    Kind.READ: Rule(4, after_loss=True, on_500=True, malformed=1),
    Kind.CREATE: Rule(4, after_loss=True, on_500=True, malformed=1),
    Kind.UPDATE: Rule(4, after_loss=True, on_500=True, malformed=0),
    Kind.DEACTIVATE: Rule(3, after_loss=True, on_500=False, malformed=0, window=60.0),
    # onboarding is idempotent by the guide but creates wallets: never sent twice on a doubt
    Kind.ONBOARD: Rule(4, after_loss=False, on_500=False, malformed=0),
    Kind.OTHER: Rule(4, after_loss=False, on_500=False, malformed=0),
}


class Pacer(Protocol):
    """The shared pace of a run: waits for a turn, and learns from 429 answers."""

    def acquire(self) -> None: ...

    def limited(self, limit_qps: float | None, retry_after: float | None) -> None: ...


class Budget:
    """Retries for a whole run, so that an outage does not multiply the requests.

    Ten, or a tenth of the calls made so far, whichever is more.
    """

    def __init__(self) -> None:
        self._calls = 0
        self._retries = 0
        self._lock = threading.Lock()

    def call(self) -> None:
        with self._lock:
            self._calls += 1

    def take(self) -> bool:
        with self._lock:
            if self._retries >= max(10, self._calls // 10):
                return False
            self._retries += 1
            return True


@state
class Patience:
    """Time as the engine sees it, all of it injectable; seconds throughout.

    `max_wait` bounds the waits for 429 and 503 answers of one call taken together; `stopping` is
    True once a signal asked the command to end.
    """

    budget: Budget
    max_wait: float = 60.0
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
    stopping: Callable[[], bool] = lambda: False
    notice: Callable[[str], None] = lambda _: None
    pacer: Pacer | None = None


def send(call: Call, attempt: Callable[[int], Attempted], patience: Patience) -> Exchange:
    """Make attempts by `attempt(number)` until one is final by the rule of the call's kind."""
    return _Sending(call, attempt, patience).run()


class _Sending:
    def __init__(self, call: Call, attempt: Callable[[int], Attempted], patience: Patience) -> None:
        self.call = call
        self.rule = RULES[call.kind]
        self.attempt = attempt
        self.patience = patience
        self.number = 0  # requests made
        self.tries = 0  # those that count against the rule: 429 answers do not
        self.malformed = 0
        self.refused = 0  # by 429 answers
        self.doubt = False
        self.waited = 0.0
        self.first_sent = 0.0

    def run(self) -> Exchange:
        self.patience.budget.call()
        while True:
            if self.patience.pacer is not None:
                self.patience.pacer.acquire()
            if not self.doubt:
                # what was not sent, or refused by a 429, has not been sent for the window's sake
                self.first_sent = self.patience.clock()
            self.number += 1
            last = self.attempt(self.number)
            final = self._judge(last)
            if final is not None:
                return final

    def _judge(self, last: Attempted) -> Exchange | None:
        """Return the Exchange when `last` is final; else wait and return None."""
        if isinstance(last, NotSent):
            return self._not_sent(last)
        if isinstance(last, Lost):
            return self._lost(last)
        if last.ok:
            return self._promised(last)
        if last.status == _TOO_MANY:
            return self._limited(last)
        if last.status >= 500 and last.status != 501:
            return self._failed(last)
        if last.status == _NOT_FOUND and self.doubt and not last.is_from_api:
            return self._not_found(last)
        return self._end(last)

    def _end(self, last: Attempted, *, wait: float | None = None, broken: str = "") -> Exchange:
        return Exchange(last, self.number, self.doubt, wait, broken)

    def _not_found(self, last: Answer) -> Exchange | None:
        """A gateway's 404 after a lost response: a read decides whether to repeat a DELETE."""
        gone = self.call.is_gone() if self.call.is_gone is not None else None
        if gone is False:
            return self._again(last)
        return changed(self._end(last), gone=bool(gone))

    def _not_sent(self, last: NotSent) -> Exchange | None:
        if last.cause != "connect":
            return self._end(last)
        return self._again(last)

    def _lost(self, last: Lost) -> Exchange | None:
        if not self.rule.after_loss:
            return self._end(last)
        final = self._again(last)
        self.doubt = True
        return final

    def _promised(self, answer: Answer) -> Exchange | None:
        broken = self.call.promise(answer)
        if not broken:
            return self._end(answer)
        again = answer.cut or self.malformed < self.rule.malformed
        if not (self.rule.malformed and again):
            return self._end(answer, broken=broken)
        self.malformed += not answer.cut
        final = self._again(answer, broken=broken)
        self.doubt = True
        return final

    def _failed(self, answer: Answer) -> Exchange | None:
        """A 5xx: perhaps applied, perhaps not."""
        gateway = answer.status in _GATEWAY
        allowed = self.rule.after_loss if gateway else self.rule.on_500
        if answer.refuses_repeat or not allowed:
            return self._end(answer)
        wait = None
        if answer.status == _UNAVAILABLE:
            wait = self._asked(answer)
            if wait is None:
                wait = max(SHORTEST_WAIT, self._jitter(self.tries + 1))
        final = self._again(answer, wait=wait)
        self.doubt = True
        return final

    def _limited(self, answer: Answer) -> Exchange | None:
        """A 429: not applied, so any call may be repeated while its patience lasts."""
        if answer.is_monthly_quota or answer.refuses_repeat:
            return self._end(answer)
        asked = self._asked(answer)
        wait = self._jitter(self.number) if asked is None else asked
        # who is refused again and again asks less and less often, whatever the server says
        self.refused += 1
        wait = max(wait, min(SHORTEST_WAIT * 2.0 ** min(self.refused - 1, 10), _LEAST_WAIT))
        too_long = self.waited + wait > self.patience.max_wait
        if self.patience.pacer is not None and not too_long:
            self.patience.pacer.limited(_number(answer.object.get("limit_qps")), asked)
        if too_long or self.patience.stopping():
            return self._end(answer, wait=wait)
        if self.doubt and not self._in_window(wait):
            return self._end(answer, wait=wait)
        self._announce("rate limited by the API", wait)
        self.patience.sleep(wait)
        return self._end(answer) if self.patience.stopping() else None

    def _again(
        self, last: Attempted, *, wait: float | None = None, broken: str = ""
    ) -> Exchange | None:
        """Wait for another attempt and return None, or end where the rule allows none."""
        self.tries += 1
        patience = self.patience
        ended = self._end(last, broken=broken)
        if self.tries >= self.rule.attempts or patience.stopping():
            return ended
        if wait is not None and self.waited + wait > patience.max_wait:
            return self._end(last, wait=wait, broken=broken)
        pause = self._jitter(self.tries) if wait is None else wait
        if not self._in_window(pause) or not patience.budget.take():
            return ended
        if wait is not None:
            self._announce("the API is unavailable", wait)
        patience.sleep(pause)
        return ended if patience.stopping() else None

    def _announce(self, why: str, wait: float) -> None:
        self.waited += wait
        if self.waited > _SILENT_WAIT:
            self.patience.notice(f"{why}: waiting {wait:.1f} s")

    def _asked(self, answer: Answer) -> float | None:
        headers = answer.headers
        return retry_after(headers.get("retry-after"), self.patience.wall(), headers.get("date"))

    def _in_window(self, pause: float) -> bool:
        return self.patience.clock() + pause - self.first_sent <= self.rule.window

    def _jitter(self, tries: int) -> float:
        """Full jitter: anything from 0 to a ceiling that doubles from 0.5 to 8 s."""
        ceiling = min(_JITTER_LONGEST, _JITTER_FIRST * 2.0 ** min(tries - 1, 10))
        return self.patience.random() * ceiling


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # a limit of less than one in ten seconds is a slip, and to keep it would look like a hang
    return float(value) if 0.1 <= value < 1e9 else None
