"""`parsec users audit`: check all users, the pool and the escrow config in one pass."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import typer

from parsec_cli import columns
from parsec_cli.api.reads import get_escrow, get_pool
from parsec_cli.cli.common_options import number, option, runtime_of
from parsec_cli.cli.tree import verb
from parsec_cli.commands.shared.all_users import with_whole_limits
from parsec_cli.commands.shared.cards import command_lines
from parsec_cli.commands.shared.checks import checked
from parsec_cli.errors import counted, unknown
from parsec_cli.field_rules import look_alike_key
from parsec_cli.models import JsonObject, Pool, User
from parsec_cli.next_command import run
from parsec_cli.results import Block, Line, Listing, paged
from parsec_cli.runtime import Runtime

# each rule, in the order of the findings
RULES = (
    "not_linked",
    "no_limit",
    "large_share",
    "escrow_off",
    "shared_wallet",
    "look_alike",
    "pool_mismatch",
)
# what a rule finds, unless it depends on the user
_DETAILS = {
    "not_linked": "no exchange is linked",
    "no_limit": "no limit is set",
    "escrow_off": "fee escrow is off, but the builder's is on",
}
_MARK = "\x1f"  # between the customer_id and the external_id of a user
_ADDRESSES = ("eoa_address", "safe_address")
# commands that show more about the findings of a rule
_UNLINKED = run("users", "list", "--exchange", "none")
_LARGEST = run("pool", "show", "--top", "10")
_ESCROW = run("escrow", "show")
_LOOK_FURTHER = {"not_linked": _UNLINKED, "large_share": _LARGEST, "escrow_off": _ESCROW}


@verb("audit", formats=("markdown",))
def command(
    ctx: typer.Context,
    *,
    share: int = number(
        "--share PCT", 1, 100, "Report limits above this percentage of the pool.", default=20
    ),
    ignore: list[str] | None = option("--ignore RULE", "Do not check this rule."),
) -> Listing | None:
    """Check all users, pool and escrow config for known problems.

    Exits with 11 on findings, 0 without. Sends one request per page of users, and two more.
    Rules: not_linked (no exchange), no_limit (no qps_limit), large_share (a limit above `--share`),
    escrow_off (no fee escrow, although the builder has it), shared_wallet (an address of several
    users), look_alike (ids that look the same), pool_mismatch (the sums differ from the pool's).

    Examples:
      parsec users audit --ignore no_limit
      parsec users audit --share 10 --json | jq .summary

    """
    ignored = frozenset(ignore or ())
    for rule in ignored.difference(RULES):
        raise unknown("rule", rule, RULES)
    runtime = runtime_of(ctx)
    pool = get_pool(runtime.client)
    checks_escrow = "escrow_off" not in ignored
    escrow = checks_escrow and get_escrow(runtime.client).get("fee_escrow_enabled") is True
    audit = Audit(pool, share, escrow=escrow)
    for user in with_whole_limits(runtime):
        audit.check(user)
    summary = {rule: 0 for rule in RULES if rule not in ignored}
    for rule, _, _ in audit.findings(summary):
        summary[rule] += 1
    well = f"no findings in {counted(audit.users, 'user')}"
    sentence = _sentence(summary, audit.users, share) if any(summary.values()) else ""
    if not sentence:
        runtime.screen.notice(well)
    listing = Listing(
        "findings",
        columns.FINDING,
        ([_record(*one) for one in page] for page in paged(audit.findings(summary))),
        lambda: {"summary": summary, "users": audit.users, "complete": True},
        lambda: _look_further(runtime, summary),
        summary=lambda: sentence or well,
    )
    return checked(runtime, listing, sentence)


def _sentence(summary: Mapping[str, int], users: int, share: int) -> str:
    counts = ", ".join(f"{count:,} {rule}" for rule, count in summary.items() if count)
    limit = f" (above {share}% of the pool)" if summary.get("large_share") else ""
    counts = counts.replace("large_share", f"large_share{limit}")
    return f"{counted(sum(summary.values()), 'finding')} in {counted(users, 'user')}: {counts}"


def _look_further(runtime: Runtime, summary: Mapping[str, int]) -> tuple[Block, ...]:
    """Propose a command for each rule with findings that has one."""
    commands = [command for rule, command in _LOOK_FURTHER.items() if summary.get(rule)]
    if not commands:
        return ()
    lines = [line for command in commands for line in command_lines(runtime, command)]
    return (Line(""), Line("Look further with"), *lines)


# rule, ids, detail; the ids are "" if it is the pool
Finding = tuple[str, str, str]


def _record(rule: str, ids: str, detail: str) -> JsonObject:
    customer_id, _, external_id = ids.partition(_MARK)
    named = {"external_id": external_id or None, "customer_id": customer_id or None}
    return {"rule": rule, **named, "detail": detail}


class Shared:
    """Finds the texts that several users have. It keeps hashes of 64 bits, as pages of users do."""

    def __init__(self) -> None:
        self._first: dict[int, str] = {}
        self._groups: dict[int, tuple[str, list[str]]] = {}

    def add(self, key: str, text: str, ids: str) -> None:
        """Add a user's `text`; texts with the same `key` count as the same."""
        hashed = hash(key)
        first = self._first.setdefault(hashed, ids)
        if first is not ids:
            group = self._groups.setdefault(hashed, (text, [first]))[1]
            if group[-1] is not ids:
                group.append(ids)

    def found(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield each text and user with another of its users, and how many more there are."""
        for text, group in self._groups.values():
            more = f" and {len(group) - 2:,} more" if len(group) > 2 else ""  # noqa: PLR2004
            for ids in group:
                yield text, ids, group[1] if ids is group[0] else group[0], more


class Audit:
    """Applies the rules to one user after the other, in little memory."""

    def __init__(self, pool: Pool, share: int, *, escrow: bool) -> None:
        self.users = 0
        self._pool = pool
        self._share = share
        self._escrow = escrow
        self._allocated = 0
        self._found: dict[str, list[str]] = {rule: [] for rule in RULES}
        self._large: list[tuple[str, int]] = []
        self._wallets = Shared()
        self._names = Shared()

    def check(self, user: User) -> None:
        ids = f"{user.customer_id}{_MARK}{user.external_id or ''}"
        limit = user.qps_limit
        self.users += 1
        self._allocated += limit or 0
        if not user.linked_exchanges:
            self._found["not_linked"].append(ids)
        if limit is None:
            self._found["no_limit"].append(ids)
        elif 100 * limit > self._share * self._pool.qps_pool:
            self._large.append((ids, limit))
        if self._escrow and user.raw.get("fee_escrow_enabled") is False:
            self._found["escrow_off"].append(ids)
        wallet = user.wallet or {}
        for address in filter(None, map(wallet.get, _ADDRESSES)):
            if isinstance(address, str):
                self._wallets.add(address.lower(), address, ids)
        if name := user.external_id:
            self._names.add(look_alike_key(name), name, ids)

    def findings(self, rules: Collection[str]) -> Iterator[Finding]:
        """Yield what was found by these rules, in the order of all rules."""
        found = {"large_share": self._large_shares, "shared_wallet": self._shared_wallets}
        found |= {"look_alike": self._look_alikes, "pool_mismatch": self._mismatches}
        for rule in RULES:
            if rule not in rules:
                continue
            for ids in self._found[rule]:
                yield rule, ids, _DETAILS[rule]
            if rule in found:
                for ids, detail in found[rule]():
                    yield rule, ids, detail

    def _large_shares(self) -> Iterator[tuple[str, str]]:
        pool = self._pool.qps_pool
        for ids, limit in self._large:
            percent = f", {100 * limit / pool:.1f}%" if pool else ""
            yield ids, f"{limit:,} of {pool:,} QPS{percent}"

    def _shared_wallets(self) -> Iterator[tuple[str, str]]:
        reported = set[str]()  # a user may share both addresses
        for address, ids, other, more in self._wallets.found():
            if ids not in reported:
                reported.add(ids)
                customer_id, _, name = other.partition(_MARK)
                yield ids, f"same wallet as {name or customer_id}{more}: {address}"

    def _look_alikes(self) -> Iterator[tuple[str, str]]:
        for _, ids, other, more in self._names.found():
            customer_id, _, name = other.partition(_MARK)
            same = name == ids.partition(_MARK)[2]
            yield ids, (f"same id as {customer_id}" if same else f"looks like {name!a}") + more

    def _mismatches(self) -> Iterator[tuple[str, str]]:
        allocated, count = self._pool.total_allocated_qps, self._pool.end_user_count
        if self._allocated != allocated:
            sums = f"the limits add up to {self._allocated:,} QPS, the pool has {allocated:,}"
            yield "", sums
        if self.users != count:
            yield "", f"the listing has {counted(self.users, 'user')}, the pool counts {count:,}"
