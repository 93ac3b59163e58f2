"""Shells that know users and profiles, and a `parsec` that records its arguments."""

from __future__ import annotations

import os

import pytest
from support.launcher import forked
from support.shells import ODD_IDS

from parsec_cli.config.profiles import SANDBOX_KEY
from parsec_cli.config.settings import Places, fingerprint
from parsec_cli.memory.user_index import Index

KEY = "pk_live_CANARY_0001"
HOST = "https://api.example"


@pytest.fixture
def shell_environment(isolated_environment, tmp_path):
    """An environment with `parsec` on the path and known users behind it."""
    programs = tmp_path / "bin"
    programs.mkdir()
    tool = programs / "parsec"
    tool.write_text(
        "#!/bin/sh\n"
        f'[ "$1" != __complete ] || exec {forked(programs)}\n'
        'printf \'%s\\0\' "$@" >> "$NOTES"; printf \'\\0\\n\' >> "$NOTES"\n',
        encoding="utf-8",
    )
    tool.chmod(0o700)
    env = {
        **isolated_environment,
        "PATH": f"{programs}:{os.defpath}",
        "NOTES": str(tmp_path / "notes"),
        "PARSEC_API_KEY": KEY,
        "PARSEC_API_BASE_URL": HOST,
        "COLUMNS": "400",
        "LINES": "50",
        "TERM": "dumb",
    }
    places = Places(env)
    index = Index(places.index_file, f"{HOST}:443", fingerprint(KEY))
    index.remember([(f"customer-{n}", name) for n, name in enumerate(ODD_IDS)])
    index.close()
    sandbox = Index(places.index_file, "http://sandbox.localhost:80", fingerprint(SANDBOX_KEY))
    sandbox.remember([("customer-s", "sandy")])
    sandbox.close()
    places.config_file.parent.mkdir(parents=True)
    places.config_file.write_text("[profiles.prod]\n[profiles.'a b']\n", encoding="utf-8")
    places.runs_dir.mkdir(parents=True)
    (places.runs_dir / "r-20260921-1413.jsonl").touch()
    return env
