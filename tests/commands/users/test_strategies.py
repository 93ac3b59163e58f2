"""The three credential strategies end to end: against the sandbox in process and over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from commands.keys import ADDRESS, SECRETS
from commands.serving import sandbox_served
from support.runner import Completed

SANDBOX_KEY = "pk_live_sandbox"


@pytest.fixture(params=["in process", "over HTTP"])
def sandbox(request, tool, isolated_environment, work) -> Iterator[Callable[..., Completed]]:
    """Run against a sandbox of twelve users: the built-in profile, or one that is served."""
    if request.param == "in process":
        yield lambda *argv, **how: tool("-p", "sandbox", *argv, **how)
        return
    with sandbox_served(isolated_environment, work) as url:
        env = {"PARSEC_API_KEY": SANDBOX_KEY, "PARSEC_API_BASE_URL": url}
        yield lambda *argv, **how: tool(*argv, env=env, **how)


def test_a_managed_eoa_wallet_is_made_once(sandbox):
    assert sandbox("users", "create", "new").code == 0
    argv = ["users", "onboard", "new", "--exchange", "polymarket", "--mode", "managed", "--json"]
    first = sandbox(*argv)
    assert first.code == 0, first
    assert first.json["status"] == "complete"
    assert "wallet_eoa_created" in first.json["steps_completed"]
    second = sandbox(*argv)
    assert second.code == 0, second
    assert second.json["status"] == "already_linked"
    user = sandbox("users", "get", "new", "--json").json
    assert user["wallet"]["wallet_type"] == "eoa"
    assert user["linked_exchanges"] == ["polymarket"]
    checked = sandbox("users", "check", "new", "--exchange", "polymarket", "--json")
    assert checked.json["ok"] is True, checked


def test_a_managed_safe_wallet_has_its_owner(sandbox):
    assert sandbox("users", "create", "new").code == 0
    done = sandbox(
        *("users", "onboard", "new", "--exchange", "polymarket", "--mode", "managed"),
        *("--wallet-type", "safe", "--eoa-address", ADDRESS, "--json"),
    )
    assert done.code == 0, done
    assert {"external_eoa_provided", "wallet_safe_created"} <= set(done.json["steps_completed"])
    wallet = sandbox("users", "get", "new", "--json").json["wallet"]
    assert (wallet["wallet_type"], wallet["chain_id"]) == ("safe", 137)
    assert wallet["eoa_address"].lower() == ADDRESS.lower()
    assert sandbox("users", "check", "new", "--exchange", "polymarket").code == 0


@pytest.mark.parametrize("exchange", ["kalshi", "polymarket"])
def test_own_keys_are_stored_and_work(sandbox, keys_file, leaks, exchange):
    assert sandbox("users", "create", "new").code == 0
    before = sandbox("users", "check", "new", "--exchange", exchange)
    assert before.code == 5, before
    done = sandbox(
        *("users", "onboard", "new", "--exchange", exchange, "--mode", "self"),
        *("--credentials", keys_file(exchange), "--json"),
    )
    assert done.code == 0, done
    assert "credentials_stored" in done.json["steps_completed"]
    after = sandbox("users", "check", "new", "--exchange", exchange)
    assert after.code == 0, after
    user = sandbox("users", "get", "new", "--json")
    assert (user.json["linked_exchanges"], user.json["wallet"]) == ([exchange], None)
    for completed in (done, after, user):
        assert leaks(completed, SECRETS) == []


@pytest.mark.parametrize("exchange", ["kalshi", "polymarket"])
def test_keys_per_request_work_and_nothing_is_stored(sandbox, keys_file, leaks, exchange):
    assert sandbox("users", "create", "new").code == 0
    argv = ["users", "check", "new", "--exchange", exchange]
    done = sandbox(*argv, "--credentials", keys_file(exchange), "--json", "-v")
    assert done.code == 0, done
    assert leaks(done, SECRETS) == []
    assert sandbox("users", "get", "new", "--json").json["linked_exchanges"] == []
    assert sandbox(*argv).code == 5


def test_the_whole_life_of_a_user_works(sandbox):
    made = sandbox("users", "create", "new", "--qps-limit", "5", "--json")
    assert made.json["created"] is True, made
    again = sandbox("users", "create", "new", "--qps-limit", "9", "--json")
    assert again.json["created"] is False
    assert "qps_limit is 5, not 9" in again.err
    raised = sandbox("users", "set-qps", "new", "9", "--json")
    assert raised.json["qps_limit"] == 9, raised
    gone = sandbox("users", "deactivate", "new", "--confirm", "new", "--json")
    assert gone.json["results"][0]["outcome"] == "deactivated", gone
    assert sandbox("users", "get", "new").code == 3
    assert sandbox("users", "deactivate", "new", "--confirm", "new").code == 3
    entries = sandbox("history", "list", "--json").json["entries"]
    verbs = [entry["command"].removeprefix("users ") for entry in entries]
    assert verbs == ["create", "create", "set-qps", "deactivate"]
    assert {entry["outcome"] for entry in entries} == {"applied"}
