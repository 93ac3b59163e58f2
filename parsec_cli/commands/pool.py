"""`parsec pool`: the QPS that all end-users share."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli.commands.nouns import Noun
from parsec_cli.commands.parsers import seconds, whole
from parsec_cli.commands.shared import runtime_of
from parsec_cli.results import Frames, Record

noun = Noun("pool", "Watch the QPS pool that the end-users share.")


@noun.command("show")
def show(
    ctx: typer.Context,
    top: Annotated[
        int,
        typer.Option(
            parser=whole(0, 1000, "--top"), metavar="N", help="Add the N users that hold most."
        ),
    ] = 0,
    watch: Annotated[
        float | None,
        typer.Option(parser=seconds, metavar="SECONDS", help="Show it again every SECONDS."),
    ] = None,
) -> Record | Frames:
    """Show pool, allocation, what is free, and how many users share it.

    Examples:
      parsec pool show --top 10
      parsec pool show --watch 5

    """
    from parsec_cli.commands.pooling import pool_record, watched

    runtime = runtime_of(ctx)
    if watch is not None:
        return Frames(watched(runtime, top, watch))
    return pool_record(runtime, top)


@noun.command("check")
def check(
    ctx: typer.Context,
    max_used: Annotated[
        int | None,
        typer.Option(
            parser=whole(0, 1000, "--max-used"),
            metavar="PCT",
            help="Percent allocated [default 90].",
        ),
    ] = None,
    min_free: Annotated[
        int | None,
        typer.Option(
            parser=whole(0, 2**31, "--min-free"), metavar="N", help="Requests per second left."
        ),
    ] = None,
) -> Record:
    """Check the pool for cron: exit 0 below the limits, 11 at or above one.

    Examples:
      parsec pool check --max-used 85
      parsec pool check --min-free 200 --json

    """
    from parsec_cli.commands.pooling import check_pool

    return check_pool(runtime_of(ctx), max_used, min_free)
