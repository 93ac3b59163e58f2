"""Searches everything a run left behind for canaries, plain or encoded."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from support.runner import Completed


def leaks(
    completed: Completed | None,
    home: Path,
    canaries: Iterable[str],
    *,
    except_files: Iterable[Path] = (),
) -> list[str]:
    """Say where a canary is seen: plain, base64, URL-encoded or hex, in streams and files.

    `except_files` may contain it, such as a config that the test wrote.
    """
    allowed = {path.resolve() for path in except_files}
    places: list[tuple[str, bytes]] = []
    if completed is not None:
        places = [("stdout", completed.out_bytes), ("stderr", completed.err_bytes)]
    for path in sorted(home.rglob("*")):
        places.append(("a file name", str(path.relative_to(home)).encode()))
        if path.is_file() and path.resolve() not in allowed:
            places.append((str(path.relative_to(home)), path.read_bytes()))
    found = [
        f"{canary} as {form} in {where}"
        for canary in canaries
        for form, needle in _forms(canary)
        for where, data in places
        if needle.lower() in data.lower()
    ]
    return list(dict.fromkeys(found))


def _forms(canary: str) -> Iterator[tuple[str, bytes]]:
    raw = canary.encode()
    yield "plain text", raw
    yield "URL-encoded", quote(canary, safe="").encode()
    yield "percent-encoded", "".join(f"%{byte:02x}" for byte in raw).encode()
    yield "hex", raw.hex().encode()
    yield "unicode escapes", "".join(f"\\u{ord(char):04x}" for char in canary).encode()
    for shift in range(3):
        # the groups at the edges depend on what stands beside the canary: only the inner count
        text = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        start, end = (4 if shift else 0), len(text) // 4 * 4
        for inner in {text[start:end], text[start:end].translate(_URL_SAFE)}:
            if len(inner) >= 8:
                yield "base64", inner


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
