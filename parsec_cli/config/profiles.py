"""Find the profile, host, key and formats in effect, and the source of each.

A stored key is sent only to the origin of its profile. Keys are read on first use and never quoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from parsec_cli.base_url import DEFAULT_BASE_URL, BaseUrl
from parsec_cli.config.read import Config, exposure, read
from parsec_cli.config.settings import (
    BY_NAME,
    DEFAULT_PROFILE,
    DEFAULT_SOURCE,
    SANDBOX,
    Places,
    checked_key,
    misnamed_host,
    stored_origin,
)
from parsec_cli.errors import GuardRefused, NoKey, UsageFault, unknown
from parsec_cli.models import Secret
from parsec_cli.next_command import NextCommand, Target, again, run
from parsec_cli.records import state
from parsec_cli.redaction import mask, shown
from parsec_cli.results import Tone

_COMMAND = "api_key_command of profile"
SANDBOX_KEY = "pk_live_sandbox"
# no request goes to this host: the sandbox runs inside this process
_SANDBOX_VALUES = {"base_url": "http://sandbox.localhost", "api_key": SANDBOX_KEY}
_BUILT_IN = dict.fromkeys(("base_url", "api_key", "protected"), "built in")


@state
class Profile:
    """The settings in effect, and the source of each."""

    name: str
    explicit: bool
    options: Mapping[str, str | None]
    environ: Mapping[str, str]
    stored: Mapping[str, str]
    config_file: Path
    chosen_by: str
    others: tuple[str, ...] = ()  # stored profiles, if the one in effect is none of them
    warnings: tuple[str, ...] = ()

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """Where each setting and the "profile" came from; a UsageFault for an invalid setting."""
        found = {key: source for key, (_, source) in self._values.items()}
        found |= {"profile": self.chosen_by, "api_key": self.key_place[0]}
        return found | _BUILT_IN if self.sandbox else found

    @property
    def label(self) -> str:
        """The profile, and the host if it is not the profile's own."""
        own = not self.sources["base_url"].startswith(("--", "environment"))
        return f"profile {self.name}{'' if own else f' ({self.base_url.display})'}"

    @cached_property
    def _values(self) -> Mapping[str, tuple[str | None, str]]:
        return {key: self.find(key) for key in ("base_url", "output", "rate", "protected")}

    @cached_property
    def base_url(self) -> BaseUrl:
        return BaseUrl.parse(self._values["base_url"][0] or "")

    @property
    def sandbox(self) -> bool:
        return self.name == SANDBOX

    @property
    def target(self) -> str:
        """Where changes go: the name and the host, in as few words as possible."""
        return SANDBOX if self.sandbox else f"{self.name} · {self.base_url.display}"

    def place(self, *, terminal: bool) -> tuple[str, Tone]:
        """Where changes go, as a whole line, and its tone."""
        if self.sandbox:
            return "sandbox: a local imitation, nothing here is real", "strong"
        if not terminal:
            return f"profile {self.target}", "plain"
        if self.protected:
            return f"{self.target} · protected", "alarm"
        return self.target, "strong"

    @property
    def output(self) -> str | None:
        return self._values["output"][0]

    @property
    def rate(self) -> str | None:
        """`max` or requests per second, as text; None if unset."""
        return self._values["rate"][0]

    @property
    def protected(self) -> bool:
        return self._values["protected"][0] == "true"

    @property
    def key_source(self) -> str:
        """Where `key()` looks, or "" if there is no key."""
        return self.sources["api_key"]

    def find(self, key: str) -> tuple[str | None, str]:
        """Return the checked value and its source; an unset one has its default or None.

        Order: option, explicit `--profile`, environment, profile in the file, default.
        """
        setting = BY_NAME[key]
        in_file = (self.stored.get(key), f"profile {self.name}")
        in_environment = (self.variable(key) or None, f"environment {setting.env}")
        ranked = (in_file, in_environment) if self.explicit else (in_environment, in_file)
        for value, source in ((self.options.get(key), setting.option), *ranked):
            if value is not None:
                return setting.checked(value, source), source
        return setting.default or None, DEFAULT_SOURCE

    def variable(self, key: str) -> str:
        """Return the text of a setting's environment variable, or "" if it is blank."""
        value = self.environ.get(BY_NAME[key].env, "")
        return value if value.strip() else ""

    @property
    def key_place(self) -> tuple[str, str]:
        """Return the name of the place, "" if there is no key, and the text there."""
        if not self.explicit and (text := self.variable("api_key")):
            return f"environment {BY_NAME['api_key'].env}", text
        if text := self.stored.get("api_key", "").strip():
            return f"profile {self.name}", text
        command = self.stored.get("api_key_command")
        return ("", "") if command is None else (f"{_COMMAND} {self.name}", command)

    def key(self) -> Secret:
        """Return the key; a stored one only for its own origin."""
        return self._key

    @cached_property
    def _key(self) -> Secret:
        source, text = self.key_place
        if not source:
            raise self._no_key()
        if source.startswith("environment"):
            return checked_key(text, source)
        home = stored_origin(self.stored, self.name)
        if home.origin != self.base_url.origin:
            raise GuardRefused(
                f"the key of profile `{self.name}` belongs to {home.display}; it is not sent to"
                f" {self.base_url.display}, which {self.sources['base_url']} names",
                hint="make a profile for that host with",
                command=self._new_profile,
            )
        if source.startswith(_COMMAND):
            from parsec_cli.config.key_command import output_of

            text = output_of(text, source, self.environ)
        return checked_key(text, source)

    def masked_key(self) -> str | None:
        """Return the masked key without running a command; a malformed key is wholly masked."""
        source, text = self.key_place
        if not text or source.startswith(_COMMAND):
            return None
        try:
            return mask(checked_key(text, source).reveal())
        except UsageFault:
            return mask("")

    @property
    def _new_profile(self) -> NextCommand:
        return run("config", "init", "--base-url", self.base_url.text, profile="NAME")

    def _no_key(self) -> NoKey:
        name, variable = self.name, BY_NAME["api_key"].env
        elsewhere = stored_origin(self.stored, name).origin != self.base_url.origin
        # a stored key is sent only to the host of its profile
        command = self._new_profile if elsewhere else run("config", "set", "api_key", profile=name)
        if not self.explicit:
            nowhere = f"neither {variable} nor profile `{name}` of {self.config_file} has one"
            how = f"try without a key with `-p {SANDBOX}`, or store one with"
            if self.others and not elsewhere:
                how = f"or use a stored profile ({', '.join(self.others)}) with"
                command = run("config", "use", self.others[0] if len(self.others) == 1 else "NAME")
            return NoKey(f"no API key: {nowhere}", hint=f"set {variable}, {how}", command=command)
        unsent = f"; the one in {variable} is not sent to its host"
        message = f"no API key: profile `{name}` has none{self.variable('api_key') and unsent}"
        return NoKey(message, hint="store one with", command=command)


def resolve(
    places: Places,
    *,
    profile: str | None = None,
    base_url: str | None = None,
    output: str | None = None,
    rate: str | None = None,
) -> Profile:
    """Return what is in effect for these options (None: not given); reads the config file."""
    config, environ = read(places.config_file), places.environ
    name, chosen_by = named(config, environ, profile)
    if chosen_by != DEFAULT_SOURCE and name not in known(config):
        fault = unknown_profile(name, config)
        raise fault if profile is not None else fault.but(f"{chosen_by}: {fault.message}")
    sandbox = name == SANDBOX
    if sandbox and base_url is not None:
        raise UsageFault(
            "the sandbox has no base URL: it runs inside the command",
            hint="name another profile with `-p NAME`, or leave out `--base-url`",
            command=again(base_url=None),
        )
    found = Profile(
        name=name,
        explicit=sandbox or profile is not None,
        options={"base_url": base_url, "output": output, "rate": rate},
        environ=environ,
        stored=_SANDBOX_VALUES if sandbox else config.profiles.get(name, {}),
        config_file=config.path,
        chosen_by=chosen_by,
        others=() if name in known(config) else tuple(config.profiles),
    )
    sources, host = found.sources, found.base_url
    found.warnings = () if sandbox else _warnings(config, places, sources, host)
    return found


def known(config: Config) -> tuple[str, ...]:
    """Return the names of all profiles, the sandbox last."""
    return (*config.profiles, SANDBOX)


def unknown_profile(name: str, config: Config) -> UsageFault:
    return unknown("profile", shown(name), known(config)).but(
        hint=f"known profiles: {', '.join(known(config))}; make one with",
        command=run("config", "init", profile="NAME"),
    )


def named(config: Config, environ: Mapping[str, str], option: str | None) -> tuple[str, str]:
    """Return the name of the profile in effect, known or not, and its source."""
    setting = BY_NAME["default_profile"]
    if option is not None:
        return option, setting.option
    if chosen := environ.get(setting.env, "").strip():
        return chosen, f"environment {setting.env}"
    if config.default_profile:
        return config.default_profile, f"`default_profile` of {config.path}"
    return DEFAULT_PROFILE, DEFAULT_SOURCE


def target(
    places: Places, profile: str | None, base_url: str | None, found: Profile | None
) -> Target:
    """Return the options and variables that reach the same profile and host from another shell.

    `found` is None if they name nothing usable.
    """
    environ, sandbox = places.environ, found is not None and found.sandbox
    given = base_url or ""
    if not given and profile is None and not sandbox:
        given = environ.get(BY_NAME["base_url"].env, "").strip()
    by_variable = environ.get(BY_NAME["default_profile"].env, "").strip()
    variables = [("config", places.config_variable)]
    name = profile or by_variable
    if profile is None and found is not None and found.key_source.startswith("environment"):
        # with `-p` the key of the file would be used
        variables.append(("default_profile", by_variable))
        name = ""
    elif found is not None and found.protected:  # changes require `-p`
        name = found.name
    return Target(
        name, given, tuple((BY_NAME[key].env, value) for key, value in variables if value)
    )


def _warnings(
    config: Config, places: Places, sources: Mapping[str, str], base_url: BaseUrl
) -> tuple[str, ...]:
    to_stored_host = (  # a host that only the file names
        sources["api_key"].startswith("environment")
        and sources["base_url"].startswith("profile")
        and not sources["profile"].startswith("environment")
        and base_url.origin != BaseUrl.parse(DEFAULT_BASE_URL).origin
    )
    warnings = (
        config.warning or exposure(config.path, "make parsec run a program or send your key away"),
        config.ignored
        and f"`{config.path}` has unknown settings, which are ignored: {config.ignored}",
        exposure(places.state_dir, "mislead parsec about earlier changes"),
        misnamed_host(places.environ, sources["base_url"]),
        f"the key from {sources['api_key']} goes to {base_url.display},"
        f" the host of {sources['base_url']}"
        if to_stored_host
        else "",
    )
    return tuple(filter(None, warnings))
