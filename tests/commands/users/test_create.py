"""`users create`: new users, existing users, and what a lost response leaves open."""

from __future__ import annotations

import shlex

import pytest
from commands.keys import ADDRESS
from commands.serving import command_in
from commands.users.bulk_files import roster
from support.actions import close, error, html, json_response
from support.records import END_USER_KEY, customer_id

from parsec_cli.commands.users import create
from parsec_cli.errors import Terminated


def test_a_new_user_is_created_and_its_record_is_read(run, builder):
    done = run("users", "create", "u1", "--qps-limit", "7", "--json")
    assert done.code == 0, done
    assert done.json["created"] is True
    assert done.json["external_id"] == "u1"
    assert (done.json["qps_limit"], done.json["status"]) == (7, "complete")
    assert [line.split()[0] for line in builder.log] == ["GET", "POST", "GET"]
    assert builder.mutations[0].json() == {"external_id": "u1", "qps_limit": 7}
    assert "created user `u1`" in done.err


def test_a_record_that_cannot_be_read_leaves_the_response_to_the_create(run, builder):
    builder.fault("GET", "/users/", action=error(400, "no", "bad_request"))
    done = run("users", "create", "u1", "--json")
    assert (done.code, done.json["external_id"], done.json["created"]) == (0, "u1", True)
    assert "the user's record could not be read: " in done.err


def test_a_signal_during_that_read_ends_the_command(run):
    """A loop in a shell must not go on with the next user."""

    def stop(*_):
        raise Terminated("terminated")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(create, "get_user", stop)
        done = run("users", "create", "u1", "--json")
    assert done.code == 143, done
    assert "terminated: user `u1` exists, but its record was not read" in done.err
    assert run("users", "get", "u1").code == 0


def test_every_option_is_sent(run, builder):
    done = run(
        *("users", "create", "u1", "--qps-limit", "7"),
        *("--email", "a@b.example", "--eoa-address", ADDRESS),
    )
    assert done.code == 0, done
    assert builder.mutations[0].json() == {
        "external_id": "u1",
        "email": "a@b.example",
        "qps_limit": 7,
        "eoa_address": ADDRESS,
    }


@pytest.mark.parametrize("name", ["a b", "日本語", "x/y?z#1", "it's", "-n", "a%20b"])
def test_the_key_is_masked_and_the_command_that_shows_it_works(run, name):
    made = run("users", "create", "--", name)
    assert made.code == 0, made
    assert END_USER_KEY not in made.out + made.err
    words = shlex.split(command_in(made.err))
    shown = run(*words[1:], "--json")
    assert shown.json["external_id"] == name
    assert shown.json["api_key"].startswith(END_USER_KEY)


def test_reveal_keys_shows_the_new_key_at_once(run):
    done = run("users", "create", "u1", "--reveal-keys", "--json")
    assert done.json["api_key"].startswith(END_USER_KEY)


def test_an_existing_user_is_not_called_created(run, builder):
    user = builder.add("u1", 10)
    done = run("users", "create", "u1", "--qps-limit", "50", "--json")
    assert done.code == 0, done
    assert done.json["created"] is False
    assert "`u1` already existed: nothing was changed" in done.err
    assert "qps_limit is 10, not 50" in done.err
    assert command_in(done.err).endswith(f" users set-qps {user['customer_id']} 50")
    assert user["qps_limit"] == 10
    assert builder.effects == []


def test_an_existing_user_that_matches_the_request_causes_no_warning(run, builder):
    builder.add("u1", 10, wallet={"eoa_address": ADDRESS.lower()})
    done = run("users", "create", "u1", "--qps-limit", "10", "--eoa-address", ADDRESS)
    assert done.code == 0, done
    assert "warning" not in done.err


def test_fields_of_an_existing_user_that_differ_are_named_or_called_unverified(run, builder):
    builder.add("u1", None, wallet={"eoa_address": "0x" + "9" * 40})
    done = run(
        *("users", "create", "u1", "--qps-limit", "5"),
        *("--eoa-address", ADDRESS, "--email", "a@b.example"),
    )
    assert "qps_limit is none, not 5" in done.err
    assert f"the eoa_address is 0x{'9' * 40}, not as requested" in done.err
    assert "the email could not be verified" in done.err


def test_a_response_without_the_limit_is_completed_by_one_read(run, builder):
    user = builder.add("u1", 10)
    lean = {k: v for k, v in user.items() if k not in ("tier", "qps_limit", "created_at")}
    builder.fault("POST", action=json_response(200, {**lean, "status": "active"}))
    done = run("users", "create", "u1", "--qps-limit", "50")
    assert done.code == 0, done
    assert "qps_limit is 10, not 50" in done.err
    assert builder.log[-1] == f"GET /api/v1/builder/users/{user['customer_id']}"


def test_a_limit_that_cannot_be_read_is_called_unverified(run, builder):
    user = builder.add("u1", 10)
    lean = {k: v for k, v in user.items() if k != "qps_limit"}
    builder.fault("POST", action=json_response(200, lean))
    builder.fault("GET", user["customer_id"], action=json_response(400, {"error": "no"}))
    done = run("users", "create", "u1", "--qps-limit", "50")
    assert done.code == 0, done
    assert "qps_limit 50 could not be verified" in done.err


def test_a_response_that_does_not_say_whether_the_user_is_new(run, builder):
    builder.add("u1")
    user = builder.by_external_id("u1")
    builder.fault("POST", action=json_response(202, user))
    done = run("users", "create", "u1", "--json")
    assert (done.code, done.json["created"]) == (0, None)
    assert "exists; the response does not say whether it is new" in done.err


@pytest.mark.parametrize(
    "value",
    [{"users": [{"customer_id": "c1"}], "count": 1}, {"customer_id": "", "external_id": "u1"}],
    ids=repr,
)
def test_a_2xx_without_the_user_is_not_a_success(run, builder, value):
    builder.fault("POST", action=json_response(200, value), times=2)
    done = run("users", "create", "u1", "--json")
    assert (done.code, done.out) == (12, ""), done
    assert len(builder.mutations) == 2


@pytest.mark.parametrize(
    ("limit", "shown"), [(500, "500"), (True, "unknown"), ({"a": 1}, "unknown")]
)
def test_a_new_user_with_another_limit_is_not_a_success(run, builder, history, limit, shown):
    user = {"customer_id": customer_id(9), "external_id": "u1", "qps_limit": limit}
    builder.fault("POST", action=json_response(201, user))
    done = run("users", "create", "u1", "--qps-limit", "5", "--json")
    assert (done.code, done.out) == (12, ""), done
    text = f"outcome unknown; user `u1` exists, but its qps_limit is {shown}, not 5"
    assert done.error["message"] == text
    assert command_in(done.error["hint"]).endswith(f" users set-qps {user['customer_id']} 5")
    assert len(builder.mutations) == 1
    assert history()[-1]["outcome"] == "unknown"


@pytest.mark.parametrize(("limit", "code"), [(5, 0), (None, 12)])
def test_a_null_limit_of_a_new_user_is_read_again(run, builder, limit, code):
    user = builder.add("u1", limit)
    builder.fault("POST", action=json_response(201, {**user, "qps_limit": None}))
    done = run("users", "create", "u1", "--qps-limit", "5", "--json")
    assert done.code == code, done
    if limit:
        assert (done.json["qps_limit"], done.json["created"]) == (5, True)
    else:
        assert "user `u1` exists, but its qps_limit is none, not 5" in done.error["message"]


def test_a_new_user_whose_record_shows_another_limit_is_not_a_success(run, builder):
    respond = builder.respond_to

    def halve(request):
        action = respond(request)
        for user in builder.users.values():
            user["qps_limit"] = 2
        return action

    builder.respond_to = halve
    done = run("users", "create", "u1", "--qps-limit", "5", "--json")
    assert (done.code, done.out) == (12, ""), done
    assert "user `u1` exists, but its qps_limit is 2, not 5" in done.error["message"]


@pytest.mark.parametrize("status", [200, 201])
def test_a_record_of_another_user_is_not_a_success(run, builder, status):
    other = builder.add("other")
    value = {"customer_id": other["customer_id"], "external_id": "u1", "status": "complete"}
    builder.fault("POST", action=json_response(status, value))
    done = run("users", "create", "u1", "--json")
    assert (done.code, done.out) == (12, ""), done
    text = "outcome unknown; the response contains the customer_id of user `other`"
    assert done.error["message"] == text
    assert command_in(done.error["hint"]).endswith(" users get ext:u1")
    assert run("users", "get", "u1").code == 3


def test_the_pool_is_looked_at_first_and_only_with_a_limit(run, builder):
    builder.add("other", 40)
    done = run("users", "create", "u1", "--qps-limit", "60")
    assert done.code == 0, done
    assert builder.log[:2] == ["GET /api/v1/builder/pool", "POST /api/v1/builder/users"]
    assert "pool 40 → 100 of 1,000 QPS" in done.err


@pytest.mark.parametrize(("limit", "code"), [("960", 0), ("961", 10), ("2147483647", 10)])
def test_the_pool_is_never_overcommitted_without_the_option(run, builder, limit, code):
    builder.add("other", 40)
    argv = ["users", "create", "u1", "--qps-limit", limit]
    for more in ([], ["-n"]):
        done = run(*argv, *more)
        assert done.code == code, done
    assert len(builder.mutations) == (code == 0)
    if code:
        assert "--allow-overcommit" in done.err
        assert "960 free" in done.err
        assert run(*argv, "--allow-overcommit").code == 0
        assert len(builder.users) == 2


def test_an_unreadable_pool_creates_nobody(run, builder):
    builder.fault("GET", "pool", action=html(200), times=2)
    done = run("users", "create", "u1", "--qps-limit", "5")
    assert done.code == 7, done
    assert builder.mutations == []


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(run, builder, history):
    done = run("users", "create", "u1", "--qps-limit", "5", "--dry-run", "--json")
    assert done.code == 0, done
    assert done.json == {
        "dry_run": True,
        "method": "POST",
        "path": "/api/v1/builder/users",
        "body": {"external_id": "u1", "qps_limit": 5},
    }
    assert "pool 0 → 5 of 1,000" in done.err
    assert builder.mutations == []
    assert history() == []


def test_running_again_after_a_lost_success_is_not_refused_by_the_pool(run, builder):
    builder.qps_pool = 20
    builder.fault("POST", action=close(), times=4, after_effect=True)
    assert run("users", "create", "big", "--qps-limit", "20").code == 12
    again = run("users", "create", "big", "--qps-limit", "20", "--json")
    assert again.code == 0, again
    assert again.json["created"] is False


def test_an_id_that_starts_like_a_prefix_is_created_and_its_spelling_is_shown(run, builder):
    done = run("users", "create", "ext:foo")
    assert done.code == 0, done
    assert builder.by_external_id("ext:foo")
    assert "`ext:ext:foo`" in done.err
    assert run("users", "get", "ext:ext:foo", "--json").json["external_id"] == "ext:foo"


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("USER", "looks like 'user'"),
        ("us\u2800er", "looks like 'user'"),
        ("e\u0301", "looks like '\\xe9'"),
        ("417", "is '00417' as a number"),
        ("417.0", "is '00417' as a number"),
        ("", "is the customer_id of 'user'"),
    ],
)
def test_a_new_id_that_looks_like_a_known_user_needs_an_option(run, builder, new, why):
    new = new or builder.add("user")["customer_id"]
    for name in ("user", "\u00e9", "00417"):
        builder.by_external_id(name) or builder.add(name)
    assert run("users", "list").code == 0
    done = run("users", "create", new)
    assert done.code == 10, done
    assert why in done.err
    assert "--allow-odd-ids" in done.err
    assert builder.mutations == []
    assert run("users", "create", new, "--allow-odd-ids").code == 0
    assert run("users", "create", new, "--json").json["created"] is False


@pytest.mark.parametrize("char", "\u2800\u3164\u00a0\u3000\u200d\ufe0f")
def test_an_id_with_an_invisible_character_needs_an_option(run, builder, work, char):
    """Words and emoji that contain one rightly do not."""
    new = f"us{char}er"
    file = roster(work / "new.csv", f"{new},5")
    for command, code in (("create", new), 2), (("apply", file, "--yes"), 10):
        done = run("users", *command)
        assert done.code == code, done
        assert f"contains U+{ord(char):04X}" in done.err
        assert run("users", *command, "-n", "--allow-odd-ids").code == 0
    assert builder.mutations == []
    for name in ("क\u200dष", "👨\u200d👩", "❤\ufe0f", "山田"):
        assert run("users", "create", name).code == 0


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--email", text) for text in ("a@b@c.de", "a b@c.de", "@c.de", "a@", "a", "a@b\tc")),
        *(("--qps-limit", text) for text in ("0", "1.0", "2147483648", "\uff15", "1e3", "+5")),
        *(("--eoa-address", text) for text in ("0x12", "0X" + ADDRESS[2:], ADDRESS + "0")),
        *(("--", text) for text in ("..", " u", "u ", "\u00a0u", "a\nb", "a\u200bb", "a\u2060b")),
        *(("--", text) for text in ("1E+5", "pk_live_x", "NULL")),
    ],
)
def test_create_and_a_file_refuse_the_same_values(run, builder, work, option, value):
    column = option.lstrip("-").replace("-", "_") or "external_id"
    row = {"external_id": "u1", column: value}
    argv = ["--", value] if option == "--" else ["u1", f"{option}={value}"]
    assert run("users", "create", *argv).code == 2
    (work / "f.csv").write_text(f"{','.join(row)}\n" + ",".join(f'"{one}"' for one in row.values()))
    assert run("users", "apply", "f.csv", "--yes").code in (2, 10)
    assert builder.mutations == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--email", ""),
        ("--email", "a@b\x1b.example"),
        ("--eoa-address", ""),
        ("--eoa-address", f"{ADDRESS}\n"),
    ],
)
def test_an_empty_or_unprintable_value_is_refused(run, builder, option, value):
    assert run("users", "create", "u1", option, value).code == 2
    assert builder.requests == []
