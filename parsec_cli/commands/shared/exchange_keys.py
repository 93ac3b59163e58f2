"""Read a user's exchange keys from a file or stdin."""

from __future__ import annotations

from parsec_cli.api import credentials
from parsec_cli.commands.shared.input_file import read_secrets
from parsec_cli.errors import UsageFault
from parsec_cli.runtime import Runtime


def keys_from(
    runtime: Runtime,
    path: str,
    exchange: str,
    api_key_id: str | None,
    purpose: credentials.Purpose,
) -> credentials.Keys:
    """Read exchange keys from a file or stdin; from then on they are redacted everywhere."""
    if api_key_id is not None and exchange != "kalshi":
        raise UsageFault(f"`--api-key-id` is for kalshi: {exchange} has no such field")
    keys = credentials.parse(read_secrets(runtime, path), exchange, api_key_id, purpose)
    for name, value in keys.items():
        if name != "api_key_id":
            # a server may give back a PEM key without its line ends, or one line of it
            runtime.keep_secret(value, *(s for s in value.splitlines() if "-----" not in s))
    return keys


def encode_keys(runtime: Runtime, path: str, exchange: str, api_key_id: str | None) -> str:
    """Read exchange keys and give the value for `X-Exchange-Credentials`; nothing is sent."""
    name = credentials.exchange_name(exchange)
    return credentials.encode(keys_from(runtime, path, name, api_key_id, "per-request"))
