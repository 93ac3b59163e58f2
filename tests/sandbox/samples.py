"""Addresses and exchange credentials of the right shape."""

from __future__ import annotations

from support import rsa

ADDRESS = "0x" + "aB" * 20
HEX_KEY = "0x" + "1f" * 32
PEM = rsa.pem("a sample key")
CLOB = {"clob_api_key": "k", "clob_api_secret": "s", "clob_api_passphrase": "p"}
