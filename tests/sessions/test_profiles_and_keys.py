"""Sessions: set up profiles, rotate a key, store a user's keys."""

from __future__ import annotations

from commands.keys import pem
from sessions.conftest import KEY


def asked(url):
    return [("URL", f"{url}\n"), ("not shown", f"{KEY}\n")]


def test_set_up_two_profiles_one_of_them_protected(session, host, limits):
    staging, production = host("staging"), host("production")
    init = session("parsec config init -p staging", answers=asked(staging))
    assert "tier pro" in init.out
    assert "FAILED" not in session(init.next).out

    session("parsec config init -p production", answers=asked(production))
    session("parsec config set protected true -p production")
    session("parsec config use production")

    refused = session("parsec users set-qps user_001 20", code=10)
    assert "profile `production` is protected" in refused.err
    assert refused.next == "parsec -p production users set-qps user_001 20"
    assert limits(session, "production")["user_001"] == 10

    session(refused.next)
    assert limits(session, "production")["user_001"] == 20
    assert limits(session, "staging")["user_001"] == 10


def test_rotate_the_key(session, builder):
    builder.add("alice")
    builder.strict = False
    session(f"parsec config init --base-url {builder.url}", stdin=builder.key)
    session("parsec users list")

    builder.key = "pk_live_TESTKEY_canary_0002"
    rejected = session("parsec users list", code=4)
    command = session(rejected.next, code=4, answers=[]).next
    mistyped = session(command, code=4, answers=[("not shown", "pk_live_typo\n")])
    assert "the key was not stored" in mistyped.out
    stored = session(command, answers=[("not shown", f"{builder.key}\n")])
    assert builder.key not in stored.out
    assert "alice" in session("parsec users list").out


def test_onboard_a_user_with_a_pem_file(at_work):
    (at_work.folder / "key.pem").write_text(pem())
    unfinished = at_work(
        "parsec users onboard user_008 --exchange kalshi --mode self --credentials key.pem", code=2
    )
    linked = at_work(unfinished.next.replace("ID", "kid-0001"))
    assert "credentials_stored" in linked.out
    assert at_work("parsec users check user_008 --exchange kalshi").out.startswith("true")
