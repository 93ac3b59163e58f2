"""From the parser's complaints to errors in the tool's own form, with the next thing to type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import typer

from parsec_cli.errors import UsageFault
from parsec_cli.runtime import Common


def usage_fault(fault: typer.TyperException) -> UsageFault:
    """Reword a parser exception; its `ctx` names the command whose help answers it."""
    ctx: Any = getattr(fault, "ctx", None)
    path = ctx.command_path if ctx is not None else "parsec"
    text = fault.format_message().strip().removesuffix(".")
    hint = f"see `{path} --help`"
    unknown = re.fullmatch(
        r"No such command '(.*?)'(?:\. Did you mean '(.*?)'.*)?", text, re.DOTALL
    )
    if unknown:
        text = f"no such command `{unknown[1]}`"
        if unknown[2]:
            hint = f"did you mean `{path} {unknown[2]}`?"
    else:
        text = text[:1].lower() + text[1:].replace("'", "`")
    return UsageFault(text, hint=hint)


def guess_format(options: Common, argv: Sequence[str]) -> None:
    """Find out whether JSON was asked for in a line that could not be parsed whole."""
    if options.format is not None:
        return
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        if word == "--":
            return
        value = following if word in ("-o", "--output") else ""
        if word.startswith(("--output=", "-o")) and not value:
            value = word.removeprefix("--output=").removeprefix("-o").removeprefix("=")
        if word == "--json" or value in ("json", "jsonl"):
            options.output = value or "json"
