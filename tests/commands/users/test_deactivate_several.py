"""Deactivations of several users: all are found first, counted, and sent one at a time."""

from __future__ import annotations

import csv

import pytest
from commands.users.bulk_files import changes, journals, lines_of, outcomes, roster
from support.actions import error
from support.terminal import CTRL_C


@pytest.fixture
def people(builder):
    return [builder.add(f"u{number}", 5) for number in range(4)]


def ids(path, *names):
    path.write_text("".join(f"{name}\n" for name in names))
    return str(path)


def left(builder) -> list[str]:
    return [user["external_id"] for user in builder.users.values()]


def test_users_in_a_file_are_deactivated_with_their_count(run, builder, people, work):
    file = ids(work / "f", "u0", people[1]["customer_id"].upper())

    completed = run("users", "deactivate", "--from-file", file, "--confirm", "2", "--json")

    assert completed.code == 0, completed
    assert outcomes(completed) == {"u0": "deactivated", "u1": "deactivated"}
    assert completed.json["summary"]["deactivated"] == 2
    assert left(builder) == ["u2", "u3"]
    assert [request.method for request in builder.mutations] == ["DELETE", "DELETE"]


@pytest.mark.usefixtures("people")
def test_more_deactivations_than_the_month_has_requests_are_refused(run, builder):
    builder.monthly_limit = builder.monthly_used + 3
    refused = run("users", "deactivate", "u0", "u1", "u2", "u3", "--confirm", "4")
    assert refused.code == 10, refused
    assert "the command needs 4 requests, and" in refused.err
    assert changes(builder) == []
    assert run("users", "deactivate", "u0", "u1", "u2", "u3", "-n").code == 0


def test_a_user_named_twice_counts_once(run, builder, people):
    names = ["u0", "u1", "ext:u0", people[1]["customer_id"]]

    assert run("users", "deactivate", *names, "--confirm", "4").code == 9
    assert changes(builder) == []
    done = run("users", "deactivate", *names, "--confirm", "2")
    assert (done.code, left(builder)) == (0, ["u2", "u3"])
    assert "named twice: 2" in done.err
    assert "already deactivated" not in done.err


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("name", ["a\tb", "a\nb", "a\u2028b"])
def test_a_column_can_contain_ids_that_no_argument_can(run, builder, work, name):
    """Odd ids are refused in creates only."""
    builder.add(name)
    with (work / "f.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["external_id"], ["u0"], [name]])

    completed = run("users", "deactivate", "--from-file", "f.csv", "--confirm", "2")

    assert completed.code == 0, completed
    assert left(builder) == ["u1", "u2", "u3"]


@pytest.mark.parametrize("many", [0, 60])
def test_one_unknown_name_refuses_the_whole_file(run, builder, people, work, many):
    """Users are fetched one by one, or in one listing."""
    more = [user["external_id"] for user in builder.add_many(many)]
    file = ids(work / "f", "u0", "nobody", "u1", *more)

    completed = run("users", "deactivate", "--from-file", file, "--confirm", "3", "--max", "99")

    assert completed.code == 3
    assert "row 2" in completed.err
    assert "nobody" in completed.err
    assert changes(builder) == []
    assert len(left(builder)) == len(people) + many


@pytest.mark.parametrize("data", [b"", b"\n\n", b"external_id\n", b" \r\n"])
def test_an_empty_file_is_a_usage_error(run, builder, data):
    completed = run("users", "deactivate", "--from-file", "-", "--confirm", "0", stdin=data)

    assert completed.code == 2
    assert builder.requests == []


def test_the_first_failure_stops_the_run(run, builder, people, work):
    builder.fault("DELETE", nth=2, action=error(409, "busy", "conflict"))
    file = ids(work / "f", "u0", "u1", "u2")

    completed = run("users", "deactivate", "--from-file", file, "--confirm", "3", "--json")

    assert completed.code == 8
    assert list(outcomes(completed).values()) == ["deactivated", "failed", "not_attempted"]
    assert len(left(builder)) == len(people) - 1
    assert completed.error["hint"].endswith(f"users deactivate --from-file {file} --json")
    assert "--max-failures" not in completed.error["hint"]


def test_the_same_file_continues_after_a_failure(run, builder, people, work, clock):
    """The count is of the users who are left."""
    builder.fault("DELETE", nth=3, action=error(409, "busy", "conflict"))
    file = ids(work / "f", *(user["external_id"] for user in people))
    run("users", "deactivate", "--from-file", file, "--confirm", "4")
    clock.sleep(1)

    refused = run("users", "deactivate", "--from-file", file, "--confirm", "4")
    completed = run("users", "deactivate", "--from-file", file, "--confirm", "2", "--json")

    assert refused.code == 9
    assert completed.code == 0, completed
    names = ["unchanged", "unchanged", "deactivated", "deactivated"]
    assert list(outcomes(completed).values()) == names
    assert left(builder) == []
    assert len(builder.effects) == 4


def test_an_unknown_deactivation_needs_consent_again(
    run, builder, people, work, clock, terminal, key_env
):
    """After a 500: it is not repeated, and part of the next count."""
    builder.fault("DELETE", action=error(500, "boom", "internal_error", retryable=True))
    file = ids(work / "f", "u0", "u1")
    command = ["users", "deactivate", "--from-file", file]

    first = run(*command, "--confirm", "2", "--json")
    clock.sleep(1)
    refused = run(*command)
    session = terminal(command, env=key_env(builder), answers=[("Type", CTRL_C)], cols=120)

    assert first.code == 12, first
    assert outcomes(first) == {"u0": "unknown", "u1": "deactivated"}
    assert len(people) == 4
    assert "--confirm" in refused.err
    assert "the outcome of an earlier deactivation of `u0` is unknown" in session.text
    assert left(builder) == ["u0", "u2", "u3"]
    assert run(*command, "--confirm", "1").code == 0
    assert left(builder) == ["u2", "u3"]


def test_a_new_user_with_the_name_of_a_deactivated_one_needs_consent(run, builder, work, clock):
    builder.add("again", 1)
    file = ids(work / "f", "again")
    run("users", "deactivate", "--from-file", file, "--confirm", "1")
    builder.add("again", 2)
    clock.sleep(1)

    assert run("users", "deactivate", "--from-file", file).code == 9
    assert len(builder.users) == 1
    assert run("users", "deactivate", "--from-file", file, "--confirm", "1").code == 0
    assert builder.users == {}


def test_intent_and_record_are_on_disk_before_the_request(run, builder, people, work, home):
    seen = []
    respond = builder.respond_to

    def look(request):
        if request.method == "DELETE":
            (journal,) = journals(home)
            seen.append([line["record"] for line in lines_of(journal) if "record" in line])
        return respond(request)

    builder.respond_to = look
    run("users", "deactivate", "--from-file", ids(work / "f", "u0", "u1"), "--confirm", "2")

    records = [{k: v for k, v in user.items() if k != "api_key"} for user in people[:2]]
    assert seen == [records[:1], records]


def test_prune_needs_the_count_of_users_that_are_not_in_the_file(run, builder, people, work):
    file = roster(work / "u.csv", "u0,5", "u1,5", "new,1")
    command = ["users", "apply", file, "--prune"]

    assert run(*command, "--yes").code == 9
    assert run(*command, "--confirm", "1").code == 9
    assert run(*command, "--confirm", "2", "--max", "1").code == 10
    assert left(builder) == [user["external_id"] for user in people]
    completed = run(*command, "--confirm", "2", "--json")
    assert completed.code == 0
    assert left(builder) == ["u0", "u1", "new"]
    rows = completed.json["results"]
    assert [(row["row"], row["outcome"]) for row in rows] == [
        (2, "unchanged"),
        (3, "unchanged"),
        (4, "created"),
        (None, "deactivated"),
        (None, "deactivated"),
    ]


def test_prune_includes_users_without_an_external_id(run, builder, work):
    nameless = builder.add(None, 1)
    builder.add("stays", 1)

    completed = run(
        "users", "apply", roster(work / "u.csv", "stays,1"), "--prune", "--confirm", "1", "--json"
    )

    assert completed.code == 0
    assert completed.json["results"][1]["customer_id"] == nameless["customer_id"]
    assert left(builder) == ["stays"]


@pytest.mark.usefixtures("people")
def test_a_run_that_is_stopped_does_not_say_that_nothing_was_changed(run, builder):
    why = error(403, "requires a builder account", "forbidden")
    builder.fault("DELETE", nth=2, action=why)
    done = run("users", "deactivate", "u0", "u1", "u2", "--confirm", "3", "--json")
    assert done.code == 4, done
    assert "1 deactivated, 1 failed, 1 not attempted" in done.error["message"]
    assert "nothing was changed" not in done.err
