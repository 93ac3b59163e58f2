"""Runs a command while a fault strikes its request."""

from __future__ import annotations

import time

import pytest
from faults.commands import COMMANDS, check_history, check_words, targeted
from support.actions import Action
from support.builder import BUILDER_KEY
from support.records import END_USER_KEY


@pytest.fixture
def struck(tool, builder, key_env, home, leaks):
    """Run a command while `action` strikes its request; check its messages and history."""
    builder.add("alice", 10)
    builder.strict = False

    def run(name: str, action: Action, *more: str, request_clock=time.monotonic, **fault):
        command = COMMANDS[name]
        fault.setdefault("times", 10_000)
        builder.fault(*command.target, action=action, **fault)
        how = {"env": key_env(builder), "request_clock": request_clock}
        completed = tool(*command.argv, "--json", *more, **how)
        if completed.code:
            check_words(completed, command)
        check_history(home, completed, command)
        assert leaks(completed, [BUILDER_KEY, END_USER_KEY]) == []
        return completed, targeted(builder, command)

    return run
