"""What an operator has at the start of a session."""

from __future__ import annotations

import pytest
from support.session import Session

KEY = "pk_live_sandbox"


@pytest.fixture
def at_work(session, host):
    """A shell of an operator who set up a profile long ago: `default`, with twelve users."""
    session(f"parsec config init --base-url {host()}", stdin=KEY)
    return session


@pytest.fixture
def colleague(at_work, home):
    """A shell of somebody else at another machine, with a profile at the same host."""
    elsewhere = home.parent / "elsewhere"
    elsewhere.mkdir()
    moved = {k: v.replace(str(home), str(elsewhere)) for k, v in at_work.environment.items()}
    other = Session(moved, elsewhere)
    url = at_work("parsec config show --json").json["values"]["base_url"]["value"]
    other(f"parsec config init --base-url {url}", stdin=KEY)
    return other


@pytest.fixture
def limits():
    """Read the limit of every user of a profile: `limits(session, profile="default")`."""

    def read(session, profile="default"):
        listed = session(f"parsec -p {profile} users list --json").json
        return {user["external_id"]: user["qps_limit"] for user in listed["users"]}

    return read
