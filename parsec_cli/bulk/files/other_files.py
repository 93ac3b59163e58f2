"""Recognise what this tool printed or saved, but is no file of users, by its columns."""

from __future__ import annotations

from collections.abc import Sequence

from parsec_cli.errors import Proposal
from parsec_cli.models import is_uuid
from parsec_cli.next_command import again, run


def what_it_is(names: Sequence[str], file: str) -> Proposal | None:
    """Return a hint, perhaps with a command, for the file; None if it is not recognised."""
    found = set(names)
    if "parsec_plan" in found:
        plan = "PLAN" if file == "stdin" else file
        return "this is a saved plan; apply it with", run("users", "apply", names=[plan])
    if {"actions", "digest"} <= found or ({"row", "action"} <= found and "outcome" not in found):
        text = "this is the output of a plan, not a saved plan; save one with"
        return text, run("users", "plan", "FILE", "--out", "PLAN")
    if {"external_id", "before", "after"} == found - {"customer_id"}:
        return "to read the new limits, run", again(map="qps_limit=after")
    if "shares" in found:
        return "these are shares of the pool; write them with `-o csv`", None
    if any(map(is_uuid, names)):
        return "the first line seems to be a row, not the header; export with `--headers`", None
    return None
