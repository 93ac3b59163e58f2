"""What a command may use, each part built on first use: laziness lives in this one file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from parsec_cli.errors import ParsecError
from parsec_cli.interrupts import Interrupts
from parsec_cli.world import Common, World

if TYPE_CHECKING:
    from parsec_cli.api.client import Client
    from parsec_cli.api.deadline import Deadline
    from parsec_cli.api.resolve import Resolver
    from parsec_cli.api.retry import Pacer
    from parsec_cli.api.transport import Transport
    from parsec_cli.base_url import BaseUrl
    from parsec_cli.config.places import Places
    from parsec_cli.config.profiles import Profile
    from parsec_cli.memory.history import History
    from parsec_cli.memory.user_index import Index
    from parsec_cli.models import Secret
    from parsec_cli.next_command import Line, NextCommand, Target
    from parsec_cli.output.screen import Screen


class Runtime:
    """The parts of the tool, wired for one command."""

    def __init__(self, world: World, interrupts: Interrupts | None = None) -> None:
        self.world = world
        self.interrupts = interrupts or Interrupts()
        self.options = Common()
        self.argv: Sequence[str] = ()
        self.line: Line | None = None
        self.dry_run = False
        self._announced = False
        self._secrets: list[str] = []

    @cached_property
    def places(self) -> Places:
        from parsec_cli.config.places import Places

        return Places(self.world.environ)

    @cached_property
    def _resolved(self) -> Profile | ParsecError:
        from parsec_cli.config import profiles

        options = self.options
        try:
            return profiles.resolve(
                environ=self.world.environ,
                places=self.places,
                profile=options.profile,
                base_url=options.base_url,
                output=options.format,
                rate=options.rate,
            )
        except ParsecError as fault:
            return fault

    @cached_property
    def profile(self) -> Profile:
        """The profile in effect; its warnings are said once, when it is first asked for."""
        if isinstance(self._resolved, ParsecError):
            raise self._resolved
        profile: Profile = self._resolved
        for warning in profile.warnings:
            self.screen.warning(warning)
        return profile

    @cached_property
    def screen(self) -> Screen:
        from parsec_cli.output.screen import FORMATS, Screen

        options, world = self.options, self.world
        if isinstance(self._resolved, ParsecError):
            # an unusable profile must not keep the screen from telling that it is, to scripts too
            asked = world.environ.get("PARSEC_OUTPUT", "").strip()
            fallback = asked if asked in FORMATS else None
        else:
            fallback = self._resolved.output
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
            secrets=self.secrets,
            complete=self.complete,
        )

    def complete(self, command: NextCommand) -> list[str] | None:
        """Return the words of a proposed command with its target, without secrets."""
        from parsec_cli.next_command import complete

        return complete(command, self.line and self.line.without_secrets(), self.target)

    @property
    def target(self) -> Target:
        """What a proposed command must name to reach this profile and host from any shell."""
        from parsec_cli.config.profiles import target

        resolved = None if isinstance(self._resolved, ParsecError) else self._resolved
        return target(self.world.environ, self.options.profile, self.options.base_url, resolved)

    @property
    def place(self) -> str:
        """Where changes go, for people."""
        if self.profile.sandbox:
            return "sandbox: a local imitation, nothing here is real"
        return f"profile {self.profile.name} {self.screen.dot} {self.profile.base_url.display}"

    def announce(self) -> None:
        """Say once where changes go, before anything is sent."""
        if not self._announced:
            self._announced = True
            self.screen.notice(self.place)

    def keep_secret(self, *values: str) -> None:
        """Redact these values from now on wherever they would be shown, whoever sent them."""
        # a shorter one would blot out words that have nothing to do with it
        self._secrets.extend(value for value in values if len(value) >= 6)  # noqa: PLR2004

    def secrets(self) -> list[str]:
        """Return the values that are redacted by now."""
        return self._secrets

    def _key(self) -> Secret:
        secret = self.profile.key()
        if secret.reveal() not in self._secrets:
            self._secrets.append(secret.reveal())
        return secret

    @cached_property
    def fingerprint(self) -> str:
        """The key's fingerprint: what stands for the key wherever one must be told apart."""
        from parsec_cli.config.keys import fingerprint

        return fingerprint(self._key())

    @cached_property
    def history(self) -> History:
        from parsec_cli.memory.history import History

        return History(self.places.history_file, self.world.clock)

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
        from parsec_cli.api.deadline import Deadline

        return Deadline(drain_at=lambda: self.interrupts.drain_at)

    @cached_property
    def transport(self) -> Transport:
        if self.world.transport is not None:
            return self.world.transport
        if self.profile.sandbox:
            from parsec_cli.api.transport import in_process
            from parsec_cli.sandbox.app import build

            self.announce()
            return in_process(build(self.places.sandbox_db, clock=self.world.clock))
        from parsec_cli.api.route import connect

        return connect(self.profile.base_url, self.deadline, self.world.environ)

    @cached_property
    def client(self) -> Client:
        return self._client(self.profile.base_url, self._key, self.transport, self.pacer)

    def trial_client(self, base_url: BaseUrl, key: Secret) -> Client:
        """Return a client for a key that is not stored yet; its user closes it."""
        from parsec_cli.api.route import connect

        self._secrets.append(key.reveal())
        transport = self.world.transport or connect(base_url, self.deadline, self.world.environ)
        return self._client(base_url, lambda: key, transport, None)

    def _client(
        self,
        base_url: BaseUrl,
        key: Callable[[], Secret],
        transport: Transport,
        pacer: Pacer | None,
    ) -> Client:
        from parsec_cli.api.client import Client
        from parsec_cli.api.retry import Budget, Patience
        from parsec_cli.api.route import ca_in_effect

        world, options = self.world, self.options
        patience = Patience(
            Budget(),
            max_wait=60.0 if options.max_wait is None else options.max_wait,
            clock=world.monotonic,
            wall=world.clock,
            sleep=world.sleep or self.interrupts.pause,
            random=world.random,
            stopping=lambda: self.interrupts.pending is not None,
            notice=self.screen.notice,
            pacer=pacer,
        )
        return Client(
            base_url,
            key,
            transport,
            deadline=self.deadline,
            timeout=options.timeout or 30.0,
            trust=ca_in_effect(world.environ),
            patience=patience,
            changes=self.history_of_changes,
            interrupts=self.interrupts,
            log=self.screen.log if options.verbose else None,
        )

    @cached_property
    def history_of_changes(self) -> ChangeBook:
        return ChangeBook(self)

    @cached_property
    def pacer(self) -> Pacer | None:
        """The pace that `--rate` or the profile asks for; None leaves single commands unpaced."""
        rate = self.profile.rate
        if rate is None or rate == "max":
            return None
        from parsec_cli.bulk.run.rate_limiter import Pacer

        world = self.world
        return Pacer(float(rate), clock=world.monotonic, sleep=world.sleep)

    @cached_property
    def resolver(self) -> Resolver:
        from parsec_cli.api.resolve import Resolver

        return Resolver(self.client, self.index)

    @property
    def made_changes(self) -> bool:
        """True once a change was written down, and so perhaps sent."""
        book = self.__dict__.get("history_of_changes")
        return book is not None and book.begun

    def close(self) -> None:
        """Close what was opened."""
        for name in ("client", "index"):
            part = self.__dict__.get(name)
            if part is not None:
                part.close()


class ChangeBook:
    """The history as the client's seam sees it: profile, host and key are filled in here."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.begun = False

    def begin(self, change: dict[str, Any], *, durable: bool = False) -> str:
        profile = self._runtime.profile
        line = {
            "profile": profile.name,
            "host": profile.base_url.display,
            "key": self._runtime.fingerprint,
            **change,
        }
        entry = self._runtime.history.begin(self._redacted(line), durable=durable)
        self.begun = True
        return entry

    def finish(self, entry: str, outcome: dict[str, Any]) -> None:
        self._runtime.history.finish(entry, self._redacted(outcome))

    def _redacted(self, record: dict[str, Any]) -> dict[str, Any]:
        """Mask what this command knows to be secret: a server may give keys back in any text."""
        from parsec_cli.output.redact import Redaction

        redacted: dict[str, Any] = Redaction(self._runtime.secrets).value(record)
        return redacted
