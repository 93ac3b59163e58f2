"""What a bulk command reads before it sends: rate limits, pool, users and holdings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parsec_cli.api.client import Client
from parsec_cli.api.error_of import quota_used_up
from parsec_cli.api.holdings import read_holdings
from parsec_cli.api.reads import get_pool, get_usage, pages
from parsec_cli.bulk.plan.plan import Action, Deactivate, Forecast, check_reads, forecast
from parsec_cli.bulk.plan.snapshot import CheckedPlan, Snapshot
from parsec_cli.bulk.run.rate_limiter import Pacer, pacer_for
from parsec_cli.commands.shared.consent import Held
from parsec_cli.errors import ForeignNotFound, NotFound, Refused, Unreachable
from parsec_cli.holdings import Holdings, has_wallet, requests_needed
from parsec_cli.models import Pool, Usage, User
from parsec_cli.runtime import Runtime


class BuilderState:
    """Reads what a plan and a run need, at the rate that the key's limits permit.

    `fetched`: the users were read one by one, not listed, so their balances are current.
    """

    def __init__(self, runtime: Runtime, *, balances_only: bool = False) -> None:
        self._runtime = runtime
        self._balances_only = balances_only
        self.fetched = False
        usage, fault = self._usage()
        self.quota_left = None if usage is None else usage.monthly_left
        world = runtime.world
        self.pacer: Pacer = pacer_for(
            runtime.profile.rate,
            None if usage is None else usage.rest_qps,
            clock=world.monotonic,
            sleep=world.sleep,
        )
        self.client.retry.pacer = self.pacer
        if fault:
            rate = self.pacer.rate
            pace = "" if rate is None else f"; sending at most {rate:g} requests/s"
            runtime.screen.notice(f"rate limits could not be read{pace}: {fault}")

    @property
    def client(self) -> Client:
        return self._runtime.client

    def _usage(self) -> tuple[Usage | None, str]:
        try:
            return get_usage(self.client), ""
        except (Unreachable, Refused, NotFound, ForeignNotFound) as fault:
            return None, fault.message

    def pool(self) -> Pool:
        return get_pool(self.client)

    def all_users(self) -> Iterator[list[User]]:
        """Yield all users page by page; the index remembers their ids."""
        for page in pages(self.client):
            self._runtime.index.remember(
                (user["customer_id"], user["external_id"])
                for user in page.users
                if user.get("external_id")
            )
            yield [User(user) for user in page.users]

    def forecast(self, actions: Sequence[Action], pool: Pool, snapshot: Snapshot) -> Forecast:
        """Forecast `actions`, with the reads of holdings before the deactivations."""
        users = [_listed(snapshot, a) for a in actions if isinstance(a, Deactivate)]
        reads = sum(map(self._reads, users))
        return forecast(
            tuple(actions), pool, rate=self.pacer.rate, quota_left=self.quota_left, reads=reads
        )

    def holdings(
        self, snapshot: Snapshot, actions: Sequence[Deactivate]
    ) -> dict[str, Holdings | None]:
        """Read what these users hold, by customer_id; their newer records replace the listed."""
        held: dict[str, Holdings | None] = {action.customer_id: None for action in actions}
        records = {action.customer_id: _listed(snapshot, action) for action in actions}
        to_read = {customer: user for customer, user in records.items() if has_wallet(user)}
        if not to_read:
            return held
        check_reads(sum(map(self._reads, to_read.values())), self.quota_left)
        with self._runtime.screen.progress(len(to_read), "holdings") as progress:
            for customer, user in to_read.items():
                if fault := quota_used_up(self.client.quota):
                    raise fault
                now, held[customer] = read_holdings(
                    self.client, user, fetched=self.fetched, balances_only=self._balances_only
                )
                snapshot.refresh(now)
                progress.advance()
        return held

    def _reads(self, user: User) -> int:
        return requests_needed(user, fetched=self.fetched, balances_only=self._balances_only)


def held_by_all(checked: CheckedPlan) -> list[Held]:
    """Return the users that are about to be deactivated, with what they hold."""
    return [Held(checked.user(action), action.holdings) for action in checked.deactivations]


def _listed(snapshot: Snapshot, action: Deactivate) -> User:
    """Return the user's record; one that was not kept may have a wallet."""
    listed = snapshot.by_customer_id(action.customer_id)
    if listed is None or listed.record is None:
        return User({"customer_id": action.customer_id, "wallet": {}})
    return listed.as_user
