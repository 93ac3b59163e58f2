"""What a bulk run needs of the rest of the tool, declared here so that no other room is imported.

The API room, the screen and the clock satisfy these by their shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from parsec_cli.errors import QuotaUsedUp
from parsec_cli.models import User
from parsec_cli.outcomes import Outcome

Clock = Callable[[], float]
Sleep = Callable[[float], None]


class Directory(Protocol):
    """Reads."""

    def everyone(self) -> Iterable[Sequence[User]]:
        """Give all users page by page; raise a ParsecError rather than end early."""
        ...


class Changes(Protocol):
    """The three changes of a run; each retries and classifies by itself."""

    def create(
        self,
        external_id: str,
        *,
        email: str | None = None,
        qps_limit: int | None = None,
        eoa_address: str | None = None,
    ) -> Outcome: ...

    def set_qps(self, user: User, qps: int) -> Outcome: ...

    def deactivate(self, user: User) -> Outcome: ...

    def quota_used_up(self) -> QuotaUsedUp | None:
        """Tell whether the last answer said that no request is left this month."""
        ...


class Gate(Protocol):
    """The pacer as a run sees it."""

    def take_turn(self) -> bool:
        """Wait for this thread's turn to send; False once closed."""
        ...

    def close(self) -> None:
        """Give nobody a turn any more, and wake whoever waits."""
        ...


class Progress(Protocol):
    def advance(self, n: int = 1) -> None: ...

    def note(self, text: str) -> None: ...
