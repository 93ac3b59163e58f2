"""Take a key from where it is kept, check it, name it by a fingerprint; never quote it.

Which source is asked is decided in `profiles`; this module knows what a key may look like.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from parsec_cli.errors import KeyFault, UsageFault
from parsec_cli.models import Secret
from parsec_cli.next_command import run

if TYPE_CHECKING:
    import subprocess

# long enough to type the passphrase of a password manager
COMMAND_TIMEOUT = 60.0
_FINGERPRINT_DIGITS = 12
_MOST_OUTPUT = 1 << 16
_POLL_SECONDS = 0.02
_TERMINATE_SECONDS = 1.0
# each finds the character that shows that a text is not a key alone
_NOT_A_KEY = (
    r"[^\x21-\x7e]",
    r"^[\"'`]|[\"'`,;]$",
    r"^\$(?=\{?\w+\}?$)",  # of a variable that no shell replaced
    r"\*{3}",  # of a masked key
    r"\\[nrt]?$",
    r"(?i)(?<=key|ken|ret|rer|ion)[=:](?!=*$)",  # of key= token= secret= bearer: authorization:
    r".(?=[ps]k_(?:live|test)_)",
)
# bytes that are not UTF-8 arrive as lone surrogates from here on
_BYTES = 0xDC00
_FIRST_BYTE, _LAST_BYTE = 0xDC80, 0xDCFF
_CONTROLS = {"\n": "line feed", "\r": "carriage return", "\t": "tab", "\x1b": "escape"}


def fingerprint(key: Secret | str) -> str:
    """Return 12 hex digits that tell keys apart and give nothing of them away."""
    import hashlib

    value = key.reveal() if isinstance(key, Secret) else key
    digest = hashlib.sha256(b"parsec-key:" + value.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:_FINGERPRINT_DIGITS]


def checked(text: str, source: str) -> Secret:
    """Trim `text`; refuse what is not a key alone, with the place of the character but no more."""
    # files made on Windows and PowerShell's pipes begin with a byte order mark
    key = text.removeprefix("\ufeff").strip()
    if not key:
        raise UsageFault(f"the key from {source} is empty")
    places = [found.start() for rule in _NOT_A_KEY if (found := re.search(rule, key))]
    if places:
        at = min(places)
        raise UsageFault(
            f"the key from {source} contains {_code_point(key[at])} at character {at + 1}:"
            " no key has it there",
            hint="copy only the key: one word, without quotes and without a name before it",
        )
    return Secret(key)


def _code_point(character: str) -> str:
    """Return `U+0022 (quotation mark)`, or the byte that was not UTF-8."""
    import unicodedata

    code = ord(character)
    if _FIRST_BYTE <= code <= _LAST_BYTE:
        return f"the byte 0x{code - _BYTES:02X} (not UTF-8)"
    name = _CONTROLS.get(character) or unicodedata.name(character, "")
    return f"U+{code:04X}" + (f" ({name.lower()})" if name else "")


def from_command(
    command: str, source: str, environ: Mapping[str, str], timeout: float = COMMAND_TIMEOUT
) -> Secret:
    """Run `command` without a shell and take its stdout; `timeout` is in seconds.

    Its output, good or bad, may hold secrets and is never shown. It gets no stdin, because that
    may be the data of the command at hand. It stays in the process group, as a password manager
    asks on the terminal itself.
    """
    import subprocess

    argv = split_command(command, source)
    try:
        process = subprocess.Popen(  # noqa: S603 -- the user's own program, by their own config
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the command line is not valid"
        raise _failed(source, f"cannot be started: {reason.lower()}") from None
    try:
        output = _output(process, timeout)
    except subprocess.TimeoutExpired:
        raise _failed(source, f"took longer than {timeout:g} s") from None
    finally:
        _end(process)
    if len(output) > _MOST_OUTPUT:
        raise _failed(source, f"printed more than {_MOST_OUTPUT:,} bytes")
    if process.returncode < 0:
        raise _failed(source, f"was ended by signal {-process.returncode}")
    if process.returncode > 0:
        raise _failed(source, f"failed with exit code {process.returncode}")
    if not output.strip():
        raise _failed(source, "printed nothing")
    return checked(output.decode("utf-8", "surrogateescape"), source)


def _output(process: subprocess.Popen[bytes], timeout: float) -> bytes:
    """Return what the process printed until it ended, or more than is permitted.

    A child of it, such as an agent that stays, may hold its stdout open: the end of the process
    counts, not the end of the pipe.
    """
    import select
    import subprocess
    import time

    if sys.platform == "win32":  # which cannot wait for a pipe
        return process.communicate(timeout=timeout)[0]
    assert process.stdout is not None  # noqa: S101 -- it is a pipe
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    output, deadline = b"", time.monotonic() + timeout
    while len(output) <= _MOST_OUTPUT:
        # asked first: all that was printed before the end is in the pipe by then
        ended = process.poll() is not None
        try:
            piece = os.read(pipe, _MOST_OUTPUT)
        except BlockingIOError:
            left = deadline - time.monotonic()
            if ended:
                break
            if left <= 0:
                raise subprocess.TimeoutExpired(process.args, timeout) from None
            select.select([pipe], [], [], min(left, _POLL_SECONDS))
            continue
        if not piece:
            process.wait(max(0.0, deadline - time.monotonic()))
            break
        output += piece
    return output


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop what still runs; gently first, as a password manager must restore the terminal."""
    import subprocess

    try:
        if process.poll() is None:
            process.terminate()
            process.wait(_TERMINATE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


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
            hint="set it again with",
            command=run("config", "set", "api_key_command", "PROGRAM ARGUMENT..."),
        )
    return argv


def _failed(source: str, what: str) -> KeyFault:
    return KeyFault(f"{source} {what}", hint="run the command by itself to see what it says")
