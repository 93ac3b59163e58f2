"""`parsec config`: profiles, hosts and keys that are kept between commands."""

from __future__ import annotations

from typing import Annotated

import typer

from parsec_cli.cli.common_options import runtime_of
from parsec_cli.cli.tree import Noun
from parsec_cli.results import Listing, Record, Text

noun = Noun("config", "Manage profiles: hosts, keys and defaults.")
Key = Annotated[
    str,
    typer.Argument(metavar="KEY", help="The name of a setting."),
]
NoVerify = Annotated[
    bool, typer.Option("--no-verify", help="Store the key without asking the API.")
]


@noun.command("init")
def init(ctx: typer.Context, *, no_verify: NoVerify = False) -> None:
    """Store the host and the key of a profile.

    Asks for both, or reads the key from stdin. The key is verified with one request first.

    Examples:
      parsec config init
      pass show parsec | parsec config init -p staging --base-url https://staging.example

    """
    from parsec_cli.commands.config.profile_settings import initialise

    initialise(runtime_of(ctx), verify=not no_verify)


@noun.command("show")
def show(ctx: typer.Context) -> Record:
    """Show each setting in effect and where it came from.

    The key is masked.

    Examples:
      parsec config show
      parsec config show -p staging --json

    """
    from parsec_cli.commands.config.profile_settings import in_effect

    return in_effect(runtime_of(ctx))


@noun.command("path")
def path(ctx: typer.Context) -> Text:
    """Print the path of the config file, even if it does not exist.

    Examples:
      parsec config path
      ls -l "$(parsec config path)"

    """
    return Text(f"{runtime_of(ctx).places.config_file}\n")


@noun.command("set")
def set_value(
    ctx: typer.Context,
    key: Key,
    value: Annotated[
        str | None,
        typer.Argument(
            metavar="[VALUE]", help="Not for api_key, which is typed hidden or read from stdin."
        ),
    ] = None,
    *,
    no_verify: NoVerify = False,
) -> None:
    """Store one setting in the named or default profile.

    A key is never an argument, and is verified with one request first.

    Examples:
      parsec config set output json
      parsec config set api_key -p staging < key.txt

    """
    from parsec_cli.commands.config.profile_settings import store

    store(runtime_of(ctx), key, value, verify=not no_verify)


@noun.command("unset")
def unset(ctx: typer.Context, key: Key) -> None:
    """Remove one setting from the named or default profile.

    Examples:
      parsec config unset rate
      parsec config unset api_key -p staging

    """
    from parsec_cli.commands.config.profile_settings import remove

    remove(runtime_of(ctx), key)


@noun.command("use")
def use(
    ctx: typer.Context,
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="A profile, or sandbox.")],
) -> None:
    """Make a profile the default one.

    Examples:
      parsec config use staging
      parsec config use sandbox

    """
    from parsec_cli.commands.config.profile_settings import choose

    choose(runtime_of(ctx), profile)


@noun.command("profiles")
def profiles(ctx: typer.Context) -> Listing:
    """List the profiles, the built-in sandbox last.

    Examples:
      parsec config profiles
      parsec config profiles --json --fields name,base_url

    """
    from parsec_cli.commands.config.profile_settings import all_profiles

    return all_profiles(runtime_of(ctx))
