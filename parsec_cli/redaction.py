"""Which fields hold secrets, by the names that the API and its headers give them.

`output` masks these fields; what is written to disk leaves them out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from parsec_cli import exact_json

_NAMES = frozenset(("api_key", "private_key", "x_api_key", "x_exchange_credentials"))
_FAMILY = "clob_"
# the field of an input file whose value is made of secrets
_OF_SECRETS = "credentials"
# people paste keys into a reason, and a server may quote a key; compiled on first use
_KEY_LIKE = r"\b([ps]k_(?:live|test)_)[A-Za-z0-9_-]+"
# every secret name and key holds one of these in lower case, or is not ASCII
_TRACES = ("_key", "-key", "private", "credentials", "clob", "k_live_", "k_test_", "\\u")


@lru_cache(1024)
def is_secret(name: str) -> bool:
    """Return whether a field or header of this name holds a secret, in any case, `-` as `_`."""
    plain = name.strip().lower().replace("-", "_")
    return plain in _NAMES or plain.startswith(_FAMILY)


def without_secrets(value: Any) -> Any:
    """Copy a JSON value without secret fields, at any depth, and with keys in texts masked."""
    if isinstance(value, dict):
        return {
            without_secrets(str(name)): without_secrets(inner)
            for name, inner in value.items()
            if not (is_secret(str(name)) or str(name).lower() == _OF_SECRETS)
        }
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in value]
    return re.sub(_KEY_LIKE, r"\1****", value) if isinstance(value, str) else value


def line_without_secrets(record: dict[str, Any]) -> str:
    """Return a record as one line of ASCII JSON without secrets.

    Users have an `api_key` at the top, so only a line with a trace of another secret is searched
    at every depth. The search takes longer than writing the line, for each change of a bulk run.
    """
    plain = {
        name: {k: v for k, v in inner.items() if k != "api_key"}
        if isinstance(inner, dict) and "api_key" in inner
        else inner
        for name, inner in record.items()
    }
    text = exact_json.dumps(plain, separators=(",", ":"))
    small = text.lower()
    if any(trace in small for trace in _TRACES):
        return exact_json.dumps(without_secrets(plain), separators=(",", ":"))
    return text
