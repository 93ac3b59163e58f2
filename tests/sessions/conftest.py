"""What an operator has at the start of a session."""

from __future__ import annotations

import pytest

KEY = "pk_live_sandbox"


@pytest.fixture
def at_work(session, host):
    """A shell of an operator who set up a profile long ago: `default`, with twelve users."""
    session(f"parsec config init --base-url {host()}", stdin=KEY)
    return session


@pytest.fixture
def limits():
    """Read the limit of every user of a profile: `limits(session, profile="default")`."""

    def read(session, profile="default"):
        listed = session(f"parsec -p {profile} users list --json").json
        return {user["external_id"]: user["qps_limit"] for user in listed["users"]}

    return read
