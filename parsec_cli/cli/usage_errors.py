"""Turn the parser's errors into errors of this tool, with the command that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

from parsec_cli.cli.suggestions import UNDO, Suggestion, line_of, proposed, suggestion
from parsec_cli.cli.typer_adapter import Parameter, parameters, parser_message
from parsec_cli.config.profiles import named
from parsec_cli.config.read import read
from parsec_cli.config.settings import FILE_KEYS, SANDBOX
from parsec_cli.errors import ParsecError, UsageFault
from parsec_cli.next_command import FIELDS, Line, again, run
from parsec_cli.runtime import CommonOptions

# a wrong guess is worse than none: `--yes` is not `--reason`
_CLOSE_OPTION = 0.75
_OPTIONS = (
    ({"--yes", "-y", "--force", "--assume-yes", "--no-confirm"}, ("--confirm", "--yes")),
    ({"--format", "--out", "--output-format"}, ("--output",)),
    ({"--debug", "--trace", "--log"}, ("--verbose",)),
    ({"--url", "--host", "--endpoint", "--server", "--api-url"}, ("--base-url",)),
    ({"--from-file", "--file", "--input", "--filename", "-f"}, ("--from-file", "--credentials")),
    ({"--qps", "--rate-limit"}, ("--qps-limit",)),
    ({"--check", "--simulate", "--what-if"}, ("--dry-run",)),
    ({"--search", "--filter", "--grep", "--query"}, ("--match",)),
    ({"--account", "--env", "--context"}, ("--profile",)),
)
_FILE_OPTIONS = {"--file", "--input", "--filename", "--from-file", "-f"}
_BODY = {*FIELDS, "--input"}
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
        if UNDO.fullmatch(said.unknown_command.lower().strip()):
            hint = "a deactivation cannot be undone; to create the user again, as a new one, see"
            command = run("users", "create", "--help")
        else:
            line = line_of(ctx, ctx.command, words)
            names = line.names[1:] if line is not None else ()
            root = ctx.find_root().command
            if found := suggestion(root, words, said.unknown_command, names):
                hint, command = found.hint, proposed(ctx, found)
                if _stores_setting(found, names) and _in_sandbox(ctx.obj, line):
                    hint = "the sandbox is built in and has no settings; see its users with"
                    command = run("users", "list", profile=SANDBOX)
    elif said.missing == "PATH" and (line := line_of(ctx, ctx.command, words)):
        text = f"missing argument `{'METHOD' if '/' in line.names[0] else 'PATH'}`"
        if _only_reads(line):
            hint, command = "did you mean `api GET`?", again(names=("GET", *line.names))
    elif said.extra is not None:
        text = f"too many arguments: `{said.extra}`"
    else:
        text = text[:1].lower() + text[1:].replace("'", "`")
    return UsageFault(text, hint=hint, command=command)


def _only_reads(line: Line) -> bool:
    """Return whether a request without a method has a path, and no body."""
    # a URL is no path, and may contain a password
    is_path = "/" in line.names[0] and "://" not in line.names[0]
    return is_path and not {name for name, _ in line.options} & _BODY


def _stores_setting(found: Suggestion, names: Sequence[str]) -> bool:
    """Return whether the suggestion changes a setting of the profile."""
    if found.template[:2] == ("config", "init"):
        return True
    changes = found.template[:2] in (("config", "set"), ("config", "unset"))
    return changes and not set(names) & set(FILE_KEYS)


def _in_sandbox(runtime: Any, line: Line | None) -> bool:
    """Return whether the profile is the sandbox; `-p` may follow the word that is unknown."""
    if runtime is None or line is None:
        return False
    profile = dict(line.options).get("--profile", runtime.options.profile)
    with suppress(ParsecError):
        config = read(runtime.places.config_file)
        return named(config, runtime.world.environ, profile)[0] == SANDBOX
    return False


def _unknown_option(
    params: Sequence[Parameter], option: str, args: Sequence[str]
) -> tuple[str, str]:
    """Return a message about an option, and advice about what may have been meant, or ""."""
    arguments = [param for param in params if not param.names]
    places = re.findall(r"[A-Z_]+", " ".join(param.metavar for param in arguments))
    takes_id = "USER" in places or "EXTERNAL_ID" in places
    dashed = "put an id that begins with a dash after `--`; " if takes_id else ""
    least = ["1"] if "QPS" in places else [one.limits.split()[0] for one in arguments if one.limits]
    if least and re.match(r"-[0-9.]", option):
        whole = next((arg for arg in args if arg.startswith(option)), option)
        return f"`{whole}` is negative: the number must be at least {least[0]}", dashed
    known = [name for param in params for name in param.names if name[:2] == "--"]
    wanted = [name for words, names in _OPTIONS if option in words for name in names]
    same = [name for name in wanted if name in known]
    # `--allow-holdings` lifts a refusal, so a few letters do not lead to it
    begun = [name for name in known if len(option) > len("--") and name.startswith(option)]
    begun = [name for name in begun if not name.startswith("--allow-")]
    bare = {name.lstrip("-"): name for name in known}
    # where no option has that meaning, a similar word is another one
    close = [] if wanted else get_close_matches(option.lstrip("-"), bare, 1, _CLOSE_OPTION)
    close = [bare[name] for name in close]
    advice = next((f"did you mean `{name}`? " for name in (*same, *begun, *close)), "")
    name = (
        "FILE" if option in _FILE_OPTIONS else option.removeprefix("--").replace("-", "_").upper()
    )
    if name in places:
        advice, dashed = f"{name} is an argument: write it without `{option}`; ", ""
    return f"no such option `{option}`", advice + dashed


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
