"""`parsec usage`: each verb is the file of the same name, imported when the line names it."""

from __future__ import annotations

from parsec_cli.cli.tree import Noun

noun = Noun(__name__, {"show": "Show the tier, the monthly quota, and the limits per second."})
