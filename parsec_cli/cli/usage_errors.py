"""From the parser's complaints to errors in the tool's own form, with the next thing to type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from parsec_cli.cli.typer_adapter import ParserError, complaint, parameters
from parsec_cli.errors import UsageFault
from parsec_cli.next_command import NextCommand, run
from parsec_cli.world import Common


def usage_fault(fault: Exception, ctx: Any = None) -> UsageFault:
    """Reword a parser exception; its `ctx`, or else this one, names the command to get help on."""
    said = complaint(fault, ctx)
    text, ctx = said.text, said.ctx
    hint, command = _see_help(ctx.command_path if ctx is not None else "parsec")
    if said.unknown_command is not None:
        from parsec_cli.cli.suggestions import proposal

        text = f"no such command `{said.unknown_command}`"
        told, proposed = proposal(ctx, said.unknown_command)
        hint, command = (told, proposed) if told else (hint, command)
    elif said.extra is not None:
        text = f"too many arguments: `{said.extra}`"
    else:
        text = text[:1].lower() + text[1:].replace("'", "`")
    return UsageFault(text, hint=hint, command=command)


def _see_help(path: str) -> tuple[str, NextCommand | None]:
    return "see the help with", run(*path.split()[1:], "--help")


@contextmanager
def rewording(ctx: Any, args: list[str]) -> Iterator[None]:
    """Reword what the parser says about an option that the command of `ctx` does not have."""
    try:
        yield
    except ParserError as fault:
        option = complaint(fault, ctx).unknown_option
        if option is None:
            raise usage_fault(fault, ctx) from None
        raise _no_such_option(ctx, option, args) from None


def _no_such_option(ctx: Any, option: str, args: list[str]) -> UsageFault:
    from parsec_cli.cli.suggestions import KEYS, option_hint

    behind = "an id that begins with a dash goes behind `--`; "
    see, command = _see_help(ctx.command_path)
    if option in KEYS:
        told = "no option takes a key; store one with"
        command = run("config", "set", "api_key")
        return UsageFault(f"no such option `{option}`", hint=told, command=command)
    if re.match(r"-[0-9.]", option):
        whole = next((arg for arg in args if arg.startswith(option)), option)
        message = f"`{whole}` is negative: the number must be at least 1"
        return UsageFault(message, hint=behind + see, command=command)
    params = parameters(ctx.command)
    known = [name for param in params for name in param.names if name[:2] == "--"]
    hint = option_hint(option, known)
    takes_words = any(param.is_argument for param in params)
    hint += behind + see if takes_words else see
    return UsageFault(f"no such option `{option}`", hint=hint, command=command)


def guess_format(options: Common, argv: Sequence[str]) -> None:
    """Find out whether JSON was asked for in a line that could not be parsed whole."""
    if options.format is not None:
        return
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        if word == "--":
            return
        # `-o json`, `-ojson`, and behind other short options that take no value: `-qo json`
        named = re.fullmatch(r"--output(?:=(.*))?|-[hnqv]*o(.*)", word, re.DOTALL)
        value = (named[1] or named[2] or following).removeprefix("=") if named else ""
        if word == "--json" or value in ("json", "jsonl"):
            options.output = value or "json"
