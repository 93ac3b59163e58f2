"""What a bulk run reads before it starts, paced like everything it sends: limits, pool, users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parsec_cli.api.client import Client
from parsec_cli.api.error_of import quota_used_up
from parsec_cli.api.holdings import read_holdings
from parsec_cli.api.reads import get_pool, get_usage, pages
from parsec_cli.bulk.plan import forecast as guards
from parsec_cli.bulk.plan.plan import Action, Deactivate
from parsec_cli.bulk.plan.recheck import Ready
from parsec_cli.bulk.plan.snapshot import Census
from parsec_cli.bulk.run.rate_limiter import Pacer, pacer_for
from parsec_cli.commands.shared.consent import Held
from parsec_cli.errors import ForeignNotFound, NotFound, Refused, Unreachable
from parsec_cli.holdings import Holdings, has_wallet, requests_needed
from parsec_cli.models import Pool, Usage, User
from parsec_cli.runtime import Runtime


class Survey:
    """The limits of the key and the state of the builder, as a plan and a run need them.

    `fetched`: the users were read one by one, not listed, so their records are new enough.
    """

    def __init__(self, runtime: Runtime, *, balances_only: bool = False) -> None:
        self._runtime = runtime
        self._balances_only = balances_only
        self.fetched = False
        usage = self._usage()
        self.quota_left = None if usage is None else usage.monthly_left
        world = runtime.world
        self.pacer: Pacer = pacer_for(
            runtime.profile.rate,
            None if usage is None else usage.rest_qps,
            clock=world.monotonic,
            sleep=world.sleep,
        )
        self.client.retry.pacer = self.pacer

    @property
    def client(self) -> Client:
        return self._runtime.client

    def _usage(self) -> Usage | None:
        try:
            return get_usage(self.client)
        except (Unreachable, Refused, NotFound, ForeignNotFound) as fault:
            self._runtime.screen.notice(f"the limits could not be read, so it goes slowly: {fault}")
            return None

    def pool(self) -> Pool:
        return get_pool(self.client)

    def everyone(self) -> Iterator[list[User]]:
        """Yield all users page by page; what is learnt of their ids is remembered."""
        for page in pages(self.client):
            self._runtime.index.remember(
                (user["customer_id"], user["external_id"])
                for user in page.users
                if user.get("external_id")
            )
            yield [User(user) for user in page.users]

    def forecast(self, actions: Sequence[Action], pool: Pool, census: Census) -> guards.Forecast:
        """Say what `actions` cost, with the reads of holdings ahead of the deactivations."""
        gone = [action for action in actions if isinstance(action, Deactivate)]
        reads = sum(self._reads(_listed(census, action)) for action in gone)
        return guards.forecast(
            tuple(actions), pool, rate=self.pacer.rate, quota_left=self.quota_left, reads=reads
        )

    def holdings(self, census: Census, actions: Sequence[Deactivate]) -> dict[str, Holdings | None]:
        """Read what these users hold, by customer_id; the census keeps their newer records."""
        held: dict[str, Holdings | None] = {action.customer_id: None for action in actions}
        records = {action.customer_id: _listed(census, action) for action in actions}
        to_read = {customer: user for customer, user in records.items() if has_wallet(user)}
        if not to_read:
            return held
        guards.check_reads(sum(map(self._reads, to_read.values())), self.quota_left)
        with self._runtime.screen.progress(len(to_read), "holdings") as progress:
            for customer, user in to_read.items():
                if fault := quota_used_up(self.client.quota):
                    raise fault
                now, held[customer] = read_holdings(
                    self.client, user, fetched=self.fetched, balances_only=self._balances_only
                )
                census.refresh(now)
                progress.advance()
        return held

    def _reads(self, user: User) -> int:
        return requests_needed(user, fetched=self.fetched, balances_only=self._balances_only)


def held_by_all(ready: Ready) -> list[Held]:
    """Return the users that are about to be deactivated, with what they hold."""
    return [Held(ready.user(action), action.holdings) for action in ready.deactivations]


def _listed(census: Census, action: Deactivate) -> User:
    """Return the user's record; one that was not kept may well have a wallet."""
    seen = census.by_customer_id(action.customer_id)
    if seen is None or seen.record is None:
        return User({"customer_id": action.customer_id, "wallet": {}})
    return seen.user
