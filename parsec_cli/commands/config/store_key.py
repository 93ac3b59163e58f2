"""Store the key of a profile: ask for it, verify it with one request, and save it."""

from __future__ import annotations

from collections.abc import Mapping

from parsec_cli import errors
from parsec_cli.base_url import DEFAULT_BASE_URL, BaseUrl
from parsec_cli.commands.shared.input_file import read_bytes
from parsec_cli.config.edit import Editor, check_rival
from parsec_cli.config.read import key_kept
from parsec_cli.config.settings import checked_key, fingerprint, stored_origin
from parsec_cli.models import Secret
from parsec_cli.next_command import again, run
from parsec_cli.output.answers import is_yes
from parsec_cli.runtime import Runtime


def init_profile(runtime: Runtime, editor: Editor, *, verify: bool) -> None:
    """Ask for host and key of a profile, and store both at once."""
    name = editor.target(runtime.options.profile)
    stored = editor.read().profiles.get(name, {})
    screen = runtime.screen
    if key_kept(stored) != "none":
        question = f"profile `{name}` already has a key; replace it? [y/N] "
        answer = screen.ask(question) if screen.interactive else None
        if not is_yes(answer):
            raise errors.ConsentMissing(
                f"profile `{name}` already has a key; nothing was changed",
                hint="make another profile with `-p NAME`, or replace the key with",
                command=run("config", "set", "api_key", profile=name),
            )
    base_url = runtime.options.base_url
    if base_url is None:
        base_url = usual = stored.get("base_url", DEFAULT_BASE_URL)
        if screen.interactive:
            answer = screen.ask(f"base URL [{usual}]: ")
            if answer is None:
                raise errors.ConsentMissing("no answer; nothing was changed")
            base_url = answer.strip() or usual
    base_url = base_url.strip()
    home = BaseUrl.parse(base_url, "base URL")
    key = _key(runtime, name)
    result = _verified(runtime, home, key, stored, verify=verify)
    editor.init(name, base_url, key)
    notice = f"stored profile `{name}` in {editor.path}: {result}; try"
    screen.notice(notice, run("doctor", profile=name))


def store_key(
    runtime: Runtime, editor: Editor, setting: str, value: str | None, *, verify: bool
) -> None:
    """Ask for the key of an existing profile, or read it from stdin, and store it."""
    name = editor.target(runtime.options.profile)
    if value not in (None, "-"):
        raise errors.UsageFault(
            "a key is not read from the command line, because other users can see it there",
            hint="run the command without a value to type the key hidden, or use a file with",
            command=run("config", "set", setting, profile=name, stdin="FILE"),
        )
    stored = editor.read().profiles.get(name, {})
    check_rival(name, stored, "api_key")
    home, given = stored_origin(stored, name), runtime.options.base_url
    if given is not None and BaseUrl.parse(given, "base URL").origin != home.origin:
        raise errors.GuardRefused(
            f"the key of profile `{name}` belongs to {home.display}: nothing was changed",
            hint="make a profile for the other host with",
            command=run("config", "init", "--base-url", given, profile="NAME"),
        )
    key = _key(runtime, name)
    result = _verified(runtime, home, key, stored, verify=verify)
    editor.set(name, "api_key", key.reveal())
    runtime.screen.notice(f"stored `api_key` of profile `{name}` in {editor.path}: {result}")


def _verified(
    runtime: Runtime, home: BaseUrl, key: Secret, stored: Mapping[str, str], *, verify: bool
) -> str:
    """Return both fingerprints and, if `verify`, the tier; an invalid key raises."""
    from parsec_cli.api.reads import get_usage

    kept = stored.get("api_key", "").strip()
    fingerprints = f"fingerprint {fingerprint(kept) if kept else 'none'} → {fingerprint(key)}"
    if not verify:
        return f"{fingerprints}, not verified"
    client = runtime.trial_client(home, key)
    try:
        return f"{fingerprints}, tier {get_usage(client).tier or 'unknown'}"
    except errors.Stopped:
        raise
    except errors.ParsecError as fault:
        kind = errors.Unauthorized if fault.http_status in (401, 403) else type(fault)
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


def _key(runtime: Runtime, name: str) -> Secret:
    """Read a key from a hidden prompt, or from stdin if no prompt is possible."""
    screen, stdin = runtime.screen, runtime.world.stdin
    if screen.interactive:
        answer = screen.ask(f"key of profile `{name}` (not shown): ", hidden=True)
        if answer is None:
            raise errors.ConsentMissing("no key was typed; nothing was changed")
        return checked_key(answer, "the prompt")
    if stdin is None or stdin.isatty():
        raise errors.UsageFault(
            "a key needs a terminal or stdin, and neither is available",
            hint="read it from a file with",
            command=run("config", "set", "api_key", profile=name, stdin="FILE"),
        )
    text = read_bytes(runtime, "-").decode("utf-8", "surrogateescape")
    return checked_key(text, "stdin")
