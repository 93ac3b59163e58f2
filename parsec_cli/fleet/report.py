"""How a run ended: its exit code and the sentence for people."""

from __future__ import annotations

from dataclasses import dataclass

from parsec_cli.errors import (
    GuardRefused,
    KeyFault,
    LocalFault,
    OutcomeUnknown,
    ParsecError,
    RateFault,
    RowsFailed,
    Stopped,
)
from parsec_cli.fleet.tally import RESULT_NAMES, Tally

# these end a run with their own code; any other reason shows in the rows it left
_OWN_CODE = (Stopped, KeyFault, RateFault, GuardRefused, LocalFault)


@dataclass(frozen=True, slots=True)
class Ended:
    """`stop` is why the run did not go on to its last row, None when it did."""

    tally: Tally
    stop: ParsecError | None
    exit_code: int

    @property
    def summary(self) -> dict[str, int]:
        return {str(name): count for name, count in self.tally.counts.items()}

    @property
    def sentence(self) -> str:
        """`3 created, 1 failed, 2 not attempted`."""
        counts = self.tally.counts
        parts = [f"{counts[n]:,} {n.replace('_', ' ')}" for n in RESULT_NAMES if counts[n]]
        return ", ".join(parts) or "no rows"

    @property
    def finished(self) -> bool:
        return not (self.tally.counts["not_attempted"] or self.tally.counts["unknown"])


def ended(tally: Tally, stop: ParsecError | None) -> Ended:
    if stop is not None and isinstance(stop, _OWN_CODE):
        code = stop.exit_code
    elif tally.counts["unknown"]:
        code = OutcomeUnknown.exit_code
    elif tally.counts["failed"] or tally.counts["not_attempted"]:
        code = RowsFailed.exit_code
    else:
        code = 0
    return Ended(tally, stop, code)
