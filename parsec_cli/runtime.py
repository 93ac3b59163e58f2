"""The parts of the tool that a command may use, each built on first use."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from parsec_cli.errors import ParsecError
from parsec_cli.interrupts import Deadline, Interrupts
from parsec_cli.records import record, state

if TYPE_CHECKING:
    from parsec_cli.api.client import Client
    from parsec_cli.api.resolve import Resolver
    from parsec_cli.api.transport import Transport
    from parsec_cli.base_url import BaseUrl
    from parsec_cli.config.profiles import Profile
    from parsec_cli.config.settings import Places
    from parsec_cli.memory.history import History
    from parsec_cli.memory.user_index import Index
    from parsec_cli.models import Secret
    from parsec_cli.next_command import Completed, Line, NextCommand
    from parsec_cli.output.screen import Screen
    from parsec_cli.results import Tone


@state
class CommonOptions:
    """The shared options of a command line; None for those that it does not contain."""

    profile: str | None = None
    base_url: str | None = None
    output: str | None = None
    json: bool | None = None
    fields: tuple[str, ...] | None = None
    headers: bool | None = None
    reveal_keys: bool | None = None
    quiet: bool | None = None
    verbose: bool | None = None
    no_input: bool | None = None
    timeout: float | None = None
    max_wait: float | None = None
    rate: str | None = None

    @property
    def format(self) -> str | None:
        return "json" if self.json else self.output


@record
class World:
    """Everything outside the process, so that a test can replace it.

    `clock` is Unix seconds, `monotonic` and `request_clock` (for deadlines) count from any start;
    `transport` replaces the network; a stream is None if it was closed when the process started.
    """

    environ: Mapping[str, str]
    stdin: TextIO | None
    stdout: TextIO | None
    stderr: TextIO | None
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    request_clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] | None = None
    random: Callable[[], float] = random.random
    transport: Transport | None = None


class Runtime:
    """The parts of the tool, wired for one command."""

    def __init__(self, world: World, interrupts: Interrupts | None = None) -> None:
        self.world = world
        self.interrupts = interrupts or Interrupts()
        self.options = CommonOptions()
        self.argv: Sequence[str] = ()
        self.read_line: Callable[[], Line | None] = lambda: None
        self.dry_run = self.may_change = self._announced = False
        self.secrets: list[str] = []  # values to mask wherever they would be shown

    @cached_property
    def places(self) -> Places:
        from parsec_cli.config.settings import Places

        return Places(self.world.environ)

    @cached_property
    def _resolved(self) -> Profile | ParsecError:
        from parsec_cli.config import profiles

        options = self.options
        try:
            return profiles.resolve(
                self.places,
                profile=options.profile,
                base_url=options.base_url,
                output=options.format,
                rate=options.rate,
            )
        except ParsecError as fault:
            return fault

    @cached_property
    def profile(self) -> Profile:
        """The profile in effect; its warnings are shown once, on first use."""
        if isinstance(self._resolved, ParsecError):
            raise self._resolved
        for warning in self._resolved.warnings:
            self.screen.warning(warning)
        return self._resolved

    @cached_property
    def screen(self) -> Screen:
        from parsec_cli.output.screen import Screen
        from parsec_cli.results import FORMATS

        options, world = self.options, self.world
        fallback: str | None = world.environ.get("PARSEC_OUTPUT", "").strip()
        if not isinstance(self._resolved, ParsecError):
            fallback = self._resolved.output
        elif fallback not in FORMATS:
            fallback = None
        return Screen(
            stdin=world.stdin,
            stdout=world.stdout,
            stderr=world.stderr,
            environ=world.environ,
            format=options.format or fallback,
            headers=options.headers,
            fields=options.fields,
            reveal_keys=bool(options.reveal_keys),
            quiet=bool(options.quiet),
            verbose=bool(options.verbose),
            no_input=bool(options.no_input),
            secrets=lambda: self.secrets,
            complete=self.complete,
            clock=world.monotonic,
        )

    def complete(self, command: NextCommand) -> Completed | None:
        """Return a proposed command with its target, without secrets."""
        from parsec_cli.config.profiles import target
        from parsec_cli.next_command import complete

        options = self.options
        found = None if isinstance(self._resolved, ParsecError) else self._resolved
        place = target(self.places, options.profile, options.base_url, found)
        return complete(command, self.read_line(), place)

    @property
    def place(self) -> tuple[str, Tone]:
        """Where changes go, as the first line of a command or a question."""
        from parsec_cli.output.streams import is_terminal

        return self.profile.place(terminal=is_terminal(self.world.stderr))

    @property
    def announced(self) -> bool:
        """Whether the operator has been shown where changes go."""
        return self._announced and not self.screen.quiet

    def announce(self, *, heading: bool = False) -> None:
        """Say once where changes go, before anything is sent."""
        if not self._announced:
            self._announced = True
            text, tone = self.place
            self.screen.notice(text, tone=tone if heading else "plain")

    def keep_secret(self, *values: str) -> None:
        """Mask these values from now on."""
        self.secrets.extend(values)

    def _key(self) -> Secret:
        secret = self.profile.key()
        self.keep_secret(secret.reveal())
        return secret

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the key, which names the key in files."""
        from parsec_cli.config.settings import fingerprint

        return fingerprint(self._key())

    @cached_property
    def history(self) -> History:
        from parsec_cli.memory.history import History
        from parsec_cli.redaction import Redaction

        return History(
            self.places.history_file,
            self.world.clock,
            origin=lambda: {
                "profile": self.profile.name,
                "host": self.profile.base_url.display,
                "key": self.fingerprint,
            },
            redaction=Redaction(lambda: self.secrets),
        )

    @cached_property
    def index(self) -> Index:
        from parsec_cli.memory.user_index import Index

        profile = self.profile
        host, path = profile.base_url.origin, self.places.index_file
        if profile.key_source.startswith("api_key_command"):
            from parsec_cli.memory.tab_words import note_key

            note_key(path, host, profile.name, self.fingerprint)
        return Index(path, host, self.fingerprint)

    @cached_property
    def deadline(self) -> Deadline:
        return Deadline(self.world.request_clock, drain_at=lambda: self.interrupts.drain_at)

    @cached_property
    def transport(self) -> Transport:
        if self.world.transport is not None:
            return self.world.transport
        if self.profile.sandbox:
            from parsec_cli.api.transport import InProcess
            from parsec_cli.sandbox.app import Sandbox

            self.announce()
            return InProcess(Sandbox(self.places.sandbox_db, clock=self.world.clock))
        from parsec_cli.api.transport import connect

        return connect(self.profile.base_url, self.deadline, self.world.environ)

    @cached_property
    def client(self) -> Client:
        client = self._client(self.profile.base_url, self._key, self.transport)
        rate = self.profile.rate
        if rate not in (None, "max"):
            from parsec_cli.bulk.run.rate_limiter import Pacer

            world = self.world
            client.retry.pacer = Pacer(float(rate), clock=world.monotonic, sleep=world.sleep)
        return client

    def trial_client(self, base_url: BaseUrl, key: Secret) -> Client:
        """Return a client for a key that is not stored yet; the caller closes it."""
        from parsec_cli.api.transport import connect

        self.keep_secret(key.reveal())
        transport = self.world.transport or connect(base_url, self.deadline, self.world.environ)
        return self._client(base_url, lambda: key, transport)

    def _client(self, base_url: BaseUrl, key: Callable[[], Secret], transport: Transport) -> Client:
        from parsec_cli.api.client import Client
        from parsec_cli.api.retry import RetryBudget, RetrySettings
        from parsec_cli.base_url import ca_in_effect

        world, options = self.world, self.options
        retry = RetrySettings(
            RetryBudget(),
            max_wait=60.0 if options.max_wait is None else options.max_wait,
            clock=world.monotonic,
            wall=world.clock,
            sleep=world.sleep or self.interrupts.pause,
            random=world.random,
            stopping=lambda: self.interrupts.pending is not None,
            notice=self.screen.notice,
        )
        return Client(
            base_url,
            key,
            transport,
            deadline=self.deadline,
            timeout=options.timeout or 30.0,
            trust=ca_in_effect(world.environ),
            retry=retry,
            changes=lambda: self.history,
            interrupts=self.interrupts,
            log=self.screen.log if options.verbose else None,
        )

    @cached_property
    def resolver(self) -> Resolver:
        from parsec_cli.api.resolve import Resolver

        return Resolver(self.client, self.index, self.profile.label)

    @property
    def made_changes(self) -> bool:
        """Whether a change was written to the history, and so may have been sent."""
        history = self.__dict__.get("history")
        return history is not None and history.begun

    def close(self) -> None:
        """Close what was opened."""
        for name in ("client", "index"):
            if name in self.__dict__:
                self.__dict__[name].close()
