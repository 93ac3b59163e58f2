"""Check the PATH of `parsec api`, so that a deactivation can be spelled in only one way."""

from __future__ import annotations

import re
from urllib.parse import unquote

from parsec_cli.base_url import API_PREFIX
from parsec_cli.errors import UsageFault
from parsec_cli.next_command import again, run

USERS = "/builder/users"
_HINT = "write it like /builder/pool"
_PLAIN = re.compile(r"[A-Za-z0-9._~/-]+")
# the part of a rewritten path that is the API's: after the version, or from a known beginning
_TYPED = re.compile(
    r"(?<=[\\/]api[\\/]v1[\\/]).+"
    r"|(?<=[\\/])(?:builder|usage|balance|positions|orders|markets)(?:[\\/?].*)?$"
)
_MAX_LAYERS = 8  # of percent-encoding


def api_path(text: str) -> tuple[str, str]:
    """Return the path below `/api/v1` and its query; refuse what servers may read differently."""
    if re.match(r"[A-Za-z]:[\\/]|[\\/]{2}", text):
        # rewritten by Git Bash or MSYS, such as `C:/Git/x` for `/x`
        typed = _TYPED.search(text)
        path = typed[0].replace("\\", "/") if typed else ""
        raise UsageFault(
            "the path names a drive or a server: Git Bash rewrites paths with a slash in front",
            hint="leave that slash out:" if path else "leave that slash out, like builder/pool",
            command=again(replace={text: path}) if path else None,
        )
    path, _, query = text.partition("?")
    path = "/" + path.removeprefix("/").removeprefix(API_PREFIX.removeprefix("/") + "/")
    if "#" in text or "\\" in text or not text.isprintable() or not text.isascii() or " " in text:
        raise UsageFault("the path contains a character that must be percent-encoded", hint=_HINT)
    if re.search(r"%(?![0-9A-Fa-f]{2})", path):
        raise UsageFault("the path contains a bare `%`; write it as `%25`", hint=_HINT)
    read = path
    for _ in range(_MAX_LAYERS):
        read, before = unquote(read, errors="replace"), read
        if read == before:
            break
    else:
        raise UsageFault("the path is percent-encoded too many times", hint=_HINT)
    dotted = any(part in (".", "..") for part in re.split(r"[/\\]", read))
    if ":" in path.split("/")[1] or not all(path[1:].split("/")) or dotted:
        raise UsageFault("the path must be an API path without empty or dotted parts", hint=_HINT)
    if f"{read}/".lower().startswith(f"{API_PREFIX}/"):
        raise UsageFault(f"the path names `{API_PREFIX}` twice, or in another case", hint=_HINT)
    return path, query


def deleted_user(path: str) -> tuple[str, str] | None:
    """Return the customer_id in the path of a DELETE and what follows; None if it names no user.

    Only one spelling is allowed: some servers decode, fold or strip characters, others do not.
    """
    if not _PLAIN.fullmatch(path):
        raise UsageFault(
            "a DELETE takes a plain path: letters, digits and `-._~`",
            hint="deactivate a user with",
            command=run("users", "deactivate", names=["USER"]),
        )
    parts = path.split("/")
    if "users" not in path.lower().split("/"):
        return None
    if len(parts) < 4 or not path.startswith(f"{USERS}/"):  # noqa: PLR2004 - "", two nouns, the id
        raise UsageFault(f"a DELETE here must name one user: {USERS}/CUSTOMER_ID")
    return parts[3], "".join(f"/{part}" for part in parts[4:])
