"""Injected faults for rehearsals: which requests fail, how, and before or after they take effect.

`METHOD STATUS PROBABILITY` fails a request *before* it has an effect: nothing is changed and the
request is not counted. A fourth word, `after`, lets the request take its effect and then loses
the response, which is what makes the outcome of a change unknown: `DELETE 503 0.1 after`.
METHOD may be `*`. Faults are drawn in the order given, and the first that strikes decides; they
come after the key is checked and the rate is kept, so a wrong key is always a 401.
"""

from __future__ import annotations

import re
from random import Random

from parsec_cli.errors import UsageFault
from parsec_cli.records import record
from parsec_cli.sandbox.responses import CODES, INVALID_KEY, Refusal, Response, rate_limited

METHODS = ("GET", "POST", "PATCH", "DELETE", "*")


@record
class Fault:
    """Requests of `method` (`*`: any) fail with `status` at `probability`, 0 to 1."""

    method: str
    status: int
    probability: float
    after: bool = False

    def strikes(self, method: str, random: Random) -> bool:
        """Draw whether a request of this method fails."""
        return self.method in {method, "*"} and random.random() < self.probability

    def response(self) -> Response:
        """Return the API's own body, or a proxy's page for a status that the API does not have."""
        if self.status == 429:
            return rate_limited("pro", 60).response
        if self.status in CODES:
            error = CODES[self.status].replace("_", " ")
            return Refusal(self.status, INVALID_KEY if self.status == 401 else error).response
        title = Response(self.status).status
        page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
        return Response(self.status, page, "text/html")


def parse_fault(text: str) -> Fault:
    """Read `METHOD STATUS PROBABILITY [after]`; raises UsageFault that says which word is wrong."""
    words, why = text.split(), ""
    after = words[3:] == ["after"]
    method, status, probability = (*words, "", "", "")[:3]
    if len(words) != 3 + after:
        why = "it does not consist of METHOD STATUS PROBABILITY"
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
