"""`parsec help TOPIC`: what no single command's help can say, and the help of any command."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from parsec_cli.commands.help import fitted, help_at, width_of
from parsec_cli.commands.nouns import Verb
from parsec_cli.commands.shared import runtime_of
from parsec_cli.errors import UsageFault
from parsec_cli.results import Text


def show_topic(
    ctx: typer.Context,
    topic: Annotated[
        str | None, typer.Argument(metavar="[TOPIC]", help="What to explain, or a command.")
    ] = None,
    verb: Annotated[str | None, typer.Argument(metavar="[VERB]", help="A verb of it.")] = None,
) -> Text:
    """Explain a topic, or show the help of a command.

    Examples:
      parsec help exit-codes
      parsec help safety

    """
    from parsec_cli.commands.topics import TOPICS

    runtime = runtime_of(ctx)
    if topic in TOPICS and verb is None:
        text = TOPICS[topic]
        return Text(fitted(text, width_of(runtime)), headings=(text.splitlines()[0],))
    words = [word for word in (topic, verb) if word is not None]
    return help_at(_command(ctx.find_root().command, words), ("parsec", *words), runtime)


def _command(command: Any, words: list[str]) -> Any:
    """Return the command that `words` name below `command`."""
    from parsec_cli.commands.topics import TOPICS

    said = "parsec help"
    for word in words:
        below = getattr(command, "commands", {})
        if word not in below:
            from difflib import get_close_matches

            topics = TOPICS if said == "parsec help" else ()
            close = get_close_matches(word, [*topics, *below], 1)
            known = f"topics: {', '.join(TOPICS)}; or a command, such as `parsec help users`"
            raise UsageFault(
                f"no help topic `{' '.join(words)}`",
                hint=f"did you mean `{said} {close[0]}`?" if close else known,
            )
        command, said = below[word], f"{said} {word}"
    return command


noun = Verb("help", show_topic)
