"""An error as JSON, the last line on stderr."""

from __future__ import annotations

from typing import Any

from parsec_cli.errors import ParsecError
from parsec_cli.output.format import Encoder
from parsec_cli.redaction import Redaction


def error_document(error: ParsecError, command: str, redaction: Redaction) -> str:
    """Return `{"error": {…}}`; unknown members are null, `details` and `retry_after` absent.

    If the hint proposes a command, that is its last line.
    """
    hint = "\n".join(filter(None, (redaction.message(error.hint), command)))
    content: dict[str, Any] = {
        "code": redaction.message(error.api_code) or error.code,
        "message": redaction.message(error.message),
        "http_status": error.http_status,
        "retryable": error.retryable,
        "hint": hint or None,
        "exit_code": error.exit_code,
    }
    if error.details:
        content["details"] = [redaction.message(detail) for detail in error.details]
    if error.retry_after is not None:
        content["retry_after"] = error.retry_after
    return Encoder(redaction).document({"error": content})
