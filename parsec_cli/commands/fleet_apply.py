"""`users apply`: a plan, saved or made now, shown, agreed to, and run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from parsec_cli.commands import columns
from parsec_cli.commands.again import again
from parsec_cli.commands.consent import (
    Consent,
    Held,
    agree_to_several,
    check_holders,
    holder_words,
)
from parsec_cli.commands.earlier import earlier_deactivations, warn_of_unknown
from parsec_cli.commands.fleet_plan import (
    Planned,
    Wish,
    keep_apart,
    make_plan,
    plan_blocks,
    plan_listing,
    planned,
    read_wish,
    shown_name,
)
from parsec_cli.commands.fleet_reads import Survey, held_by_all
from parsec_cli.commands.fleet_run import Bounds, run_listing
from parsec_cli.commands.options import DEFAULT_MAX
from parsec_cli.errors import ConsentMissing, UsageFault
from parsec_cli.fleet import guards
from parsec_cli.fleet import plan_file as plans
from parsec_cli.fleet.census import take_census
from parsec_cli.fleet.journal import Journal, open_journal
from parsec_cli.fleet.limits import CONCURRENCY
from parsec_cli.fleet.plan import Deactivate, Keep, Plan
from parsec_cli.fleet.ready import Ready, keep_for_plan, prepare
from parsec_cli.results import Block, Grid, Line, Listing
from parsec_cli.runtime import Runtime

_SHOWN = 20  # rows shown above the question, and refused rows named; more are counted


@dataclass(frozen=True, slots=True)
class Orders:
    """The options of `users apply` beside the file."""

    yes: bool
    consent: Consent
    most: int
    max_failures: int | None
    concurrency: int
    results: str | None
    dry_run: bool
    reason: str


def apply_file(runtime: Runtime, wish: Wish, orders: Orders) -> Listing:
    """Run a saved plan, or plan the file and run that; the lock is held from the first request."""
    keep_apart(wish.file, orders.results, "--results")
    data = read_wish(runtime, wish)
    saved = plans.load(data, shown_name(wish)) if plans.is_saved_plan(data) else None
    confirmed = orders.consent.confirm is not None
    if wish.file == "-" and not (orders.yes or confirmed or orders.dry_run):
        raise ConsentMissing(
            "stdin is the file, so nobody can be asked: nothing was sent",
            hint=f"add `--yes`, or `--confirm COUNT`: `{_script(runtime, wish, orders)} --yes`",
        )
    host, key = runtime.profile.base_url.display, runtime.fingerprint
    if saved is not None:
        plans.check_binding(saved, host=host, key_fingerprint=key)
        _check_flags(wish, prune=saved.prune, allow_overcommit=saved.allow_overcommit)
        wish = replace(wish, prune=saved.prune, allow_overcommit=saved.allow_overcommit)
    with open_journal(
        runtime.places.runs_dir, host, key, command="users apply", wall=runtime.world.clock
    ) as journal:
        if saved is None:
            made = make_plan(runtime, wish, data)
        else:
            survey = Survey(runtime, balances_only=wish.balances_only)
            census = take_census(survey.everyone(), keep_for_plan(saved.plan))
            made = planned(runtime, wish, saved.plan, census, survey)
        return _apply(runtime, wish, orders, made, journal)


def _check_flags(wish: Wish, *, prune: bool, allow_overcommit: bool) -> None:
    """Refuse what a saved plan was not made with: it could only be ignored."""
    added = ["--prune"] if wish.prune and not prune else []
    added += ["--allow-overcommit"] if wish.allow_overcommit and not allow_overcommit else []
    if added:
        raise UsageFault(
            f"the plan was saved without `{' '.join(added)}` and carries its own flags",
            hint=f"make another: `parsec users plan FILE {' '.join(added)} --out PLAN`",
        )


def _apply(
    runtime: Runtime, wish: Wish, orders: Orders, made: Planned, journal: Journal
) -> Listing:
    survey, census = made.survey, made.census
    ready = prepare(made.saved.plan, census)
    ahead = survey.forecast(ready.send, made.pool, census)
    guards.check_pool(ahead, allow_overcommit=wish.allow_overcommit)
    guards.check_quota(ahead)
    guards.check_max(ready.send, orders.most)
    ready = ready.holding(survey.holdings(census, ready.deactivations))
    everyone = held_by_all(ready)
    past = earlier_deactivations(runtime, journal.past) if everyone else journal.past
    warn_of_unknown(runtime, past, (one.user for one in everyone))
    ahead = survey.forecast(ready.send, made.pool, census)
    made = replace(made, shown=_left(made.saved.plan, ready), forecast=ahead)
    if orders.dry_run:
        return plan_listing(runtime, made)
    _agree(runtime, wish, orders, made, ready, everyone)
    bounds = Bounds(
        orders.concurrency,
        orders.max_failures,
        None if wish.allow_overcommit else made.pool,
        orders.results,
        orders.reason,
        _script(runtime, wish, orders) + (" --yes" if orders.yes else ""),
    )
    return run_listing(runtime, "users apply", ready, journal, made.survey, bounds)


def _agree(
    runtime: Runtime,
    wish: Wish,
    orders: Orders,
    made: Planned,
    ready: Ready,
    everyone: Sequence[Held],
) -> None:
    """Obtain consent: the count for deactivations, else `--yes` or a plain yes."""
    count, given = len(everyone), orders.consent
    if not ready.send:
        return
    if given.confirm is None and not (orders.yes and not count):
        runtime.screen.show_people([*_first_rows(ready), *plan_blocks(made), Line("")])
    script = _script(runtime, wish, orders)
    if count or given.confirm is not None:
        words = ["--confirm", str(count), *holder_words(everyone)] if count else ["--yes"]
        agree_to_several(runtime, everyone, given, " ".join([script, *words]))
        return
    check_holders(everyone, given, f"{script} --yes")
    if not orders.yes:
        _ask(runtime, len(ready.send), f"{script} --yes")


def _left(plan: Plan, ready: Ready) -> Plan:
    """The part of a plan that is still to be sent; its notes name the rows that are refused."""
    refused = [one for one in ready.settled if one.error]
    done = [one.entry for one in ready.settled if not one.error]
    keeps = (
        *plan.keeps,
        *(Keep(e.row or 0, e.external_id) for e in done if not isinstance(e, Keep)),
    )
    notes = [
        f"left out: {_where(one.entry.row)} `{one.entry.external_id}`, {one.error}"
        for one in refused[:_SHOWN]
    ]
    if len(refused) > _SHOWN:
        notes.append(f"and {len(refused) - _SHOWN:,} more rows are left out")
    return Plan(ready.send, keeps, (*plan.notes, *notes))


def _where(row: int | None) -> str:
    return "pruned user" if row is None else f"row {row}"


def _first_rows(ready: Ready) -> list[Block]:
    """Show what would be sent, but the deactivations, which are shown with more of each user."""
    actions = [action for action in ready.send if not isinstance(action, Deactivate)]
    if not actions:
        return []
    blocks: list[Block] = [
        Grid(columns.ACTION, [plans.as_json(action) for action in actions[:_SHOWN]])
    ]
    if len(actions) > _SHOWN:
        blocks.append(Line(f"and {len(actions) - _SHOWN:,} more", "dim"))
    return blocks


def _ask(runtime: Runtime, number: int, script: str) -> None:
    hint = f"to run it from a script: `{script}`"
    if not runtime.screen.interactive:
        raise ConsentMissing("nobody can be asked: nothing was sent", hint=hint)
    these = "this change" if number == 1 else f"these {number:,} changes"
    answer = runtime.screen.ask(f"apply {these}? [y/N] ")
    if (answer or "").strip().lower() not in ("y", "yes"):
        raise ConsentMissing("not confirmed: nothing was sent", hint=hint)


def _script(runtime: Runtime, wish: Wish, orders: Orders) -> str:
    # a name that would be read as an option, unless it is `-` for stdin
    dashed = wish.file.startswith("-") and wish.file != "-"
    words = ["users", "apply", f"./{wish.file}" if dashed else wish.file]
    words += ["--prune"] if wish.prune else []
    words += ["--allow-overcommit"] if wish.allow_overcommit else []
    words += ["--balances-only"] if wish.balances_only else []
    words += ["--max", str(orders.most)] if orders.most != DEFAULT_MAX else []
    words += ["--max-failures", str(orders.max_failures)] if orders.max_failures else []
    words += ["--concurrency", str(orders.concurrency)] if orders.concurrency != CONCURRENCY else []
    words += ["--results", orders.results] if orders.results is not None else []
    words += ["--reason", orders.reason] if orders.reason else []
    return again(runtime, words)
