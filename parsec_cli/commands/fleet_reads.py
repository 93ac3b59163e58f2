"""What a bulk run reads before it starts, paced like everything it sends: limits, pool, users."""

from __future__ import annotations

from collections.abc import Iterator

from parsec_cli.api.client import Client
from parsec_cli.api.pages import pages
from parsec_cli.api.reads import get_pool, get_usage
from parsec_cli.errors import NotFound, Refused, Unreachable
from parsec_cli.fleet.pace import Pacer, pacer_for
from parsec_cli.models import Pool, Usage, User
from parsec_cli.runtime import Runtime


class Survey:
    """The limits of the key and the state of the builder, as a plan and a run need them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        usage = self._usage()
        self.quota_left = None if usage is None else usage.monthly_left
        world = runtime.world
        self.pacer: Pacer = pacer_for(
            runtime.profile.rate,
            None if usage is None else usage.rest_qps,
            clock=world.monotonic,
            sleep=world.sleep,
        )
        self.client.patience.pacer = self.pacer

    @property
    def client(self) -> Client:
        return self._runtime.client

    def _usage(self) -> Usage | None:
        try:
            return get_usage(self.client)
        except (Unreachable, Refused, NotFound) as fault:
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
