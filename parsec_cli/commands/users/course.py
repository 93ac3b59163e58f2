"""The course of `apply`, `deactivate` and `set-qps`: read the builder's state, check, run, report.

Each verb makes a plan and obtains consent itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import assert_never

from parsec_cli import columns, errors
from parsec_cli.api import changes
from parsec_cli.api.error_of import quota_used_up
from parsec_cli.api.read_holdings import read_holdings
from parsec_cli.api.reads import get_usage, pages
from parsec_cli.bulk.plan import plan
from parsec_cli.bulk.plan.snapshot import CheckedPlan
from parsec_cli.bulk.run.journal import EarlierDeactivations, Journal, open_journal
from parsec_cli.bulk.run.rate_limiter import pacer_for
from parsec_cli.bulk.run.row_results import LEFT, Results, RunResult
from parsec_cli.bulk.run.run import Run
from parsec_cli.commands.shared.consent import Consent, Held, check_pool, warn_of_unknown
from parsec_cli.commands.shared.input_file import path_of
from parsec_cli.commands.users.run_screen import run_listing
from parsec_cli.holdings import Holdings, has_wallet, requests_needed
from parsec_cli.models import Applied, Outcome, Pool, User
from parsec_cli.next_command import NextCommand, run
from parsec_cli.records import changed, record
from parsec_cli.redaction import Redaction
from parsec_cli.results import Line, Listing
from parsec_cli.runtime import Runtime

_HEADINGS = {  # of the progress
    "apply": "Applying to",
    "deactivate": "Deactivating in",
    "set-qps": "Setting limits in",
}
CONCURRENCY = 8  # requests at the same time
# a run continues at a low rate where these keep it from reading its limits
_UNREAD = (errors.Unreachable, errors.Refused, errors.NotFound, errors.ForeignNotFound)


class BuilderState:
    """Reads what a plan and a run need, at the permitted rate; `fetched` users are up to date."""

    def __init__(self, runtime: Runtime, *, balances_only: bool = False) -> None:
        self.runtime = runtime
        self.client = runtime.client
        self.fetched = False
        self._balances_only = balances_only
        usage, world, problem = None, runtime.world, ""
        try:
            usage = get_usage(self.client)
        except _UNREAD as fault:
            problem = fault.message
        self._quota_left = None if usage is None else usage.monthly_left
        self._quota = None if usage is None else usage.monthly_limit
        rest_qps, asked = None if usage is None else usage.rest_qps, runtime.profile.rate
        self.pacer = pacer_for(asked, rest_qps, clock=world.monotonic, sleep=world.sleep)
        self.client.retry.pacer = self.pacer
        if problem:
            rate = self.pacer.rate
            pace = "" if rate is None else f"; sending at most {rate:g} requests/s"
            runtime.screen.notice(f"rate limits could not be read{pace}: {problem}")

    def all_users(self) -> Iterator[list[User]]:
        """Yield all users page by page; the index remembers their ids."""
        for page in pages(self.client):
            self.runtime.index.remember(page.ids)
            yield [User(user) for user in page.users]

    def forecast(self, checked: CheckedPlan, pool: Pool) -> plan.Forecast:
        """Forecast what is to be sent, with the reads of holdings before the deactivations."""
        before, requests = pool.total_allocated_qps, self._requests(checked)
        after, rate = before + sum(map(plan.delta, checked.send)), self.pacer.rate
        seconds = round(requests / rate, 1) if rate else None
        return plan.Forecast(
            pool.qps_pool, before, after, requests, seconds, self._quota_left, self._quota or None
        )

    def within_limits(
        self,
        checked: CheckedPlan,
        pool: Pool,
        *,
        allow_overcommit: bool,
        command: NextCommand | None = None,
        sends: bool = True,
    ) -> plan.Forecast:
        """Forecast what is sent; refuse to exceed the pool or, if it `sends`, the quota."""
        ahead = self.forecast(checked, pool)
        check_pool(
            pool,
            ahead.allocated_after,
            allow_overcommit=allow_overcommit,
            command=command,
            details=plan.increases(checked.send),
        )
        if sends:
            plan.check_quota(ahead.requests, ahead.quota_left)
        return ahead

    def with_holdings(
        self,
        checked: CheckedPlan,
        earlier: EarlierDeactivations | None = None,
        *,
        concurrency: int = CONCURRENCY,
    ) -> tuple[CheckedPlan, list[Held]]:
        """Read what the users to be deactivated hold; warn of `earlier` deactivations of them."""
        users = {one.customer_id: checked.user(one) for one in checked.deactivations}
        held: dict[str, Holdings | None] = dict.fromkeys(users)
        to_read = {c: u for c, u in users.items() if has_wallet(u, fetched=self.fetched)}
        differ: dict[str, list[str]] = {}
        if to_read:
            from parsec_cli.bulk.run.parallel import for_each

            needed = sum(map(self._reads, to_read.values()))
            plan.check_quota(needed, self._quota_left, reading=True)
            with self.runtime.screen.progress(len(to_read), "reading holdings") as progress:

                def read(customer: str) -> None:
                    if fault := quota_used_up(self.client.quota):
                        raise fault
                    now, held[customer] = read_holdings(
                        self.client,
                        to_read[customer],
                        fetched=self.fetched,
                        balances_only=self._balances_only,
                    )
                    differ[customer] = checked.snapshot.refresh(now)
                    progress.advance()

                for_each(to_read, read, concurrency)
        checked = checked.with_holdings(held, differ)
        everyone = [Held(checked.user(action), action.holdings) for action in checked.deactivations]
        warn_of_unknown(self.runtime, everyone, earlier)
        return checked, everyone

    def check_quota(self, checked: CheckedPlan) -> None:
        """Refuse to begin what the requests that are left this month cannot finish."""
        plan.check_quota(self._requests(checked), self._quota_left)

    def _requests(self, checked: CheckedPlan) -> int:
        reads = sum(self._reads(checked.user(action)) for action in checked.deactivations)
        return len(checked.send) + reads

    def _reads(self, user: User) -> int:
        return requests_needed(user, fetched=self.fetched, balances_only=self._balances_only)


@record
class RunOptions:
    """The options of a run; `results` is a file, `max_failures` None takes the run's default."""

    consent: Consent = Consent(None, None)
    most: int = 0
    dry_run: bool = False
    results: str | None = None
    reason: str = ""
    yes: bool = False
    concurrency: int = CONCURRENCY
    max_failures: int | None = None
    balances_only: bool = False
    allow_overcommit: bool = False
    all_rows: bool = False


class ApiChanges:
    """Sends changes to the API; `created`, pairs of ids, and `deactivated` are for the index."""

    def __init__(self, runtime: Runtime, command: str, reason: str, checked: CheckedPlan) -> None:
        self._client = runtime.client
        self._redaction = Redaction(lambda: runtime.secrets)
        self._origin = (command, reason)
        self._checked = checked
        self.created: list[tuple[str, str]] = []
        self.deactivated: list[str] = []

    def send(self, action: plan.Action) -> Outcome:
        client, user, origin = self._client, self._checked.user, self._origin
        match action:
            case plan.Create():
                body = {"external_id": action.external_id, **plan.as_json(action)["after"]}
                outcome = changes.create(client, body, *origin)
                if isinstance(outcome, Applied) and outcome.after:
                    self.created.append((outcome.after["customer_id"], action.external_id))
            case plan.SetQps():
                outcome = changes.set_qps(client, user(action), action.new, *origin)
            case plan.Deactivate():
                held = action.holdings.as_json() if action.holdings else None
                outcome = changes.deactivate(client, user(action), held, *origin)
                if isinstance(outcome, Applied):
                    self.deactivated.append(action.customer_id)
            case _:
                assert_never(action)
        if isinstance(outcome, Applied):
            return outcome
        # a server may repeat keys in its error, and a row's error is kept in files
        text = self._redaction.message(outcome.error.message)
        return changed(outcome, error=outcome.error.but(text))

    def quota_used_up(self) -> errors.QuotaUsedUp | None:
        return quota_used_up(self._client.quota)


def journal_of(
    runtime: Runtime, command: str, file: str | None = None
) -> AbstractContextManager[Journal]:
    """Take the lock of this host and key, and open the journal of a run of `file`."""
    profile, wall = runtime.profile, runtime.world.clock
    return open_journal(
        runtime.places.runs_dir,
        profile.base_url.display,
        runtime.fingerprint,
        command=command,
        profile=profile.name,
        file=file,
        wall=wall,
    )


def run_plan(
    command: str,
    checked: CheckedPlan,
    journal: Journal,
    builder: BuilderState,
    options: RunOptions,
    pool: Pool | None = None,
) -> Listing:
    """Run a checked plan and return its rows; `pool` None allows limits that exceed it."""
    runtime, entries = builder.runtime, checked.plan.entries
    path = None if options.results is None else path_of(options.results)
    runtime.history.run = lambda: journal.id
    sent = ApiChanges(runtime, command, options.reason, checked)
    label = command.removeprefix("users ")
    place = f"{_HEADINGS[label]} {runtime.profile.target}"
    with runtime.screen.progress(len(checked.send), label, place) as progress:
        builder.client.retry.notice = progress.note
        run = Run(
            checked,
            Results(entries, path),
            journal,
            changes=sent,
            pacer=builder.pacer,
            advance=progress.advance,
            concurrency=options.concurrency,
            max_failures=options.max_failures,
            pool=pool,
            clock=runtime.world.monotonic,
        )
        progress.forecast = run.time_left
        interrupts = runtime.interrupts
        # the first signal lets rows in flight end, the second abandons them
        interrupts.on_first = lambda: run.request_stop(
            interrupts.pending or errors.Interrupted("interrupted")
        )
        try:
            with interrupts.shield():
                ended = run.execute()
        finally:
            interrupts.on_first = None
    runtime.index.remember(sent.created)
    for customer_id in sent.deactivated:
        runtime.index.forget(customer_id)
    _name_run(runtime, journal.id, ended, path)
    return _rows(runtime, label, ended, journal.id, all_rows=options.all_rows)


def _name_run(runtime: Runtime, name: str | None, ended: RunResult, path: Path | None) -> None:
    """Say what was done, how to see the run again, and where the results are."""
    parts, command = [f"results: {path}"] if path is not None else [], None
    if not runtime.screen.for_people:  # which have these below the rows
        parts = [ended.sentence, *parts, *([f"run {name}"] if name is not None else [])]
        if name is not None and any(ended.results.counts[outcome] for outcome in LEFT):
            parts[-1] += "; see the remaining rows with"
            command = run("runs", "show", name, "--failed")
    if parts:
        runtime.screen.notice("; ".join(parts), command)


def _rows(
    runtime: Runtime, verb: str, ended: RunResult, name: str | None, *, all_rows: bool
) -> Listing:
    """Return one row for each of the plan; people see the sum and what went wrong."""
    failure = ended.error(brief=runtime.screen.for_people)
    return Listing(
        "results",
        columns.RESULT,
        ended.results.pages(),
        lambda: {"summary": ended.results.counts},
        lambda: (Line(ended.sentence, "bad" if failure else "good"),),
        lambda: failure,
        empty="no rows",
        effect=ended.sentence,
        summary=lambda: ended.sentence,
        for_people=lambda: run_listing(runtime, verb, ended.results, name, all_rows=all_rows),
    )
