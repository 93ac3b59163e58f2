"""Read exchange credentials from JSON or PEM, check them, and encode them.

The shapes are those of the API's self mode and of its `X-Exchange-Credentials` header. Errors
name fields, never values. The check of a PEM key is one of structure, not of security: every byte
of the DER is where PKCS#1 or PKCS#8 puts it, and the primes belong to the modulus.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Literal

from parsec_cli import exact_json
from parsec_cli.errors import UsageFault, unknown
from parsec_cli.models import EXCHANGES

_CLOB = ("clob_api_key", "clob_api_secret", "clob_api_passphrase")
_FIELDS = {"polymarket": ("private_key", *_CLOB), "kalshi": ("api_key_id", "private_key")}

_PEM_MARK = "-----BEGIN"
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END ([A-Z0-9 ]+)-----", re.DOTALL)
_RSA = bytes.fromhex("2a864886f70d010101")
_OTHER = {
    "2a8648ce3d0201": "an EC key",
    "2b6570": "an Ed25519 key",
    "2b6571": "an Ed448 key",
    "2b656e": "an X25519 key",
    "2a864886f70d01010a": "an RSA-PSS key",
}
_LABELS = {
    "EC PRIVATE KEY": "an EC key",
    "DSA PRIVATE KEY": "a DSA key",
    "OPENSSH PRIVATE KEY": "an OpenSSH key",
}
_RSA_HINT = "give the RSA private key as the exchange issued it (PKCS#1 or PKCS#8)"
_INTEGER, _OCTETS, _OID, _SEQUENCE = 2, 4, 6, 48
_PKCS1_PARTS = 9  # version, modulus, two exponents, two primes and three numbers made of them

Purpose = Literal["stored", "per-request"]
Keys = dict[str, str]


def exchange_name(text: str) -> str:
    if text not in EXCHANGES:
        raise unknown("exchange", text, EXCHANGES)
    return text


def parse(data: bytes, exchange: str, api_key_id: str | None, purpose: Purpose) -> Keys:
    """Read the bytes of a file into the fields for `exchange`.

    Takes a JSON object, or for Kalshi a PEM key together with `api_key_id`; a BOM, CRLF and
    trailing blank lines do not matter. UsageFault names what is missing or wrong.
    """
    text = _text(data)
    if _PEM_MARK in text and not text.startswith("{"):
        if exchange != "kalshi":
            raise UsageFault("a PEM file contains Kalshi credentials; Polymarket's are JSON")
        if not api_key_id:
            raise UsageFault("a PEM file also needs `--api-key-id`")
        keys = {"api_key_id": api_key_id, "private_key": text}
    else:
        keys = _from_json(text, exchange)
        if api_key_id and keys.setdefault("api_key_id", api_key_id) != api_key_id:
            raise UsageFault("`--api-key-id` differs from the file's `api_key_id`")
    if exchange == "kalshi":
        _require(keys, _FIELDS["kalshi"], "kalshi")
        return {**keys, "private_key": _rsa_private_key(keys["private_key"])}
    # one request may also be signed with a private_key alone
    if purpose == "stored" or "private_key" not in keys or not keys.keys().isdisjoint(_CLOB):
        _require(keys, _CLOB, "polymarket")
    key = keys.get("private_key")
    if key is not None and not re.fullmatch(r"0x[0-9a-fA-F]{64}", key):
        raise UsageFault("`private_key` for polymarket must be `0x` and 64 hexadecimal digits")
    return {name: keys[name] for name in _FIELDS["polymarket"] if name in keys}


def encode(keys: Mapping[str, str]) -> str:
    """Return the value of `X-Exchange-Credentials`: base64 of JSON, on one line."""
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
        value = exact_json.loads_strictly(text)
    except exact_json.UnclearJson as fault:
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
            f"the credentials file has {len(unknown)} field(s) unknown to {exchange}",
            hint=f"for {exchange} write {_sample(exchange)}",
        )
    present = {name: field for name, field in value.items() if field is not None}
    if bad := [name for name, field in present.items() if not isinstance(field, str)]:
        raise UsageFault(f"`{bad[0]}` in the credentials file is not text")
    return {name: field.strip() for name, field in present.items() if field.strip()}


def _sample(exchange: str) -> str:
    return "{" + ", ".join(f'"{name}": "…"' for name in _FIELDS[exchange]) + "}"


def _require(keys: Keys, names: tuple[str, ...], exchange: str) -> None:
    missing = [f"`{name}`" for name in names if name not in keys]
    if missing:
        raise UsageFault(
            f"missing in the credentials: {', '.join(missing)}",
            hint=f"for {exchange} write {_sample(exchange)}",
        )
    for name, value in keys.items():
        # a header and a JSON string can contain more, but no exchange issues other keys
        if name != "private_key" and not (value.isascii() and value.isprintable()):
            raise UsageFault(f"`{name}` in the credentials file is not printable ASCII")


def _rsa_private_key(text: str) -> str:
    r"""Return the key of `text` in lines of 64; `\n` may be escaped, and text may surround it."""
    text = text.replace("\\r", "").replace("\\n", "\n")
    label, body = _only_block(text)
    if "ENCRYPTED" in label or "ENCRYPTED" in body.upper():
        raise UsageFault(
            "the private key is encrypted; the exchange needs it decrypted",
            hint="decrypt it with `openssl rsa -in FILE -out NEWFILE`",
        )
    if label not in ("PRIVATE KEY", "RSA PRIVATE KEY"):
        kind = _LABELS.get(label, "another kind of key")
        raise UsageFault(f"the PEM block contains {kind}, not an RSA private key", hint=_RSA_HINT)
    encoded = "".join(body.split())
    try:
        der = base64.b64decode(encoded, validate=True)
        _check_pkcs1(der if label.startswith("RSA") else _pkcs1_of(der))
    except ValueError:
        raise UsageFault("the PEM block is damaged or incomplete", hint=_RSA_HINT) from None
    lines = [encoded[start : start + 64] for start in range(0, len(encoded), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))


def _only_block(text: str) -> tuple[str, str]:
    blocks = _BLOCK.findall(text)
    keys = [block for block in blocks if block[0].endswith("PRIVATE KEY")]
    if blocks and not keys:
        kind = "a public key" if "PUBLIC KEY" in blocks[0][0] else "no private key"
        raise UsageFault(f"the PEM file contains {kind}; the private key is needed", hint=_RSA_HINT)
    if len(keys) != 1 or keys[0][0] != keys[0][2] or text.count(_PEM_MARK) != len(blocks):
        raise UsageFault("the private key is not one complete PEM block", hint=_RSA_HINT)
    return keys[0][0], keys[0][1]


def _parts(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element; ValueError unless they fill `der` exactly."""
    at = 0
    while at < len(der):
        if at + 2 > len(der):
            raise ValueError
        tag, length, start = der[at], der[at + 1], at + 2
        if length > 0x7F:
            start += length & 0x7F
            length = int.from_bytes(der[at + 2 : start])
        at = start + length
        if at > len(der):
            raise ValueError
        yield tag, der[start:at]


def _sequence(der: bytes) -> list[tuple[int, bytes]]:
    """Return the elements of `der`, which must be one SEQUENCE and nothing more."""
    outer = list(_parts(der))
    if len(outer) != 1 or outer[0][0] != _SEQUENCE:
        raise ValueError
    return list(_parts(outer[0][1]))


def _pkcs1_of(der: bytes) -> bytes:
    """Return the PKCS#1 key within a PKCS#8 one; UsageFault for another algorithm."""
    found = _sequence(der)
    if [tag for tag, _ in found[:3]] != [_INTEGER, _SEQUENCE, _OCTETS]:
        raise ValueError
    tag, algorithm = next(_parts(found[1][1]), (0, b""))
    if tag != _OID:
        raise ValueError
    if algorithm != _RSA:
        kind = _OTHER.get(algorithm.hex(), "a key of another algorithm")
        raise UsageFault(f"the PEM block contains {kind}, not an RSA private key", hint=_RSA_HINT)
    return found[2][1]


def _check_pkcs1(der: bytes) -> None:
    """Raise ValueError for anything but a complete PKCS#1 private key."""
    found = _sequence(der)
    if [tag for tag, _ in found] != [_INTEGER] * _PKCS1_PARTS:
        raise ValueError
    version, modulus, _, _, prime, other, *_ = (int.from_bytes(c, signed=True) for _, c in found)
    if version != 0 or min(prime, other) <= 1 or prime * other != modulus:
        raise ValueError
