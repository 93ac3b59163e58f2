"""Deactivate several users as a run with a journal and result rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parsec_cli import columns
from parsec_cli.api.resolve import Reference
from parsec_cli.bulk.files.header import Columns
from parsec_cli.bulk.files.roster import Target, read_targets
from parsec_cli.bulk.plan.diff import (
    check_header,
    is_bare_uuid,
    needed_by_targets,
    plan_deactivations,
    second_meaning,
)
from parsec_cli.bulk.plan.plan import as_json
from parsec_cli.bulk.plan.snapshot import Snapshot, recheck, take_snapshot
from parsec_cli.bulk.run.journal import Journal
from parsec_cli.commands.shared.consent import (
    Consent,
    DeactivateOptions,
    Held,
    agree_to_one,
    agree_to_several,
    check_max,
    warn_of_holders,
    with_consent,
    word_for,
)
from parsec_cli.commands.shared.earlier_deactivations import earlier_deactivations, warn_of_unknown
from parsec_cli.commands.shared.input_file import check_output, read_bytes
from parsec_cli.commands.users.builder_state import BuilderState, held_by_all
from parsec_cli.commands.users.bulk_run import RunOptions, journal_of, run_listing
from parsec_cli.errors import UsageFault, counted
from parsec_cli.models import User
from parsec_cli.results import Listing
from parsec_cli.runtime import Runtime

# for more names than this, one listing of all users costs less than one GET each
_LISTING_FROM = 50


def deactivate_several(
    runtime: Runtime,
    users: tuple[str, ...],
    from_file: str | None,
    mapped: tuple[str, ...],
    options: DeactivateOptions,
) -> Listing:
    """Deactivate the named users, or those of a file whose columns `mapped` renames."""
    check_output(from_file or "-", options.results, "--results")
    if from_file is None:
        for text in users:
            Reference.parse(text)
        targets = tuple(Target(row, "user", text) for row, text in enumerate(users, 1))
        header = ""
    else:
        targets, header = _targets_in(runtime, from_file, mapped)
    with journal_of(runtime, "users deactivate") as journal:
        return _deactivate(runtime, targets, header, options, journal, one_named=len(users) == 1)


def _targets_in(
    runtime: Runtime, file: str, mapped: tuple[str, ...]
) -> tuple[tuple[Target, ...], str]:
    """Read the users of a file, and the header of a file of one column."""
    columns = Columns.parse(mapped)
    name = "stdin" if file == "-" else file
    targets = read_targets(read_bytes(runtime, file), name, columns)
    if ignored := columns.notice():
        runtime.screen.notice(ignored)
    if uuids := sum(map(is_bare_uuid, targets)):
        runtime.screen.notice(f"read as customer_id: {counted(uuids, 'line')} with a UUID")
    return targets, columns.only


def _deactivate(
    runtime: Runtime,
    targets: tuple[Target, ...],
    header: str,
    options: DeactivateOptions,
    journal: Journal,
    *,
    one_named: bool,
) -> Listing:
    builder = BuilderState(runtime, balances_only=options.balances_only)
    earlier = earlier_deactivations(runtime, journal.earlier)
    snapshot = _snapshot(runtime, builder, targets, header)
    check_header(header, {target.text for target in targets}, snapshot)
    plan = plan_deactivations(targets, snapshot, earlier, runtime.resolver.similar.values())
    checked = recheck(plan, snapshot)
    if plan.keeps:
        runtime.screen.notice(f"already deactivated, or named twice: {len(plan.keeps)}")
    check_max(len(checked.deactivations), options.most)
    checked = checked.with_holdings(builder.holdings(snapshot, checked.deactivations))
    everyone = held_by_all(checked)
    warn_of_unknown(runtime, earlier, (one.user for one in everyone))
    if options.dry_run:
        warn_of_holders(runtime, everyone)
        rows = [as_json(action) for action in checked.send]
        return Listing("actions", columns.ACTION, [rows])
    if everyone:
        _agree(runtime, everyone, options.consent, one_named=one_named)
    run_options = RunOptions(results=options.results, reason=options.reason)
    return run_listing(runtime, "users deactivate", checked, journal, builder, run_options)


def _snapshot(
    runtime: Runtime, builder: BuilderState, targets: tuple[Target, ...], header: str
) -> Snapshot:
    """Fetch the targets, one by one or all in one listing."""
    prefix = {"user": "", "external_id": "ext:", "customer_id": "id:"}
    names = [f"{prefix[target.kind]}{target.text}" for target in targets]
    if len(targets) > _LISTING_FROM or not all(map(_is_reference, names)):
        return take_snapshot(builder.all_users(), needed_by_targets(targets))
    snapshot, builder.fetched = Snapshot(), True
    found = runtime.resolver.find(names, to_change=True)
    named = runtime.resolver.remembered(header) if header else []
    for user in (*found.values(), *named, *_others(runtime, targets, list(found.values()))):
        if user is not None:
            snapshot.add(user, with_record=True)
    return snapshot


def _others(
    runtime: Runtime, targets: tuple[Target, ...], found: Sequence[User | None]
) -> Iterator[User | None]:
    """Fetch other users that the rows may mean; only an ambiguous row costs a request."""
    pairs = {(user.customer_id.lower(), user.external_id) for user in found if user is not None}
    for target in targets:
        if (text := second_meaning(target)) is not None:
            yield from runtime.resolver.remembered(text)
        name = f"ext:{target.external_id}"
        known = not target.external_id or (target.text, target.external_id) in pairs
        if not known and _is_reference(name):
            yield runtime.resolver.find([name], to_change=True)[name]


def _is_reference(name: str) -> bool:
    """Return whether `name` is valid as a USER argument: a column may contain others."""
    try:
        Reference.parse(name)
    except UsageFault:
        return False
    return True


def _agree(
    runtime: Runtime, everyone: Sequence[Held], consent: Consent, *, one_named: bool
) -> None:
    if one_named:
        user = everyone[0].user
        command = with_consent(everyone, word_for(user), [user.customer_id])
        agree_to_one(runtime, everyone[0], consent, command)
    else:
        agree_to_several(runtime, everyone, consent, with_consent(everyone, len(everyone)))
