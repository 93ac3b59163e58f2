"""`parsec users deactivate`: one user with a single request, several as a bulk run."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from parsec_cli import columns
from parsec_cli.api import changes
from parsec_cli.api.read_holdings import read_holdings
from parsec_cli.api.reads import user_path
from parsec_cli.api.resolve import Reference
from parsec_cli.bulk.files.read_file import Columns
from parsec_cli.bulk.files.roster import Target, read_targets
from parsec_cli.bulk.plan.diff import check_header, plan_deactivations
from parsec_cli.bulk.plan.snapshot import CheckedPlan, Snapshot, named_in, recheck, take_snapshot
from parsec_cli.cli import common_options as common
from parsec_cli.cli.common_options import argument, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared import consent
from parsec_cli.commands.shared.cards import not_sent
from parsec_cli.commands.shared.input_file import check_output, name_of, read_bytes
from parsec_cli.commands.users.course import BuilderState, RunOptions, journal_of, run_plan
from parsec_cli.errors import UsageFault, counted
from parsec_cli.models import Applied, User, customer_argument, is_uuid
from parsec_cli.next_command import run
from parsec_cli.results import Line, Listing, Record
from parsec_cli.runtime import Runtime

_COMMAND = "users deactivate"
# for more names than this, one listing of all users costs less than one GET each
_LISTING_FROM = 50


@verb("deactivate", effect="irreversible")
def command(
    ctx: typer.Context,
    user: list[str] | None = argument("[USER...]", "customer_ids or external_ids."),
    *,
    from_file: str | None = option(
        "--from-file FILE|-",
        "One USER per line; or csv, tsv or JSON with a customer_id or external_id.",
    ),
    mapped: list[str] | None = common.MAPPED,
    confirm: str | None = common.confirm("the id of one user, or the count of several"),
    most: int = common.MOST,
    allow_holdings: int | None = common.ALLOW_HOLDINGS,
    balances_only: bool = common.BALANCES_ONLY,
    results: str | None = common.RESULTS_FILE,
    dry_run: bool = common.DRY_RUN,
    reason: str = common.REASON,
) -> Listing | Record:
    """Deactivate users, with their wallets, credentials and keys.

    This cannot be undone. One USER is confirmed by its external_id, several by their count. What
    they hold is shown first; a script also needs --allow-holdings if a user holds money.

    Examples:
      parsec users deactivate user_007
      parsec users deactivate --from-file leavers.csv --confirm 3 --reason "left in May"

    """
    runtime, users = runtime_of(ctx), user or []
    given = consent.Consent(confirm, allow_holdings)
    options = RunOptions(given, most, dry_run, results, reason, balances_only=balances_only)
    if bool(users) == (from_file is not None):
        raise UsageFault(
            "specify either users or a file of them",
            hint="use a file with `--from-file FILE`, or specify a user with",
            command=run("users", "deactivate", names=["USER"]),
        )
    if mapped and from_file is None:
        raise UsageFault("`--map` needs `--from-file`")
    if len(users) == 1 and results is None:
        return _deactivate_one(runtime, users[0], options)
    check_output(runtime, from_file or "-", results, "--results")
    if from_file is not None:
        named = _targets_in(runtime, from_file, mapped or ())
        return _deactivate(runtime, *named, options, file=name_of(from_file))
    for text in users:
        Reference.parse(text)
    targets = tuple(Target.named(row, text) for row, text in enumerate(users, 1))
    return _deactivate(runtime, targets, "", options, by_name=len(users) == 1)


def _deactivate(
    runtime: Runtime,
    targets: tuple[Target, ...],
    header: str,
    options: RunOptions,
    *,
    by_name: bool = False,
    file: str | None = None,
) -> Listing:
    """Deactivate users as a run, with a result row for each; one may be confirmed by its name."""
    if not options.dry_run:
        runtime.screen.check_fields(columns.RUN_ROW)
    with journal_of(runtime, _COMMAND, file) as journal:
        builder = BuilderState(runtime, balances_only=options.balances_only)
        checked, everyone = _checked(builder, targets, header, options)
        if options.dry_run:
            from parsec_cli.commands.users.apply import dry_run_listing

            if not runtime.screen.for_people:  # who see it in the plan
                consent.warn_of_holders(runtime, everyone)
            return dry_run_listing(builder, checked, "deactivate", columns.ACTION)
        if everyone:
            names = [customer_argument(everyone[0].user.customer_id)] if by_name else None
            consent.agree(runtime, everyone, options.consent, by_name=by_name, names=names)
        return run_plan(_COMMAND, checked, journal, builder, options)


def _deactivate_one(runtime: Runtime, name: str, options: RunOptions) -> Listing | Record:
    if not options.dry_run:
        runtime.screen.check_fields(columns.DEACTIVATED)
    with consent.explaining_absence(runtime, name):
        user = runtime.resolver.one(name, to_change=True)
    consent.check_max(1, options.most)
    one = held_by(runtime, user, balances_only=options.balances_only)
    if options.dry_run:
        runtime.screen.notice(f"would deactivate `{user.name}` ({user.customer_id})")
        consent.warn_of_holders(runtime, [one])
        return not_sent("DELETE", user_path(user.customer_id), None, holdings=one.json)
    names = [customer_argument(user.customer_id)]
    consent.agree(runtime, [one], options.consent, by_name=True, names=names)
    outcome = changes.deactivate(runtime.client, user, one.json, _COMMAND, options.reason)
    applied = changes.or_raise(outcome)
    how = forget_user(runtime, user, applied)
    if not runtime.screen.for_people:
        runtime.screen.notice(f"deactivated `{user.name}`{how}")
    row = {
        "customer_id": user.customer_id,
        "external_id": user.external_id,
        "outcome": "deactivated",
        "error": None,
        "holdings": one.json,
    }
    line = Line(f"Deactivated {user.name}{how}", "good")
    return Listing(
        "results",
        columns.DEACTIVATED,
        [[row]],
        for_people=lambda: Listing("results", (), (), closing=lambda: (line,)),
    )


def held_by(runtime: Runtime, user: User, *, balances_only: bool) -> consent.Held:
    """Read what a fetched user holds, and warn if an earlier deactivation of it is unknown."""
    client = runtime.client
    _, holdings = read_holdings(client, user, fetched=True, balances_only=balances_only)
    one = consent.Held(user, holdings)
    consent.warn_of_unknown(runtime, [one])
    return one


def forget_user(runtime: Runtime, user: User, applied: Applied) -> str:
    """Forget the ids of a deactivated user; return how the deactivation is known, if unusual."""
    runtime.index.forget(user.customer_id)
    how = {
        "repeat": "; the first response was lost, but the repeated request confirms it",
        "reread": "; the responses were lost, but a read shows that the user is gone",
    }
    return how.get(applied.evidence, "")


def _targets_in(
    runtime: Runtime, file: str, mapped: Sequence[str]
) -> tuple[tuple[Target, ...], str]:
    """Read the users of a file, and the header of a file of one column."""
    columns = Columns.parse(mapped)
    targets = read_targets(read_bytes(runtime, file), name_of(file), columns)
    if ignored := columns.notice():
        runtime.screen.notice(ignored)
    if uuids := sum(is_uuid(target.user) for target in targets):
        runtime.screen.notice(f"read as customer_id: {counted(uuids, 'line')} with a UUID")
    return targets, columns.only


def _checked(
    builder: BuilderState, targets: tuple[Target, ...], header: str, options: RunOptions
) -> tuple[CheckedPlan, list[consent.Held]]:
    """Plan the deactivations, within `--max` and the quota, and read what the users hold."""
    runtime = builder.runtime
    earlier = consent.earlier_deactivations(runtime)
    snapshot = _snapshot(runtime, builder, targets, header)
    check_header(header, {target.text for target in targets}, snapshot)
    plan = plan_deactivations(targets, snapshot, earlier, runtime.resolver.similar)
    gone = sum(one.gone for one in plan.keeps)
    for text, number in (("already deactivated", gone), ("named twice", len(plan.keeps) - gone)):
        if number:
            runtime.screen.notice(f"{text}: {number:,}")
    checked = recheck(plan, snapshot)
    consent.check_max(len(checked.deactivations), options.most)
    if not options.dry_run:
        builder.check_quota(checked)
    return builder.with_holdings(checked, earlier)


def _snapshot(
    runtime: Runtime, builder: BuilderState, targets: tuple[Target, ...], header: str
) -> Snapshot:
    """Fetch the targets, one by one or all in one listing."""
    names = [target.reference for target in targets]
    if len(targets) > _LISTING_FROM or not all(map(_is_reference, names)):
        ids = {target.customer_id or target.external_id for target in targets}
        return take_snapshot(builder.all_users(), named_in(ids))
    snapshot, builder.fetched = Snapshot(), True
    resolver = runtime.resolver
    found = resolver.find(names, to_change=True)
    texts = (header, *(target.second_meaning for target in targets))
    users = [
        *found.values(),
        *(user for text in texts if text for user in resolver.remembered(text)),
    ]
    pairs = {(user.customer_id.lower(), user.external_id) for user in found.values() if user}
    for target in targets:  # only a row whose two ids may be of two users costs a request
        both, name = (target.customer_id, target.external_id), f"ext:{target.external_id}"
        if all(both) and both not in pairs and _is_reference(name):
            users += resolver.find([name], to_change=True).values()
    for user in filter(None, users):
        snapshot.add(user, with_record=True)
    return snapshot


def _is_reference(name: str) -> bool:
    """Return whether `name` is valid as a USER argument: a column may contain others."""
    try:
        Reference.parse(name)
    except UsageFault:
        return False
    return True
