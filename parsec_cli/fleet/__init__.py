"""Decide and apply: many users from a file, planned, paced and resumable."""
