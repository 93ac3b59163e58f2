"""`parsec history`: each verb is the file of the same name, imported when the line names it."""

from __future__ import annotations

from parsec_cli.cli.tree import Noun
from parsec_cli.errors import counted
from parsec_cli.runtime import Runtime

noun = Noun(
    __name__,
    {
        "list": "List the changes sent from this machine, the newest last.",
        "show": "Show one change in full: what it changed, before, after and outcome.",
        "revert": "Print a roster that undoes a change, or all changes of a run.",
    },
)


def warn_of_damage(runtime: Runtime) -> None:
    if count := runtime.history.damaged:
        path = runtime.places.history_file
        runtime.screen.warning(f"`{path}` is damaged: skipped {counted(count, 'line')}")
