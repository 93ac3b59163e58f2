"""Decide which profile, host, key and formats are in effect, and say where each came from.

Per setting: option > explicit `--profile` > environment > profile file > default. A stored key
belongs to the origin of its profile. The key itself is looked up only when it is asked for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

from parsec_cli.base_url import DEFAULT_BASE_URL, BaseUrl
from parsec_cli.config import keys, read
from parsec_cli.config.exposure import exposure
from parsec_cli.config.key_source import KeyPlace
from parsec_cli.config.places import Places
from parsec_cli.config.precedence import DEFAULT_SOURCE, Sources
from parsec_cli.config.read import Config
from parsec_cli.config.settings import BY_NAME, DEFAULT_PROFILE, SANDBOX, check_base_url, quoted
from parsec_cli.errors import UsageFault
from parsec_cli.models import Secret
from parsec_cli.next_command import Target, again, run
from parsec_cli.records import record
from parsec_cli.redaction import mask

# no such host is ever asked: the sandbox answers inside this process
SANDBOX_URL = BaseUrl("http", "sandbox.localhost", 80, "")
SANDBOX_KEY = "pk_live_sandbox"


@record
class Profile:
    """What is in effect. `sources` tells for each setting and for "profile" where it came from.

    `key_source` is where `key()` will look, "" for nowhere; `warnings` are for the screen.
    """

    name: str
    base_url: BaseUrl
    sandbox: bool
    output: str | None
    rate: str | None
    sources: Mapping[str, str]
    key_source: str
    find_key: Callable[[], Secret]
    mask_key: Callable[[], str | None]
    protected: bool = False
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        # what finds the key knows it
        return f"Profile({self.name!r}, {self.base_url!r})"

    def key(self) -> Secret:
        """Return the key, looked up at the first call.

        Raises NoKey, UsageFault for a malformed key, KeyFault for a failing `api_key_command`,
        GuardRefused for a stored key that belongs to another origin.
        """
        return self.find_key()

    def masked_key(self) -> str | None:
        """Return the key as people may see it; None where there is none or a command has it."""
        return self.mask_key()


def resolve(
    *,
    environ: Mapping[str, str],
    places: Places,
    profile: str | None = None,
    base_url: str | None = None,
    output: str | None = None,
    rate: str | None = None,
    command_timeout: float = keys.COMMAND_TIMEOUT,
) -> Profile:
    """Return what is in effect for these options (None: not given); reads the config file."""
    config = read.read(places.config_file)
    name, chosen_by = choose(config, environ, profile)
    options = {"base_url": base_url, "output": output, "rate": rate}
    sources = Sources(
        name=name,
        explicit=profile is not None,
        options={key: value for key, value in options.items() if value is not None},
        environ=environ,
        stored=config.profiles.get(name, {}),
    )
    if name == SANDBOX:
        return _sandbox(sources, chosen_by)
    return _of_user(sources, chosen_by, config, places.state_dir, command_timeout)


def choose(config: Config, environ: Mapping[str, str], option: str | None) -> tuple[str, str]:
    """Return the name of the profile in effect and where that name came from.

    A name that neither the file nor the tool knows is a UsageFault that lists the known ones.
    """
    name, source = _named(config, environ, option)
    if source != DEFAULT_SOURCE and name not in known(config):
        raise UsageFault(
            f"no profile {quoted(name)}, which {source} names",
            hint=f"known profiles: {', '.join(known(config))}; make one with",
            command=run("config", "init", profile="NAME"),
        )
    return name, source


def known(config: Config) -> tuple[str, ...]:
    return (*config.profiles, SANDBOX)


def _named(config: Config, environ: Mapping[str, str], option: str | None) -> tuple[str, str]:
    setting = BY_NAME["default_profile"]
    if option is not None:
        return option, setting.option
    if chosen := environ.get(setting.env, "").strip():
        return chosen, f"environment {setting.env}"
    if config.default_profile:
        return config.default_profile, f"`default_profile` of {config.path}"
    return DEFAULT_PROFILE, DEFAULT_SOURCE


def target(
    environ: Mapping[str, str], profile: str | None, base_url: str | None, found: Profile | None
) -> Target:
    """Return what another shell must be told to reach what these options and variables name.

    `found` is None where they name nothing usable.
    """
    given = base_url or ""
    from_environment = profile is None and not (found is not None and found.sandbox)
    if not given and from_environment:
        given = environ.get(BY_NAME["base_url"].env, "").strip()
    named = profile or environ.get(BY_NAME["default_profile"].env, "").strip()
    return Target(named, given, environ.get(BY_NAME["config"].env, "").strip())


def _sandbox(sources: Sources, chosen_by: str) -> Profile:
    """Build the sandbox: of the environment it takes the output format, never host or key."""
    if "base_url" in sources.options:
        raise UsageFault(
            "the sandbox has no base URL: it runs inside the command",
            hint="name another profile with `-p NAME`, or leave out `--base-url`",
            command=again(base_url=None),
        )
    output, output_source = sources.checked("output")
    rate, rate_source = sources.checked("rate")
    built_in = "built in"
    return Profile(
        name=SANDBOX,
        base_url=SANDBOX_URL,
        sandbox=True,
        output=output,
        rate=rate,
        sources={
            "profile": chosen_by,
            "base_url": built_in,
            "api_key": built_in,
            "output": output_source,
            "rate": rate_source,
            "protected": built_in,
        },
        key_source=built_in,
        find_key=lambda: Secret(SANDBOX_KEY),
        mask_key=lambda: mask(SANDBOX_KEY),
    )


def _of_user(
    sources: Sources, chosen_by: str, config: Config, state_dir: Path, timeout: float
) -> Profile:
    text, url_source = sources.find("base_url")
    base_url = check_base_url(text or "", url_source)
    output, output_source = sources.checked("output")
    rate, rate_source = sources.checked("rate")
    protected, protected_source = sources.checked("protected")
    key = KeyPlace(sources, base_url, config, timeout)
    warnings = (
        config.warning or exposure(config.path, "make parsec run a program or send your key away"),
        exposure(state_dir, "mislead parsec about earlier changes"),
        _mixed(key.source, url_source, chosen_by, base_url),
    )
    return Profile(
        name=sources.name,
        base_url=base_url,
        sandbox=False,
        output=output,
        rate=rate,
        sources={
            "profile": chosen_by,
            "base_url": url_source,
            "api_key": key.source,
            "output": output_source,
            "rate": rate_source,
            "protected": protected_source,
        },
        key_source=key.source,
        warnings=tuple(filter(None, warnings)),
        find_key=functools.cache(key.take),
        mask_key=key.masked,
        protected=protected == "true",
    )


def _mixed(key_source: str, url_source: str, chosen_by: str, base_url: BaseUrl) -> str:
    """Tell when a key that was given for now meets a host that was stored once."""
    given_for_now = key_source.startswith("environment")
    stored_once = url_source.startswith("profile") and not chosen_by.startswith("environment")
    if not (given_for_now and stored_once):
        return ""
    if base_url.origin == BaseUrl.parse(DEFAULT_BASE_URL).origin:
        return ""
    return f"the key from {key_source} goes to {base_url.display}, the host of {url_source}"
