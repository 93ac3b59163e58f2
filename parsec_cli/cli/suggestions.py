"""What a wrong word on the command line was probably meant for: a typo, or another tool's word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from parsec_cli.cli.common_options import line_of
from parsec_cli.cli.typer_adapter import subcommands
from parsec_cli.next_command import NextCommand, again, run

# a wrong guess is worse than none: `--yes` is not `--reason`
_CLOSE_OPTION = 0.75
_CLOSE_ELSEWHERE = 0.8
_CLOSE = 0.6
_SLIP = 0.85
# other tools' words for the same thing; nothing else may lead to what cannot be undone
_VERBS = (
    {"deactivate", "delete", "remove", "rm", "del", "destroy", "delete-user", "remove-user"},
    {"unset", "delete", "remove", "rm", "del", "clear"},
    {"get", "show", "view", "describe", "info", "inspect"},
    {"create", "add", "new", "register"},
    {"set-qps", "update", "edit", "set", "patch", "limit"},
    {"list", "ls", "all"},
    {"apply", "import", "sync"},
    {"plan", "diff", "preview"},
    {"onboard", "link", "connect"},
    {"init", "login", "auth", "configure", "setup"},
    {"doctor", "whoami", "status", "ping"},
    {"--version", "version"},
)
_UNDONE = re.compile(
    r"(?:re|un|un-?de)?-?activat\w*|(?:re|un)-?delete|re(?:store|surrect|vive|instate|cover|enable)"
)
_DELETING_ANYTHING = {"delete", "remove", "rm", "del", "destroy", "unset", "clear"}
_OPTIONS = (
    ({"--yes", "-y", "--force", "--assume-yes", "--no-confirm"}, ("--confirm", "--yes")),
    ({"--format", "--out", "--output-format"}, ("--output",)),
    ({"--debug", "--trace", "--log"}, ("--verbose",)),
    ({"--url", "--host", "--endpoint", "--server", "--api-url"}, ("--base-url",)),
    ({"--file", "--input", "--filename"}, ("--from-file", "--credentials")),
    ({"--qps", "--rate-limit"}, ("--qps-limit",)),
    ({"--check", "--simulate", "--what-if"}, ("--dry-run",)),
    ({"--search", "--filter", "--grep", "--query"}, ("--match",)),
    ({"--account", "--env", "--context"}, ("--profile",)),
)
KEYS = {"--api-key", "--key", "--token", "--api-token", "--secret", "--private-key"}


def proposal(ctx: Any, word: str) -> tuple[str, NextCommand | None]:
    """Return a hint for a `word` that no command below `ctx` has, with the line to run."""
    if _UNDONE.fullmatch(word.lower().strip()):
        told = "a deactivation cannot be undone; to create the user again, as a new one, see"
        return told, run("users", "create", "--help")
    path = ctx.command_path.split()[1:]
    found = meant(ctx.find_root().command, path, word)
    if not found:
        return "", None
    return f"did you mean `{' '.join(found)}`?", _whole(ctx, [*path, word], found)


def meant(root: Any, path: Sequence[str], word: str) -> list[str]:
    """Return the command that `word` was meant for behind the words of `path`, or []."""
    word, here = word.lower().strip(), _below(root, path)
    if _UNDONE.fullmatch(word):
        return []
    for name in (*_same(word, list(here)), *_close(word, list(here), _CLOSE)):
        return [*path, name]
    if path:
        # a verb of another noun does another thing
        return []
    if _same(word, ["--version"]):
        return ["--version"]
    nouns = [(noun, list(subcommands(group))) for noun, group in here.items()]
    found = [
        [noun, verb] for noun, verbs in nouns for verb in _close(word, verbs, _CLOSE_ELSEWHERE)
    ]
    if word not in _DELETING_ANYTHING:
        found += [[noun, verb] for noun, verbs in nouns for verb in _same(word, verbs)]
    return next(iter(found), [])


def _below(root: Any, path: Sequence[str]) -> Any:
    for name in path:
        root = subcommands(root)[name]
    return subcommands(root)


def _whole(ctx: Any, typed: list[str], found: list[str]) -> NextCommand:
    """Return the command that was meant with the arguments that were typed for it."""
    node = ctx.find_root().command
    for name in found:
        node = subcommands(node).get(name)
    line = line_of(ctx, node, typed) if node is not None else None
    if line is not None and line.names[:1] and line.names[0] in subcommands(node):
        verb = line.names[0]
        node, typed, found = subcommands(node)[verb], [*typed, verb], [*found, verb]
        line = line_of(ctx, node, typed)
    if subcommands(node):
        return run(*found, "--help")
    if line is None or not line.understood:
        return run(*found)
    ctx.obj.line = line
    return again(*found)


def _same(word: str, names: Sequence[str]) -> list[str]:
    """Return those of `names` that mean the same as `word`."""
    meanings = [words for words in _VERBS if word in words]
    return [name for name in names if any(name in words for words in meanings)]


def _close(word: str, names: Sequence[str], cutoff: float) -> list[str]:
    found = get_close_matches(word, names, 1, cutoff)
    # only a slip of the finger leads to what cannot be undone, and no participle is one
    slip = not word.endswith("ed") and get_close_matches(word, ["deactivate"], 1, _SLIP)
    return [name for name in found if name != "deactivate" or slip]


def option_hint(option: str, known: Sequence[str]) -> str:
    """Return what to say of an option that is none of `known`, with a blank behind, or ""."""
    wanted = [name for words, names in _OPTIONS if option in words for name in names]
    same = [name for name in wanted if name in known]
    begun = [name for name in known if len(option) > len("--") and name.startswith(option)]
    bare = {name.lstrip("-"): name for name in known}
    close = [bare[n] for n in get_close_matches(option.lstrip("-"), bare, 1, _CLOSE_OPTION)]
    return next((f"did you mean `{name}`? " for name in (*same, *begun, *close)), "")
