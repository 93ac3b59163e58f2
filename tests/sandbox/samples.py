"""Addresses and exchange credentials of the right shape."""

from __future__ import annotations

ADDRESS = "0x" + "aB" * 20
HEX_KEY = "0x" + "1f" * 32
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n"
CLOB = {"clob_api_key": "k", "clob_api_secret": "s", "clob_api_passphrase": "p"}
