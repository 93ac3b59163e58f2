"""Exchange credentials as people have them: read from JSON or PEM, checked, encoded.

The shapes are those of the API's self mode and of its `X-Exchange-Credentials` header. Errors
name fields, never values.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Literal

from parsec_cli import strict_json
from parsec_cli.api import pem
from parsec_cli.errors import UsageFault, unknown
from parsec_cli.models import EXCHANGES

_CLOB = ("clob_api_key", "clob_api_secret", "clob_api_passphrase")
_FIELDS = {"polymarket": ("private_key", *_CLOB), "kalshi": ("api_key_id", "private_key")}

Purpose = Literal["stored", "per-request"]
Keys = dict[str, str]


def exchange_name(text: str) -> str:
    if text not in EXCHANGES:
        raise unknown("exchange", text, EXCHANGES)
    return text


def parse(data: bytes, exchange: str, api_key_id: str | None, purpose: Purpose) -> Keys:
    """Read the bytes of a file into the fields for `exchange`.

    Takes a JSON object, or for Kalshi a PEM key with `api_key_id` beside it; a BOM, CRLF and
    trailing blank lines are as welcome as none. UsageFault names what is missing or wrong.
    """
    text = _text(data)
    if pem.MARK in text and not text.startswith("{"):
        if exchange != "kalshi":
            raise UsageFault("a PEM file holds Kalshi credentials; Polymarket's are JSON")
        if not api_key_id:
            raise UsageFault("a PEM file needs `--api-key-id` beside it")
        keys = {"api_key_id": api_key_id, "private_key": text}
    else:
        keys = _from_json(text, exchange)
        if api_key_id and keys.setdefault("api_key_id", api_key_id) != api_key_id:
            raise UsageFault("`--api-key-id` differs from the file's `api_key_id`")
    return _CHECKS[exchange, purpose](keys)


def encode(keys: Mapping[str, str]) -> str:
    """Give the value for `X-Exchange-Credentials`: base64 of JSON, standard alphabet, one line."""
    return base64.b64encode(json.dumps(keys, separators=(",", ":")).encode("ascii")).decode("ascii")


def _text(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise UsageFault("the credentials file is not text") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise UsageFault("the credentials file is empty")
    return text


def _from_json(text: str, exchange: str) -> Keys:
    try:
        value = strict_json.loads(text)
    except strict_json.UnclearJson as fault:
        # a name is quoted only where it cannot be a value in the wrong place
        name = f"`{fault.name}`" if fault.name in _FIELDS[exchange] else "a field"
        what = f"contains {name} twice" if fault.name else str(fault)
        raise UsageFault(f"the credentials file {what}") from None
    except ValueError:
        raise UsageFault(
            "the credentials file is neither a JSON object nor a PEM key",
            hint=f"for {exchange} write {_sample(exchange)}",
        ) from None
    if not isinstance(value, dict):
        raise UsageFault("the credentials file is not a JSON object")
    if unknown := set(value) - set(_FIELDS[exchange]):
        raise UsageFault(
            f"the credentials file has {len(unknown)} field(s) that {exchange} does not take",
            hint=f"for {exchange} write {_sample(exchange)}",
        )
    present = {name: field for name, field in value.items() if field is not None}
    if bad := [name for name, field in present.items() if not isinstance(field, str)]:
        raise UsageFault(f"`{bad[0]}` in the credentials file is not text")
    return {name: field.strip() for name, field in present.items() if field.strip()}


def _sample(exchange: str) -> str:
    return "{" + ", ".join(f'"{name}": "…"' for name in _FIELDS[exchange]) + "}"


def _need(keys: Keys, names: tuple[str, ...], exchange: str) -> None:
    missing = [f"`{name}`" for name in names if name not in keys]
    if missing:
        raise UsageFault(
            f"the credentials lack {', '.join(missing)}",
            hint=f"for {exchange} write {_sample(exchange)}",
        )
    for name, value in keys.items():
        # a header and a JSON string could carry more, but no exchange issues such keys
        if name != "private_key" and not (value.isascii() and value.isprintable()):
            raise UsageFault(f"`{name}` in the credentials file is not printable ASCII")


def _kalshi(keys: Keys) -> Keys:
    _need(keys, ("api_key_id", "private_key"), "kalshi")
    return {
        "api_key_id": keys["api_key_id"],
        "private_key": pem.rsa_private_key(keys["private_key"]),
    }


def _polymarket_stored(keys: Keys) -> Keys:
    _need(keys, _CLOB, "polymarket")
    return _with_hex_key(keys)


def _polymarket_per_request(keys: Keys) -> Keys:
    """Take both documented shapes: a private_key (clob_* all or none), or clob_* without one."""
    given = [name for name in _CLOB if name in keys]
    if "private_key" not in keys or given:
        _need(keys, _CLOB, "polymarket")
    return _with_hex_key(keys)


def _with_hex_key(keys: Keys) -> Keys:
    key = keys.get("private_key")
    if key is not None and not re.fullmatch(r"0x[0-9a-fA-F]{64}", key):
        raise UsageFault("`private_key` for polymarket must be `0x` and 64 hexadecimal digits")
    return {name: keys[name] for name in _FIELDS["polymarket"] if name in keys}


_CHECKS: Mapping[tuple[str, Purpose], Callable[[Keys], Keys]] = {
    ("kalshi", "stored"): _kalshi,
    ("kalshi", "per-request"): _kalshi,
    ("polymarket", "stored"): _polymarket_stored,
    ("polymarket", "per-request"): _polymarket_per_request,
}
