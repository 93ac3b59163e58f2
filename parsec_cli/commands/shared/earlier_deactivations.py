"""Find deactivations by earlier commands in the history and in the journals of runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from parsec_cli.api.resolve import Reference
from parsec_cli.bulk.run.earlier_runs import EarlierDeactivations, read_earlier_runs
from parsec_cli.errors import LocalFault, NotFound, shortened
from parsec_cli.models import User
from parsec_cli.runtime import Runtime

_NAMED = 20


def earlier_deactivations(
    runtime: Runtime, earlier: EarlierDeactivations | None = None
) -> EarlierDeactivations:
    """Add those of the history to `earlier`, which is read from the journals if it is None.

    The history is written by every command, so its entry about a user is the later one.
    """
    host, key = runtime.profile.base_url.display, runtime.fingerprint
    earlier = earlier or read_earlier_runs(runtime.places.runs_dir, host, key)
    try:
        known = runtime.history.deactivations(host, key)
    except LocalFault as fault:
        runtime.screen.warning(f"earlier deactivations could not be read: {fault.message}")
        return earlier
    for customer_id, entry in known.items():
        earlier.add(customer_id, entry["target"]["external_id"], entry["outcome"])
    return earlier


def warn_of_unknown(runtime: Runtime, earlier: EarlierDeactivations, users: Iterable[User]) -> None:
    """Warn of users whose earlier deactivation has an unknown outcome."""
    names = [user.name for user in users if user.customer_id.lower() in earlier.unknown]
    if not names:
        return
    warnings = [f"the outcome of an earlier deactivation of `{name}` is unknown" for name in names]
    for warning in shortened(warnings, _NAMED):
        runtime.screen.warning(warning)


@contextmanager
def explaining_absence(runtime: Runtime, text: str) -> Iterator[None]:
    """Warn if a user that is not found was, or may have been, deactivated by an earlier command."""
    try:
        yield
    except NotFound:
        with suppress(LocalFault):  # the error that the user is not found matters more
            _explain(runtime, Reference.parse(text).id)
        raise


def _explain(runtime: Runtime, name: str) -> None:
    earlier = earlier_deactivations(runtime)
    customer = earlier.by_external_id().get(name, name.lower())
    if customer in earlier.done:
        runtime.screen.warning(f"`{name}` was deactivated by an earlier command")
    elif customer in earlier.unknown:
        runtime.screen.warning(
            f"an earlier deactivation of `{name}` had an unknown outcome; it was probably applied"
        )
