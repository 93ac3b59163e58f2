"""Find the command that an unknown word probably means, and propose it with what was typed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from parsec_cli.cli.other_words import NOUNS, Meaning, meaning, synonyms
from parsec_cli.cli.topics import OPTIONS, TOPICS
from parsec_cli.cli.typer_adapter import Parameter, parameters, subcommands
from parsec_cli.config.settings import FILE_KEYS, PROFILE_KEYS
from parsec_cli.next_command import Line, NextCommand, again, run
from parsec_cli.records import changed, record

# a wrong guess is worse than none
_CLOSE_ELSEWHERE = 0.8
_CLOSE = 0.6
_SLIP = 0.85
UNDO = re.compile(
    r"(?:re|un|un-?de)?-?activat\w*|(?:re|un)-?delete|re(?:store|surrect|vive|instate|cover|enable)"
)
_DELETE_ANYTHING = {"delete", "remove", "rm", "del", "destroy", "unset", "clear", "erase", "reset"}
_DELETE_ANYTHING |= {"revoke", "terminate"}
_METHODS = {"get", "post", "put", "patch"}
# `FILE`, `[FILE]` if it may be missing, `USER...` for several
_PLACEHOLDER = re.compile(r"(?P<optional>\[)?(?P<name>[A-Z][A-Z_]*)\]?(?P<many>\.\.\.)?")


@record
class Suggestion:
    """A command that may be meant: its template, how many words stand for it, and a sentence.

    In the template, placeholders stand for what was typed after these words.
    """

    template: tuple[str, ...]
    consumed: int
    sentence: str = ""

    @property
    def hint(self) -> str:
        if self.sentence:
            return self.sentence
        words = self.template[2:] if self.template[0] == "-p" else self.template
        named = itertools.takewhile(re.compile("(--version|[a-z][a-z-]*)$").match, words)
        return f"did you mean `{' '.join(named)}`?"


def suggestion(
    root: Any, path: Sequence[str], word: str, names: Sequence[str]
) -> Suggestion | None:
    """Return what `word` after the words of `path` probably means; `names` follow it."""
    word = word.lower().strip()
    if UNDO.fullmatch(word):
        return None
    if path:
        found = _verb(root, path[0], word, names)
    else:
        found = _two_words(root, word, names) or _one_word(root, word, names)
    return found and changed(found, consumed=found.consumed + len(path))


def similar_command(root: Any, path: Sequence[str], word: str) -> list[str]:
    """Return the words of the command that `word` after `path` probably means, or []."""
    found = suggestion(root, path, word, ())
    if found is None or found.sentence:
        return []
    node, words = root, list[str]()
    for name in found.template:
        node = subcommands(node).get(name)
        if node is None:
            break
        words.append(name)
    return words


def _two_words(root: Any, word: str, names: Sequence[str]) -> Suggestion | None:
    """Understand `user ls`, `get users`, `users:list` and `create-user`."""
    nouns = subcommands(root)
    following = names[0].lower() if names else ""
    parts = re.split("[-_:.]", word)
    noun = word if word in nouns else NOUNS.get(word)
    second = following if following in nouns else NOUNS.get(following)
    if noun is not None:
        verb = _verb(root, noun, following, names[1:]) if following else None
        if verb is not None:
            return changed(verb, consumed=2)
        alone = meaning("", word)
        return _of_meaning(alone) if alone else _of_command(root, [noun])
    if second is not None and subcommands(nouns[second]):
        # kubectl's `get users`
        many = following == "users" and word in ("get", "show", "describe", "view")
        verb = _verb(root, second, "list" if many and not names[1:] else word, names[1:])
        return verb and changed(verb, consumed=2)
    if len(parts) == len(("verb", "noun")):
        for first, other in (parts, parts[::-1]):
            noun = first if first in nouns else NOUNS.get(first)
            if noun is not None and subcommands(nouns[noun]):
                return _verb(root, noun, other, names)
    return None


def _one_word(root: Any, word: str, names: Sequence[str]) -> Suggestion | None:
    """Understand a word that names no noun: a topic, a verb without its noun, or a slip."""
    nouns = subcommands(root)
    if word in _METHODS and names and names[0].startswith("/"):
        return Suggestion(("api", word.upper(), "PATH"), 1)
    if word in (*TOPICS, OPTIONS):
        return Suggestion(("help", word), 1)
    if found := meaning("", word):
        return _of_meaning(found)
    verbs = [(noun, subcommands(group)) for noun, group in nouns.items()]
    same = [[name] for name in synonyms(word, [*nouns, "--version"])]
    exact = [[noun, word] for noun, below in verbs if word in below]
    # `check user_001` is about a user, `check` alone about the key
    known = [*exact, *same] if names else [*same, *exact]
    known += [[name] for name in _close(word, nouns)]
    known += [[noun, v] for noun, below in verbs for v in _close(word, below, _CLOSE_ELSEWHERE)]
    if known and (noun := known[0][0]) in nouns and names and not known[0][1:]:
        verb = _verb(root, noun, names[0].lower(), names[1:])
        return changed(verb, consumed=2) if verb else _of_command(root, known[0])
    if known:
        return _of_command(root, known[0])
    if word in _DELETE_ANYTHING:
        return None
    if found := meaning("users", word):
        return _of_meaning(found)
    known = [[noun, verb] for noun, below in verbs for verb in synonyms(word, below)]
    return _of_command(root, known[0]) if known else None


def _verb(root: Any, noun: str, word: str, names: Sequence[str]) -> Suggestion | None:
    """Return the meaning of a word after a noun: a verb of another noun does something else."""
    below = subcommands(subcommands(root)[noun])
    if word in below:
        return _of_command(root, [noun, word])
    first, _, last = word.rpartition("-")
    if first and (last == noun or NOUNS.get(last) == noun):
        word = first  # `users create-user`
    if noun == "config" and names and names[0] in (*PROFILE_KEYS, *FILE_KEYS):
        # `config delete rate` is about a setting, not about a profile
        known = [*synonyms(word, ["unset"]), *synonyms(word, below), *_close(word, below)]
    elif found := meaning(noun, word):
        return _of_meaning(found)
    else:
        known = [*synonyms(word, below), *_close(word, below)]
    return _of_command(root, [noun, known[0]]) if known else None


def _of_meaning(found: Meaning) -> Suggestion:
    return Suggestion(tuple(found.template.split()), 1, found.sentence)


def _of_command(root: Any, words: Sequence[str]) -> Suggestion:
    """Return a command with placeholders for what it requires."""
    node = root
    for word in words:
        node = subcommands(node).get(word)
    required = [] if node is None or subcommands(node) else parameters(node)
    return Suggestion((*words, *(part for one in required for part in _placeholders(one))), 1)


def _placeholders(one: Parameter) -> list[str]:
    """Return `USER...`, `FILE` or `--mode MODE` for a parameter; [] for an optional option."""
    if one.names:
        name = one.names[-1]
        return [name, name.lstrip("-").upper()] if one.required else []
    words = [part.split("|")[0] for part in one.metavar.strip("[].").split()]
    if words[0] != words[0].upper():  # a choice, such as `bash|zsh`
        words = ["SHELL"]
    # an optional argument is there if something was typed for it
    words = [word if one.required else f"[{word}]" for word in words]
    return [*words[:-1], f"{words[-1]}..."] if one.repeatable else words


def proposed(ctx: Any, found: Suggestion) -> NextCommand:
    """Return the suggested command with the names and options that were typed for it.

    If they are not all understood, return the help of the command: without one of them, the command
    could do something else.
    """
    root = ctx.find_root().command
    profile, tokens = "", list(found.template)
    if tokens[0] == "-p":
        profile, tokens = tokens[1], tokens[2:]
    node, words = root, list[str]()
    while tokens and (below := subcommands(node).get(tokens[0])) is not None:
        node = below
        words.append(tokens.pop(0))
    if subcommands(node) and words:
        return run(*words, "--help")
    if not words:
        return run(*tokens)  # `--version`
    line = line_of(ctx, node, [""] * found.consumed)
    if line is None or not line.understood or not _same_words(ctx, node, found.consumed):
        # what belongs to an unknown option cannot be told from a name
        return run(*words, "--help")
    typed, given = list(line.names), {name for name, _ in line.options}
    names, options = _split(tokens)
    options = {name: value for name, value in options.items() if f"--{name}" not in given}
    if any(map(_placeholder, names)):
        names = _filled(names, typed)
    else:
        options = {n: typed.pop(0) if typed and _placeholder(v) else v for n, v in options.items()}
    ctx.obj.read_line = lambda: line
    more: dict[str, Any] = {name: value or True for name, value in options.items()}
    if profile:
        more |= {"profile": profile, "base_url": None}
    return again(*words, names=names, **more)


def _same_words(ctx: Any, command: Any, count: int) -> bool:
    """Return whether the options of `command` leave the words that it was guessed from."""
    lines = [line_of(ctx, one, ()) for one in (command, ctx.command)]
    return len({line.names[:count] for line in lines if line is not None}) == 1


def _split(tokens: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Split the rest of a template into arguments and options; a flag has no value."""
    names, options, left = list[str](), dict[str, str](), list(tokens)
    while left:
        token = left.pop(0)
        if not token.startswith("--"):
            names.append(token)
        else:
            options[token[2:]] = left.pop(0) if left and not left[0].startswith("--") else ""
    return names, options


def _placeholder(token: str) -> re.Match[str] | None:
    return None if token.lower() in _METHODS else _PLACEHOLDER.fullmatch(token)


def _filled(tokens: Sequence[str], typed: list[str]) -> list[str]:
    """Replace the placeholders by the names that were typed; a `...` takes all of them."""
    filled, taken = list[str](), False
    for token in tokens:
        place = _placeholder(token)
        if place is None:
            filled.append(token)
        elif place["many"] and (typed or taken):
            filled += typed
            typed, taken = [], True
        elif typed:
            filled.append(typed.pop(0))
        elif not place["optional"] and not (filled and "=" in filled[-1]):  # USER=QPS is both
            filled.append(place["name"])
    return filled


def line_of(ctx: Any, command: Any, verb: Sequence[str]) -> Line | None:
    """Split the command line by the options of `command`, whose words are `verb`."""
    if ctx.obj is None:
        return None
    known = {
        # the longest name of an option; the two sides of a switch have one each
        spelling: (max(side, key=len), bool(param.metavar))
        for param in parameters(command)
        for side in (param.names, param.off)
        for spelling in side
    }
    return Line.parse(ctx.obj.argv, tuple(verb), known)


def _close(word: str, names: Iterable[str], cutoff: float = _CLOSE) -> list[str]:
    found = get_close_matches(word, list(names), 1, cutoff)
    # only a typing slip may lead to what cannot be undone; a participle is not one
    slip = not word.endswith("ed") and get_close_matches(word, ["deactivate"], 1, _SLIP)
    return [name for name in found if name != "deactivate" or slip]
