"""`parsec help`: explain a topic, or show the help of a command."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.help_layout import fitted, help_of, width_of
from parsec_cli.cli.tree import Verb
from parsec_cli.cli.typer_adapter import subcommands
from parsec_cli.errors import UsageFault
from parsec_cli.next_command import run
from parsec_cli.results import Text


def show_topic(
    ctx: typer.Context,
    topic: Annotated[
        str | None, typer.Argument(metavar="[TOPIC]", help="A topic or a command.")
    ] = None,
    verb: Annotated[
        str | None, typer.Argument(metavar="[VERB]", help="A verb of the command.")
    ] = None,
) -> Text:
    """Explain a topic, or show the help of a command.

    Examples:
      parsec help exit-codes
      parsec help safety

    """
    from parsec_cli.cli.topics import TOPICS

    runtime = runtime_of(ctx)
    if topic in TOPICS and verb is None:
        text = TOPICS[topic]
        return Text(fitted(text, width_of(runtime)), headings=(text.splitlines()[0],))
    words = [word for word in (topic, verb) if word is not None]
    return help_of(_command(ctx.find_root().command, words), ("parsec", *words), runtime)


def _command(command: Any, words: list[str]) -> Any:
    """Return the command that `words` name below `command`."""
    root, path = command, list[str]()
    for word in words:
        below = subcommands(command)
        if word not in below:
            raise _no_topic(root, words, path)
        command, path = below[word], [*path, word]
    return command


def _no_topic(root: Any, words: list[str], path: list[str]) -> UsageFault:
    from difflib import get_close_matches

    from parsec_cli.cli.topics import TOPICS
    from parsec_cli.cli.usage_errors import similar_command

    word = words[len(path)]
    topics = get_close_matches(word, TOPICS, 1) if not path else []
    found = topics or similar_command(root, path, word)
    hint = f"topics: {', '.join(TOPICS)}; or a command, such as `users`"
    if found:
        hint = f"did you mean `{' '.join(found)}`?"
    return UsageFault(f"no help topic `{' '.join(words)}`", hint=hint, command=run("help", *found))


noun = Verb("help", show_topic)
