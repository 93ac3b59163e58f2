"""From the parser's complaints to errors in the tool's own form, with the next thing to type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from parsec_cli.errors import UsageFault
from parsec_cli.next_command import NextCommand, run
from parsec_cli.world import Common


def usage_fault(fault: typer.TyperException) -> UsageFault:
    """Reword a parser exception; its `ctx` names the command whose help answers it."""
    ctx: Any = getattr(fault, "ctx", None)
    path = ctx.command_path if ctx is not None else "parsec"
    text = fault.format_message().strip().removesuffix(".")
    hint, command = _see_help(path)
    unknown = re.match(r"No such command '(.*?)'(?:\.|$)", text, re.DOTALL)
    if unknown:
        from parsec_cli.commands.meant import proposal

        text = f"no such command `{unknown[1]}`"
        told, proposed = proposal(ctx, unknown[1])
        hint, command = (told, proposed) if told else (hint, command)
    elif extra := re.fullmatch(
        r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", text, re.DOTALL
    ):
        text = f"too many arguments: `{extra[1]}`"
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
    except typer.TyperException as fault:
        # an option without its value has none, and would be answered with the whole tool's help
        fault.ctx = getattr(fault, "ctx", None) or ctx  # type: ignore[attr-defined]
        option = getattr(fault, "option_name", "")
        if not option or not hasattr(fault, "possibilities"):
            raise
        raise _no_such_option(ctx, option, args) from None


def _no_such_option(ctx: Any, option: str, args: list[str]) -> UsageFault:
    from parsec_cli.commands.meant import KEYS, option_hint

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
    known = [name for param in ctx.command.params for name in param.opts if name[:2] == "--"]
    hint = option_hint(option, known)
    takes_words = any(param.param_type_name == "argument" for param in ctx.command.params)
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
