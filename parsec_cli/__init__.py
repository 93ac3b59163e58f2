"""`parsec`: the admin tool for builders on the Parsec API."""

__version__ = "0.1.0"
