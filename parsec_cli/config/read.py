"""Read `config.toml`: the profiles as text values, or an error with file and line.

Errors never quote the content of the file, which may be a key. Warnings say who can change it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from parsec_cli.config.settings import BY_NAME, FILE_KEYS, PROFILE_KEYS, SANDBOX
from parsec_cli.errors import UsageFault, nearest, shortened
from parsec_cli.files.save import OWNERS, fault, trusted
from parsec_cli.next_command import run
from parsec_cli.records import record

_OTHERS_MAY = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_LARGEST = 1024 * 1024
_NAMED = 5  # unknown settings that a warning names
_HEADER = r"\s*\[(?:.*\.)?\s*[\"']?%s[\"']?\s*\]"
_KEY = r"\s*[\"']?%s[\"']?\s*="


@record
class Config:
    """The content of the file. `profiles` has the known settings of each profile as text.

    `warning` says that others can read a key, `ignored` names lines with other settings, or "".
    """

    path: Path
    exists: bool = False
    default_profile: str | None = None
    profiles: Mapping[str, Mapping[str, str]] = {}
    warning: str = ""
    ignored: str = ""

    def __repr__(self) -> str:
        return f"Config({str(self.path)!r})"  # a profile may contain a key


def read(path: Path) -> Config:
    """Return the config; a file that does not exist is an empty one.

    A UsageFault for a file that cannot be read, is not TOML or has values of a wrong type. An
    empty file is one too: a crash may have emptied it, so the defaults are no safe replacement.
    """
    found = _read_bytes(path)
    if found is None:
        return Config(path)
    data, mode = found
    if not data and stat.S_ISREG(mode):
        raise UsageFault(
            f"`{path}` is empty, as after a crash",
            hint="remove it, or write it again with",
            command=run("config", "init"),
        )
    text, document = _parsed(data, path)
    for profile, key, problem in _problems(document):
        line = _line(text, profile, key)
        raise UsageFault(f"`{path}` line {line}: {problem}", hint="repair that line")
    profiles = {
        name: {
            key: str(value).lower() if isinstance(value := table[key], bool) else str(value)
            for key in PROFILE_KEYS
            if key in table
        }
        for name, table in document.get("profiles", {}).items()
    }
    ignored = ", ".join(shortened([*_ignored(document, text)], _NAMED))
    chosen = document.get("default_profile")
    warning = ""
    if mode & _OTHERS_MAY and any("api_key" in profile for profile in profiles.values()):
        warning = (
            f"`{path}` contains a key and other users have access to it"
            f" (mode {stat.S_IMODE(mode):04o}): run `{_chmod('600', path)}`"
        )
    return Config(path, True, chosen, profiles, warning, ignored)


def _read_bytes(path: Path) -> tuple[bytes, int] | None:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode if OWNERS else stat.S_IFREG
            data = file.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        # a dangling link too: `config init` creates its target
        return None
    except OSError as error:
        raise UsageFault(
            fault("read", path, error).message,
            hint="make it readable for you, or name another file with PARSEC_CONFIG",
        ) from None
    if len(data) > _LARGEST:
        raise UsageFault(
            f"`{path}` is larger than 1 MiB, so it cannot be a config file",
            hint="name another file with PARSEC_CONFIG",
        )
    return data, mode


def _parsed(data: bytes, path: Path) -> tuple[str, dict[str, Any]]:
    """Return the text and the document."""
    import tomllib

    try:
        # editors on Windows start a file with a byte order mark
        text = data.decode("utf-8-sig")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        line, what = data.count(b"\n", 0, error.start) + 1, "is not UTF-8 text"
    except ValueError as error:  # also for a number of too many digits
        # the message of the parser may quote a part of the line
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else text.rstrip("\n").count("\n") + 1
        what = "is not valid TOML"
    except RecursionError:
        line, what = 1, "is nested too deeply"
    raise UsageFault(
        f"`{path}` line {line} {what}", hint="repair that line, or move the file away and run again"
    )


def _problems(document: dict[str, Any]) -> Iterator[tuple[str | None, str | None, str]]:
    """Yield profile, key and message of each value that would otherwise be silently ignored."""
    for key in FILE_KEYS:
        if not isinstance(document.get(key, ""), str):
            yield None, key, f"`{key}` must be text in quotes"
    for key in PROFILE_KEYS:
        if key in document:
            yield None, key, f"`{key}` is outside a profile: put `[profiles.NAME]` above it"
    profiles = document.get("profiles", {})
    if not isinstance(profiles, dict):
        yield None, "profiles", "`profiles` must be tables, `[profiles.NAME]`"
        return
    for name, table in profiles.items():
        if not isinstance(table, dict):
            yield "profiles", name, "a profile must be a table, `[profiles.NAME]`"
        elif name == SANDBOX:
            yield name, None, f"`[profiles.{SANDBOX}]` is the built-in sandbox: use another name"
        else:
            yield from ((name, key, problem) for key, problem in _profile_problems(table))


def _profile_problems(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in (key for key in PROFILE_KEYS if key in table):
        kinds = (str, int, float) if key == "rate" else (BY_NAME[key].kind,)
        if type(table[key]) not in kinds:
            wanted = "text in quotes" if str in kinds else "true or false, without quotes"
            yield key, f"`{key}` must be {wanted}"
    if "api_key" in table and "api_key_command" in table:
        yield "api_key_command", "a profile cannot have both `api_key` and `api_key_command`"


def _ignored(document: dict[str, Any], text: str) -> Iterator[str]:
    """Yield the line of each unknown setting and the known one that it resembles."""
    tables = {None: document, **document.get("profiles", {})}
    for name, table in tables.items():
        known = (*FILE_KEYS, "profiles") if name is None else PROFILE_KEYS
        for key in table:
            if key not in known:
                close = nearest(key, known)
                suggestion = f" (did you mean `{close[0]}`?)" if close else ""
                yield f"line {_line(text, name, key)}{suggestion}"


def _line(text: str, table: str | None, key: str | None) -> int:
    """Return the line of `key` in a table, or of the header; 1 if it is not found."""
    lines, at = text.splitlines(), 0
    for name, pattern in ((table, _HEADER), (key, _KEY)):
        if name is not None:
            rule = re.compile(pattern % re.escape(name))
            at = next((n for n in range(at, len(lines)) if rule.match(lines[n])), at)
    return at + 1


def key_kept(profile: Mapping[str, str]) -> str:
    """Return how a profile of the file keeps its key: `stored`, `command` or `none`."""
    if profile.get("api_key", "").strip():
        return "stored"
    return "command" if "api_key_command" in profile else "none"


def exposure(path: Path, danger: str) -> str:
    """Return a warning if other users can change a file or folder, or "".

    It names the reason, the `danger` and the remedy. Checked are the file, the target of a link
    and the folders above both. In a sticky folder, such as /tmp, only the owner can replace a
    file. A file that does not exist is not exposed.
    """
    if not OWNERS or not path.exists():
        return ""
    reason = remedy = ""
    with suppress(OSError):
        reason, remedy = next(_reasons(path), ("", ""))
    return reason and f"other users can change `{path}` ({reason}) and {danger}: {remedy}"


def _reasons(path: Path) -> Iterator[tuple[str, str]]:
    """Yield reason and remedy."""
    for file in dict.fromkeys((path.absolute(), Path(os.path.realpath(path)))):
        for place in (file, *file.parents):
            status = place.lstat() if place == file else place.stat()
            name = "it" if place == path else f"`{place}`"
            name = name if place == file else f"its folder {name}"
            # groups of users may share folders further up
            near = place in (file, file.parent)
            if near and not trusted(status):
                remedy = "use a file and a folder of your own"
                yield f"{name} belongs to user ID {status.st_uid}", remedy
            folder = stat.S_ISDIR(status.st_mode)
            if folder and status.st_mode & stat.S_ISVTX:
                continue
            writable = status.st_mode & (_OTHERS_WRITE if near else stat.S_IWOTH)
            if writable and (folder or stat.S_ISREG(status.st_mode)):
                mode = f"mode {stat.S_IMODE(status.st_mode):04o}"
                remedy = _chmod("go-w" if folder else "600", place)
                yield mode if place == file else f"{mode} of {name}", f"run `{remedy}`"


def _chmod(mode: str, path: Path) -> str:
    import shlex

    return f"chmod {mode} {shlex.quote(str(path))}"
