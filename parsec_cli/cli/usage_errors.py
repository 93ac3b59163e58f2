"""Turn the parser's errors into errors of this tool, with the command that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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
    words = [] if ctx is None else ctx.command_path.split()[1:]
    hint, command = "see the help with", run(*words, "--help")
    if said.unknown_option in _KEY_OPTIONS:
        text = f"no such option `{said.unknown_option}`"
        hint, command = "no option takes a key; store one with", run("config", "set", "api_key")
    elif said.unknown_option is not None:
        text, advice = _unknown_option(parameters(ctx.command), said.unknown_option, args)
        hint = advice + hint
    elif said.unknown_command is not None:
        text = f"no such command `{said.unknown_command}`"
        if _UNDO.fullmatch(said.unknown_command.lower().strip()):
            hint = "a deactivation cannot be undone; to create the user again, as a new one, see"
            command = run("users", "create", "--help")
        elif found := similar_command(ctx.find_root().command, words, said.unknown_command):
            hint = f"did you mean `{' '.join(found)}`?"
            command = _with_arguments(ctx, [*words, said.unknown_command], found)
    elif said.extra is not None:
        text = f"too many arguments: `{said.extra}`"
    else:
        text = text[:1].lower() + text[1:].replace("'", "`")
    return UsageFault(text, hint=hint, command=command)


def _unknown_option(
    params: Sequence[Parameter], option: str, args: Sequence[str]
) -> tuple[str, str]:
    """Return a message about an option, and advice about what may have been meant, or ""."""
    dashed = "put an id that begins with a dash after `--`; "
    if re.match(r"-[0-9.]", option):
        whole = next((arg for arg in args if arg.startswith(option)), option)
        return f"`{whole}` is negative: the number must be at least 1", dashed
    known = [name for param in params for name in param.names if name[:2] == "--"]
    wanted = [name for words, names in _OPTIONS if option in words for name in names]
    same = [name for name in wanted if name in known]
    begun = [name for name in known if len(option) > len("--") and name.startswith(option)]
    bare = {name.lstrip("-"): name for name in known}
    close = [bare[n] for n in get_close_matches(option.lstrip("-"), bare, 1, _CLOSE_OPTION)]
    advice = next((f"did you mean `{name}`? " for name in (*same, *begun, *close)), "")
    has_arguments = not all(param.names for param in params)
    return f"no such option `{option}`", advice + (dashed if has_arguments else "")


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
        # the longest name of an option; the two sides of a switch have one each
        spelling: (max(side, key=len), bool(param.metavar))
        for param in parameters(command)
        for side in (param.names, param.off)
        for spelling in side
    }
    return Line.parse(ctx.obj.argv, tuple(verb), known)


def similar_command(root: Any, path: Sequence[str], word: str) -> list[str]:
    """Return the command that `word` after the words of `path` probably means, or []."""
    word = word.lower().strip()
    for name in path:
        root = subcommands(root)[name]
    here = subcommands(root)
    if _UNDO.fullmatch(word):
        return []
    found = [[*path, name] for name in (*_same(word, here), *_close(word, here, _CLOSE))]
    # a verb of another noun does something else
    if not path:
        found += [[name] for name in _same(word, ["--version"])]
        nouns = [] if found else [(noun, subcommands(group)) for noun, group in here.items()]
        found += [[noun, v] for noun, verbs in nouns for v in _close(word, verbs, _CLOSE_ELSEWHERE)]
        if word not in _DELETE_ANYTHING:
            found += [[noun, verb] for noun, verbs in nouns for verb in _same(word, verbs)]
    return next(iter(found), [])


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


def _same(word: str, names: Iterable[str]) -> list[str]:
    """Return those of `names` that mean the same as `word`."""
    meanings = [words for words in _VERBS if word in words]
    return [name for name in names if any(name in words for words in meanings)]


def _close(word: str, names: Iterable[str], cutoff: float) -> list[str]:
    found = get_close_matches(word, list(names), 1, cutoff)
    # only a typing slip may lead to what cannot be undone; a participle is not one
    slip = not word.endswith("ed") and get_close_matches(word, ["deactivate"], 1, _SLIP)
    return [name for name in found if name != "deactivate" or slip]
