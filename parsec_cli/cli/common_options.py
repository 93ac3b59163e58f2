"""The options that every command shares, those that several declare, and the parsers of values.

Typer has no option that works before *and* after a subcommand, so every command and group gets
the shared ones. Their values meet in `runtime.options`, where the last one wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any, cast

import typer

from parsec_cli import __version__
from parsec_cli.cli.typer_adapter import COMMON, build_options
from parsec_cli.config.settings import check_format, check_rate
from parsec_cli.errors import GuardRefused, UsageFault
from parsec_cli.next_command import again
from parsec_cli.records import record
from parsec_cli.results import Text
from parsec_cli.runtime import Runtime

_DAY = 86_400


class EarlyResult(Exception):
    """Ends the parsing with a result, its argument, such as the help."""


def runtime_of(ctx: typer.Context) -> Runtime:
    return cast("Runtime", ctx.obj)


def seconds(text: str, *, least: str = "above 0") -> float:
    """Parse a number of seconds up to a day; `least` is `above 0` or `from 0`."""
    value = float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) else None
    if value is None or value > _DAY or (value == 0 and least != "from 0"):
        raise UsageFault(f"`{text}` is not a number of seconds {least}, up to {_DAY}")
    return value


@record
class Whole:
    """Parses plain ASCII digits from `low` to `high`; help shows its `limits`."""

    low: int
    high: int
    what: str

    def __call__(self, text: str | int) -> int:
        text = str(text)
        if re.fullmatch(r"[0-9]{1,19}", text) and self.low <= int(text) <= self.high:
            return int(text)
        number = re.fullmatch(r"(-?)[0-9]+", text)
        negative = number is not None and number[1]
        wanted = f"at least {self.low}" if negative else f"a whole number from {self.limits}"
        raise UsageFault(
            f"{self.what} must be {wanted}, not `{text}`",
            hint="" if number else "write it in plain digits",
        )

    @property
    def limits(self) -> str:
        return f"{self.low} to {self.high}"


def argument(metavar: str, text: str, parser: Callable[[str], Any] | None = None) -> Any:
    """Declare an argument by its metavar as the usage line writes it; `[...]` is optional."""
    default = None if metavar.startswith("[") else ...
    return typer.Argument(default, metavar=metavar, parser=parser, help=text)


def option(
    spelling: str, text: str, parser: Callable[[str], Any] | None = None, **more: Any
) -> Any:
    """Declare an option by its names and metavar, as help spells them; a flag has no metavar.

    `more` is as for `typer.Option`.
    """
    names = [word for word in spelling.split() if word.startswith("-")]
    metavar = spelling.removeprefix(" ".join(names)).strip() or None
    default = more.pop("default", None if metavar else False)
    return typer.Option(default, *names, metavar=metavar, parser=parser, help=text, **more)


def number(spelling: str, low: int, high: int, text: str, *, default: int | None = None) -> Any:
    """Declare an option that is a whole number from `low` to `high`."""
    return option(spelling, text, Whole(low, high, spelling.split(maxsplit=1)[0]), default=default)


def confirm(text: str) -> Any:
    """Declare `--confirm`; `text` is what the command accepts as its value."""
    return option("--confirm VALUE", f"Consent for scripts: {text}.")


def without_equals(text: str) -> str:
    """Remove the `=` that `-o=json` leaves. Other tools allow it, and no value begins with one."""
    return text.removeprefix("=")


def field_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise UsageFault("`--fields` contains an empty name", hint="write it like `--fields a,b.c`")
    return names


# names and metavar (without one, a flag), parser, help
_SHARED: tuple[tuple[str, Callable[[str], Any] | None, str], ...] = (
    ("-p --profile PROFILE", without_equals, "Use this profile; `sandbox` is built in."),
    ("--base-url URL", None, "Use this API host."),
    (
        "-o --output FORMAT",
        lambda text: check_format(without_equals(text)),
        "Write in this format.",
    ),
    ("--json", None, "Same as `-o json`."),
    ("--fields A,B.C", field_names, "Show only these fields, in every format."),
    ("--headers/--no-headers", None, "Write a header line in tsv and csv."),
    ("--reveal-keys", None, "Show `api_key` values in clear."),
    ("-q --quiet", None, "Print only errors on stderr."),
    ("-v --verbose", None, "Log each request on stderr."),
    ("--no-input", None, "Never ask; fail where an answer is needed."),
    ("--timeout SECONDS", seconds, "Max time for one request [default 30]."),
    (
        "--max-wait SECONDS",
        partial(seconds, least="from 0"),
        "Stop waiting on rate limits (429, 503) after this many seconds per request [default 60].",
    ),
    ("--rate RPS|max", check_rate, "Max requests per second, or all that is allowed."),
)


@cache
def shared_options() -> list[Any]:
    """Build the options once; they store nothing of the command that they belong to."""
    declared = dict(_shared(*entry) for entry in _SHARED)
    show: dict[str, Any] = {"callback": show_help, "is_eager": True, "expose_value": False}
    text = "Show this help; twice: with the common options."
    shown = option("-h --help", text, rich_help_panel=COMMON, count=True, default=0, **show)
    declared["help"] = int, shown
    return build_options(declared)


def _shared(
    spelling: str, parse: Callable[[str], Any] | None, text: str
) -> tuple[str, tuple[Any, Any]]:
    """Declare an option that sets a member of `runtime.options`."""
    long_name = next(word for word in re.split("[ /]", spelling) if word.startswith("--"))
    member = long_name[2:].replace("-", "_")

    def store(ctx: typer.Context, value: Any) -> None:
        if value is not None and not ctx.resilient_parsing:
            options = runtime_of(ctx).options
            setattr(options, member, parse(value) if parse else value)
            if options.json and options.output not in (None, "json"):
                raise UsageFault(
                    f"`--json` and `-o {options.output}` specify two formats",
                    hint="use one of them",
                )

    store_it: dict[str, Any] = {"callback": store, "default": None, "expose_value": False}
    made = option(spelling, text, rich_help_panel=COMMON, **store_it)
    return member, ((str if made.metavar else bool) | None, made)


def show_help(ctx: typer.Context, times: int) -> None:
    if times and not ctx.resilient_parsing:
        from parsec_cli.cli.help_layout import help_of

        path = tuple(ctx.command_path.split())
        raise EarlyResult(help_of(ctx.command, path, runtime_of(ctx), common=times > 1))


def show_version(value: bool) -> None:
    if value:
        raise EarlyResult(Text(f"parsec {__version__}\n"))


def start_change(runtime: Runtime, *, dry_run: bool | None) -> None:
    """Show where a change goes; refuse it if the profile is protected and `-p` does not name it.

    `dry_run` is None for a command that only plans changes.
    """
    profile = runtime.profile
    runtime.announce(heading=True)
    runtime.dry_run, runtime.may_change = bool(dry_run), dry_run is False
    if profile.protected and dry_run is False and runtime.options.profile is None:
        raise GuardRefused(
            f"profile `{profile.name}` is protected: a change needs `-p {profile.name}`;"
            " nothing was sent",
            hint="if that is the right profile, run",
            command=again(profile=profile.name),
        )


DRY_RUN = option("-n --dry-run", "Read and check everything, but send no change.")
REASON = option("--reason REASON", "Reason for the change, kept in the history.", default="")
USER = argument("USER", "A customer_id or an external_id; `id:` or `ext:` says which.")
OVERCOMMIT = option("--allow-overcommit", "Allow the sum of limits to exceed the QPS pool.")
CREDENTIALS = option("--credentials FILE|-", "Exchange keys: a JSON object or a PEM file.")
API_KEY_ID = option("--api-key-id ID", "Id of the key in a PEM file (not secret).")
ODD_IDS = option("--allow-odd-ids", "Allow ids such as `NULL`, or ones that look like another.")
MAPPED = option(
    "--map FIELD=COLUMN",
    "Read a field from a column with another name; ignore unknown columns.",
)
MOST = number("--max N", 0, 100_000, "Max deactivations in one run.", default=10)
ALLOW_HOLDINGS = number(
    "--allow-holdings N",
    0,
    100_000,
    "For scripts: allow the deactivation of exactly N users who hold money.",
)
BALANCES_ONLY = option(
    "--balances-only", "Do not read open orders and positions before a deactivation."
)
RESULTS_FILE = option("--results FILE", "Write the result rows to FILE.")
PRUNE = option("--prune", "Deactivate every user that is not in the file.")
EXCHANGE = option("--exchange polymarket|kalshi", "The exchange.", default=...)
NEWEST = number("--limit N", 1, 10**9, "Only the newest N.")
ALL_PROFILES = option("--all-profiles", "Include all profiles, not only the current one.")
