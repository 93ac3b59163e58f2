"""`users deactivate` off a terminal: nothing is sent without a consent that names its target."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest
from commands.serving import command_in
from commands.users.bulk_files import changes, delete_of
from support.actions import Action, error, html, json_response, response
from support.records import customer_id, wallet

UUID = customer_id(99)


@pytest.mark.parametrize("form", ["external_id", "customer_id", "CUSTOMER_ID"])
def test_confirm_takes_the_external_id_or_the_customer_id(run, builder, form):
    user = builder.add("alice")
    other = builder.add("bob")
    value = user[form.lower()].upper() if form.isupper() else user[form]
    done = run("users", "deactivate", "alice", "--confirm", value, "--json")
    assert done.code == 0, done
    result = {"customer_id": user["customer_id"], "external_id": "alice"}
    assert done.json["results"] == [
        {**result, "outcome": "deactivated", "error": None, "holdings": None}
    ]
    assert changes(builder) == [delete_of(user)]
    assert list(builder.users) == [other["customer_id"]]


@pytest.mark.parametrize(
    "value",
    ["", " ", "bob", "Alice", "ALICE", "alice ", " alice", "alic", "alice\n", "1", "y", "yes", "*"],
)
def test_any_other_confirm_is_a_refusal(run, builder, value):
    builder.add("alice")
    builder.add("bob")
    done = run("users", "deactivate", "alice", "--confirm", value)
    assert done.code == 9, done
    assert builder.mutations == []


def test_an_external_id_that_is_a_uuid_is_compared_letter_by_letter(run, builder):
    """Only customer_ids are the same in another case: the namesake may differ in just that."""
    named = "abcdefab-1111-4111-8111-111111111111"
    builder.add(named)
    done = run("users", "deactivate", f"ext:{named}", "--confirm", named.upper())
    assert done.code == 9, done
    assert builder.mutations == []
    assert run("users", "deactivate", f"ext:{named}", "--confirm", named).code == 0


ODD = ["a b", "a/b", "a?x=1", "100%", "#1", "..x", "-abc", "--yes", "'", '"$(x)"', "日本語", "a\\b"]
ODD += ["1", "a`b", "a;b", "[/x]", ":smile:", "a\u0301", "e\u0301\u0323", "ext:a", "id:a"]


@pytest.mark.parametrize("name", ODD)
def test_the_proposed_command_deactivates_the_user(run, builder, name):
    user = builder.add(name)
    builder.add("a")
    refused = run("users", "deactivate", "--json", "--", f"ext:{name}")
    assert refused.code == 9, refused
    assert builder.mutations == []
    words = shlex.split(command_in(refused.error["hint"]))
    assert words[0] == "parsec"
    done = run(*words[1:])
    assert done.code == 0, done
    assert changes(builder) == [delete_of(user)]


UNTYPABLE = {
    "a\u202eb": "\\u{202e}",
    "a\u200bb": "\\u{200b}",
    "\u2066a": "\\u{2066}",
    "a\ufeff": "\\u{feff}",
    "a\U000e0041": "\\u{e0041}",
    "a\u2800b": "\\u{2800}",
    "a\u3164b": "\\u{3164}",
    "a\x1b[2Jb": "\\u{1b}",
    "a\rb": "\\u{d}",
    "a\nb": "a\\nb",
    "a\x07b": "\\u{7}",
    "a\x9bb": "\\u{9b}",
    "a\u00a0b": "",
    " a": "",
    "a ": "",
    "": "",
    None: "",
}


@pytest.mark.parametrize(("name", "escaped"), UNTYPABLE.items(), ids=ascii)
def test_the_customer_id_is_the_word_if_the_external_id_cannot_be_typed(
    run, builder, name, escaped
):
    user = builder.add(name)
    refused = run("users", "deactivate", user["customer_id"])
    assert refused.code == 9, refused
    assert f"--confirm {user['customer_id']}" in command_in(refused.err)
    several = run("users", "deactivate", user["customer_id"], builder.add("b")["customer_id"])
    for shown in (refused, several):
        assert escaped in shown.err
        assert not escaped or name not in shown.err
    done = run("users", "deactivate", user["customer_id"], "--confirm", user["customer_id"])
    assert done.code == 0, done


@pytest.mark.parametrize(
    ("balance", "loud"),
    [
        ({"token": "USDC", "balance": "0.00", "raw_balance": "0"}, False),
        ({"token": "USDC", "balance": "0", "raw_balance": "1"}, True),
        ({"token": "USDC"}, True),
        ({"token": "[bold]X\x1b[2J", "balance": "5"}, True),
    ],
    ids=str,
)
def test_money_is_emphasised_and_doubt_counts_as_money(run, builder, balance, loud):
    builder.add("alice", wallet={"wallet_type": "eoa", "balances": [balance]})
    builder.add("bob")
    assert ("\n  HOLDS " in run("users", "deactivate", "alice").err) is loud
    several = run("users", "deactivate", "alice", "bob").err
    assert ("1 of 2 holds money" in several) is loud
    assert "\x1b" not in several


@pytest.mark.parametrize("user", ["nobody", UUID, f"id:{UUID}", "ext:nobody", "id:alice"])
def test_an_unknown_user_is_an_error_before_the_question(run, builder, user):
    builder.add("alice")
    for more in ([], ["alice"]):
        done = run("users", "deactivate", user, *more, "--confirm", "alice")
        assert done.code == 3, done
        assert "cannot be undone" not in done.err
    assert builder.mutations == []


def test_users_whose_ids_differ_in_one_digit_are_distinguished(run, builder):
    first, second = customer_id(1), customer_id(1)[:-1] + "0"
    builder.add("alice", customer_id=first)
    builder.add("bob", customer_id=second)
    assert run("users", "deactivate", second, "--confirm", "alice").code == 9
    assert run("users", "deactivate", second, "--confirm", first).code == 9
    assert builder.mutations == []
    assert run("users", "deactivate", second, "--confirm", "bob").code == 0
    assert list(builder.users) == [first]


@pytest.mark.parametrize(
    ("verb", "more"),
    [
        ("deactivate", ["--confirm", UUID]),
        ("set-qps", ["20"]),
        ("onboard", ["--exchange", "polymarket", "--mode", "managed"]),
    ],
    ids=["deactivate", "set-qps", "onboard"],
)
def test_a_change_takes_no_uuid_for_an_external_id_without_its_prefix(run, builder, verb, more):
    builder.add(UUID)
    done = run("users", verb, UUID, *more)
    assert done.code == 3, done
    assert f"`ext:{UUID}`" in done.err
    assert builder.log == [f"GET /api/v1/builder/users/{UUID}"]
    assert run("users", verb, f"ext:{UUID}", *more).code == 0
    assert len(builder.mutations) == 1


@pytest.mark.parametrize(
    ("options", "env"),
    [
        (["--no-input"], {}),
        ([], {"CI": "1"}),
        ([], {"CI": "true", "PARSEC_YES": "1", "PARSEC_CONFIRM": "alice", "YES": "1"}),
        (["--reason", "alice"], {}),
        (["-q"], {}),
    ],
    ids=["--no-input", "CI", "variables", "--reason", "-q"],
)
@pytest.mark.parametrize("stdin", [b"alice\n", b"y\n" * 100, b""])
def test_no_other_input_counts_as_consent(run, builder, options, env, stdin):
    builder.add("alice")
    done = run("users", "deactivate", "alice", *options, env=env, stdin=stdin)
    assert done.code == 9, done
    assert "no prompt is possible" in done.err
    assert builder.mutations == []


@pytest.mark.parametrize("option", ["--yes", "-y", "--force", "-f"])
def test_no_option_skips_the_question(run, builder, option):
    builder.add("alice")
    assert run("users", "deactivate", "alice", option).code == 2
    assert builder.requests == []


@pytest.mark.parametrize("stdin", [None, "closed", "open"])
def test_off_a_terminal_a_real_process_refuses_at_once(parsec, builder, key_env, stdin):
    """Its stdin is /dev/null, closed, or a pipe that stays silent."""
    builder.add("alice")
    done = parsec("users", "deactivate", "alice", env=key_env(builder), stdin=stdin)
    assert done.code == 9, done
    assert "Traceback" not in done.err
    assert "--confirm alice" in done.err
    assert done.out == ""
    assert builder.mutations == []


@pytest.mark.parametrize("confirmed", [True, False])
def test_the_input_of_a_shell_loop_is_not_read(
    isolated_environment, builder, key_env, work, confirmed
):
    names = ["u1", "u2", "u3"]
    users = [builder.add(name) for name in names]
    (work / "ids").write_text("".join(f"{name}\n" for name in names))
    command = f'{shlex.quote(sys.executable)} -m parsec_cli users deactivate "$id"'
    command += ' --confirm "$id"' if confirmed else ""
    loop = f'while read id; do {command} >/dev/null 2>&1; echo "$id $?"; done < ids'
    done = subprocess.run(
        ["/bin/sh", "-c", loop],
        env={**isolated_environment, **key_env(builder)},
        cwd=work,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.splitlines() == [f"{name} {0 if confirmed else 9}" for name in names]
    assert changes(builder) == ([delete_of(user) for user in users] if confirmed else [])


def test_a_line_end_of_windows_in_a_loop_is_refused(run, builder):
    builder.add("alice")
    done = run("users", "deactivate", "alice\r", "--confirm", "alice\r")
    assert done.code == 2, done
    assert builder.requests == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("alice bob --confirm 2", 0),
        ("alice bob --confirm 1", 9),
        ("alice bob --confirm 3", 9),
        ("alice bob --confirm 02", 9),
        ("alice bob --confirm alice", 9),
        ("alice bob --confirm ''", 9),
        ("alice alice --confirm 1", 0),
        ("alice alice --confirm 2", 9),
        ("alice bob", 9),
        ("alice nobody --confirm 2", 3),
        ("alice '' --confirm 2", 2),
        ("alice bob --confirm 2 --max 1", 10),
        ("alice --confirm alice --max 0", 10),
        ("alice bob --confirm 2 --max 2", 0),
    ],
)
def test_the_count_is_the_word_for_several(run, builder, line, code):
    builder.add("alice")
    builder.add("bob")
    argv = shlex.split(line)
    done = run("users", "deactivate", *argv)
    assert done.code == code, done
    sent = len({name for name in argv if name in ("alice", "bob")}) if code == 0 else 0
    assert len(builder.mutations) == sent


def test_one_user_is_confirmed_by_name_even_with_a_results_file(run, builder, work):
    builder.add("alice")
    argv = ["users", "deactivate", "alice", "--results", "r.jsonl", "--confirm"]
    assert run(*argv, "1").code == 9
    refused = run(*argv[:-1])
    assert "--confirm alice" in command_in(refused.err)
    assert "--results r.jsonl" in command_in(refused.err)
    assert builder.mutations == []
    done = run(*argv, "alice")
    assert done.code == 0, done
    assert json.loads((work / "r.jsonl").read_text())["outcome"] == "deactivated"


def test_a_file_with_one_user_needs_the_count(run, builder, work):
    builder.add("alice")
    (work / "leavers").write_text("alice\n")
    argv = ["users", "deactivate", "--from-file", "leavers", "--confirm"]
    assert run(*argv, "alice").code == 9
    assert builder.mutations == []
    assert run(*argv, "1").code == 0


@pytest.mark.parametrize(
    "argv",
    [
        ["users", "deactivate", "u00", "u01", *(f"u{n:02}" for n in range(2, 12)), "--max", "20"],
        ["users", "deactivate", "u00", "--reason", "it's over", "--results", "out.jsonl"],
        ["users", "deactivate", "u00", "u01", "--reason", "x y", "--results", "out.jsonl"],
        ["users", "deactivate", "--from-file", "some file.txt"],
        ["users", "deactivate", "--", "-dash", "u00"],
    ],
    ids=" ".join,
)
def test_the_command_for_scripts_keeps_every_option(run, builder, work, history, argv):
    builder.add("-dash")
    for number in range(12):
        builder.add(f"u{number:02}")
    (work / "some file.txt").write_text("u03\nu04\n")
    refused = run(*argv)
    assert refused.code == 9, refused
    words = shlex.split(command_in(refused.err))
    done = run(*words[1:])
    assert done.code == 0, done
    assert builder.mutations
    if "--reason" in argv:
        assert argv[argv.index("--reason") + 1] in {line.get("reason") for line in history()}
    assert (work / "out.jsonl").exists() is ("--results" in argv)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "alice --from-file leavers",
        "--from-file missing",
        "--from-file .",
        "--from-file nothing",
        "alice --max -1",
        "alice --max many",
        "alice --confirm",
    ],
)
def test_a_mistyped_command_sends_nothing(run, builder, work, line):
    builder.add("alice")
    (work / "leavers").write_text("alice\n")
    (work / "nothing").write_text("\n")
    done = run("users", "deactivate", *line.split())
    assert done.code == 2, done
    assert builder.requests == []


@pytest.mark.parametrize("users", [["alice"], ["alice", "bob"]])
def test_a_dry_run_needs_no_consent_and_sends_nothing(run, builder, history, users):
    builder.add("alice")
    builder.add("bob")
    done = run("users", "deactivate", *users, "-n", "--json")
    assert done.code == 0, done
    if len(users) == 1:
        assert done.json["method"] == "DELETE"
    else:
        assert [row["action"] for row in done.json["actions"]] == ["deactivate"] * 2
    assert builder.mutations == []
    assert history() == []


@pytest.mark.parametrize(
    "success",
    [
        response(204, b"", {"Content-Type": "application/json"}),
        response(200, b"", {"Content-Encoding": "gzip"}),
        response(200, b"", {"Content-Encoding": "br"}),
        response(202, b'{"status": "queued"}'),
    ],
    ids=["204 typed", "200 gzip", "200 br", "202 object"],
)
def test_an_empty_body_and_any_object_are_a_success(run, builder, success):
    builder.add("alice")
    builder.fault("DELETE", action=success, after_effect=True)
    done = run("users", "deactivate", "alice", "--confirm", "alice", "--json")
    assert done.code == 0, done
    assert len(builder.mutations) == 1


@pytest.mark.parametrize("odd", [response(200, b"ok"), json_response(200, {"customer_id": 5})])
def test_any_other_2xx_is_unknown_and_not_sent_again(run, builder, history, odd):
    user = builder.add("alice")
    builder.fault("DELETE", action=odd)
    done = run("users", "deactivate", "alice", "--confirm", "alice", "--json")
    assert done.code == 12, done
    assert f" users get {user['customer_id']}" in done.error["hint"]
    assert history()[-1]["outcome"] == "unknown"


def test_a_second_response_to_a_read_is_not_taken_for_the_change(tool, server, key_env):
    user = json.dumps({"customer_id": "c1", "external_id": "alice"}).encode()

    def respond_twice(peer, _request):
        first = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(user), user)
        peer.send(first + b"HTTP/1.1 204 No Content\r\n\r\n")
        return True

    server.script(Action("two responses", respond_twice), error(500, "no", "internal_error"))
    argv = ["users", "deactivate", "id:c1", "--confirm", "alice", "--json"]
    done = tool(*argv, env=key_env(server))
    assert done.code == 12, done
    assert "responded with 500: no" in done.error["message"]


def test_the_body_of_a_204_is_not_read_as_the_next_response(run, builder):
    for name in ("u1", "u2", "u3"):
        builder.add(name)
    builder.fault("DELETE", action=response(204, b'{"ok": true}'), times=3, after_effect=True)
    done = run("users", "deactivate", "u1", "u2", "u3", "--confirm", "3", "--json")
    assert done.code == 0, done
    assert len(builder.mutations) == 3
    assert "lost" not in done.err


@pytest.mark.parametrize(
    "gateway_404",
    [
        html(404),
        response(404),
        json_response(404, {"message": "no route"}),
        json_response(404, ["x"]),
    ],
    ids=["page", "empty", "other JSON", "list"],
)
def test_a_404_of_a_gateway_after_a_lost_response_is_decided_by_a_read(run, builder, gateway_404):
    """The user is still there, so the DELETE is repeated."""
    user = builder.add("alice")
    builder.fault("DELETE", action=html(502))
    builder.fault("DELETE", nth=2, action=gateway_404)
    done = run("users", "deactivate", "alice", "--confirm", "alice")
    assert (done.code, list(builder.users)) == (0, []), done
    methods = [request.method for request in builder.requests]
    assert methods[-4:] == ["DELETE", "DELETE", "GET", "DELETE"]
    assert set(changes(builder)) == {delete_of(user)}


@pytest.mark.parametrize("argv", [["users", "deactivate"], ["api", "DELETE"]], ids=" ".join)
def test_after_a_404_of_a_gateway_a_read_can_show_that_the_user_is_gone(
    run, builder, argv, history
):
    user = builder.add("alice")
    builder.fault("DELETE", action=html(502), after_effect=True)
    builder.fault("DELETE", nth=2, action=html(404))
    name = "alice" if argv[0] == "users" else f"/builder/users/{user['customer_id']}"
    done = run(*argv, name, "--confirm", "alice")
    assert done.code == 0, done
    assert "a read shows that the user is gone" in done.err
    assert len(builder.mutations) == 2
    assert history()[-1]["outcome"] == "applied"


@pytest.mark.parametrize(
    "read",
    [html(404), html(403), html(401), error(500, "x", "y"), json_response(200, {"error": "x"})],
)
def test_a_read_that_fails_leaves_the_outcome_unknown(run, builder, history, read):
    user = builder.add("alice")
    builder.fault("DELETE", action=html(502))
    builder.fault("DELETE", nth=2, action=html(404))
    builder.fault("GET", user["customer_id"], nth=2, times=9, action=read)
    builder.strict = False
    done = run("users", "deactivate", f"id:{user['customer_id']}", "--confirm", "alice")
    assert done.code == 12, done
    assert history()[-1]["outcome"] == "unknown"


def test_gateway_404s_until_the_attempts_are_used_up_are_unknown(run, builder):
    builder.add("alice")
    builder.fault("DELETE", action=html(502))
    builder.fault("DELETE", nth=2, times=2, action=html(404))
    done = run("users", "deactivate", "alice", "--confirm", "alice")
    assert (done.code, len(builder.mutations), len(builder.users)) == (12, 3, 1), done


def test_the_intent_and_the_user_as_it_was_are_on_disk_before_the_request(
    run, builder, history, home, leaks
):
    user = builder.add("alice", 25, wallet=wallet("safe", "0"))
    path = home / ".local" / "state" / "parsec" / "history.jsonl"
    seen = []

    def look(request):
        if request.method == "DELETE":
            seen.extend(json.loads(line) for line in path.read_text().splitlines())
        return builder._handle(request)

    builder.respond(look)
    done = run("users", "deactivate", "alice", "--confirm", "alice", "--reason", "left")
    assert done.code == 0, done
    (intent,) = seen
    assert intent["target"] == {"customer_id": user["customer_id"], "external_id": "alice"}
    assert (intent["command"], intent["reason"]) == ("users deactivate", "left")
    kept = {name: value for name, value in user.items() if name != "api_key"}
    nothing = {"balances": [], "open_orders": None, "positions": None, "unknown": []}
    assert intent["before"] == {**kept, "holdings": nothing}
    assert history()[0] == intent
    assert leaks(done, [user["api_key"]]) == []
