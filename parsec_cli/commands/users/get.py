"""`parsec users get`: show one user as a card, or several as a table."""

from __future__ import annotations

import typer

from parsec_cli import columns
from parsec_cli.cli.common_options import argument, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.cards import limit_text
from parsec_cli.commands.shared.user_card import user_record, with_footer
from parsec_cli.errors import ParsecError, Stopped, counted
from parsec_cli.memory.entry import Selection
from parsec_cli.models import User
from parsec_cli.results import Listing, Record, percent
from parsec_cli.runtime import Runtime


@verb("get")
def command(
    ctx: typer.Context,
    user: list[str] = argument("USER...", "customer_ids or external_ids."),
) -> Record | Listing:
    """Show all fields of one user, or of several.

    A terminal also shows the share of the pool, which takes one more request, and the changes of
    the limit that were made from this machine.

    Examples:
      parsec users get user_001
      parsec users get ext:user_001 id:0a1b2c3d-0000-4000-8000-000000000001 --json

    """
    runtime = runtime_of(ctx)
    users = runtime.resolver.several(user)
    people = runtime.screen.shows_table
    if len(users) == 1:
        notes = _notes(runtime, users[0]) if people and not runtime.options.fields else ()
        return user_record(runtime, users[0].raw, notes=notes)
    records = [found.raw for found in users]
    footer = {"count": len(records), "complete": True, "next_cursor": None, "filtered": True}
    pages = with_footer(runtime, [records], lambda: counted(len(users), "user"))
    return Listing("users", columns.USER, pages if people else [records], lambda: footer)


def _notes(runtime: Runtime, user: User) -> tuple[str, ...]:
    """Return what a person wants to know about the limit; what cannot be read is only reported."""
    notes = []
    if user.qps_limit is not None:
        from parsec_cli.api.reads import get_pool

        try:
            pool = get_pool(runtime.client)
        except Stopped:
            raise
        except ParsecError as fault:
            text = f"the share of the pool is not shown: {fault.message}"
            runtime.screen.notice(text, tone="warning")
        else:
            share = percent(user.qps_limit, pool.qps_pool).replace(".0%", "%")
            notes.append(f"{share} of the pool")
    try:
        notes.append(_changes(runtime, user))
    except ParsecError as fault:
        text = f"the changes of the limit are not shown: {fault.message}"
        runtime.screen.notice(text, tone="warning")
    return tuple(filter(None, notes))


def _changes(runtime: Runtime, user: User) -> str:
    """Return such as `3 changes, last 2026-05-02 10 → 50 (ticket 4711)`; "" if there is none."""
    host = runtime.profile.base_url.display
    wanted = Selection(user=user.customer_id, by=("customer_id",))
    found = [
        entry
        for entry in runtime.history.newest_first(wanted)
        if entry["host"] == host
        and entry["outcome"] == "applied"
        and "qps_limit" in entry["change"]
        and "state" not in entry["change"]  # of a new user, whose first limit is no change
    ]
    if not found:
        return ""
    last = found[0]
    old, new = (limit_text(limit) for limit in last["change"]["qps_limit"])
    reason = f" ({last['reason']})" if last["reason"] else ""
    which = "last " if len(found) > 1 else ""
    day = str(last["time"])[:10]
    return f"{counted(len(found), 'change')}, {which}{day} {old} → {new}{reason}"
