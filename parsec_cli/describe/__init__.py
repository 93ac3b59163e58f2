"""Describe every command as data, for `parsec help --json`."""
