"""The options that every command shares, those that several declare, and the parsers of values.

Typer has no option that works before *and* after a subcommand, so every command and group gets
the shared ones. Their values meet in `runtime.options`, where the last one wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Annotated, Any, cast

import typer

from parsec_cli import __version__
from parsec_cli.cli.typer_adapter import build_options
from parsec_cli.config.settings import check_output, check_rate
from parsec_cli.errors import GuardRefused, UsageFault
from parsec_cli.next_command import again
from parsec_cli.records import record
from parsec_cli.results import Result, Text
from parsec_cli.runtime import Runtime

COMMON = "Common options"
DEFAULT_MAX = 10  # deactivations per run
_DAY = 86_400


class EarlyResult(Exception):
    """Ends the parsing with a result, such as the help."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


def runtime_of(ctx: typer.Context) -> Runtime:
    return cast("Runtime", ctx.obj)


def seconds(text: str, *, least: str = "above 0") -> float:
    """Parse a number of seconds up to a day; `least` is `above 0` or `0`."""
    value = float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) else None
    if value is None or value > _DAY or (value == 0 and least != "0"):
        raise UsageFault(f"`{text}` is not a number of seconds from {least} to {_DAY}")
    return value


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


# the names (the last one is the member of `runtime.options`), parser, metavar (None: a flag), help
_SHARED: tuple[tuple[tuple[str, ...], Callable[[str], Any] | None, str | None, str], ...] = (
    (("-p", "--profile"), without_equals, "PROFILE", "Use this profile; `sandbox` is built in."),
    (("--base-url",), None, "URL", "Use this API host."),
    (("-o", "--output"), output_format, "FORMAT", "Write in this format."),
    (("--json",), None, None, "Same as `-o json`."),
    (("--fields",), field_names, "A,B.C", "Show only these fields, in every format."),
    (("--headers/--no-headers",), None, None, "Write a header line in tsv and csv."),
    (("--reveal-keys",), None, None, "Show `api_key` values in clear."),
    (("-q", "--quiet"), None, None, "Print only errors on stderr."),
    (("-v", "--verbose"), None, None, "Log each request on stderr."),
    (("--no-input",), None, None, "Never ask; fail where an answer is needed."),
    (("--timeout",), seconds, "SECONDS", "Max time for one request [default 30]."),
    (
        ("--max-wait",),
        partial(seconds, least="0"),
        "SECONDS",
        "Stop waiting on rate limits (429, 503) after this many seconds per request [default 60].",
    ),
    (("--rate",), check_rate, "RPS|max", "Max requests per second, or all that is allowed."),
)


@cache
def shared_options() -> list[Any]:
    """Build the options once; they store nothing of the command that they belong to."""
    declared = dict(_shared(*entry) for entry in _SHARED)
    help_option = typer.Option(
        False,
        "-h",
        "--help",
        is_eager=True,
        expose_value=False,
        callback=show_help,
        help="Show this help.",
        rich_help_panel=COMMON,
    )
    return build_options({**declared, "help": (bool, help_option)})


def _shared(
    names: tuple[str, ...], parse: Callable[[str], Any] | None, metavar: str | None, text: str
) -> tuple[str, tuple[Any, Any]]:
    member = names[-1].partition("/")[0].removeprefix("--").replace("-", "_")

    def store(ctx: typer.Context, value: Any) -> None:
        if value is not None and not ctx.resilient_parsing:
            options = runtime_of(ctx).options
            setattr(options, member, parse(value) if parse else value)
            if options.json and options.output not in (None, "json"):
                raise UsageFault(
                    f"`--json` and `-o {options.output}` specify two formats",
                    hint="use one of them",
                )

    option = typer.Option(
        None,
        *names,
        metavar=metavar,
        expose_value=False,
        callback=store,
        help=text,
        rich_help_panel=COMMON,
    )
    return member, ((bool if metavar is None else str) | None, option)


def show_help(ctx: typer.Context, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from parsec_cli.cli.help_layout import help_of

        path = tuple(ctx.command_path.split())
        raise EarlyResult(help_of(ctx.command, path, runtime_of(ctx)))


def show_version(value: bool) -> None:
    if value:
        raise EarlyResult(Text(f"parsec {__version__}\n"))


def start_change(runtime: Runtime, *, dry_run: bool | None) -> None:
    """Show where a change goes; refuse it if the profile is protected and `-p` does not name it.

    `dry_run` is None for a command that only plans changes.
    """
    profile = runtime.profile
    runtime.announce()
    runtime.dry_run = bool(dry_run)
    if profile.protected and dry_run is False and runtime.options.profile is None:
        raise GuardRefused(
            f"profile `{profile.name}` is protected: a change needs `-p {profile.name}`,"
            " nothing was sent",
            hint="if that is the right profile, run",
            command=again(profile=profile.name),
        )


DryRun = Annotated[
    bool, typer.Option("-n", "--dry-run", help="Read and check everything, but send no change.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; written to the history.")]
UserName = Annotated[
    str, typer.Argument(metavar="USER", help="A customer_id or an external_id; see `ext:`, `id:`.")
]
Overcommit = Annotated[
    bool, typer.Option("--allow-overcommit", help="Allow the sum of limits to exceed the QPS pool.")
]
Credentials = Annotated[
    str | None, typer.Option(metavar="FILE|-", help="Exchange keys: a JSON object or a PEM file.")
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
