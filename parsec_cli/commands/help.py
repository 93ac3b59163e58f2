"""`parsec help`: explain a topic, or show the help of a command."""

from __future__ import annotations

from typing import Any

import typer

from parsec_cli.cli.common_options import argument, option, runtime_of
from parsec_cli.cli.help_layout import help_of, help_of_options, help_of_topic
from parsec_cli.cli.topics import OPTIONS, TOPICS
from parsec_cli.cli.tree import COMMANDS, verb
from parsec_cli.cli.typer_adapter import subcommands
from parsec_cli.errors import UsageFault
from parsec_cli.next_command import run
from parsec_cli.results import Column, Listing, Record, Result


class _Topic:
    """Accepts any text, which is checked later; help and TAB offer the `words`."""

    words = (*TOPICS, OPTIONS, *COMMANDS)

    def __call__(self, text: str) -> str:
        return text


@verb("help")
def command(
    ctx: typer.Context,
    topic: str | None = argument("[TOPIC]", "A topic or a command.", _Topic()),
    verb: str | None = argument("[VERB]", "A verb of the command."),
    *,
    everything: bool = option("--all", "Include the options that every command takes."),
) -> Result:
    """Explain a topic, or show the help of a command.

    With --json, it describes every command, or the one given, as data for scripts.

    Examples:
      parsec help exit-codes
      parsec help users list --json
      parsec help --json --fields path,effect,summary

    """
    from difflib import get_close_matches

    runtime = runtime_of(ctx)
    root = command = ctx.find_root().command
    if verb is None and topic in TOPICS:
        return help_of_topic(topic, runtime)
    if verb is None and topic == OPTIONS:
        return help_of_options(root, runtime)
    words = [word for word in (topic, verb) if word is not None]
    for number, word in enumerate(words):
        if word not in subcommands(command):
            from parsec_cli.cli.suggestions import similar_command

            topics = get_close_matches(word, (*TOPICS, OPTIONS), 1) if number == 0 else []
            found = topics or similar_command(root, words[:number], word)
            hint = f"topics: {', '.join((*TOPICS, OPTIONS))}; or a command, such as `users`"
            if found:
                hint = f"did you mean `{' '.join(found)}`?"
            text = f"no help topic `{' '.join(words)}`"
            raise UsageFault(text, hint=hint, command=run("help", *found))
        command = subcommands(command)[word]
    path = ("parsec", *words)
    if runtime.options.format in ("json", "jsonl"):
        return _described(command, path)
    return help_of(command, path, runtime, common=everything)


def _described(command: Any, path: tuple[str, ...]) -> Listing | Record:
    """Describe one command as data, or all below it."""
    from parsec_cli.cli.help_pages import page_of
    from parsec_cli.describe.description import KEYS, described
    from parsec_cli.describe.schema import ERROR

    commands, columns = described(page_of(command, path)), tuple(Column(key, key) for key in KEYS)
    if not subcommands(command):
        return Record(commands[0], columns)
    return Listing("commands", columns, [commands], lambda: {"error": ERROR})
