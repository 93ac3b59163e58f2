"""What the scripts of all shells say alike: which option takes what, in one word each."""

from __future__ import annotations

from collections.abc import Iterable

from parsec_cli.cli.help_pages import Argument, Option, Page, Values


def taken(values: Values) -> str:
    """Write values as the scripts' tables have them: a source, then its words."""
    return " ".join((values.source, *values.words))


def options_by_use(root: Page) -> tuple[dict[str, Option], dict[Page, tuple[Option, ...]]]:
    """Return the common options that take the same everywhere, and those of each page alone."""
    common: dict[str, Option] = {}
    varying: set[str] = set()
    for page in root.walk():
        for option in page.common_options:
            name = option.names[0]
            if common.setdefault(name, option).values != option.values:
                varying.add(name)
    alike = {name: option for name, option in common.items() if name not in varying}
    rest = {
        page: tuple(option for option in page.options if option.names[0] not in alike)
        for page in root.walk()
    }
    return alike, rest


def names(options: Iterable[Option]) -> list[str]:
    return [name for option in options for name in option.all_names]


def with_value(root: Page) -> list[str]:
    """Return all option names that take a value, on whichever page."""
    found = {n: None for page in root.walk() for o in page.options if o.metavar for n in o.names}
    flags = {n for page in root.walk() for o in page.options if not o.metavar for n in o.all_names}
    clash = flags & set(found)
    if clash:
        raise ValueError(f"flag here, option there: {', '.join(sorted(clash))}")
    return list(found)


def word(argument: Argument) -> str:
    """Return a metavar without the marks of optional and repeated ones."""
    return argument.metavar.removeprefix("[").removesuffix("]").removesuffix("...")
