"""Decode and check exchange credentials that a request carries in `X-Exchange-Credentials`.

There is no exchange behind the sandbox, so every well-formed credential works. To rehearse a
refusal, let `api_key_id` or `clob_api_key` begin with `bad`.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from parsec_cli.sandbox.responses import bad_request, forbidden
from parsec_cli.sandbox.validation import HEX_KEY, PEM_KEY, Fields

if TYPE_CHECKING:
    from parsec_cli.models import JsonObject

HEADER = "X-Exchange-Credentials"
REFUSED_PREFIX = "bad"

_CLOB = ("clob_api_key", "clob_api_secret", "clob_api_passphrase")


def check_header(value: str, exchange: str) -> None:
    """Accept the header's value for the exchange; raises Refusal 400 or 403."""
    fields = Fields(_decoded(value))
    if exchange == "kalshi":
        fields.text("api_key_id", required=True)
        fields.matching("private_key", PEM_KEY, "an RSA private key in PEM format", required=True)
    else:
        _check_polymarket(fields)
    fields.done()
    check_accepted(fields.body)


def _check_polymarket(fields: Fields) -> None:
    """Accept a signing key, the three API credentials, or both: the documents disagree."""
    key = fields.matching("private_key", HEX_KEY, "0x and 64 hex digits")
    given = [name for name in _CLOB if fields.text(name) is not None]
    if given and len(given) < len(_CLOB):
        for name in _CLOB:
            if name not in given:
                fields.problem(name, "is required with the other clob fields")
    elif key is None and not given:
        fields.problem("private_key", "is required")


def check_accepted(credentials: JsonObject) -> None:
    """Refuse credentials that begin with `bad`, as an exchange would; raises Refusal 403."""
    names = (credentials.get("api_key_id"), credentials.get("clob_api_key"))
    if any(isinstance(name, str) and name.startswith(REFUSED_PREFIX) for name in names):
        raise forbidden("the exchange refused the credentials", "authentication_failed")


def _decoded(value: str) -> JsonObject:
    try:
        credentials = json.loads(base64.b64decode(value, validate=True))
    except (ValueError, RecursionError):
        raise bad_request(f"{HEADER} is not base64 of JSON") from None
    if not isinstance(credentials, dict):
        raise bad_request(f"{HEADER} is not base64 of a JSON object")
    return credentials
