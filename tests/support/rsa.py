"""RSA private keys in DER and PEM, with a canary inside: right in structure, useless as keys."""

from __future__ import annotations

import base64

RSA_OID = "2a864886f70d010101"
KINDS = ("RSA PRIVATE KEY", "PRIVATE KEY")


def element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(value: int) -> bytes:
    return element(2, value.to_bytes(value.bit_length() // 8 + 1))


def pkcs1(canary: str) -> bytes:
    """Return a PKCS#1 key whose two "primes" are the canary."""
    prime = int.from_bytes(canary.encode() * 4)
    numbers = (0, prime * prime, 65537, 3, prime, prime, 5, 7, 9)
    return element(48, b"".join(map(integer, numbers)))


def pkcs8(inner: bytes, oid: str = RSA_OID) -> bytes:
    algorithm = element(48, element(6, bytes.fromhex(oid)) + element(5, b""))
    return element(48, integer(0) + algorithm + element(4, inner))


def armoured(der: bytes, kind: str) -> str:
    body = base64.b64encode(der).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join((f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""))


def pem(canary: str, kind: str = "RSA PRIVATE KEY") -> str:
    inner = pkcs1(canary)
    return armoured(pkcs8(inner) if kind == "PRIVATE KEY" else inner, kind)
