"""`parsec help`: explain a topic, or show the help of a command."""

from __future__ import annotations

import typer

from parsec_cli.cli.common_options import argument, runtime_of
from parsec_cli.cli.help_layout import fitted, help_of, width_of
from parsec_cli.cli.topics import TOPICS
from parsec_cli.cli.tree import verb
from parsec_cli.cli.typer_adapter import subcommands
from parsec_cli.errors import UsageFault
from parsec_cli.next_command import run
from parsec_cli.results import Text


@verb("help")
def command(
    ctx: typer.Context,
    topic: str | None = argument("[TOPIC]", "A topic or a command."),
    verb: str | None = argument("[VERB]", "A verb of the command."),
) -> Text:
    """Explain a topic, or show the help of a command.

    Examples:
      parsec help exit-codes
      parsec help safety

    """
    from difflib import get_close_matches

    runtime = runtime_of(ctx)
    if topic in TOPICS and verb is None:
        text = TOPICS[topic]
        return Text(fitted(text, width_of(runtime)), headings=(text.splitlines()[0],))
    words = [word for word in (topic, verb) if word is not None]
    root = command = ctx.find_root().command
    for number, word in enumerate(words):
        if word not in subcommands(command):
            from parsec_cli.cli.usage_errors import similar_command

            topics = get_close_matches(word, TOPICS, 1) if number == 0 else []
            found = topics or similar_command(root, words[:number], word)
            hint = f"topics: {', '.join(TOPICS)}; or a command, such as `users`"
            if found:
                hint = f"did you mean `{' '.join(found)}`?"
            text = f"no help topic `{' '.join(words)}`"
            raise UsageFault(text, hint=hint, command=run("help", *found))
        command = subcommands(command)[word]
    return help_of(command, ("parsec", *words), runtime)
