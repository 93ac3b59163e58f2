"""Screens as a person sees them: the tool against the sandbox, on a terminal of a given width."""

from __future__ import annotations

import re

import pytest
from support.teletype import run_on_teletype

_CODES = re.compile(r"\x1b\[([0-9;]*)m")


@pytest.fixture
def screen(isolated_environment, work, clock, monkeypatch):
    """Run on a terminal: `screen(*argv, cols=80, env={}, answer=(question, keys), code=0)`.

    It returns stdout and stderr as one text, without colours unless `colour` is True.
    """
    monkeypatch.chdir(work)

    def run(*argv, cols=80, env=None, colour=False, answer=None, encoding="utf-8", code=0):
        environ = {**isolated_environment, **({} if colour else {"NO_COLOR": "1"}), **(env or {})}
        session = run_on_teletype(
            argv, env=environ, clock=clock, cols=cols, answer=answer, encoding=encoding
        )
        assert session.code == code, session
        return session.text

    return run


@pytest.fixture
def styled():
    """Find the parts of a text that have a style: `styled(text, "31")` is what is red."""

    def find(text, code):
        found, current, at = [], "", 0
        for match in _CODES.finditer(text):
            if current == code and at < match.start():
                found.append(text[at : match.start()])
            current, at = ("" if match[1] in ("", "0") else match[1]), match.end()
        return found

    return find
