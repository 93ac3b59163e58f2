"""Each command says what it can do at worst, and one that can do something shows its target."""

from parsec_cli.cli.help_pages import page_of
from parsec_cli.cli.tree import parser
from parsec_cli.cli.typer_adapter import subcommands

CHANGE = {"users create", "users set-qps", "users onboard"}
IRREVERSIBLE = {"users deactivate", "users apply", "api"}
LOCAL = {
    *("config init", "config set", "config unset", "config use"),
    *("sandbox serve", "sandbox seed", "sandbox reset"),
}


def verbs(command=None, path=()):
    command = command or parser()
    below = subcommands(command)
    if not below:
        yield " ".join(path), command
    for name, child in below.items():
        yield from verbs(child, (*path, name))


def test_these_commands_can_do_something_and_all_others_only_read():
    effects = {name: command.effect for name, command in verbs() if command.effect != "read"}
    wanted = {"change": CHANGE, "irreversible": IRREVERSIBLE, "local": LOCAL}
    assert effects == {name: effect for effect, names in wanted.items() for name in names}


def test_changes_at_the_api_and_plans_show_their_target_first():
    shown = {name for name, command in verbs() if command.shows_target}
    # `api` shows it only if its method can change something
    assert shown == (CHANGE | IRREVERSIBLE | {"users plan"}) - {"api"}


def test_changes_at_the_api_and_nothing_else_have_a_dry_run():
    pages = {page.name: page for page in page_of(parser(), ("parsec",)).walk()}
    with_dry_run = {
        name.removeprefix("parsec ")
        for name, page in pages.items()
        if any("--dry-run" in option.names for option in page.options)
    }
    assert with_dry_run == CHANGE | IRREVERSIBLE
