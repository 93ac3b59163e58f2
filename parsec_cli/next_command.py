"""Build the command shown in a hint: with profile and host, shell-quoted.

A hint proposes a command as data, since rooms know neither the profile nor the typed arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from parsec_cli.records import changed, record
from parsec_cli.redaction import is_secret

Value = str | int | bool | None
_TARGET = ("--profile", "--base-url")
# commands that use neither a profile nor a host
_LOCAL = ("sandbox", "completion", "credentials", "help", "--version")


@record
class NextCommand:
    """A proposed command. `words` follow `parsec`; `names` are ids and files, which come last.

    If it `repeats` the typed command, `options` are added to that, options without a value are
    removed, and `replace` maps its words to others. `profile` replaces the target; `stdin` is a
    file.
    """

    words: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None
    repeats: bool = False
    options: tuple[tuple[str, Value], ...] = ()
    replace: tuple[tuple[str, str], ...] = ()
    profile: str = ""
    stdin: str = ""


def run(*words: str, names: Sequence[str] = (), profile: str = "", stdin: str = "") -> NextCommand:
    """Propose another command; placeholders are in capital letters, such as FILE."""
    return NextCommand(words, tuple(names), profile=profile, stdin=stdin)


def again(
    *verb: str,
    names: Sequence[str] | None = None,
    replace: Mapping[str, str] | None = None,
    stdin: str = "",
    **options: Value,
) -> NextCommand:
    """Propose the typed command with options added, replaced, or removed (None).

    A `verb` replaces the typed one.
    """
    return NextCommand(
        verb,
        None if names is None else tuple(names),
        repeats=True,
        options=tuple((f"--{name.replace('_', '-')}", value) for name, value in options.items()),
        replace=tuple((replace or {}).items()),
        stdin=stdin,
    )


@record
class Target:
    """The options and variable that reach the same profile and host from any shell, or ""."""

    profile: str = ""
    base_url: str = ""
    config: str = ""


@record
class Line:
    """A command line, split into the words of the command, its options, and its arguments.

    It is `understood` if the command has all those options.
    """

    verb: tuple[str, ...]
    options: tuple[tuple[str, str | None], ...]
    names: tuple[str, ...]
    understood: bool = True

    @classmethod
    def parse(
        cls, argv: Sequence[str], verb: tuple[str, ...], known: Mapping[str, tuple[str, bool]]
    ) -> Line:
        """Split `argv`; `known` maps each spelling to an option and whether it takes a value."""
        left, names = list(argv), list[str]()
        options: list[tuple[str, str | None]] = []
        while left:
            word = left.pop(0)
            if word == "--":
                if len(names) < len(verb):
                    continue
                names += left
                break
            if not word.startswith("-") or word == "-":
                names.append(word)
                continue
            for spelling, value in _spellings(word, known):
                name, takes_value = known.get(spelling, (spelling, False))
                if takes_value and value is None:
                    value = left.pop(0) if left else ""  # noqa: PLW2901 - the next word
                options.append((name, value))
        names_known = {name for name, _ in known.values()}
        understood = {name for name, _ in options} <= names_known
        return cls(verb, tuple(options), tuple(names[len(verb) :]), understood)

    @property
    def values(self) -> set[str]:
        return {*self.names, *(value for _, value in self.options if value)}

    def without_secrets(self) -> Line:
        """Replace the body by `--input FILE` if it contains a secret, and secrets in the query."""
        fields = [value for name, value in self.options if name in ("-f", "-F") and value]
        options = tuple(
            (name, f"{value.partition('=')[0]}=VALUE")
            if name == "--query" and value and _holds_secret(value)
            else (name, value)
            for name, value in self.options
        )
        if any(_holds_secret(field) for field in fields):
            options = tuple(option for option in options if option[0] not in ("-f", "-F"))
            options += (("--input", "FILE"),)
        return Line(self.verb, options, self.names, self.understood)


def _holds_secret(field: str) -> bool:
    name, _, value = field.partition("=")
    nested = re.findall(r'"((?:[^"\\]|\\.)*)"\s*:', value)
    return any(map(is_secret, [name, *nested]))


def _spellings(word: str, known: Mapping[str, tuple[str, bool]]) -> list[tuple[str, str | None]]:
    """Split `--name=value`, or short options after one dash, into options and attached values."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return [(name, value if equals else None)]
    found: list[tuple[str, str | None]] = []
    for place, letter in enumerate(word[1:], 2):
        name, rest = f"-{letter}", word[place:]
        if known.get(name, ("", False))[1]:
            return [*found, (name, rest or None)]
        found.append((name, None))
    return found


def complete(command: NextCommand, line: Line | None, target: Target) -> list[str] | None:
    """Return the words of the whole command, or None if it cannot be completed.

    A first word such as `PARSEC_CONFIG=FILE` sets a variable.
    """
    words, names, given = list(command.words), list(command.names or ()), dict[str, str | None]()
    if command.repeats:
        if line is None or not {old for old, _ in command.replace} <= line.values:
            return None
        words, names, given = _repeated(command, line)
    if words[0] in _LOCAL or words[-1] == "--help":
        target = Target()
    elif command.profile:
        target = changed(target, profile=command.profile, base_url="")
    elif words[0] == "config" and words[1] != "show":
        # the URL would be stored, so it must not come from the environment
        target = changed(target, base_url=given.get("--base-url", ""))
    start = [f"PARSEC_CONFIG={target.config}"] if target.config else []
    start.append("parsec")
    for option, short, value in (
        ("--profile", "-p", target.profile),
        ("--base-url", "--base-url", target.base_url),
    ):
        chosen = given.get(option, value)
        start += [short, chosen] if chosen else []
    return [*start, *words, *_names(names)]


def _repeated(
    command: NextCommand, line: Line
) -> tuple[list[str], list[str], dict[str, str | None]]:
    """Return words and names of the changed line, and its options for the target."""
    changes, replace = dict(command.options), dict(command.replace)
    options = [(name, value) for name, value in line.options if name not in changes]
    for name, value in changes.items():
        if value is None or value is False:
            options += [(name, "")] if name in _TARGET else []
        else:
            options.append((name, None if value is True else str(value)))
    words: list[str] = []
    for name, value in options:
        words += [] if name in _TARGET else _option(name, replace.get(value or "", value))
    given_names = line.names if command.names is None else command.names
    names = [replace.get(name, name) for name in given_names]
    verb = command.words or line.verb
    given = {name: value for name, value in options if name in _TARGET}
    if _names(names) != names:
        return [*verb, *words], names, given
    return [*verb, *names, *words], [], given


def _names(names: Sequence[str]) -> list[str]:
    """Return the names, after `--` if one begins with a dash."""
    dashed = any(name.startswith("-") and name != "-" for name in names)
    return ["--", *names] if dashed else list(names)


def _option(name: str, value: str | None) -> list[str]:
    if value is None:
        return [name]
    if not value.startswith("-") or value == "-":
        return [name, value]
    # attached, so that no parser reads the value as an option
    return [f"{name}={value}" if name.startswith("--") else f"{name}{value}"]


def shell_line(
    words: Sequence[str], stdin: str = "", shown: Callable[[str], str] = lambda word: word
) -> str:
    """Quote the words for a POSIX shell; words that `shown` would change are written as octets."""
    first, equals, value = words[0].partition("=")
    start = f"{first}={_quoted(value, shown)}" if equals else first
    line = " ".join([start, *(_quoted(word, shown) for word in words[1:])])
    return f"{line} < {stdin}" if stdin else line


def _quoted(word: str, shown: Callable[[str], str]) -> str:
    import shlex

    if shown(word) == word:
        return shlex.quote(word)
    octets = word.encode("utf-8", "surrogateescape")
    escaped = "".join(
        chr(o) if chr(o).isascii() and chr(o).isalnum() else f"\\{o:03o}" for o in octets
    )
    return f"\"$(printf '{escaped}')\""
