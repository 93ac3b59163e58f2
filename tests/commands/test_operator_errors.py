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
