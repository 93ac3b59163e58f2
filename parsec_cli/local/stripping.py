"""Take secrets out of what is going to be kept on disk."""

from __future__ import annotations

import re
from typing import Any

_NAMES = frozenset(("api_key", "private_key", "credentials", "x_api_key", "x_exchange_credentials"))
_FAMILY = "clob_"
# people paste keys into a reason, and a server may name a key in a text
_KEY_LIKE = re.compile(r"\b([ps]k_(?:live|test)_)[A-Za-z0-9_-]+")


def stripped(value: Any) -> Any:
    """Return a copy of a JSON value without secret fields, at any depth, and with keys masked."""
    if isinstance(value, dict):
        return {
            stripped(str(name)): stripped(inner)
            for name, inner in value.items()
            if not _is_secret(str(name))
        }
    if isinstance(value, list | tuple):
        return [stripped(inner) for inner in value]
    return _KEY_LIKE.sub(r"\1****", value) if isinstance(value, str) else value


def _is_secret(name: str) -> bool:
    plain = name.strip().lower().replace("-", "_")
    return plain in _NAMES or plain.startswith(_FAMILY)
