"""The options that every command shares, and the command classes that accept them anywhere.

Typer knows no option that stands before *and* after a subcommand, so these are added to every
command and group as it is built; the values meet in one `Common`, the innermost word winning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from parsec_cli import __version__
from parsec_cli.cli.option_values import field_names, glued, output_format, patience, rate, seconds
from parsec_cli.cli.typer_adapter import Parameter, build_options, has_verb, parameters
from parsec_cli.cli.usage_errors import rewording
from parsec_cli.errors import GuardRefused, UsageFault
from parsec_cli.next_command import Line, again
from parsec_cli.results import Result, Text
from parsec_cli.runtime import Runtime

COMMON = "Common options"


def line_of(ctx: Any, command: Any, verb: Sequence[str]) -> Line | None:
    """Take the command line apart by the options of `command`, named by the words of `verb`."""
    if ctx.obj is None:
        return None
    known = {
        spelling: (option_name(param, spelling), not param.is_flag)
        for param in parameters(command)
        if not param.is_argument
        for spelling in param.spellings
    }
    return Line.parse(ctx.obj.argv, tuple(verb), known)


def option_name(param: Parameter, spelling: str) -> str:
    """Return the one name of an option; the two sides of a switch have one each."""
    side = param.names if spelling in param.names else param.off
    return str(next((name for name in side if name.startswith("--")), side[0]))


class Ready(Exception):
    """Ends the parsing with a result to show."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


def runtime_of(ctx: typer.Context) -> Runtime:
    return cast("Runtime", ctx.obj)


def _same(value: Any) -> Any:
    return value


# declarations, member of Common, parser, metavar (None: a flag), help
_SHARED: tuple[tuple[list[str], str, Callable[[Any], Any], str | None, str], ...] = (
    (["-p", "--profile"], "profile", glued, "PROFILE", "Use this profile; `sandbox` is built in."),
    (["--base-url"], "base_url", _same, "URL", "Talk to this API host."),
    (["-o", "--output"], "output", output_format, "FORMAT", "Write in this format."),
    (["--json"], "json", _same, None, "Same as `-o json`."),
    (["--fields"], "fields", field_names, "A,B.C", "Show only these fields, in every format."),
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


@cache
def _shared_options() -> list[Any]:
    """Make them once: an option keeps nothing of the command or the line that it stands in."""
    shared = {entry[1]: _shared(*entry) for entry in _SHARED}
    shown = typer.Option(
        False,
        "-h",
        "--help",
        is_eager=True,
        expose_value=False,
        callback=_show_help,
        help="Show this help.",
        rich_help_panel=COMMON,
    )
    return build_options({**shared, "help": (bool, shown)})


def _shared(
    decls: list[str], member: str, parse: Callable[[Any], Any], metavar: str | None, text: str
) -> tuple[Any, Any]:
    def keep(ctx: typer.Context, value: Any) -> None:
        if value is not None and not ctx.resilient_parsing:
            options = runtime_of(ctx).options
            setattr(options, member, parse(value))
            if options.json and options.output not in (None, "json"):
                raise UsageFault(
                    f"`--json` and `-o {options.output}` ask for two formats",
                    hint="give one of them",
                )

    option = typer.Option(
        None,
        *decls,
        metavar=metavar,
        expose_value=False,
        callback=keep,
        help=text,
        rich_help_panel=COMMON,
    )
    return (bool if metavar is None else str) | None, option


def _show_help(ctx: typer.Context, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        raise _help(ctx)


def _help(ctx: Any) -> Ready:
    from parsec_cli.cli.help_layout import help_of

    return Ready(help_of(ctx))


def show_version(value: bool) -> None:
    if value:
        raise Ready(Text(f"parsec {__version__}\n"))


def start_change(runtime: Runtime, *, dry_run: bool | None) -> None:
    """Say where a change will go, and refuse it on a protected profile that was not named.

    `dry_run` is None for a command that only plans changes.
    """
    profile = runtime.profile
    runtime.announce()
    runtime.dry_run = bool(dry_run)
    if profile.protected and dry_run is False and runtime.options.profile is None:
        raise GuardRefused(
            f"profile `{profile.name}` is protected: a change needs `-p {profile.name}`,"
            " nothing was sent",
            hint="if that is the profile you mean, run",
            command=again(profile=profile.name),
        )


class Command(TyperCommand):
    """A verb."""

    changes = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["add_help_option"] = False
        super().__init__(*args, **kwargs)
        self.params += _shared_options()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        runtime_of(ctx).line = line_of(ctx, self, ctx.command_path.split()[1:])
        with rewording(ctx, args):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        if self.changes:
            start_change(runtime_of(ctx), dry_run=ctx.params.get("dry_run"))
        return super().invoke(ctx)


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
        if not has_verb(ctx):
            raise _help(ctx)
        return super().invoke(ctx)
