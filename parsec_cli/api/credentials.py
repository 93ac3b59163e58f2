"""Read exchange credentials from JSON or PEM, check them, and encode them.

The shapes are those of the API's self mode and of its `X-Exchange-Credentials` header. Errors name
fields, never values. The check of a PEM key covers its structure, not its security: the DER is
complete PKCS#1 or PKCS#8, and the product of the primes is the modulus.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Literal

from parsec_cli import exact_json
from parsec_cli.errors import UsageFault, counted, unknown
from parsec_cli.models import EXCHANGES
from parsec_cli.next_command import again

_CLOB = ("clob_api_key", "clob_api_secret", "clob_api_passphrase")
_FIELDS = {"polymarket": ("private_key", *_CLOB), "kalshi": ("api_key_id", "private_key")}

_PEM_MARK = "-----BEGIN"
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----(.*?)-----END \1-----", re.DOTALL)
_RSA = bytes.fromhex("06092a864886f70d010101")
# tags of DER: an integer (2), a sequence (48), a string of bytes (4)
_WRAPPED = (2, 48, 4)

Purpose = Literal["stored", "per-request"]
Keys = dict[str, str]


def exchange_name(text: str) -> str:
    """Return the name of a known exchange; UsageFault for any other."""
    if text not in EXCHANGES:
        raise unknown("exchange", text, EXCHANGES)
    return text


def parse(data: bytes, exchange: str, api_key_id: str | None, purpose: Purpose) -> Keys:
    """Read the bytes of a file into the fields for `exchange`.

    Takes a JSON object, or for Kalshi a PEM key together with `api_key_id`; a BOM, CRLF and
    trailing blank lines do not matter. UsageFault names what is missing or wrong.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding).strip()
    except UnicodeDecodeError:
        raise UsageFault("the credentials file is not text") from None
    if not text:
        raise UsageFault("the credentials file is empty")
    if _PEM_MARK in text and not text.startswith("{"):
        if exchange != "kalshi":
            raise UsageFault("a PEM file contains Kalshi credentials; Polymarket's are JSON")
        if not api_key_id:
            raise UsageFault(
                "a PEM file also needs `--api-key-id`",
                hint="find the id of the key at Kalshi and run",
                command=again(api_key_id="ID"),
            )
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
    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", keys.get("private_key", f"0x{0:064}")):
        raise UsageFault("`private_key` for polymarket must be `0x` and 64 hexadecimal digits")
    return {name: keys[name] for name in _FIELDS["polymarket"] if name in keys}


def encode(keys: Mapping[str, str]) -> str:
    """Return the value of `X-Exchange-Credentials`: base64 of JSON, on one line."""
    return base64.b64encode(json.dumps(keys, separators=(",", ":")).encode("ascii")).decode("ascii")


def _from_json(text: str, exchange: str) -> Keys:
    hint = f"for {exchange} write {_sample(exchange)}"
    try:
        value = exact_json.loads_strictly(text)
    except exact_json.UnclearJson as fault:
        # a name that is not one of the fields may be a value in the wrong place
        named = [name for name in _FIELDS[exchange] if f"contains `{name}` twice" == str(fault)]
        what = f"`{named[0]}` twice" if named else "a field twice, or a value that is too large"
        raise UsageFault(f"the credentials file contains {what}") from None
    except ValueError:
        message = "the credentials file is neither a JSON object nor a PEM key"
        raise UsageFault(message, hint=hint) from None
    if not isinstance(value, dict):
        raise UsageFault("the credentials file is not a JSON object", hint=hint)
    if more := value.keys() - _FIELDS[exchange]:
        what = f"{counted(len(more), 'field')} unknown to {exchange}"
        raise UsageFault(f"the credentials file has {what}", hint=hint)
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
    hint = "give the RSA private key as the exchange issued it (PKCS#1 or PKCS#8)"
    blocks = _BLOCK.findall(text)
    if len(blocks) != 1 or len(re.findall("-----BEGIN [A-Z0-9 ]*PRIVATE", text)) != 1:
        raise UsageFault("there is not exactly one complete private key in PEM form", hint=hint)
    label, body = blocks[0]
    if "ENCRYPTED" in label + body.upper():
        raise UsageFault(
            "the private key is encrypted; the exchange needs it decrypted",
            hint="decrypt it with `openssl rsa -in FILE -out NEWFILE`",
        )
    encoded = "".join(body.split())
    try:
        _check_rsa(base64.b64decode(encoded, validate=True), label)
    except ValueError:
        raise UsageFault("the private key is damaged, or not an RSA key", hint=hint) from None
    lines = [encoded[start : start + 64] for start in range(0, len(encoded), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))


def _check_rsa(der: bytes, label: str) -> None:
    """Raise ValueError for anything but a complete PKCS#1 key, or one wrapped in PKCS#8."""
    parts = _sequence(der)
    if label == "PRIVATE KEY":
        (version_tag, _), (tag, algorithm), (key_tag, key), *_ = parts
        if (version_tag, tag, key_tag) != _WRAPPED or not algorithm.startswith(_RSA):
            raise ValueError
        parts = _sequence(key)
    # version, modulus, two exponents, two primes and three numbers made of them
    if label not in ("PRIVATE KEY", "RSA PRIVATE KEY") or [tag for tag, _ in parts] != [2] * 9:
        raise ValueError
    version, modulus, _, _, prime, other, *_ = (int.from_bytes(c, signed=True) for _, c in parts)
    if version != 0 or min(prime, other) <= 1 or prime * other != modulus:
        raise ValueError


def _sequence(der: bytes) -> list[tuple[int, bytes]]:
    """Return the elements of `der`, which must be one SEQUENCE and nothing more."""
    [(tag, content)] = _parts(der)
    if tag != 48:
        raise ValueError
    return list(_parts(content))


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
