"""Each command says what it can do at worst."""

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
