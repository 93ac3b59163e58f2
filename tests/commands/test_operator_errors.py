"""Keys in the wrong place: pasted as an argument, they are refused and not repeated."""

from __future__ import annotations

import pytest

PASTED = "pk_live_PASTEDCANARY0001"
PLACES = [
    ["{}"],
    ["users", "{}"],
    ["users", "get", "{}"],
    ["users", "get", "id:{}"],
    ["users", "get", "ext: {}"],
    ["users", "create", "{}"],
    ["users", "create", "alice", "{}"],
    ["users", "create", "alice", "--email", "{}"],
    ["users", "set-qps", "{}", "5"],
    ["users", "set-qps", "alice", "{}"],
    ["users", "onboard", "alice", "--exchange", "{}", "--mode", "managed"],
    ["users", "onboard", "alice", "--exchange", "polymarket", "--mode", "{}"],
    ["users", "check", "alice", "--exchange", "{}"],
    ["users", "check", "{}", "--exchange", "kalshi"],
    ["users", "deactivate", "{}"],
    ["users", "deactivate", "--from-file", "{}"],
    ["users", "plan", "{}"],
    ["users", "list", "--limit", "{}"],
    ["users", "list", "--wallet", "{}"],
    ["users", "list", "-o", "{}"],
    ["--timeout", "{}", "users", "list"],
    ["--rate={}", "users", "list"],
    ["--api-key={}", "users", "list"],
    ["--api-key", "{}", "users", "list"],
    ["--{}", "users", "list"],
    ["-p", "{}", "users", "list"],
    ["--base-url", "{}", "users", "list"],
    ["api", "{}", "/builder/pool"],
    ["api", "GET", "http://{}"],
    ["credentials", "encode", "--exchange", "kalshi", "{}"],
    ["history", "show", "{}"],
    ["history", "list", "--since", "{}"],
    ["help", "{}"],
    ["sandbox", "seed", "{}"],
]


@pytest.mark.parametrize("argv", PLACES, ids=" ".join)
@pytest.mark.parametrize("output", [[], ["--json"]], ids=["text", "json"])
def test_a_pasted_key_is_refused_and_not_repeated(run, builder, leaks, argv, output):
    builder.add("alice")
    done = run(*output, *(word.format(PASTED) for word in argv))
    assert done.code in (2, 3), done
    assert leaks(done, [PASTED]) == []
    assert builder.requests == []
    if output:
        assert done.error["exit_code"] == done.code


@pytest.mark.parametrize("output", [[], ["--json"]], ids=["text", "json"])
def test_an_error_names_the_next_thing_to_type(run, output):
    done = run("users", "deactivate", *output)
    assert done.code == 2, done
    assert "users deactivate USER" in done.err


@pytest.mark.parametrize("number", ["-1", "100001", "1.5"])
def test_a_sandbox_has_at_most_100_000_users(tool, home, number):
    done = tool("sandbox", "seed", "--", number)
    assert done.code == 2, done
    assert list(home.rglob("sandbox.sqlite3")) == []
