"""`parsec config`: show and change profiles, which keep hosts, keys and defaults.

Only verbs that change something import the editor: `config path` reads no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from parsec_cli import columns
from parsec_cli.cli.common_options import argument, option, runtime_of
from parsec_cli.cli.tree import Noun
from parsec_cli.errors import UsageFault
from parsec_cli.models import JsonObject
from parsec_cli.next_command import again
from parsec_cli.results import Grid, Listing, Record, Text
from parsec_cli.runtime import Runtime

if TYPE_CHECKING:
    from parsec_cli.config.edit import Editor

noun = Noun()
KEY = argument("KEY", "The name of a setting.")
NO_VERIFY = option("--no-verify", "Store the key without asking the API.")


@noun.command("init", effect="local")
def init(ctx: typer.Context, *, no_verify: bool = NO_VERIFY) -> None:
    """Store the host and the key of a profile.

    Asks for both, or reads the key from stdin. The key is verified with one request first.

    Examples:
      parsec config init
      pass show parsec | parsec config init -p staging --base-url https://staging.example

    """
    from parsec_cli.commands.config.store_key import init_profile

    runtime = runtime_of(ctx)
    init_profile(runtime, _editor(runtime), verify=not no_verify)


@noun.command("show")
def show(ctx: typer.Context) -> Record:
    """Show each setting in effect and where it came from.

    The key is masked.

    Examples:
      parsec config show
      parsec config show -p staging --json

    """
    profile = runtime_of(ctx).profile
    settings: JsonObject = {
        key: {"value": value, "source": profile.sources[key] or "not set"}
        for key, value in {
            "base_url": profile.base_url.text,
            "api_key": profile.masked_key(),
            "output": profile.output,
            "rate": profile.rate,
            "protected": profile.protected,
        }.items()
    }
    named = {"setting": "profile", "value": profile.name, "source": profile.sources["profile"]}
    rows = [named, *({"setting": key, **setting} for key, setting in settings.items())]
    grid = Grid(columns.SETTING, rows)
    value = {"profile": profile.name, "values": settings}
    return Record(value, columns.SETTINGS, (grid,), rows=grid)


@noun.command("path")
def path(ctx: typer.Context) -> Text:
    """Print the path of the config file, even if it does not exist.

    Examples:
      parsec config path
      ls -l "$(parsec config path)"

    """
    return Text(f"{runtime_of(ctx).places.config_file}\n")


@noun.command("set", effect="local")
def set_value(
    ctx: typer.Context,
    key: str = KEY,
    value: str | None = argument(
        "[VALUE]", "The value; not for api_key, which is typed hidden or read from stdin."
    ),
    *,
    no_verify: bool = NO_VERIFY,
) -> None:
    """Store one setting in the named or default profile.

    A key is never an argument, and is verified with one request first.

    Examples:
      parsec config set output json
      parsec config set api_key -p staging < key.txt

    """
    from parsec_cli.commands.config.store_key import store_key
    from parsec_cli.config.settings import setting_of

    runtime = runtime_of(ctx)
    editor = _editor(runtime)
    if setting_of(key).secret:
        store_key(runtime, editor, key, value, verify=not no_verify)
        return
    if no_verify:
        raise UsageFault("`--no-verify` is for `api_key` alone")
    if value is None:
        command = again(names=[key, "VALUE"])
        raise UsageFault(f"`{key}` needs a value", hint="give one with", command=command)
    name = editor.set(runtime.options.profile, key, value)
    runtime.screen.notice(f"stored `{key}`{_of(name)} in {editor.path}")


@noun.command("unset", effect="local")
def unset(ctx: typer.Context, key: str = KEY) -> None:
    """Remove one setting from the named or default profile.

    Examples:
      parsec config unset rate
      parsec config unset api_key -p staging

    """
    runtime = runtime_of(ctx)
    editor = _editor(runtime)
    name, present = editor.unset(runtime.options.profile, key)
    removed = f"removed `{key}`{_of(name)} from {editor.path}"
    runtime.screen.notice(removed if present else f"`{key}`{_of(name)} was not set; nothing to do")


@noun.command("use", effect="local")
def use(
    ctx: typer.Context,
    profile: str = argument("PROFILE", "A profile, or sandbox."),
) -> None:
    """Make a profile the default one.

    Examples:
      parsec config use staging
      parsec config use sandbox

    """
    runtime = runtime_of(ctx)
    _editor(runtime).use(profile)
    runtime.screen.notice(f"the default profile is now `{profile}`")


@noun.command("profiles")
def profiles(ctx: typer.Context) -> Listing:
    """List the profiles, the built-in sandbox last.

    Examples:
      parsec config profiles
      parsec config profiles --json --fields name,base_url

    """
    from parsec_cli.base_url import DEFAULT_BASE_URL
    from parsec_cli.config.read import key_kept, read
    from parsec_cli.config.settings import DEFAULT_PROFILE, SANDBOX

    config = read(runtime_of(ctx).places.config_file)
    default = config.default_profile or DEFAULT_PROFILE
    records: list[JsonObject] = [
        {
            "name": name,
            "base_url": stored.get("base_url", DEFAULT_BASE_URL),
            "key": key_kept(stored),
            "protected": stored.get("protected") == "true",
        }
        for name, stored in config.profiles.items()
    ]
    records.append({"name": SANDBOX, "base_url": None, "key": "built in", "protected": False})
    for one in records:
        one["default"] = one["name"] == default
    return Listing("profiles", columns.PROFILE, [records])


def _editor(runtime: Runtime) -> Editor:
    from parsec_cli.config.edit import Editor

    return Editor(runtime.places.config_file, runtime.world.environ)


def _of(profile: str) -> str:
    return f" of profile `{profile}`" if profile else ""
