"""Turn the parser's errors into errors of this tool, with the command that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from parsec_cli.cli.typer_adapter import Parameter, parameters, parser_message, subcommands
from parsec_cli.errors import UsageFault
from parsec_cli.next_command import Line, NextCommand, again, run
from parsec_cli.runtime import CommonOptions

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
_UNDO = re.compile(
    r"(?:re|un|un-?de)?-?activat\w*|(?:re|un)-?delete|re(?:store|surrect|vive|instate|cover|enable)"
)
_DELETE_ANYTHING = {"delete", "remove", "rm", "del", "destroy", "unset", "clear"}
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
_KEY_OPTIONS = {"--api-key", "--key", "--token", "--api-token", "--secret", "--private-key"}


def usage_fault(fault: Exception, ctx: Any = None, args: Sequence[str] = ()) -> UsageFault:
    """Reword a parser error of the command of `ctx`, which was called with `args`."""
    said = parser_message(fault, ctx)
    text, ctx = said.text, said.ctx
    if said.unknown_option is not None:
        return _unknown_option(ctx, said.unknown_option, args)
    hint, command = _see_help(ctx)
    if said.unknown_command is not None:
        text = f"no such command `{said.unknown_command}`"
        suggested = _suggestion(ctx, said.unknown_command)
        hint, command = suggested if suggested[0] else (hint, command)
    elif said.extra is not None:
        text = f"too many arguments: `{said.extra}`"
    else:
        text = text[:1].lower() + text[1:].replace("'", "`")
    return UsageFault(text, hint=hint, command=command)


def _see_help(ctx: Any) -> tuple[str, NextCommand | None]:
    words = [] if ctx is None else ctx.command_path.split()[1:]
    return "see the help with", run(*words, "--help")


def _unknown_option(ctx: Any, option: str, args: Sequence[str]) -> UsageFault:
    message = f"no such option `{option}`"
    hint, command = _see_help(ctx)
    if option in _KEY_OPTIONS:
        hint, command = "no option takes a key; store one with", run("config", "set", "api_key")
        return UsageFault(message, hint=hint, command=command)
    params = parameters(ctx.command)
    negative = re.match(r"-[0-9.]", option)
    if negative or any(param.is_argument for param in params):
        hint = f"put an id that begins with a dash after `--`; {hint}"
    if negative:
        whole = next((arg for arg in args if arg.startswith(option)), option)
        message = f"`{whole}` is negative: the number must be at least 1"
    else:
        known = [name for param in params for name in param.names if name[:2] == "--"]
        hint = _option_suggestion(option, known) + hint
    return UsageFault(message, hint=hint, command=command)


def _option_suggestion(option: str, known: Sequence[str]) -> str:
    """Return `did you mean …? ` for an unknown option, or ""."""
    wanted = [name for words, names in _OPTIONS if option in words for name in names]
    same = [name for name in wanted if name in known]
    begun = [name for name in known if len(option) > len("--") and name.startswith(option)]
    bare = {name.lstrip("-"): name for name in known}
    close = [bare[n] for n in get_close_matches(option.lstrip("-"), bare, 1, _CLOSE_OPTION)]
    return next((f"did you mean `{name}`? " for name in (*same, *begun, *close)), "")


def guess_format(options: CommonOptions, argv: Sequence[str]) -> None:
    """Find out whether a command line with a mistake asks for JSON."""
    if options.format is not None:
        return
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        if word == "--":
            return
        # `-o json`, `-ojson`, and after other short options that take no value: `-qo json`
        named = re.fullmatch(r"--output(?:=(.*))?|-[hnqv]*o(.*)", word, re.DOTALL)
        value = (named[1] or named[2] or following).removeprefix("=") if named else ""
        if word == "--json" or value in ("json", "jsonl"):
            options.output = value or "json"


def line_of(ctx: Any, command: Any, verb: Sequence[str]) -> Line | None:
    """Split the command line by the options of `command`, whose words are `verb`."""
    if ctx.obj is None:
        return None
    known = {
        spelling: (_option_name(param, spelling), not param.is_flag)
        for param in parameters(command)
        if not param.is_argument
        for spelling in param.spellings
    }
    return Line.parse(ctx.obj.argv, tuple(verb), known)


def _option_name(param: Parameter, spelling: str) -> str:
    """Return the long name of an option; the two sides of a switch have one each."""
    side = param.names if spelling in param.names else param.off
    return str(next((name for name in side if name.startswith("--")), side[0]))


def _suggestion(ctx: Any, word: str) -> tuple[str, NextCommand | None]:
    """Return a hint for an unknown command `word` below `ctx`, with the command to run."""
    if _UNDO.fullmatch(word.lower().strip()):
        hint = "a deactivation cannot be undone; to create the user again, as a new one, see"
        return hint, run("users", "create", "--help")
    path = ctx.command_path.split()[1:]
    found = similar_command(ctx.find_root().command, path, word)
    if not found:
        return "", None
    return f"did you mean `{' '.join(found)}`?", _with_arguments(ctx, [*path, word], found)


def similar_command(root: Any, path: Sequence[str], word: str) -> list[str]:
    """Return the command that `word` after the words of `path` probably means, or []."""
    word, here = word.lower().strip(), _below(root, path)
    if _UNDO.fullmatch(word):
        return []
    for name in (*_same(word, list(here)), *_close(word, list(here), _CLOSE)):
        return [*path, name]
    if path:
        # a verb of another noun does something else
        return []
    if _same(word, ["--version"]):
        return ["--version"]
    nouns = [(noun, list(subcommands(group))) for noun, group in here.items()]
    found = [
        [noun, verb] for noun, verbs in nouns for verb in _close(word, verbs, _CLOSE_ELSEWHERE)
    ]
    if word not in _DELETE_ANYTHING:
        found += [[noun, verb] for noun, verbs in nouns for verb in _same(word, verbs)]
    return next(iter(found), [])


def _below(root: Any, path: Sequence[str]) -> Any:
    for name in path:
        root = subcommands(root)[name]
    return subcommands(root)


def _with_arguments(ctx: Any, typed: list[str], found: list[str]) -> NextCommand:
    """Return the suggested command with the arguments that were typed for it."""
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
    ctx.obj.read_line = lambda: line
    return again(*found)


def _same(word: str, names: Sequence[str]) -> list[str]:
    """Return those of `names` that mean the same as `word`."""
    meanings = [words for words in _VERBS if word in words]
    return [name for name in names if any(name in words for words in meanings)]


def _close(word: str, names: Sequence[str], cutoff: float) -> list[str]:
    found = get_close_matches(word, names, 1, cutoff)
    # only a typing slip may lead to what cannot be undone; a participle is not one
    slip = not word.endswith("ed") and get_close_matches(word, ["deactivate"], 1, _SLIP)
    return [name for name in found if name != "deactivate" or slip]
