"""Addresses, exchange credentials and forms of onboarding of the right shape."""

from __future__ import annotations

from support import rsa

ADDRESS = "0x" + "aB" * 20
HEX_KEY = "0x" + "1f" * 32
PEM = rsa.pem("a sample key")
CLOB = {"clob_api_key": "k", "clob_api_secret": "s", "clob_api_passphrase": "p"}

MANAGED = {"exchange": "polymarket", "mode": "managed"}
SAFE = {**MANAGED, "wallet_type": "safe", "eoa_address": ADDRESS}
OWN_POLYMARKET = {"exchange": "polymarket", "mode": "self", **CLOB}
OWN_KALSHI = {"exchange": "kalshi", "mode": "self", "api_key_id": "k", "private_key": PEM}
