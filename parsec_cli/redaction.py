"""Which fields hold secrets, by the names that the API and its headers give them: said once.

Whoever shows masks them, whoever keeps leaves them out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_NAMES = frozenset(("api_key", "private_key", "x_api_key", "x_exchange_credentials"))
_FAMILY = "clob_"


@lru_cache(1024)
def is_secret(name: str) -> bool:
    """Tell whether a field or header of this name holds a secret, in any case, with `-` or `_`."""
    plain = name.strip().lower().replace("-", "_")
    return plain in _NAMES or plain.startswith(_FAMILY)


def without_secrets(value: Any) -> Any:
    """Copy a JSON value without the fields that hold secrets, at any depth."""
    if isinstance(value, dict):
        return {
            name: without_secrets(inner) for name, inner in value.items() if not is_secret(name)
        }
    return [without_secrets(inner) for inner in value] if isinstance(value, list) else value
