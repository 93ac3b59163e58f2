"""The options that every command shares, and the command classes that accept them anywhere.

Typer has no option that works before *and* after a subcommand, so every command and group gets
these. Their values meet in `runtime.options`, where the last one wins.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from parsec_cli import __version__
from parsec_cli.cli.option_types import (
    field_names,
    output_format,
    seconds,
    seconds_or_zero,
    without_equals,
)
from parsec_cli.cli.typer_adapter import ParserError, add_options, build_options, has_verb
from parsec_cli.config.settings import check_rate
from parsec_cli.errors import GuardRefused, UsageFault
from parsec_cli.next_command import Line, again
from parsec_cli.results import Result, Text
from parsec_cli.runtime import Runtime

COMMON = "Common options"


class EarlyResult(Exception):
    """Ends the parsing with a result, such as the help."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


def runtime_of(ctx: typer.Context) -> Runtime:
    return cast("Runtime", ctx.obj)


# declarations, member of `runtime.options`, parser, metavar (None: a flag), help
_SHARED: tuple[tuple[list[str], str, Callable[[str], Any] | None, str | None, str], ...] = (
    (
        ["-p", "--profile"],
        "profile",
        without_equals,
        "PROFILE",
        "Use this profile; `sandbox` is built in.",
    ),
    (["--base-url"], "base_url", None, "URL", "Use this API host."),
    (["-o", "--output"], "output", output_format, "FORMAT", "Write in this format."),
    (["--json"], "json", None, None, "Same as `-o json`."),
    (["--fields"], "fields", field_names, "A,B.C", "Show only these fields, in every format."),
    (["--headers/--no-headers"], "headers", None, None, "Write a header line in tsv and csv."),
    (["--reveal-keys"], "reveal_keys", None, None, "Show `api_key` values in clear."),
    (["-q", "--quiet"], "quiet", None, None, "Print only errors on stderr."),
    (["-v", "--verbose"], "verbose", None, None, "Log each request on stderr."),
    (["--no-input"], "no_input", None, None, "Never ask; fail where an answer is needed."),
    (["--timeout"], "timeout", seconds, "SECONDS", "Max time for one request [default 30]."),
    (
        ["--max-wait"],
        "max_wait",
        seconds_or_zero,
        "SECONDS",
        "Stop waiting on rate limits (429, 503) after this many seconds per request [default 60].",
    ),
    (["--rate"], "rate", check_rate, "RPS|max", "Max requests per second, or all that is allowed."),
)


@cache
def _shared_options() -> list[Any]:
    """Build the options once; they store nothing of the command that they belong to."""
    shared = {entry[1]: _shared(*entry) for entry in _SHARED}
    help_option = typer.Option(
        False,
        "-h",
        "--help",
        is_eager=True,
        expose_value=False,
        callback=_show_help,
        help="Show this help.",
        rich_help_panel=COMMON,
    )
    return build_options({**shared, "help": (bool, help_option)})


def _shared(
    decls: list[str],
    member: str,
    parse: Callable[[str], Any] | None,
    metavar: str | None,
    text: str,
) -> tuple[Any, Any]:
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
        *decls,
        metavar=metavar,
        expose_value=False,
        callback=store,
        help=text,
        rich_help_panel=COMMON,
    )
    return (bool if metavar is None else str) | None, option


def _show_help(ctx: typer.Context, value: bool) -> None:
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


def _line(ctx: Any) -> Line | None:
    from parsec_cli.cli.usage_errors import line_of

    return line_of(ctx, ctx.command, ctx.command_path.split()[1:])


class _WithSharedOptions(TyperCommand if TYPE_CHECKING else object):  # type: ignore[misc]
    """Adds the shared options to a command, and rewords the parser's errors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "add_help_option": False})
        add_options(self, _shared_options())

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # only a hint needs the line, so it is read when one is shown
        runtime_of(ctx).read_line = partial(_line, ctx)
        try:
            left: list[str] = super().parse_args(ctx, args)
        except ParserError as fault:
            from parsec_cli.cli.usage_errors import usage_fault

            raise usage_fault(fault, ctx, args) from None
        return left


class Command(_WithSharedOptions, TyperCommand):
    """A verb."""

    changes = False

    def invoke(self, ctx: Any) -> Any:
        if self.changes:
            start_change(runtime_of(ctx), dry_run=ctx.params.get("dry_run"))
        return super().invoke(ctx)


class Group(_WithSharedOptions, TyperGroup):
    """A noun; without a verb it shows its help."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "invoke_without_command": True})

    def invoke(self, ctx: Any) -> Any:
        if not has_verb(ctx):
            _show_help(ctx, True)
        return super().invoke(ctx)
