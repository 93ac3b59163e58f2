"""Profiles, keys and settings."""
