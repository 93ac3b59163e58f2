"""Write completion scripts, one file per shell, from the pages of the command tree.

A script contains commands, options and choices. It calls `parsec __complete` only for users,
profiles and runs, which come from local files. This file has the code that all scripts share.
"""

from __future__ import annotations

from collections.abc import Mapping

from parsec_cli.cli.help_pages import Page
from parsec_cli.cli.typer_adapter import Parameter


def split_options(root: Page) -> tuple[dict[str, Parameter], dict[Page, tuple[Parameter, ...]]]:
    """Return the common options with the same values on all pages, and each page's other ones."""
    found: dict[str, dict[str, Parameter]] = {o.names[0]: {} for o in root.common_options}
    for page in root.walk():
        for option in page.options:
            if option.names[0] in found:
                found[option.names[0]][option.values] = option
    same = {name: next(iter(kinds.values())) for name, kinds in found.items() if len(kinds) == 1}
    other = {
        page: tuple(option for option in page.options if option.names[0] not in same)
        for page in root.walk()
    }
    return same, other


def names_with_value(root: Page) -> list[str]:
    """Return all option names that take a value; ValueError if a flag has one of them."""
    options = [option for page in root.walk() for option in page.options]
    found = list(dict.fromkeys(n for option in options if option.metavar for n in option.names))
    clash = set(found) & {n for o in options if not o.metavar for n in o.all_names}
    if clash:
        raise ValueError(f"both a flag and an option: {', '.join(sorted(clash))}")
    return found


def filled(template: str, tables: Mapping[str, str]) -> str:
    """Replace the names of tables in a script by the tables."""
    for name, table in tables.items():
        template = template.replace(name, table)
    return template
