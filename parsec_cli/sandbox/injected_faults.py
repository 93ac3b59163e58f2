"""Injected faults for rehearsals: which requests fail, how, and before or after they take effect.

`METHOD STATUS PROBABILITY` fails a request *before* it has an effect: nothing is changed and the
request is not counted. A fourth word, `after`, lets the request take its effect and then loses
the answer, which is what makes the outcome of a change unknown: `DELETE 503 0.1 after`.
METHOD may be `*`. Faults are drawn in the order given, and the first that strikes decides; they
come after the key is checked and the rate is kept, so a wrong key is always a 401.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from parsec_cli.errors import UsageFault
from parsec_cli.records import record

METHODS = ("GET", "POST", "PATCH", "DELETE", "*")


@record
class Fault:
    """Requests of `method` (`*`: any) fail with `status` at `probability`, 0 to 1."""

    method: str
    status: int
    probability: float
    after: bool = False


def parse_fault(text: str) -> Fault:
    """Read `METHOD STATUS PROBABILITY [after]`; raises UsageFault that says which word is wrong."""
    words, why = text.split(), ""
    after = words[3:] == ["after"]
    method, status, probability = (*words, "", "", "")[:3]
    if len(words) != 3 + after:
        why = "it has not the words METHOD STATUS PROBABILITY"
    elif method.upper() not in METHODS:
        why = f"`{method}` is not one of {', '.join(METHODS)}"
    elif not re.fullmatch(r"[45][0-9]{2}", status):
        why = f"`{status}` is not a status from 400 to 599"
    elif not re.fullmatch(r"0?\.[0-9]+|[01](\.0+)?", probability):
        why = f"`{probability}` is not a probability from 0 to 1"
    if why:
        hint = "write it such as `--fault 'DELETE 503 0.1'`"
        raise UsageFault(f"`{text}` is not a fault: {why}", hint=hint)
    return Fault(method.upper(), int(status), float(probability), after)


def draw(faults: Sequence[Fault], method: str, random: Random) -> Fault | None:
    """Return the first fault that this request meets, if any."""
    for fault in faults:
        if fault.method in {method, "*"} and random.random() < fault.probability:
            return fault
    return None
