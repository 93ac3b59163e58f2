"""Parsers of option values, and the options that several commands declare."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from parsec_cli.config.settings import check_output
from parsec_cli.errors import UsageFault
from parsec_cli.records import record

DEFAULT_MAX = 10  # deactivations per run
_DAY = 86_400


def seconds(text: str, *, least: str = "above 0") -> float:
    """Parse a number of seconds up to a day; `least` is `above 0` or `0`."""
    value = _decimal(text)
    if value is None or value > _DAY or (value == 0 and least != "0"):
        raise UsageFault(f"`{text}` is not a number of seconds from {least} to {_DAY}")
    return value


seconds_or_zero = partial(seconds, least="0")


def _decimal(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) else None


@record
class _Whole:
    low: int
    high: int
    what: str

    def __call__(self, text: str | int) -> int:
        text = str(text)
        if re.fullmatch(r"[0-9]{1,19}", text) and self.low <= int(text) <= self.high:
            return int(text)
        negative = re.fullmatch(r"-[0-9]+", text)
        wanted = f"at least {self.low}" if negative else f"a whole number from {self.limits}"
        raise UsageFault(
            f"{self.what} must be {wanted}, not `{text}`",
            hint=f"write it in plain digits, such as {max(self.low, 1)}",
        )

    @property
    def limits(self) -> str:
        return f"{self.low} to {self.high}"


def whole(low: int, high: int, what: str) -> Callable[[str], int]:
    """Make a parser for plain ASCII digits from `low` to `high`; help shows its `limits`."""
    return _Whole(low, high, what)


def without_equals(text: str) -> str:
    """Remove the `=` that `-o=json` leaves. Other tools allow it, and no value begins with one."""
    return text.removeprefix("=")


def output_format(text: str) -> str:
    return check_output(without_equals(text))


def field_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise UsageFault("`--fields` contains an empty name", hint="write it like `--fields a,b.c`")
    return names


DryRun = Annotated[
    bool, typer.Option("-n", "--dry-run", help="Read and check everything, but send no change.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; written to the history.")]
UserName = Annotated[
    str, typer.Argument(metavar="USER", help="A customer_id or an external_id; see `ext:`, `id:`.")
]
Overcommit = Annotated[
    bool,
    typer.Option("--allow-overcommit", help="Allow the sum of limits to exceed the QPS pool."),
]
Credentials = Annotated[
    str | None,
    typer.Option(metavar="FILE|-", help="Exchange keys: a JSON object or a PEM file."),
]
ApiKeyId = Annotated[
    str | None, typer.Option(metavar="ID", help="Id of the key in a PEM file (not secret).")
]
OddIds = Annotated[
    bool,
    typer.Option(
        "--allow-odd-ids", help="Allow new ids such as `NULL`, or ones that look like another."
    ),
]
Mapped = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN",
        help="Read a field from a column of another name; repeatable. Ignores unknown columns.",
    ),
]
Confirm = Annotated[
    str | None,
    typer.Option(
        "--confirm", metavar="VALUE", help="Consent for scripts: the external_id, or the count."
    ),
]
Most = Annotated[
    int,
    typer.Option(
        "--max",
        parser=whole(0, 100_000, "--max"),
        metavar="N",
        help="Max deactivations in one run.",
    ),
]
AllowHoldings = Annotated[
    int | None,
    typer.Option(
        "--allow-holdings",
        parser=whole(0, 100_000, "--allow-holdings"),
        metavar="N",
        help="For scripts: allow the deactivation of exactly N users who hold money.",
    ),
]
BalancesOnly = Annotated[
    bool,
    typer.Option(
        "--balances-only", help="Do not read open orders and positions before a deactivation."
    ),
]
ResultsFile = Annotated[
    str | None, typer.Option("--results", metavar="FILE", help="Where to write the result rows.")
]
Prune = Annotated[
    bool, typer.Option("--prune", help="Deactivate every user that is not in the file.")
]
