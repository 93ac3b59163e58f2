"""Take a key from where it is kept, check it, name it by a fingerprint; never quote it.

Which source is asked is decided in `profiles`; this module knows what a key may look like.
"""

from __future__ import annotations

from collections.abc import Mapping

from parsec_cli.errors import KeyFault, UsageFault
from parsec_cli.models import Secret

# long enough to type the passphrase of a password manager
COMMAND_TIMEOUT = 60.0
_FINGERPRINT_DIGITS = 12


def fingerprint(key: Secret | str) -> str:
    """Return 12 hex digits that tell keys apart and give nothing of them away."""
    import hashlib

    value = key.reveal() if isinstance(key, Secret) else key
    digest = hashlib.sha256(b"parsec-key:" + value.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:_FINGERPRINT_DIGITS]


def checked(text: str, source: str) -> Secret:
    """Trim `text`; refuse what no HTTP header could carry, naming the source but not the value."""
    # files made on Windows and PowerShell's pipes begin with a byte order mark
    key = text.removeprefix("\ufeff").strip()
    if not key:
        raise UsageFault(f"the key from {source} is empty")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageFault(
            f"the key from {source} holds a blank, a line break or another character that"
            " no key has",
            hint="copy the key again, as one word",
        )
    return Secret(key)


def from_command(
    command: str, source: str, environ: Mapping[str, str], timeout: float = COMMAND_TIMEOUT
) -> Secret:
    """Run `command` without a shell and take its stdout; `timeout` is in seconds.

    Its output, good or bad, may hold secrets and is never shown. It gets no stdin, because that
    may be the data of the command at hand; a password manager asks on the terminal itself.
    """
    import subprocess

    argv = split_command(command, source)
    try:
        done = subprocess.run(  # noqa: S603 -- the user's own program, by the user's own config
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(source, f"took longer than {timeout:g} s") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the command line is not valid"
        raise _failed(source, f"cannot be started: {reason.lower()}") from None
    if done.returncode < 0:
        raise _failed(source, f"was ended by signal {-done.returncode}")
    if done.returncode > 0:
        raise _failed(source, f"failed with exit code {done.returncode}")
    if not done.stdout.strip():
        raise _failed(source, "printed nothing")
    return checked(done.stdout.decode("utf-8", "surrogateescape"), source)


def split_command(command: str, source: str) -> list[str]:
    """Split by shell rules; nothing, or a quote left open, is a UsageFault."""
    import shlex

    try:
        argv = shlex.split(command)
    except ValueError:
        argv = []
    if not argv:
        raise UsageFault(
            f"{source} is not a command line: is a quote left open?",
            hint="set it again with `parsec config set api_key_command 'PROGRAM ARGUMENT...'`",
        )
    return argv


def _failed(source: str, what: str) -> KeyFault:
    return KeyFault(f"{source} {what}", hint="run the command by itself to see what it says")
