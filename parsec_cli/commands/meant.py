"""What a wrong word on the command line was probably meant for: a typo, or another tool's word."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

# a wrong guess is worse than none: `--yes` is not `--reason`
_CLOSE_OPTION = 0.75
_CLOSE_ELSEWHERE = 0.8
# other tools' words for the same thing
_VERBS = (
    {"deactivate", "delete", "remove", "rm", "del", "destroy", "revoke", "disable"},
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
_KEYS = {"--api-key", "--key", "--token", "--api-token", "--secret", "--private-key"}


def command(ctx: Any, word: str) -> str:
    """Return the command line that `word` was meant for behind that of `ctx`, or ""."""
    word, here = word.lower().strip(), list(ctx.command.commands)
    for name in (*_same(word, here), *get_close_matches(word, here, 1)):
        return f"{ctx.command_path} {name}"
    root = ctx.find_root()
    if ctx is root and _same(word, ["--version"]):
        return "parsec --version"
    nouns = [(noun, list(getattr(g, "commands", ()))) for noun, g in root.command.commands.items()]
    for noun, verbs in nouns:
        for verb in get_close_matches(word, verbs, 1, _CLOSE_ELSEWHERE):
            return f"parsec {noun} {verb}"
    return next((f"parsec {noun} {v}" for noun, verbs in nouns for v in _same(word, verbs)), "")


def _same(word: str, names: Sequence[str]) -> list[str]:
    """Return those of `names` that mean the same as `word`."""
    meanings = [words for words in _VERBS if word in words]
    return [name for name in names if any(name in words for words in meanings)]


def option_hint(option: str, known: Sequence[str]) -> str:
    """Return what to say of an option that is none of `known`, with a blank behind, or ""."""
    if option in _KEYS:
        return "no option takes a key: `parsec config set api_key` stores one; "
    wanted = [name for words, names in _OPTIONS if option in words for name in names]
    same = [name for name in wanted if name in known]
    begun = [name for name in known if len(option) > len("--") and name.startswith(option)]
    bare = {name.lstrip("-"): name for name in known}
    close = [bare[n] for n in get_close_matches(option.lstrip("-"), bare, 1, _CLOSE_OPTION)]
    return next((f"did you mean `{name}`? " for name in (*same, *begun, *close)), "")
