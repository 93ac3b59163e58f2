"""`parsec pool share`: limits that fit the pool, as a roster for `users plan`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import typer

from parsec_cli import columns
from parsec_cli.api.reads import get_pool
from parsec_cli.bulk.files.roster import Target, read_targets
from parsec_cli.bulk.plan.share import POLICIES, Policy, Share, Shares, kept_users, shares_of
from parsec_cli.bulk.plan.snapshot import take_snapshot
from parsec_cli.cli.common_options import number, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.all_users import with_whole_limits
from parsec_cli.commands.shared.cards import command_lines
from parsec_cli.commands.shared.input_file import name_of, read_bytes
from parsec_cli.errors import GuardRefused, UsageFault, counted, unknown
from parsec_cli.field_rules import QPS_MAX
from parsec_cli.models import JsonObject, Pool
from parsec_cli.next_command import again, run
from parsec_cli.results import Bar, Block, Column, Line, Listing, paged
from parsec_cli.runtime import Runtime

_DEFAULT_TARGET = 85


@verb("share")
def command(
    ctx: typer.Context,
    *,
    target: int | None = number(
        "--target PCT", 1, 100, "Max percent of the pool to allocate [default 85]."
    ),
    reserve: int | None = number(
        "--reserve N", 0, 2**31, "Leave N requests per second free instead."
    ),
    by: str = option(
        "--by cap|proportional|equal", "How to compute the limits; see above.", default="cap"
    ),
    least: int = number("--min N", 1, QPS_MAX, "Do not lower any limit below N.", default=1),
    keep: list[str] | None = option("--keep USER", "Do not change this user's limit."),
    keep_file: str | None = option(
        "--keep-file FILE|-", "Do not change the limits of the users in this file."
    ),
) -> Listing:
    """Compute limits that fit the pool, and print them as a roster.

    Sends only reads. `cap` lowers the highest limits to one level and leaves the others.
    `proportional` scales all limits by one factor. `equal` gives everyone the same limit; only it
    raises limits. Users without a limit stay without one. The roster contains only users whose
    limit changes.

    Examples:
      parsec pool share --target 80 | parsec users plan - --out plan.json
      parsec pool share --by proportional --reserve 500 --keep user_001 --min 5

    """
    runtime, policy = runtime_of(ctx), _policy(by)
    if target is not None and reserve is not None:
        raise UsageFault("`--target` and `--reserve` cannot be combined", hint="use one of them")
    targets = _to_keep(runtime, keep or (), keep_file)
    runtime.screen.prefer("csv")
    pool = get_pool(runtime.client)
    fits = _target(pool, target, reserve)
    snapshot = take_snapshot(paged(with_whole_limits(runtime)))
    kept = kept_users(targets, snapshot)
    shares = shares_of(snapshot, kept, fits, least, policy, _more(target, reserve))
    return _listing(runtime, pool, fits, shares, policy)


def _policy(text: str) -> Policy:
    for policy in POLICIES:
        if policy == text:
            return policy
    raise unknown("policy", text, POLICIES)


def _to_keep(runtime: Runtime, keep: Sequence[str], file: str | None) -> list[Target]:
    from parsec_cli.api.resolve import Reference

    for text in keep:
        Reference.parse(text)
    targets = [Target.named(row, text) for row, text in enumerate(keep, 1)]
    if file is not None:
        data = read_bytes(runtime, file)
        targets += read_targets(data, name_of(file), state="active")
    return targets


def _target(pool: Pool, percent: int | None, reserve: int | None) -> int:
    """Return the most that the limits may add up to."""
    if reserve is None:
        return pool.qps_pool * (_DEFAULT_TARGET if percent is None else percent) // 100
    if reserve > pool.qps_pool:
        raise GuardRefused(f"the reserve of {reserve:,} exceeds the pool of {pool.qps_pool:,}")
    return pool.qps_pool - reserve


def _more(percent: int | None, reserve: int | None) -> str:
    """Return how to get a higher target, or "" if it is the whole pool."""
    if reserve is not None:
        return "lower `--reserve`" if reserve else ""
    return "" if percent == 100 else "raise the target"  # noqa: PLR2004


def _listing(runtime: Runtime, pool: Pool, target: int, shares: Shares, by: Policy) -> Listing:
    screen = runtime.screen
    if shares.before != pool.total_allocated_qps:
        screen.warning(
            f"the limits of the users add up to {shares.before:,} QPS, but the pool reports "
            f"{pool.total_allocated_qps:,}"
        )
    if not shares.changed:
        why = "are already equal within" if by == "equal" else "already fit"
        screen.notice(f"the limits {why} the target of {target:,} QPS")
    shown: tuple[Column, ...] = columns.SHARE
    rows: Iterator[JsonObject] = map(_as_json, shares.changed)
    if screen.format_name == "table":
        shown, rows = columns.SHARE_SHOWN, _for_people(shares.changed)
    elif screen.format_name not in ("json", "jsonl"):
        shown, rows = columns.SHARE_ROSTER, map(_as_roster, shares.changed)
        if shares.changed:
            screen.notice(
                f"{counted(len(shares.changed), 'limit')} to change; allocated {shares.before:,} "
                f"→ {shares.after:,} of {pool.qps_pool:,}, target {target:,}"
            )
    sums = {
        "qps_pool": pool.qps_pool,
        "target": target,
        "allocated_before": shares.before,
        "allocated_after": shares.after,
    }
    return Listing(
        "shares",
        shown,
        paged(rows),
        lambda: {"pool": sums},
        lambda: _closing(runtime, pool, target, shares),
    )


def _as_json(share: Share) -> JsonObject:
    ids = {"external_id": share.user.external_id, "customer_id": share.user.customer_id}
    return {**ids, "before": share.before, "after": share.after}


def _as_roster(share: Share) -> JsonObject:
    return {**_as_json(share), "qps_limit": share.after}


def _for_people(shares: Sequence[Share]) -> Iterator[JsonObject]:
    """Add one column with a limit before and after, and the difference."""
    left, right = (
        max((len(f"{limit:,}") for limit in limits), default=0)
        for limits in ((one.before for one in shares), (one.after for one in shares))
    )
    for one in shares:
        change = one.after - one.before
        sign = "+" if change > 0 else "\N{MINUS SIGN}"
        limits = f"{one.before:>{left},} → {one.after:>{right},}  ({sign}{abs(change):,})"
        yield {**_as_json(one), "limits": limits}


def _closing(runtime: Runtime, pool: Pool, target: int, shares: Shares) -> tuple[Block, ...]:
    sums = f"{shares.before:,} of {pool.qps_pool:,}"
    if not shares.changed:
        return (Bar("Pool", shares.before, pool.qps_pool, text=f"{sums} ({{percent}})"),)
    sums = f"{shares.before:,} → {shares.after:,} of {pool.qps_pool:,} ({{percent}})"
    plan = run("users", "plan", "--out", "plan.json", names=["-"])
    return (
        Line(""),
        Bar("Pool", shares.after, pool.qps_pool, text=sums),
        Line(
            f"{counted(len(shares.changed), 'limit')} to change, to fit a target of {target:,} QPS"
        ),
        Line(""),
        Line("Plan these limits with"),
        *command_lines(
            runtime, again(output="csv", fields=None, headers=None, no_headers=None), plan
        ),
    )
