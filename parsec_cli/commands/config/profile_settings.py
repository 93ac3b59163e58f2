"""What `parsec config` does: ask for hosts and keys, hand them to the editor, show what is kept."""

from __future__ import annotations

from collections.abc import Mapping

from parsec_cli import columns
from parsec_cli.base_url import DEFAULT_BASE_URL, BaseUrl
from parsec_cli.commands.shared.input_file import read_bytes
from parsec_cli.config import keys, read
from parsec_cli.config.edit import Editor, check_rival, setting_of
from parsec_cli.config.key_source import stored_origin
from parsec_cli.config.settings import DEFAULT_PROFILE, SANDBOX
from parsec_cli.errors import (
    ConsentMissing,
    GuardRefused,
    ParsecError,
    Stopped,
    Unauthorized,
    UsageFault,
)
from parsec_cli.models import JsonObject, Secret
from parsec_cli.next_command import again, run
from parsec_cli.results import Grid, Listing, Record
from parsec_cli.runtime import Runtime

_SHOWN = ("base_url", "api_key", "output", "rate", "protected")


def initialise(runtime: Runtime, *, verify: bool) -> None:
    """Ask for what a profile needs and store it at once; no key is lost unasked."""
    editor = _editor(runtime)
    name = editor.target(runtime.options.profile)
    stored = editor.read().profiles.get(name, {})
    _agree_to_replace(runtime, name, stored)
    base_url = _base_url(runtime, stored)
    home = BaseUrl.parse(base_url, "base URL")
    key = _key(runtime, name)
    told = _described(runtime, home, key, stored, verify=verify)
    editor.init(name, base_url, key)
    told = f"stored profile `{name}` in {editor.path}: {told}; try"
    runtime.screen.notice(told, run("doctor", profile=name))


def in_effect(runtime: Runtime) -> Record:
    """Return every setting with its source; the key is masked, and no key command is run."""
    profile = runtime.profile
    found = {
        "base_url": profile.base_url.text,
        "api_key": profile.masked_key(),
        "output": profile.output,
        "rate": profile.rate,
        "protected": profile.protected,
    }
    values: JsonObject = {
        key: {"value": found[key], "source": profile.sources[key] or "not set"} for key in _SHOWN
    }
    rows = [_row("profile", profile.name, profile.sources["profile"])]
    rows += [_row(key, found[key], values[key]["source"]) for key in _SHOWN]
    value = {"profile": profile.name, "values": values}
    settings = Grid(columns.SETTING, rows)
    return Record(value, columns.SETTINGS, (settings,), rows=settings)


def _row(setting: str, value: str | bool | None, source: str) -> JsonObject:
    return {"setting": setting, "value": value, "source": source}


def _described(
    runtime: Runtime, home: BaseUrl, key: Secret, stored: Mapping[str, str], *, verify: bool
) -> str:
    """Verify a new key, if asked to, and return what is known of it and of the old one."""
    kept = stored.get("api_key", "").strip()
    old = keys.fingerprint(kept) if kept else "none"
    tier = f"tier {_tier(runtime, home, key)}" if verify else "not verified"
    return f"fingerprint {old} -> {keys.fingerprint(key)}, {tier}"


def _tier(runtime: Runtime, home: BaseUrl, key: Secret) -> str:
    """Ask the API once whether the key is valid: nothing is stored where it is not."""
    from parsec_cli.api.reads import get_usage

    client = runtime.trial_client(home, key)
    try:
        return get_usage(client).tier or "unknown"
    except Stopped:
        raise
    except ParsecError as fault:
        kind = Unauthorized if fault.http_status in (401, 403) else type(fault)
        raise kind(
            f"{fault.message}; the key was not stored",
            hint="check the key and its host; to store it without a check, run",
            command=again(stdin="" if runtime.screen.interactive else "FILE", no_verify=True),
            api_code=fault.api_code,
            http_status=fault.http_status,
            retryable=fault.retryable,
        ) from None
    finally:
        client.close()


def store(runtime: Runtime, key: str, value: str | None, *, verify: bool) -> None:
    editor = _editor(runtime)
    setting = setting_of(key)
    if not verify and not setting.secret:
        raise UsageFault("`--no-verify` is for `api_key` alone")
    if setting.secret:
        name = editor.target(runtime.options.profile)
        if value not in (None, "-"):
            raise UsageFault(
                "a key is not taken from the command line, which other users and the shell's"
                " history can see",
                hint="type it hidden with the same command and no value, or give a file with",
                command=run("config", "set", key, profile=name, stdin="FILE"),
            )
        _store_key(runtime, editor, name, verify=verify)
        return
    if value is None:
        raise UsageFault(
            f"`{key}` needs a value", hint="give one with", command=again(names=[key, "VALUE"])
        )
    where = editor.set(runtime.options.profile, key, value)
    runtime.screen.notice(f"stored `{key}`{_of(where)} in {editor.path}")


def _store_key(runtime: Runtime, editor: Editor, name: str, *, verify: bool) -> None:
    stored = editor.read().profiles.get(name, {})
    check_rival(name, stored, "api_key")
    home, given = stored_origin(stored, name), runtime.options.base_url
    if given is not None and BaseUrl.parse(given, "base URL").origin != home.origin:
        raise GuardRefused(
            f"the key of profile `{name}` belongs to {home.display}: nothing was changed",
            hint="make a profile for the other host with",
            command=run("config", "init", "--base-url", given, profile="NAME"),
        )
    key = _key(runtime, name)
    told = _described(runtime, home, key, stored, verify=verify)
    editor.set(name, "api_key", key.reveal())
    runtime.screen.notice(f"stored `api_key` of profile `{name}` in {editor.path}: {told}")


def remove(runtime: Runtime, key: str) -> None:
    editor = _editor(runtime)
    where, present = editor.unset(runtime.options.profile, key)
    if present:
        runtime.screen.notice(f"removed `{key}`{_of(where)} from {editor.path}")
    else:
        runtime.screen.notice(f"`{key}`{_of(where)} was not set; nothing to do")


def choose(runtime: Runtime, name: str) -> None:
    editor = _editor(runtime)
    editor.use(name)
    runtime.screen.notice(f"the default profile is `{name}` now")


def all_profiles(runtime: Runtime) -> Listing:
    """Return the profiles of the file and the sandbox; keys are only told to exist."""
    config = read.read(runtime.places.config_file)
    chosen = config.default_profile or DEFAULT_PROFILE
    records: list[JsonObject] = [
        {
            "name": name,
            "base_url": stored.get("base_url", DEFAULT_BASE_URL),
            "key": _kept(stored),
            "protected": stored.get("protected") == "true",
            "default": name == chosen,
        }
        for name, stored in config.profiles.items()
    ]
    records.append(
        {
            "name": SANDBOX,
            "base_url": None,
            "key": "built in",
            "protected": False,
            "default": chosen == SANDBOX,
        }
    )
    return Listing("profiles", columns.PROFILE, [records])


def _editor(runtime: Runtime) -> Editor:
    return Editor(runtime.places.config_file, runtime.world.environ)


def _of(profile: str) -> str:
    return f" of profile `{profile}`" if profile else ""


def _kept(stored: Mapping[str, str]) -> str:
    if stored.get("api_key", "").strip():
        return "stored"
    return "command" if "api_key_command" in stored else "none"


def _agree_to_replace(runtime: Runtime, name: str, stored: Mapping[str, str]) -> None:
    if _kept(stored) == "none":
        return
    answer = None
    if runtime.screen.interactive:
        answer = runtime.screen.ask(f"profile `{name}` has a key already; replace it? [y/N] ")
    if (answer or "").strip().lower() not in ("y", "yes"):
        raise ConsentMissing(
            f"profile `{name}` has a key already; nothing was changed",
            hint="make another profile with `-p NAME`, or replace the key with",
            command=run("config", "set", "api_key", profile=name),
        )


def _base_url(runtime: Runtime, stored: Mapping[str, str]) -> str:
    given = runtime.options.base_url
    if given is not None:
        return given.strip()
    usual = stored.get("base_url", DEFAULT_BASE_URL)
    if not runtime.screen.interactive:
        return usual
    answer = runtime.screen.ask(f"base URL [{usual}]: ")
    if answer is None:
        raise ConsentMissing("no answer; nothing was changed")
    return answer.strip() or usual


def _key(runtime: Runtime, name: str) -> Secret:
    """Take a key from a hidden prompt, or from stdin where nobody can be asked."""
    screen, stdin = runtime.screen, runtime.world.stdin
    if screen.interactive:
        answer = screen.ask_hidden(f"key of profile `{name}` (not shown): ")
        if answer is None:
            raise ConsentMissing("no key was typed; nothing was changed")
        return keys.checked(answer, "the prompt")
    if stdin is None or stdin.isatty():
        raise UsageFault(
            "the key is asked for on a terminal or read from stdin, and here is neither",
            hint="give it from a file with",
            command=run("config", "set", "api_key", profile=name, stdin="FILE"),
        )
    text = read_bytes(runtime, "-").decode("utf-8", "surrogateescape")
    return keys.checked(text, "stdin")
