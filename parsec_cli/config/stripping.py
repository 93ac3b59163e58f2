"""Take secrets out of what is going to be kept on disk."""

from __future__ import annotations

import re
from typing import Any

from parsec_cli import exact_json
from parsec_cli.redaction import is_secret

_FILE_OF_KEYS = "credentials"
# people paste keys into a reason, and a server may name a key in a text
_KEY_LIKE = re.compile(r"\b([ps]k_(?:live|test)_)[A-Za-z0-9_-]+")
# every name and every key that is taken out holds one of these, in small letters, or is not ASCII
_TRACES = ("_key", "-key", "private", "credentials", "clob", "k_live_", "k_test_", "\\u")


def kept(record: dict[str, Any]) -> str:
    """Return a record as one line of JSON without secrets.

    Users have their `api_key` on top, so only what holds a trace of another secret is searched
    at every depth: that took longer than writing the line, for every change of a bulk run.
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
        return exact_json.dumps(stripped(plain), separators=(",", ":"))
    return text


def stripped(value: Any) -> Any:
    """Return a copy of a JSON value without secret fields, at any depth, and with keys masked."""
    if isinstance(value, dict):
        return {
            stripped(str(name)): stripped(inner)
            for name, inner in value.items()
            if not (is_secret(str(name)) or str(name).lower() == _FILE_OF_KEYS)
        }
    if isinstance(value, list | tuple):
        return [stripped(inner) for inner in value]
    return _KEY_LIKE.sub(r"\1****", value) if isinstance(value, str) else value
