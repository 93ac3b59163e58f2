"""`users onboard`: the rules of the strategies before anything is sent, and keys kept secret."""

from __future__ import annotations

import json

import pytest
from commands.keys import ADDRESS, KEYS, SECRETS, kalshi, pem, polymarket
from support.actions import close, json_answer
from support.runner import run_in_process

MANAGED = ["--exchange", "polymarket", "--mode", "managed"]
KALSHI = ["--exchange", "kalshi", "--mode", "self"]
POLYMARKET = ["--exchange", "polymarket", "--mode", "self"]


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ([], {"wallet_type": "eoa"}),
        (["--wallet-type", "eoa"], {"wallet_type": "eoa"}),
        (
            ["--wallet-type", "safe", "--eoa-address", ADDRESS],
            {"wallet_type": "safe", "eoa_address": ADDRESS, "chain_id": 137},
        ),
        (
            ["--wallet-type", "safe", "--eoa-address", ADDRESS, "--chain-id", "1"],
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
    assert builder.mutations[0].json() == {
        "customer_id": user["customer_id"],
        "exchange": "polymarket",
        "mode": "managed",
        **fields,
    }


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
    assert builder.mutations[0].json() == {
        "customer_id": user["customer_id"],
        "exchange": exchange,
        "mode": "self",
        **KEYS[exchange](),
    }
    assert leaks(done, SECRETS) == []


def test_polymarket_keys_without_a_private_key_are_read_only_but_taken(run, builder, keys_file):
    builder.add("alice")
    file = keys_file("polymarket", private_key=None)
    done = run("users", "onboard", "alice", *POLYMARKET, "--credentials", file)
    assert done.code == 0, done
    assert "private_key" not in builder.mutations[0].json()


def as_json(text: str) -> bytes:
    return json.dumps({**kalshi(), "private_key": text}).encode()


FORMS = {
    "plain": pem().encode(),
    "no newline at the end": pem().rstrip().encode(),
    "newlines at the end": (pem() + "\n\n").encode(),
    "CRLF": pem().replace("\n", "\r\n").encode(),
    "CR": pem().replace("\n", "\r").encode(),
    "BOM": b"\xef\xbb\xbf" + pem().encode(),
    "UTF-16": pem().encode("utf-16"),
    "blanks before and behind": pem().replace("\n", "  \n  ").encode(),
    "PKCS 8": pem("PRIVATE KEY").encode(),
}
JSON_FORMS = {
    "plain": as_json(pem()),
    "CRLF": as_json(pem().replace("\n", "\r\n")),
    "newlines spelt out": as_json(pem().replace("\n", "\\n")),
    "BOM": b"\xef\xbb\xbf" + as_json(pem()),
    "CRLF between members": json.dumps(kalshi(), indent=2).replace("\n", "\r\n").encode(),
    "newline at the end": as_json(pem()) + b"\n",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("source", ["file", "stdin"])
def test_a_pem_key_is_taken_as_people_have_it(run, builder, work, form, source):
    builder.add("alice")
    (work / "key.pem").write_bytes(form)
    where, stdin = ("key.pem", b"") if source == "file" else ("-", form)
    argv = ["users", "onboard", "alice", *KALSHI, "--api-key-id", "kid-0001"]
    done = run(*argv, "--credentials", where, stdin=stdin)
    assert done.code == 0, done
    sent = builder.mutations[0].json()
    kind = "PRIVATE KEY" if b"RSA" not in form.replace(b"\0", b"") else "RSA PRIVATE KEY"
    assert (sent["api_key_id"], sent["private_key"]) == ("kid-0001", pem(kind))


@pytest.mark.parametrize("form", JSON_FORMS.values(), ids=JSON_FORMS.keys())
def test_a_json_file_is_taken_as_people_have_it(run, builder, work, form):
    builder.add("alice")
    (work / "keys.json").write_bytes(form)
    done = run("users", "onboard", "alice", *KALSHI, "--credentials", "keys.json")
    assert done.code == 0, done
    sent = builder.mutations[0].json()
    assert (sent["api_key_id"], sent["private_key"]) == ("kid-0001", pem())


SAFE = [*MANAGED, "--wallet-type", "safe"]
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
    "self with a wallet": [*POLYMARKET, "--credentials", "polymarket.json", "--wallet-type", "eoa"],
    "self with an address": [*POLYMARKET, "--credentials", "p.json", "--eoa-address", ADDRESS],
    "self with a chain": [*POLYMARKET, "--credentials", "polymarket.json", "--chain-id", "1"],
    "a key id for Polymarket": [
        *POLYMARKET,
        "--credentials",
        "polymarket.json",
        "--api-key-id",
        "x",
    ],
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


BROKEN = {
    "empty": b"",
    "blank": b" \n",
    "not text": b"\xff\xff\xff",
    "not JSON": b"{'api_key_id': 'PEMCANARYsecretbody'}",
    "an array": b'["PEMCANARYsecretbody"]',
    "a number": b'{"api_key_id": 5, "private_key": "PEMCANARYsecretbody"}',
    "no key": b'{"api_key_id": "x"}',
    "no id": as_json(pem()).replace(b"api_key_id", b"apikeyid"),
    "null key": b'{"api_key_id": "x", "private_key": null}',
    "blank key": b'{"api_key_id": "x", "private_key": " "}',
    "no PEM": as_json("PEMCANARYsecretbody"),
    "cut PEM": as_json(pem()[:-30]),
    "two PEM blocks": as_json(pem() + pem()),
    "a public key": as_json(pem("PUBLIC KEY")),
    "a certificate": as_json(pem("CERTIFICATE")),
    "an encrypted key": as_json(pem("ENCRYPTED PRIVATE KEY")),
    "damaged PEM": as_json(pem().replace(SECRETS[0], SECRETS[0][:-1] + "!")),
    "PEM without --api-key-id": pem().encode(),
    "id with a line end": json.dumps({**kalshi(), "api_key_id": "kid\n0001"}).encode(),
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_broken_keys_are_refused_before_any_request_and_not_quoted(
    run, builder, work, leaks, content
):
    builder.add("alice")
    (work / "keys.json").write_bytes(content)
    done = run("users", "onboard", "alice", *KALSHI, "--credentials", "keys.json")
    assert done.code == 2, done
    assert "CANARY" not in done.err
    assert leaks(done, SECRETS) == []
    assert builder.requests == []


@pytest.mark.parametrize("left_out", ["clob_api_key", "clob_api_secret", "clob_api_passphrase"])
def test_stored_polymarket_keys_come_in_three(run, builder, keys_file, left_out):
    builder.add("alice")
    file = keys_file("polymarket", **{left_out: None})
    done = run("users", "onboard", "alice", *POLYMARKET, "--credentials", file)
    assert done.code == 2, done
    assert f"`{left_out}`" in done.err
    assert builder.requests == []


@pytest.mark.parametrize("key", ["0x12", "5e" * 32, "0x" + "g" * 64, "0x" + "5e" * 33])
def test_a_polymarket_private_key_is_64_hex_digits(run, builder, keys_file, key):
    builder.add("alice")
    file = keys_file("polymarket", private_key=key)
    done = run("users", "onboard", "alice", *POLYMARKET, "--credentials", file)
    assert done.code == 2, done
    assert key not in done.err
    assert builder.requests == []


@pytest.mark.parametrize(
    "pasted", [json.dumps(kalshi()), pem(), polymarket()["private_key"], "x" * 5000]
)
@pytest.mark.parametrize("command", ["onboard", "check", "encode"])
def test_keys_pasted_in_place_of_the_file_are_not_repeated(run, builder, leaks, command, pasted):
    """The shell's history has them already; the screen and a log need not."""
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
def test_there_is_no_option_for_a_secret_and_its_value_is_not_repeated(run, builder, option):
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
@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("output", ["table", "json"])
def test_a_server_that_gives_keys_back_does_not_bring_them_on_screen_or_disk(
    run, builder, keys_file, leaks, exchange, status, output
):
    """Neither whole nor line by line, in a value of any name, and not in the history either."""
    user = builder.add("alice")
    keys = KEYS[exchange]()
    echo = " ".join((*keys.values(), *keys["private_key"].splitlines()))
    value = {
        "customer_id": user["customer_id"],
        "exchange": exchange,
        "mode": "self",
        "status": echo,
        "steps_completed": [echo],
        "linked_exchanges": [exchange],
    }
    if status != 200:
        value = {"error": echo, "code": "validation_error", "validation_errors": [echo]}
    builder.fault("POST", action=json_answer(status, value))
    done = run(
        *("users", "onboard", "alice", "--exchange", exchange, "--mode", "self"),
        *("--credentials", keys_file(exchange), "-o", output, "-v"),
    )
    assert done.code == {200: 0, 400: 5, 500: 12}[status], done
    assert leaks(done, SECRETS) == []


def test_after_a_lost_answer_a_link_that_is_new_is_told(run, builder):
    """Read, not repeated: wallets are made only once."""
    builder.add("alice")
    builder.fault("POST", action=close(), after_effect=True)
    done = run("users", "onboard", "alice", *MANAGED, "--json")
    assert done.code == 0, done
    assert done.json["linked_exchanges"] == ["polymarket"]
    assert "the response was lost; a read shows that `alice` is linked to polymarket" in done.err
    assert len(builder.mutations) == 1


def test_after_a_lost_answer_without_a_link_the_outcome_is_unknown(run, builder):
    user = builder.add("alice")
    builder.fault("POST", action=close())
    done = run("users", "onboard", "alice", *MANAGED, "--json")
    assert done.code == 12, done
    assert "polymarket is not linked" in " ".join(done.error["details"])
    assert user["customer_id"] in done.error["hint"]
    assert len(builder.mutations) == 1


def test_a_link_that_was_there_before_proves_nothing_about_new_keys(run, builder, keys_file):
    builder.add("alice", linked_exchanges=["kalshi"])
    builder.fault("POST", action=close(), after_effect=True)
    argv = ["users", "onboard", "alice", *KALSHI, "--credentials", keys_file("kalshi")]
    done = run(*argv, "--json")
    assert done.code == 12, done
    assert "already linked before" in " ".join(done.error["details"])


def test_the_history_names_exchange_and_mode_and_no_key(run, builder, keys_file, history):
    builder.add("alice")
    argv = ["users", "onboard", "alice", *KALSHI, "--credentials", keys_file("kalshi")]
    run(*argv, "--reason", "own account")
    intent, outcome = history()
    assert intent["after"] == {"exchange": "kalshi", "mode": "self"}
    assert intent["reason"] == "own account"
    assert outcome["outcome"] == "applied"


def test_keys_from_a_closed_stdin_are_missing_not_empty(
    isolated_environment, clock, builder, key_env
):
    builder.add("alice")
    argv = ["users", "onboard", "alice", *KALSHI, "--credentials", "-"]
    env = {**isolated_environment, **key_env(builder)}
    done = run_in_process(argv, env=env, clock=clock, stdin=None)
    assert done.code == 2, done
    assert "stdin" in done.err
    assert builder.requests == []


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"error": "half way"}, "it contains an error"),
        ({"exchange": "kalshi"}, "it is about another exchange"),
        ({"exchange": None}, "it is about another exchange"),
        ({"customer_id": "another"}, "it is another user's record"),
    ],
    ids=str,
)
def test_a_good_status_with_another_content_is_read_again_before_it_counts(run, builder, odd, told):
    user = builder.add("u1")
    value = {"customer_id": user["customer_id"], "exchange": "polymarket", "mode": "managed"}
    builder.fault("POST", "/builder/onboard", action=json_answer(200, {**value, **odd}))
    done = run("users", "onboard", "u1", "--exchange", "polymarket", "--mode", "managed")
    assert done.code == 12, done
    assert told in done.err
    assert builder.log[-1] == f"GET /api/v1/builder/users/{user['customer_id']}"


def test_a_managed_link_that_was_there_before_is_proof_enough_after_a_lost_answer(run, builder):
    builder.add("u1", linked_exchanges=["polymarket"])
    builder.fault("POST", "/builder/onboard", action=close())
    done = run("users", "onboard", "u1", "--exchange", "polymarket", "--mode", "managed")
    assert done.code == 0, done
