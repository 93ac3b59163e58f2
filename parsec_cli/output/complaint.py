"""Words an error for people, and as the one line of JSON that scripts read."""

from __future__ import annotations

from typing import Any

from parsec_cli.errors import ParsecError
from parsec_cli.output.encode import Encoder
from parsec_cli.output.redact import Redaction, without_keys
from parsec_cli.output.surface import Surface


def as_lines(error: ParsecError, command: str, surface: Surface, redaction: Redaction) -> list[str]:
    """Return `error: …`, the details and `hint: …`; `command` stands on a line of its own."""

    def clean(text: str) -> str:
        # a key that was pasted in a wrong place stands in the complaint about it
        return surface.readable(redaction.text(without_keys(text)))

    lines = [f"{surface.paint('error:', 'error')} {clean(error.message)}"]
    lines += [f"  {clean(detail)}" for detail in error.details]
    if error.hint:
        lines.append(f"{surface.paint('hint:', 'hint')} {clean(error.hint)}")
    if command:
        lines.append(f"  {surface.paint(command, 'command')}")
    return lines


def as_json(error: ParsecError, command: str, redaction: Redaction) -> str:
    """Return `{"error": {…}}`; the unknown is null, `details` and `retry_after` absent.

    The last line of `hint` is the command, where the hint proposes one.
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
