"""Formats that only some commands support; all others refuse them before they do anything."""

import pytest

from parsec_cli.cli.help_pages import page_of
from parsec_cli.cli.tree import parser
from parsec_cli.results import EXTRA_FORMATS, FORMATS

VERBS = [page for page in page_of(parser(), ("parsec",)).walk() if not page.pages]


def formats_of(page):
    """Return the formats that help and completions list for a command."""
    output = next(option for option in page.options if "--output" in option.names)
    source, *words = output.values.split()
    assert source == "words"
    assert output.explained == f"Write in this format. [{', '.join(words)}]"
    return words


def complete_line(page):
    """Return words that the parser of a command accepts."""
    line = list(page.path[1:])
    for option in page.options:
        if option.required:
            line += [option.names[0], option.metavar.partition("|")[0]]
    return line + ["5" for argument in page.arguments if not argument.metavar.startswith("[")]


REFUSED = [
    pytest.param(page.name, complete_line(page), name, id=f"{page.name}-{name}")
    for page in VERBS
    for name in EXTRA_FORMATS
    if name not in formats_of(page)
]


@pytest.mark.parametrize(("verb", "line", "name"), REFUSED)
def test_a_command_without_the_format_refuses_it_before_any_request(verb, line, name, run, builder):
    done = run(*line, "-o", name)
    assert (done.code, done.out, builder.requests) == (2, "", [])
    message, hint = done.err.splitlines()
    assert message == f"error: `{verb}` does not support output format `{name}`"
    assert hint.startswith(f"hint: use one of {', '.join(FORMATS)}")


def test_the_option_may_come_before_the_command(run, builder):
    done = run("-o", "markdown", "users", "list")
    assert (done.code, builder.requests) == (2, [])
    assert "`parsec users list` does not support output format `markdown`" in done.err


def test_every_command_supports_the_other_formats():
    for page in VERBS:
        assert formats_of(page)[: len(FORMATS)] == list(FORMATS), page.name


@pytest.mark.parametrize("name", EXTRA_FORMATS)
def test_a_setting_cannot_be_one_of_them(name, run):
    text = f"output format `{name}` cannot be a setting, because few commands support it"
    done = run("config", "set", "output", name)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: `output`: {text}\nhint: use `-o {name}` on each command line\n"


@pytest.mark.parametrize("name", EXTRA_FORMATS)
def test_a_variable_cannot_be_one_of_them(name, run, builder):
    done = run("users", "list", env={"PARSEC_OUTPUT": name})
    assert (done.code, done.out, builder.requests) == (2, "", [])
    assert f"environment PARSEC_OUTPUT: output format `{name}` cannot be a setting" in done.err


def test_a_misspelled_one_is_recognised(run):
    done = run("pool", "show", "-o", "promethus")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: unknown output format `promethus`; did you mean `prometheus`?\n"
        f"hint: use one of {', '.join(FORMATS)}\n"
    )
