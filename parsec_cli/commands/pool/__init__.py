"""`parsec pool`: each verb is the file of the same name, imported when the line names it."""

from __future__ import annotations

from parsec_cli.cli.tree import Noun

noun = Noun(
    __name__,
    {
        "show": "Show the pool, what is allocated and free, and the number of users.",
        "check": "Check the pool for cron: exit 0 below the limits, else 11.",
        "share": "Compute limits that fit the pool, and print them as a roster.",
    },
)
