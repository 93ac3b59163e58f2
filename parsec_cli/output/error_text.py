"""Formats an error: lines for people, and one line of JSON for scripts."""

from __future__ import annotations

from typing import Any

from parsec_cli.errors import ParsecError
from parsec_cli.output.encode import Encoder
from parsec_cli.output.streams import Surface
from parsec_cli.redaction import Redaction, without_keys


def as_lines(error: ParsecError, command: str, surface: Surface, redaction: Redaction) -> list[str]:
    """Return `error: …`, the details, `hint: …`, and the command on a line of its own."""

    def clean(text: str) -> str:
        # the error quotes what was typed, and a key may have been pasted there
        return surface.readable(redaction.text(without_keys(text)))

    lines = [f"{surface.paint('error:', 'error')} {clean(error.message)}"]
    lines += [f"  {clean(detail)}" for detail in error.details]
    if error.hint:
        lines.append(f"{surface.paint('hint:', 'hint')} {clean(error.hint)}")
    return [*lines, *(f"  {surface.paint(line, 'command')}" for line in command.splitlines())]


def as_json(error: ParsecError, command: str, redaction: Redaction) -> str:
    """Return `{"error": {…}}`; unknown members are null, `details` and `retry_after` absent.

    If the hint proposes a command, that is its last line.
    """
    hint = "\n".join(filter(None, (without_keys(error.hint), command)))
    content: dict[str, Any] = {
        "code": without_keys(error.api_code) or error.code,
        "message": without_keys(error.message),
        "http_status": error.http_status,
        "retryable": error.retryable,
        "hint": hint or None,
        "exit_code": error.exit_code,
    }
    if error.details:
        content["details"] = [without_keys(detail) for detail in error.details]
    if error.retry_after is not None:
        content["retry_after"] = error.retry_after
    return Encoder(redaction).document({"error": content})
