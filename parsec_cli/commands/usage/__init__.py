"""`parsec usage`: each verb is the file of the same name, imported when the line names it."""

from __future__ import annotations

from parsec_cli.cli.tree import Noun

noun = Noun(
    __name__,
    {
        "show": "Show the tier, the monthly quota, and the limits per second.",
        "check": "Check the monthly quota for cron: exit 0 below the limits, else 11.",
    },
)
