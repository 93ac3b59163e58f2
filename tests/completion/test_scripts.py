"""The scripts themselves: never stale, complete, and printed without the heavy libraries."""

from __future__ import annotations

import re

import pytest
from support.shells import FILES

from parsec_cli.cli import tree
from parsec_cli.cli.help_pages import Page, page_of
from parsec_cli.cli.typer_adapter import Parameter
from parsec_cli.shells import names_with_value

ROOT = page_of(tree.parser(), ("parsec",))
PAGES = list(ROOT.walk())


@pytest.mark.parametrize("shell", FILES)
def test_every_command_option_and_choice_is_in_the_script(shell, tool):
    text = tool("completion", shell).out
    for page in PAGES:
        assert page.path[-1] in text
        for option in page.options:
            for name in option.all_names:
                bare = name.lstrip("-") if shell == "fish" else name
                assert re.search(rf"(?<![\w-]){bare}(?![\w-])", text), name
            assert all(word in text for word in option.values.split()[1:])


def test_an_unknown_shell_is_refused_with_the_known_ones(tool):
    refused = tool("completion", "tcsh")
    assert (refused.code, refused.out) == (2, "")
    assert "hint: use one of bash, zsh, fish, powershell" in refused.err


def test_an_option_that_is_a_flag_on_another_page_is_refused():
    """The simpler scripts cannot distinguish the two."""
    flag, valued = Parameter(("-x",), "A."), Parameter(("-x",), "B.", metavar="N")
    below = Page(("p", "q"), "B.", options=(valued,))
    with pytest.raises(ValueError, match="-x"):
        names_with_value(Page(("p",), "A.", options=(flag,), pages=(below,)))


def test_powershell_brackets_and_quotes_are_balanced(tool):
    opened, quote, text = [], "", tool("completion", "powershell").out
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for c in code:
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "({[":
            opened.append(c)
        elif c in ")}]":
            assert opened.pop() + c in ("()", "{}", "[]")
    assert (opened, quote) == ([], "")


def test_powershell_distinguishes_options_that_differ_only_in_case(tool):
    """Its hash tables do not, so options stand in lists."""
    text = tool("completion", "powershell").out
    assert "'-f text', '-F text'" in text
    assert "-clike" in text
