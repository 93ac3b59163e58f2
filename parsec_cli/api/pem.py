"""Check a PEM file for the one kind of key that Kalshi takes: a complete RSA private key.

Checks structure, not security: that every byte of the DER is where PKCS#1 or PKCS#8 puts it, and
that the primes belong to the modulus. Messages never quote the key.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from parsec_cli.errors import UsageFault

MARK = "-----BEGIN"
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
_HINT = "give the RSA private key as the exchange issued it (PKCS#1 or PKCS#8)"
_INTEGER, _OCTETS, _OID, _SEQUENCE = 2, 4, 6, 48
_PKCS1_PARTS = 9  # version, modulus, two exponents, two primes and three numbers made of them


class _Damaged(ValueError):
    """DER that ends early, goes on too long, or holds another structure."""


def rsa_private_key(text: str) -> str:
    r"""Return the key of `text` in lines of 64; `\n` may be spelt out, and text may surround it."""
    text = text.replace("\\r", "").replace("\\n", "\n")
    label, body = _only_block(text)
    if "ENCRYPTED" in label or "ENCRYPTED" in body.upper():
        raise UsageFault(
            "the private key is encrypted; the exchange needs it decrypted",
            hint="decrypt it with `openssl rsa -in FILE -out NEWFILE`",
        )
    if label not in ("PRIVATE KEY", "RSA PRIVATE KEY"):
        kind = _LABELS.get(label, "another kind of key")
        raise UsageFault(f"the PEM block contains {kind}, not an RSA private key", hint=_HINT)
    encoded = "".join(body.split())
    try:
        der = base64.b64decode(encoded, validate=True)
        _check_pkcs1(der if label.startswith("RSA") else _pkcs1_of(der))
    except (binascii.Error, ValueError):
        raise UsageFault("the PEM block is damaged or incomplete", hint=_HINT) from None
    lines = [encoded[start : start + 64] for start in range(0, len(encoded), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))


def _only_block(text: str) -> tuple[str, str]:
    blocks = _BLOCK.findall(text)
    keys = [block for block in blocks if block[0].endswith("PRIVATE KEY")]
    if blocks and not keys:
        kind = "a public key" if "PUBLIC KEY" in blocks[0][0] else "no private key"
        raise UsageFault(f"the PEM file contains {kind}; the private key is needed", hint=_HINT)
    if len(keys) != 1 or keys[0][0] != keys[0][2] or text.count(MARK) != len(blocks):
        raise UsageFault("the private key is not one complete PEM block", hint=_HINT)
    return keys[0][0], keys[0][1]


def _parts(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element; they must fill `der` exactly."""
    at = 0
    while at < len(der):
        if at + 2 > len(der):
            raise _Damaged
        tag, length, start = der[at], der[at + 1], at + 2
        if length > 0x7F:
            start += length & 0x7F
            length = int.from_bytes(der[at + 2 : start])
        at = start + length
        if at > len(der):
            raise _Damaged
        yield tag, der[start:at]


def _sequence(der: bytes) -> list[tuple[int, bytes]]:
    """Return the elements of `der`, which must be one SEQUENCE and nothing more."""
    outer = list(_parts(der))
    if len(outer) != 1 or outer[0][0] != _SEQUENCE:
        raise _Damaged
    return list(_parts(outer[0][1]))


def _pkcs1_of(der: bytes) -> bytes:
    """Return the PKCS#1 key within a PKCS#8 one; UsageFault for another algorithm."""
    found = _sequence(der)
    if [tag for tag, _ in found[:3]] != [_INTEGER, _SEQUENCE, _OCTETS]:
        raise _Damaged
    tag, algorithm = next(_parts(found[1][1]), (0, b""))
    if tag != _OID:
        raise _Damaged
    if algorithm != _RSA:
        kind = _OTHER.get(algorithm.hex(), "a key of another algorithm")
        raise UsageFault(f"the PEM block contains {kind}, not an RSA private key", hint=_HINT)
    return found[2][1]


def _check_pkcs1(der: bytes) -> None:
    found = _sequence(der)
    if [tag for tag, _ in found] != [_INTEGER] * _PKCS1_PARTS:
        raise _Damaged
    version, modulus, _, _, prime, other, *_ = (int.from_bytes(c, signed=True) for _, c in found)
    if version != 0 or min(prime, other) <= 1 or prime * other != modulus:
        raise _Damaged
