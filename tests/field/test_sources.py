"""Which setting wins, and that a key is never sent to another host."""

from __future__ import annotations

import pytest
from support.views import STORED_KEY, profile


@pytest.mark.parametrize(
    "name",
    ["PARSEC_API_BASE_URL", "PARSEC_PROFILE", "PARSEC_OUTPUT", "PARSEC_DEBUG", "SSL_CERT_FILE"],
)
@pytest.mark.parametrize("blank", ["", "  "])
def test_every_blank_variable_counts_as_unset(tool, builder, config_file, name, blank):
    """The kind, not only the key."""
    builder.key = STORED_KEY
    env = {"PARSEC_CONFIG": str(config_file(profile(builder.url))), name: blank}
    completed = tool("pool", "show", env=env)
    assert completed.code == 0, completed
    assert builder.log == ["GET /api/v1/builder/pool"]


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_without_a_key_the_error_names_where_it_was_looked_for(tool, builder, blank):
    """A local error; an empty header is never sent."""
    env = {"PARSEC_API_BASE_URL": builder.url, "PARSEC_API_KEY": blank}
    completed = tool("pool", "show", env=env)
    assert completed.code == 4, completed
    assert "PARSEC_API_KEY" in completed.err
    assert "config" in completed.err
    assert builder.connections == []


@pytest.mark.parametrize(
    "argv", [["pool", "show"], ["users", "deactivate", "alice", "--confirm", "alice"]]
)
@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_stored_key_is_not_sent_to_another_origin(
    tool, builder, other_origin, config_file, how, argv
):
    """A key belongs to the host of its profile."""
    env = {"PARSEC_CONFIG": str(config_file(profile(other_origin.url)))}
    if how == "option":
        argv = [*argv, "--base-url", builder.url]
    else:
        env["PARSEC_API_BASE_URL"] = builder.url
    completed = tool(*argv, env=env)
    assert completed.code == 10, completed
    assert STORED_KEY not in completed.err
    assert builder.connections == other_origin.connections == []
