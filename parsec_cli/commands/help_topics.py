"""`parsec help TOPIC`: what no single command's help can say."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli.commands.help import fitted, help_of, width_of
from parsec_cli.commands.nouns import Verb
from parsec_cli.commands.shared import runtime_of
from parsec_cli.errors import UsageFault
from parsec_cli.results import Text


def show_topic(
    ctx: typer.Context,
    topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", help="What to explain.")] = None,
) -> Text:
    """Explain a topic that no single command can.

    Examples:
      parsec help exit-codes
      parsec help safety

    """
    from parsec_cli.commands.topics import TOPICS

    if topic is None:
        return help_of(ctx.find_root())
    if topic not in TOPICS:
        from difflib import get_close_matches

        close = get_close_matches(topic, TOPICS, 1)
        known = f"topics: {', '.join(TOPICS)}"
        raise UsageFault(
            f"no help topic `{topic}`",
            hint=f"did you mean `parsec help {close[0]}`?" if close else known,
        )
    text = TOPICS[topic]
    return Text(fitted(text, width_of(runtime_of(ctx))), headings=(text.splitlines()[0],))


noun = Verb("help", show_topic)
