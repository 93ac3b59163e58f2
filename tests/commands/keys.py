"""Exchange keys as tests give them to the tool, and the canaries in them."""

from __future__ import annotations

import base64

PEM_CANARY = "PEMCANARYsecretbody"
CLOB_CANARY = "CLOBCANARYsecret"
ADDRESS = "0x" + "Ab" * 20
_BODY = base64.b64encode((PEM_CANARY * 5).encode()).decode()
_LINES = (_BODY[:64], _BODY[64:])


def pem(kind: str = "RSA PRIVATE KEY") -> str:
    """Return a PEM key in form only: the canary, in two lines of base64."""
    return "\n".join((f"-----BEGIN {kind}-----", *_LINES, f"-----END {kind}-----", ""))


def kalshi() -> dict[str, str]:
    return {"api_key_id": "kid-0001", "private_key": pem()}


def polymarket() -> dict[str, str]:
    return {
        "private_key": "0x" + "5ec2e7" * 10 + "5ec2",
        "clob_api_key": f"{CLOB_CANARY}-key",
        "clob_api_secret": f"{CLOB_CANARY}-secret",
        "clob_api_passphrase": f"{CLOB_CANARY}-phrase",
    }


KEYS = {"kalshi": kalshi, "polymarket": polymarket}
# what must be seen nowhere once such keys were read; PEM lines also one by one
SECRETS = (*_LINES, *polymarket().values())
