"""Numbers with their nouns, as messages say them."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return `1 user`, `2 users`, `1,000 users`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
