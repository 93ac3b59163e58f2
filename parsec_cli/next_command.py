"""Build the command shown in a hint: with profile and host, shell-quoted.

A hint proposes a command as data, since rooms know neither the profile nor the typed arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from parsec_cli.records import changed, record
from parsec_cli.redaction import is_secret, may_be_secret

Value = str | int | bool | None
_TARGET = ("--profile", "--base-url")
_PROFILE = "PARSEC_PROFILE"
_FROM_STDIN = tuple(
    (f"--{name}", "-") for name in ("from-file", "keep-file", "input", "credentials")
)
FIELDS = ("-f", "-F")
# commands that use neither a profile nor a host
_LOCAL = ("sandbox", "completion", "credentials", "help", "--version")


@record
class NextCommand:
    """A proposed command. `words` follow `parsec`; `names` are ids and files, which come last.

    If it `repeats` the typed command, `options` are added to that, options without a value are
    removed, and `replace` maps its words. `profile` replaces the target; `stdin` is a file.
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
    """The options and variables that reach the same profile and host from any shell."""

    profile: str = ""
    base_url: str = ""
    variables: tuple[tuple[str, str], ...] = ()


@record
class Line:
    """A command line, split into the words of the command, its options, and its arguments.

    It is `understood` if the command has all those options, and each has a value if it takes one.
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
            if word == "--" and len(names) < len(verb):
                continue
            if word == "--":
                names += left
                break
            if not word.startswith("-") or word == "-":
                names.append(word)
                continue
            spelling, equals, rest = word.partition("=")
            value = rest if equals else None
            if not word.startswith("--"):
                spelling, value = word[:2], word[2:] or None
            name, takes_value = known.get(spelling, (spelling, False))
            if takes_value and value is None:
                value = left.pop(0) if left else None
            elif not takes_value and value and not word.startswith("--"):
                # the next of the short options after one dash
                left.insert(0, f"-{value}")
                value = None
            options.append((name, value))
        takes = dict(known.values())
        understood = all(n in takes and takes[n] == (v is not None) for n, v in options)
        return cls(verb, tuple(options), tuple(names[len(verb) :]), understood)


@record
class Completed:
    """A whole command: its words, variables first, and what its placeholders stand for."""

    words: tuple[str, ...]
    stdin: str = ""
    notes: tuple[str, ...] = ()


def complete(command: NextCommand, line: Line | None, target: Target) -> Completed | None:
    """Return the whole command, or None if it cannot be completed."""
    if command.repeats:
        if line is None:
            return None
        typed = {*line.names, *(value for _, value in line.options)}
        return _repeated(command, line, target) if typed >= dict(command.replace).keys() else None
    words = [*command.words, *_names(command.names or ())]
    given: dict[str, str | None] = {}
    if command.words[:2] == ("config", "init") and "--base-url" not in words and line is not None:
        given = {name: value for name, value in line.options if name == "--base-url"}
    return Completed(_placed(command, words, given, target), command.stdin)


def _placed(
    command: NextCommand, words: Sequence[str], given: Mapping[str, str | None], target: Target
) -> tuple[str, ...]:
    """Put variables, program and target before the words; `given` options replace the target's."""
    if words[0] in _LOCAL or words[-1] == "--help":
        target = Target()
    if command.profile or given.get("--profile"):
        kept = tuple(one for one in target.variables if one[0] != _PROFILE)
        target = changed(target, profile=command.profile, variables=kept)
    if command.profile or (words[0] == "config" and words[1] != "show"):
        # the URL would be stored, so it must not come from the environment
        target = changed(target, base_url="")
    start = [f"{name}={value}" for name, value in target.variables]
    start.append("parsec")
    profile = given.get("--profile", target.profile)
    base_url = given.get("--base-url", target.base_url)
    start += ["-p", profile] if profile else []
    # a base URL with a password is refused anyway
    start += ["--base-url", re.sub("//[^/]*@", "//", base_url)] if base_url else []
    return (*start, *words)


def _repeated(command: NextCommand, line: Line, target: Target) -> Completed:
    """Return the line with other options and names, and placeholders for secrets and stdin."""
    options = _changed_options(command, line)
    given = {name: value for name, value in options if name in _TARGET}
    options = [option for option in options if option[0] not in _TARGET]
    verb, replace = command.words or line.verb, dict(command.replace)
    names = line.names if command.names is None else command.names
    names = tuple(replace.get(name, name) for name in names)
    stdin, notes = command.stdin, list[str]()
    if not stdin and ("-" in names or any(one in options for one in _FROM_STDIN)):
        stdin = "FILE"
        notes.append("FILE stands for what was read from stdin")
    whole = options, names
    options = [
        (name, _without_secret(value) if name == "--query" and value else value)
        for name, value in options
    ]
    if verb == ("api",):
        names = tuple(re.sub(r"[^?&]+", lambda pair: _without_secret(pair[0]), n) for n in names)
    if (options, names) != whole:
        notes.append("SECRET stands for a secret, which is not shown")
    if any(name in FIELDS and _holds_secret(value or "") for name, value in options):
        options = [*(one for one in options if one[0] not in FIELDS), ("--input", "FILE")]
        notes.append("FILE stands for a file with the body, which contains a secret")
    if verb == ("config", "set") and names and is_secret(names[0]):
        names = names[:1]
    written = [word for name, value in options for word in _option(name, value)]
    ordered = tuple(_names(names))
    words = [*verb, *names, *written] if ordered == names else [*verb, *written, *ordered]
    return Completed(_placed(command, words, given, target), stdin, tuple(notes))


def _changed_options(command: NextCommand, line: Line) -> list[tuple[str, str | None]]:
    """Return the options of the changed line; one of the target that is removed is empty."""
    changes, replace = dict(command.options), dict(command.replace)
    kept = [(n, replace.get(v or "", v)) for n, v in line.options if n not in changes]
    removed = [name for name, value in changes.items() if value is None or value is False]
    added = [
        (name, None if value is True else str(value))
        for name, value in changes.items()
        if name not in removed
    ]
    return [*kept, *added, *((name, "") for name in removed if name in _TARGET)]


def _without_secret(pair: str) -> str:
    """Replace the value of `name=value` if the name may be one of a secret."""
    name, _, value = pair.partition("=")
    return f"{name}=SECRET" if value and may_be_secret(name) else pair


def _holds_secret(field: str) -> bool:
    name, _, value = field.partition("=")
    nested = re.findall(r'"((?:[^"\\]|\\.)*)"\s*:', value)
    return any(map(may_be_secret, [name, *nested]))


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
    """Quote the words for a POSIX shell; words that `shown` would change are written as octets.

    Returns "" for half a surrogate pair from a response, which no shell can pass.
    """
    try:
        "".join(words).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return ""
    place = words.index("parsec")
    variables = [word.partition("=") for word in words[:place]]
    start = [f"{name}={_quoted(value, shown)}" for name, _, value in variables]
    line = " ".join([*start, *(_quoted(word, shown) for word in words[place:])])
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
