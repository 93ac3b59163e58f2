"""Exchange keys as tests give them to the tool, and the canaries in them."""

from __future__ import annotations

from support import rsa

PEM_CANARY = "PEMCANARYsecretbody"
CLOB_CANARY = "CLOBCANARYsecret"
ADDRESS = "0x" + "Ab" * 20


def pem(kind: str = "RSA PRIVATE KEY") -> str:
    """Return a PEM key that is right in form, with the canary in it."""
    return rsa.pem(PEM_CANARY, kind)


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
# no output may contain these after the keys were read; of a PEM, each line
SECRETS = (*pem().splitlines()[1:-2], *polymarket().values())
