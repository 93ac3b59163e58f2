"""`parsec history` after real changes in the sandbox."""

import json
import re

import pytest
from commands.users.bulk_files import creates, roster
from support.actions import error, raw_json

SANDBOX = ("-p", "sandbox")


@pytest.fixture
def changed(tool):
    """Make two users in the sandbox, a second apart, and change one."""
    for name in ("ann", "bob"):
        assert tool("users", "create", name, *SANDBOX).code == 0
    done = tool("users", "set-qps", "ann", "7", "--reason", "ticket 7", *SANDBOX)
    assert done.code == 0, done


@pytest.mark.usefixtures("changed")
def test_changes_are_listed_oldest_first_in_the_documented_shape(tool):
    done = tool("history", "list", "--json", *SANDBOX)
    assert done.code == 0, done
    entries = done.json["entries"]
    assert [entry["target"]["external_id"] for entry in entries] == ["ann", "bob", "ann"]
    members = "id time profile host key command target before after outcome http_status attempts"
    assert set(entries[2]) == {*members.split(), "reason", "run", "change"}
    assert entries[2]["reason"] == "ticket 7"
    assert entries[2]["after"]["qps_limit"] == 7
    assert entries[2]["run"] is None
    assert [entry["change"] for entry in entries] == [
        *[{"state": ["absent", "active"]}] * 2,
        {"qps_limit": [None, 7]},
    ]
    assert {entry["outcome"] for entry in entries} == {"applied"}
    assert "api_key" not in done.out


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize(
    ("user", "count"), [("ann", 2), ("ext:ann", 2), ("id:ann", 0), ("ANN", 0), ("ext:{}", 0)]
)
def test_entries_are_chosen_by_user_time_and_number(tool, user, count):
    """A user is named as in every command."""
    entries = tool("history", "list", "--json", *SANDBOX).json["entries"]
    customer_id = entries[0]["target"]["customer_id"]
    for name, found in ((user.format(customer_id), count), (f"id:{customer_id.upper()}", 2)):
        done = tool("history", "list", "--user", name, "--json", *SANDBOX)
        assert len(done.json["entries"]) == found, name
    newest = tool("history", "list", "--limit", "1", "--json", *SANDBOX).json["entries"]
    assert newest == entries[-1:]
    assert tool("history", "list", "--since", "5w", "-o", "jsonl", *SANDBOX).out.count("\n") == 3


@pytest.mark.usefixtures("changed")
def test_one_entry_is_shown_by_its_id(tool):
    entry = tool("history", "list", "--limit", "1", "--json", *SANDBOX).json["entries"][0]
    done = tool("history", "show", entry["id"], "--json")
    assert done.json == entry
    people = tool("history", "show", entry["id"], "-o", "table").out
    assert people.splitlines()[0] == "ann: qps_limit none → 7"
    assert "ticket 7" in people
    assert "before" in people


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("form", ["tsv", "csv"])
def test_one_entry_as_a_row_has_the_words_of_the_list_and_its_records_on_stderr(tool, form):
    words = ("-o", form, "--no-headers")
    *_, listed = tool("history", "list", *words, *SANDBOX).out.splitlines()
    entry = tool("history", "list", "--limit", "1", "--json", *SANDBOX).json["entries"][0]
    done = tool("history", "show", entry["id"], *words)
    assert done.out.splitlines() == [listed]
    assert "qps_limit none -> 7" in listed
    first, _, last = done.err.partition("; ")
    assert json.loads(first.removeprefix("before: "))["external_id"] == "ann"
    assert last == 'after, where it differs: {"qps_limit":7}\n'
    assert tool("history", "show", entry["id"], *words, "-q").err == ""


@pytest.mark.parametrize(("attempts", "text"), [(1, "1 attempt"), (11, "11 attempts")])
@pytest.mark.usefixtures("changed")
def test_the_attempts_of_a_change_are_counted(tool, home, attempts, text):
    (path,) = home.rglob("history.jsonl")
    path.write_text(path.read_text().replace('"attempts":1', f'"attempts":{attempts}'))
    entry = tool("history", "list", "--limit", "1", "--json", *SANDBOX).json["entries"][0]
    people = tool("history", "show", entry["id"], "-o", "table").out
    assert re.search(rf"outcome +applied \(200, {text}\)\n", people)


def test_an_empty_history_is_an_empty_list_and_needs_no_key(tool, home):
    done = tool("history", "list", "--json")
    assert (done.code, done.json) == (0, {"entries": []})
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["list", "--user", ""], 2, "was a shell variable unset?"),
        (["list", "--since", "yesterday"], 2, "is not a point in time"),
        (["list", "--since", ""], 2, "is not a point in time"),
        (["list", "--run", ""], 2, "`--run` is empty"),
        (["list", "--run", "r-20261126-1402"], 3, "run `r-20261126-1402` not found"),
        (["list", "--since", "1h", "--until", "2h"], 2, "`--since` is later than `--until`"),
        (["list", "--since", "2026-03-02", "--until", "2026-03-01"], 2, "is later than `--until`"),
        (["list", "--command", " "], 2, "`--command` is empty"),
        (["list", "--until", "soon"], 2, "is not a point in time"),
        (["list", "--outcome", "aplied"], 2, "did you mean `applied`?"),
        (["show", "zzzz"], 3, "zzzz"),
    ],
)
def test_an_invalid_user_time_or_entry_is_refused(tool, words, code, message):
    done = tool("history", *words)
    assert done.code == code, done
    assert message in done.err


def test_numbers_of_a_record_keep_their_digits(run, builder):
    user = builder.add("a", 5)
    text = json.dumps({**user, "big": 12345678901234567890})[:-1] + ', "fee": 1.10}'
    builder.fault("GET", user["customer_id"], action=raw_json(200, text))
    run("users", "set-qps", user["customer_id"], "7")
    shown = run("history", "list", "--json").out
    assert '"fee": 1.10' in shown
    assert "12345678901234567890" in shown


@pytest.mark.usefixtures("changed")
def test_only_changes_of_the_current_profile_are_listed(tool):
    assert tool("history", "list", "--json").json == {"entries": []}
    assert len(tool("history", "list", "--all-profiles", "--json").json["entries"]) == 3
    empty = tool("history", "list", "-o", "table")
    assert "no change was made from this machine with profile default yet" in empty.err


def limits(done):
    return [entry["change"]["qps_limit"][1] for entry in done.json["entries"]]


def test_changes_are_filtered_by_command_outcome_time_and_run(run, builder, work, clock):
    builder.add("u1", 1)
    builder.add("u2", 1)
    for qps in (2, 3):
        assert run("users", "set-qps", "u1", str(qps)).code == 0
        clock.sleep(3600)
    several = run("users", "set-qps", "u1=1", "u2=5")
    assert several.code == 0
    builder.fault("PATCH", action=error(400, "no", "bad_request"))
    assert run("users", "set-qps", "u1", "6").code == 5
    assert run("users", "apply", roster(work / "u.csv", "u1,7"), "--yes").code == 0
    listed = ("history", "list", "--json")
    assert limits(run(*listed)) == [2, 3, 1, 5, 6, 7]
    assert limits(run(*listed, "--command", "set-qps")) == [2, 3, 1, 5, 6]
    assert limits(run(*listed, "--command", "users apply")) == [7]
    assert limits(run(*listed, "--command", "set")) == []
    assert limits(run(*listed, "--outcome", "not_applied")) == [6]
    assert limits(run(*listed, "--since", "90m")) == [3, 1, 5, 6, 7]
    assert limits(run(*listed, "--until", "90m")) == [2]
    assert limits(run(*listed, "--command", "set-qps", "--limit", "2")) == [5, 6]
    first, second = (one["id"] for one in run("runs", "list", "--json").json["runs"])
    assert first in several.err
    assert limits(run(*listed, "--run", first)) == [1, 5]
    assert limits(run(*listed, "--run", second)) == [7]
    assert [entry["run"] for entry in run(*listed).json["entries"]] == [
        *[None, None, first, first, None, second]
    ]


def test_commands_of_api_are_found_by_their_method(run, builder):
    user = builder.add("u1", 1)
    run("api", "PATCH", f"/builder/users/{user['customer_id']}", "-F", "qps_limit=3")
    for command in ("api", "api PATCH", f"api PATCH /builder/users/{user['customer_id']}"):
        assert limits(run("history", "list", "--json", "--command", command)) == [3]
    assert run("history", "list", "--json", "--command", "api POST").json == {"entries": []}


def test_each_kind_of_change_is_described(run, builder):
    builder.add("there", 5)
    user = builder.add("old", 2, linked_exchanges=["polymarket"], wallet=None)
    run("users", "create", "new", "--qps-limit", "5", "--email", "a@x.example")
    run("users", "create", "there")
    for _ in range(2):
        run("users", "onboard", "new", "--exchange", "polymarket", "--mode", "managed")
    run("users", "set-qps", "old", "3")
    run("api", "PATCH", f"/builder/users/{user['customer_id']}", "-F", "qps_limit=4")
    run("users", "deactivate", "old", "--confirm", "old")
    entries = run("history", "list", "--json").json["entries"]
    assert [entry["change"] for entry in entries] == [
        {"state": ["absent", "active"], "qps_limit": [None, 5], "email": [None, "a@x.example"]},
        {},
        {"linked_exchanges": [[], ["polymarket"]]},
        {},
        {"qps_limit": [2, 3]},
        {"qps_limit": [None, 4]},
        {"state": ["active", "absent"]},
    ]
    tsv = run("history", "list", "--fields", "change").out.splitlines()
    assert tsv == [
        *(
            "created",
            "already existed",
            "linked polymarket",
            "already linked",
            "qps_limit 2 -> 3",
            "qps_limit 4",
            "deactivated",
        )
    ]


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (("users", "create", "there"), "there: already existed"),
        (("api", "DELETE", "/orders/5"), "api DELETE /orders/5"),
        (("api", "PUT", "/x", "-f", "name=a\x1b[31mb\u202e"), "name a\\u{1b}[31mb\\u{202e}"),
    ],
)
def test_a_change_is_shown_above_its_facts(run, builder, argv, shown):
    builder.add("there", 5)
    run(*argv)
    entry = run("history", "list", "--json").json["entries"][0]
    assert run("history", "show", entry["id"], "-o", "table").out.splitlines()[0] == shown
    listed = run("history", "list", "-o", "table").out
    assert "\x1b" not in listed
    assert "\u202e" not in listed


def test_people_see_a_run_as_one_line_and_its_changes_on_demand(run, builder, work):
    builder.rest_qps = 0
    builder.fault("POST", nth=2, action=error(400, "no", "bad_request"))
    run("users", "apply", creates(work / "u.csv", 4), "--yes", "--concurrency", "1")
    run("users", "create", "new")
    name = run("runs", "list", "--json").json["runs"][0]["id"]
    first, second = run("history", "list", "-o", "table", "--no-headers").out.splitlines()
    cells = re.split(" {2,}", first)[1:]
    assert cells == ["–", "apply", f"run {name}", "3 of 4 done, 1 failed", "–", "–"]
    assert second.split()[2:6] == ["new", "create", "created", "applied"]
    for words in (("--run", name), ("--outcome", "applied"), ("--user", "new-00000")):
        shown = run("history", "list", "-o", "table", "--no-headers", *words)
        assert f"run {name}" not in shown.out
        assert "new-00000" in shown.out
    assert len(run("history", "list").out.splitlines()) == 5


def test_a_run_whose_file_was_moved_away_is_still_a_line(run, work, home):
    assert run("users", "apply", creates(work / "u.csv", 2), "--yes").code == 0
    for path in home.rglob("runs/r-*"):
        path.unlink()
    shown = run("history", "list", "-o", "table", "--no-headers").out
    assert len(shown.splitlines()) == 1
    (name,) = re.findall("run (r-[0-9-]+)", shown)
    assert len(run("history", "list", "--run", name, "--json").json["entries"]) == 2
    elsewhere = run("history", "list", "--run", name, "-p", "sandbox")
    assert (elsewhere.code, elsewhere.out) == (0, "")


def test_a_run_without_an_entry_has_no_changes_to_list(run, work, home):
    assert run("users", "apply", creates(work / "u.csv", 2), "--yes").code == 0
    (path,) = home.rglob("history.jsonl")
    path.unlink()
    name = run("runs", "list", "--json").json["runs"][0]["id"]
    done = run("history", "list", "--run", name, "--json")
    assert (done.code, done.json) == (0, {"entries": []})
