"""Injected faults for rehearsals: which requests fail, how, and before or after they take effect.

`METHOD STATUS PROBABILITY` fails a request *before* it has an effect: nothing is changed and the
request is not counted. A fourth word, `after`, lets the request take its effect and then loses
the answer, which is what makes the outcome of a change unknown: `DELETE 503 0.1 after`.
METHOD may be `*`. Faults are drawn in the order given, and the first that strikes decides; they
come after the key is checked and the rate is kept, so a wrong key is always a 401.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parsec_cli.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

METHODS = ("GET", "POST", "PATCH", "DELETE", "*")

_STATUS = re.compile(r"[45][0-9]{2}", re.ASCII)
_PROBABILITY = re.compile(r"[01](\.[0-9]+)?|\.[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """Requests of `method` (`*`: any) fail with `status` at `probability`, 0 to 1."""

    method: str
    status: int
    probability: float
    after: bool = False


def parse_fault(text: str) -> Fault:
    """Read `METHOD STATUS PROBABILITY [after]`; raises UsageFault that says which word is wrong."""
    match text.split():
        case [method, status, probability]:
            after = False
        case [method, status, probability, "after"]:
            after = True
        case _:
            raise _wrong(text, "it has not the words METHOD STATUS PROBABILITY")
    if method.upper() not in METHODS:
        raise _wrong(text, f"`{method}` is not one of {', '.join(METHODS)}")
    if not _STATUS.fullmatch(status):
        raise _wrong(text, f"`{status}` is not a status from 400 to 599")
    if not _PROBABILITY.fullmatch(probability) or float(probability) > 1:
        raise _wrong(text, f"`{probability}` is not a probability from 0 to 1")
    return Fault(method.upper(), int(status), float(probability), after)


def _wrong(text: str, why: str) -> UsageFault:
    return UsageFault(
        f"`{text}` is not a fault: {why}", hint="write it such as `--fault 'DELETE 503 0.1'`"
    )


def draw(faults: Sequence[Fault], method: str, random: Random) -> Fault | None:
    """Return the first fault that this request meets, if any."""
    for fault in faults:
        if fault.method in {method, "*"} and random.random() < fault.probability:
            return fault
    return None
