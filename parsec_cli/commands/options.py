"""The options that every command shares, and the command classes that accept them anywhere.

Typer knows no option that stands before *and* after a subcommand, so these are added to every
command and group as it is built; the values meet in one `Common`, the innermost word winning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeVar, cast

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.models import CommandInfo

from parsec_cli import __version__
from parsec_cli.commands.usage_faults import rewording
from parsec_cli.errors import UsageFault
from parsec_cli.local.settings import FORMATS
from parsec_cli.records import record
from parsec_cli.results import Result, Text
from parsec_cli.runtime import Runtime

MAX_QPS = 2_147_483_647
COMMON = "Common options"
DEFAULT_MAX = 10  # deactivations in one run
Function = TypeVar("Function", bound=Callable[..., Any])


class Ready(Exception):
    """Ends the parsing with a result to show."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


def runtime_of(ctx: typer.Context) -> Runtime:
    return cast("Runtime", ctx.obj)


def seconds(text: str) -> float:
    """Parse a number of seconds above 0 and up to a day."""
    value = _decimal(text)
    if value is None or not 0 < value <= 86_400:  # noqa: PLR2004
        raise UsageFault(f"`{text}` is not a number of seconds from above 0 to 86400")
    return value


def patience(text: str) -> float:
    """Parse a number of seconds from 0 to a day."""
    value = _decimal(text)
    if value is None or not 0 <= value <= 86_400:  # noqa: PLR2004
        raise UsageFault(f"`{text}` is not a number of seconds from 0 to 86400")
    return value


def rate(text: str) -> str:
    """Check `max` or requests per second above 0; the text is kept as written."""
    value = _decimal(text)
    if text != "max" and (value is None or not 0 < value <= 100_000):  # noqa: PLR2004
        raise UsageFault(f"`{text}` is not a rate", hint="write requests per second, or `max`")
    return text


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
    """Make a parser for plain ASCII digits from `low` to `high`; help tells its `limits`."""
    return _Whole(low, high, what)


def _output(text: str) -> str:
    if text not in FORMATS:
        raise UsageFault(f"`{text}` is no output format", hint=f"one of {', '.join(FORMATS)}")
    return text


def _fields(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise UsageFault("`--fields` holds an empty name", hint="write it like `--fields a,b.c`")
    return names


def _same(value: Any) -> Any:
    return value


# declarations, member of Common, parser, metavar (None: a flag), help
_SHARED: tuple[tuple[list[str], str, Callable[[Any], Any], str | None, str], ...] = (
    (["-p", "--profile"], "profile", _same, "PROFILE", "Use this profile; `sandbox` is built in."),
    (["--base-url"], "base_url", _same, "URL", "Talk to this API host."),
    (["-o", "--output"], "output", _output, "FORMAT", "Write in this format."),
    (["--json"], "json", _same, None, "Same as `-o json`."),
    (["--fields"], "fields", _fields, "A,B.C", "Show only these fields, in every format."),
    (["--headers/--no-headers"], "headers", _same, None, "Write a header line in tsv and csv."),
    (["--reveal-keys"], "reveal_keys", _same, None, "Show `api_key` values in clear."),
    (["-q", "--quiet"], "quiet", _same, None, "Say nothing on stderr but errors."),
    (["-v", "--verbose"], "verbose", _same, None, "Log each request on stderr."),
    (["--no-input"], "no_input", _same, None, "Never ask; fail where an answer is needed."),
    (["--timeout"], "timeout", seconds, "SECONDS", "Whole time one request may take [default 30]."),
    (
        ["--max-wait"],
        "max_wait",
        patience,
        "SECONDS",
        "Longest that one request waits in all for 429 and 503 answers [default 60].",
    ),
    (["--rate"], "rate", rate, "RPS|max", "Requests per second at most, or all that is permitted."),
)


def _shared_options() -> list[TyperOption]:
    return [_shared(*entry) for entry in _SHARED] + [
        TyperOption(
            param_decls=["-h", "--help"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_help,
            help="Show this help.",
            rich_help_panel=COMMON,
        )
    ]


def _shared(
    decls: list[str], member: str, parse: Callable[[Any], Any], metavar: str | None, text: str
) -> TyperOption:
    def keep(ctx: typer.Context, param: Any, value: Any) -> None:
        del param
        if value is not None and not ctx.resilient_parsing:
            setattr(runtime_of(ctx).options, member, parse(value))

    return TyperOption(
        param_decls=decls,
        is_flag=metavar is None,
        default=None,
        metavar=metavar,
        expose_value=False,
        callback=keep,
        help=text,
        rich_help_panel=COMMON,
    )


def _show_help(ctx: typer.Context, param: Any, value: Any) -> None:
    del param
    if value and not ctx.resilient_parsing:
        raise _help(ctx)


def _help(ctx: Any) -> Ready:
    from parsec_cli.commands.help import help_of

    return Ready(help_of(ctx))


def show_version(value: bool) -> None:
    if value:
        raise Ready(Text(f"parsec {__version__}\n"))


class Command(TyperCommand):
    """A verb."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["add_help_option"] = False
        super().__init__(*args, **kwargs)
        self.params += _shared_options()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with rewording(ctx, args):
            return super().parse_args(ctx, args)


class Group(TyperGroup):
    """A noun; without a verb it shows its help."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["add_help_option"] = False
        kwargs["invoke_without_command"] = True
        super().__init__(*args, **kwargs)
        self.params += _shared_options()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with rewording(ctx, args):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        if not ctx.args and not ctx._protected_args:  # noqa: SLF001 - click's own name for the verb
            raise _help(ctx)
        return super().invoke(ctx)


class Unbuilt(Mapping[str, Any]):
    """Commands by name, each built when it is first looked up: a line needs two or three of them.

    Building all of them took 22 ms of every start.
    """

    def __init__(self, builders: Mapping[str, Callable[[], Any]]) -> None:
        self._builders = builders
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = self._builders[name]()
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._builders)

    def __len__(self) -> int:
        return len(self._builders)


@record
class Verb:
    """A command; by itself one that needs no noun, such as `parsec doctor`."""

    name: str
    function: Callable[..., Result | None]

    def build(self) -> Any:
        info = CommandInfo(self.name, cls=Command, callback=self.function)
        return typer.main.get_command_from_info(
            info, pretty_exceptions_short=False, rich_markup_mode=None
        )


class Noun:
    """A command group whose verbs take the shared options."""

    def __init__(
        self, name: str, summary: str, callback: Callable[..., None] | None = None
    ) -> None:
        self.name = name
        self._summary = summary
        self._callback = callback
        self._verbs: dict[str, Verb] = {}

    def command(self, name: str) -> Callable[[Function], Function]:
        """Make the decorated function the verb `name`."""

        def add(function: Function) -> Function:
            self._verbs[name] = Verb(name, function)
            return function

        return add

    def build(self) -> Any:
        return self.over({name: verb.build for name, verb in self._verbs.items()})

    def over(self, builders: Mapping[str, Callable[[], Any]]) -> Any:
        """Build the group with these commands in it."""
        group: Any = typer.main.get_group(
            typer.Typer(
                name=self.name,
                cls=Group,
                help=self._summary,
                callback=self._callback,
                add_completion=False,
                rich_markup_mode=None,
            )
        )
        group.commands = Unbuilt(builders)
        return group


DryRun = Annotated[
    bool,
    typer.Option("-n", "--dry-run", help="Read and check everything, but send no change."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the history.")]
Qps = Annotated[
    int,
    typer.Argument(
        parser=whole(1, MAX_QPS, "QPS"), metavar="QPS", help="The new limit of requests per second."
    ),
]
UserName = Annotated[
    str, typer.Argument(metavar="USER", help="A customer_id or an external_id; see `ext:`, `id:`.")
]
Overcommit = Annotated[
    bool, typer.Option("--allow-overcommit", help="Let the sum of limits pass the QPS pool.")
]
Credentials = Annotated[
    str | None,
    typer.Option(metavar="FILE|-", help="Exchange keys: a JSON object or a PEM file."),
]
ApiKeyId = Annotated[
    str | None, typer.Option(metavar="ID", help="Id of the key in a PEM file (not secret).")
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
        help="Deactivations in one run at most.",
    ),
]
ResultsFile = Annotated[
    str | None, typer.Option("--results", metavar="FILE", help="Where to write the result rows.")
]
