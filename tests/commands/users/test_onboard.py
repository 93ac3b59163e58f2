"""`users onboard`: the rules of the strategies before anything is sent, and keys kept secret."""

from __future__ import annotations

import json

import pytest
from commands.keys import ADDRESS, KEYS, SECRETS, kalshi, pem, polymarket
from support.actions import close, json_response
from support.records import wallet

MANAGED = ["--exchange", "polymarket", "--mode", "managed"]
KALSHI = ["--exchange", "kalshi", "--mode", "self"]
POLYMARKET = ["--exchange", "polymarket", "--mode", "self"]


OWNER = ["--wallet-type", "safe", "--eoa-address", ADDRESS]


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ([], {"wallet_type": "eoa"}),
        (["--wallet-type", "eoa"], {"wallet_type": "eoa"}),
        (OWNER, {"wallet_type": "safe", "eoa_address": ADDRESS, "chain_id": 137}),
        (
            [*OWNER, "--chain-id", "1"],
            {"wallet_type": "safe", "eoa_address": ADDRESS, "chain_id": 1},
        ),
    ],
    ids=["default", "eoa", "safe", "safe on another chain"],
)
def test_a_managed_user_gets_a_wallet(run, builder, options, fields):
    user = builder.add("alice")
    done = run("users", "onboard", "alice", *MANAGED, *options, "--json")
    assert done.code == 0, done
    assert done.json["steps_completed"] == ["exchange_linked"]
    sent = {"customer_id": user["customer_id"], "exchange": "polymarket", "mode": "managed"}
    assert builder.mutations[0].json() == {**sent, **fields}


@pytest.mark.parametrize("exchange", ["kalshi", "polymarket"])
@pytest.mark.parametrize("source", ["file", "stdin"])
def test_own_keys_are_stored_and_seen_nowhere(
    run, builder, keys_file, work, leaks, exchange, source
):
    user = builder.add("alice")
    file = keys_file(exchange)
    where, stdin = (file, b"") if source == "file" else ("-", (work / file).read_bytes())
    argv = ["users", "onboard", "alice", "--exchange", exchange, "--mode", "self"]
    done = run(*argv, "--credentials", where, "-v", "--json", stdin=stdin)
    assert done.code == 0, done
    sent = {"customer_id": user["customer_id"], "exchange": exchange, "mode": "self"}
    assert builder.mutations[0].json() == {**sent, **KEYS[exchange]()}
    assert leaks(done, SECRETS) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("source", ["file", "stdin"])
def test_a_pem_key_may_have_any_encoding_and_line_ends(run, builder, work, encoding, source):
    builder.add("alice")
    content = pem().replace("\n", "\r\n").encode(encoding)
    (work / "key.pem").write_bytes(content)
    where, stdin = ("key.pem", b"") if source == "file" else ("-", content)
    argv = ["users", "onboard", "alice", *KALSHI, "--api-key-id", "kid-0001"]
    done = run(*argv, "--credentials", where, stdin=stdin)
    assert done.code == 0, done
    sent = builder.mutations[0].json()
    assert (sent["api_key_id"], sent["private_key"]) == ("kid-0001", pem())


SAFE = [*MANAGED, "--wallet-type", "safe"]
OWN = [*POLYMARKET, "--credentials", "polymarket.json"]
RULES = {
    "managed is Polymarket only": ["--exchange", "kalshi", "--mode", "managed"],
    "no such exchange": ["--exchange", "nyse", "--mode", "managed"],
    "exchange in capitals": ["--exchange", "Polymarket", "--mode", "managed"],
    "no such mode": ["--exchange", "polymarket", "--mode", "auto"],
    "no such wallet": [*MANAGED, "--wallet-type", "gold"],
    "eoa with an address": [*MANAGED, "--eoa-address", ADDRESS],
    "eoa with a chain": [*MANAGED, "--chain-id", "137"],
    "safe without an owner": SAFE,
    "safe with a short owner": [*SAFE, "--eoa-address", "0x12"],
    "safe with an owner and a newline": [*SAFE, "--eoa-address", f"{ADDRESS}\n"],
    "chain 0": [*SAFE, "--eoa-address", ADDRESS, "--chain-id", "0"],
    "managed with credentials": [*MANAGED, "--credentials", "polymarket.json"],
    "managed with a key id": [*MANAGED, "--api-key-id", "x"],
    "self without credentials": POLYMARKET,
    "self with a wallet": [*OWN, "--wallet-type", "eoa"],
    "self with an address": [*OWN, "--eoa-address", ADDRESS],
    "self with a chain": [*OWN, "--chain-id", "1"],
    "a key id for Polymarket": [*OWN, "--api-key-id", "x"],
    "another key id": [*KALSHI, "--credentials", "kalshi.json", "--api-key-id", "other"],
    "keys of the other exchange": [*KALSHI, "--credentials", "polymarket.json"],
    "keys of the other": [*POLYMARKET, "--credentials", "kalshi.json"],
    "no such file": [*KALSHI, "--credentials", "missing.json"],
    "a directory": [*KALSHI, "--credentials", "."],
}


@pytest.mark.parametrize("options", RULES.values(), ids=RULES.keys())
def test_what_a_strategy_does_not_allow_is_refused_before_any_request(
    run, builder, keys_file, leaks, options
):
    builder.add("alice")
    keys_file("kalshi")
    keys_file("polymarket")
    done = run("users", "onboard", "alice", *options)
    assert done.code == 2, done
    assert builder.requests == []
    assert leaks(done, SECRETS) == []


def test_a_private_key_alone_is_not_enough_to_be_stored(run, builder, keys_file):
    builder.add("alice")
    alone = dict.fromkeys(("clob_api_key", "clob_api_secret", "clob_api_passphrase"))
    file = keys_file("polymarket", **alone)
    done = run("users", "onboard", "alice", *POLYMARKET, "--credentials", file)
    assert done.code == 2, done
    assert "`clob_api_key`" in done.err
    assert builder.requests == []


@pytest.mark.parametrize(
    "pasted", [json.dumps(kalshi()), pem(), polymarket()["private_key"], "x" * 5000]
)
@pytest.mark.parametrize("command", ["onboard", "check", "encode"])
def test_keys_pasted_in_place_of_the_file_are_not_repeated(run, builder, leaks, command, pasted):
    builder.add("alice")
    done = run(
        *{
            "onboard": ["users", "onboard", "alice", *KALSHI, "--credentials", pasted],
            "check": ["users", "check", "alice", "--exchange", "kalshi", "--credentials", pasted],
            "encode": ["credentials", "encode", "--exchange", "kalshi", "--", pasted],
        }[command]
    )
    assert done.code == 2, done
    assert pasted[:40] not in done.err
    assert leaks(done, SECRETS) == []
    assert builder.requests == []


@pytest.mark.parametrize("option", ["--private-key", "--clob-api-secret", "--api-secret"])
def test_no_option_takes_a_secret_and_its_value_is_not_repeated(run, builder, option):
    secret = polymarket()["private_key"]
    for argv in ([f"{option}={secret}"], [option, secret]):
        done = run("users", "onboard", "alice", *POLYMARKET, *argv)
        assert done.code == 2, done
        assert secret not in done.err
    assert builder.requests == []


@pytest.mark.parametrize("exchange", ["kalshi", "polymarket"])
@pytest.mark.parametrize("output", ["table", "tsv", "csv", "json", "jsonl"])
def test_a_dry_run_shows_no_secret_in_any_format(run, builder, keys_file, leaks, exchange, output):
    builder.add("alice")
    done = run(
        *("users", "onboard", "alice", "--exchange", exchange, "--mode", "self", "-n"),
        *("--credentials", keys_file(exchange), "-o", output, "--reveal-keys", "-v"),
    )
    assert done.code == 0, done
    assert leaks(done, SECRETS) == []
    assert builder.mutations == []


@pytest.mark.parametrize("exchange", ["kalshi", "polymarket"])
@pytest.mark.parametrize("output", ["table", "json"])
def test_keys_in_a_successful_response_reach_neither_screen_nor_disk(
    run, builder, keys_file, leaks, exchange, output
):
    """This includes single lines of a key, in a field of any name."""
    user = builder.add("alice")
    keys = KEYS[exchange]()
    echo = " ".join((*keys.values(), *keys["private_key"].splitlines()))
    value = {"customer_id": user["customer_id"], "exchange": exchange, "mode": "self"}
    value |= {"status": "complete", "steps_completed": [echo], "linked_exchanges": [exchange]}
    value |= {"eoa_address": echo, "note": echo}
    builder.fault("POST", action=json_response(200, value))
    done = run(
        *("users", "onboard", "alice", "--exchange", exchange, "--mode", "self"),
        *("--credentials", keys_file(exchange), "-o", output, "-v"),
    )
    assert done.code == 0, done
    assert leaks(done, SECRETS) == []


@pytest.mark.parametrize(
    ("linked", "argv", "message"),
    [
        ([], MANAGED, "polymarket is not linked"),
        # the keys that are stored may be the old ones
        (["kalshi"], [*KALSHI, "--credentials", "kalshi.json"], "already linked before"),
    ],
)
def test_a_lost_response_without_evidence_leaves_the_outcome_unknown(
    run, builder, keys_file, linked, argv, message
):
    user = builder.add("alice", linked_exchanges=linked)
    keys_file("kalshi")
    builder.fault("POST", action=close())
    done = run("users", "onboard", "alice", *argv, "--json")
    assert done.code == 12, done
    assert message in " ".join(done.error["details"])
    assert user["customer_id"] in done.error["hint"]
    assert len(builder.mutations) == 1


def test_a_closed_stdin_is_an_error(run, builder):
    builder.add("alice")
    done = run("users", "onboard", "alice", *KALSHI, "--credentials", "-", stdin=None)
    assert done.code == 2, done
    assert "stdin" in done.err
    assert builder.requests == []


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"error": "half way"}, "it contains an error"),
        ({"exchange": "kalshi"}, "it is about another exchange"),
        ({"exchange": None}, "it is about another exchange"),
        ({"customer_id": "another"}, "it is another user's record"),
    ],
    ids=str,
)
def test_a_200_with_other_content_is_checked_by_a_read(run, builder, odd, message):
    user = builder.add("u1")
    value = {"customer_id": user["customer_id"], "exchange": "polymarket", "mode": "managed"}
    builder.fault("POST", "/builder/onboard", action=json_response(200, {**value, **odd}))
    done = run("users", "onboard", "u1", *MANAGED)
    assert done.code == 12, done
    assert message in done.err
    assert builder.log[-1] == f"GET /api/v1/builder/users/{user['customer_id']}"


@pytest.mark.parametrize(("held", "code"), [(wallet(), 0), (None, 12)], ids=["wallet", "none"])
def test_an_existing_managed_link_is_evidence_after_a_lost_response(run, builder, held, code):
    """Without a wallet, it is a link by the user's own keys."""
    builder.add("u1", linked_exchanges=["polymarket"], wallet=held)
    builder.fault("POST", "/builder/onboard", action=close())
    done = run("users", "onboard", "u1", *MANAGED)
    assert done.code == code, done


def test_a_read_that_shows_the_link_after_an_odd_response_is_not_about_a_lost_one(run, builder):
    user = builder.add("u1")
    value = {"customer_id": user["customer_id"], "exchange": "polymarket", "status": "failed"}
    builder.fault("POST", action=json_response(200, value), after_effect=True)
    done = run("users", "onboard", "u1", *MANAGED)
    assert done.code == 0, done
    assert "not as the API promises; a read shows that `u1` is linked to polymarket" in done.err


@pytest.mark.parametrize("status", ["failed", "pending", None])
def test_a_200_that_does_not_say_that_the_exchange_is_linked_is_unknown(
    run, builder, history, status
):
    user = builder.add("u1")
    value = {"customer_id": user["customer_id"], "exchange": "polymarket", "status": status}
    builder.fault("POST", action=json_response(200, {**value, "linked_exchanges": []}))
    done = run("users", "onboard", "u1", *MANAGED, "--json")
    assert (done.code, done.out) == (12, ""), done
    assert "read again: polymarket is not linked" in " ".join(done.error["details"])
    assert history()[-1]["outcome"] == "unknown"
