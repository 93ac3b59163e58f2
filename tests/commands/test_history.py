"""`parsec history` after real changes in the sandbox."""

import json

import pytest
from support.actions import raw_json

SANDBOX = ("-p", "sandbox")


@pytest.fixture
def changed(tool):
    """Make two users in the sandbox, a second apart, and change one."""
    for name in ("ann", "bob"):
        assert tool("users", "create", name, *SANDBOX).code == 0
    done = tool("users", "set-qps", "ann", "7", "--reason", "ticket 7", *SANDBOX)
    assert done.code == 0, done


@pytest.mark.usefixtures("changed")
def test_changes_are_listed_newest_first_in_the_documented_shape(tool):
    done = tool("history", "list", "--json")
    assert done.code == 0, done
    entries = done.json["entries"]
    assert [entry["target"]["external_id"] for entry in entries] == ["ann", "bob", "ann"]
    members = "id time profile host key command target before after outcome http_status attempts"
    assert set(entries[0]) == {*members.split(), "reason", "run"}
    assert entries[0]["reason"] == "ticket 7"
    assert entries[0]["after"]["qps_limit"] == 7
    assert {entry["outcome"] for entry in entries} == {"applied"}
    assert "api_key" not in done.out


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize(
    ("user", "count"), [("ann", 2), ("ext:ann", 2), ("id:ann", 0), ("ANN", 0), ("ext:{}", 0)]
)
def test_entries_are_chosen_by_user_time_and_number(tool, user, count):
    """A user is named as in every command."""
    entries = tool("history", "list", "--json").json["entries"]
    customer_id = entries[0]["target"]["customer_id"]
    for name, found in ((user.format(customer_id), count), (f"id:{customer_id.upper()}", 2)):
        done = tool("history", "list", "--user", name, "--json")
        assert len(done.json["entries"]) == found, name
    assert len(tool("history", "list", "--limit", "1", "--json").json["entries"]) == 1
    assert tool("history", "list", "--since", "5w", "-o", "jsonl").out.count("\n") == 3


@pytest.mark.usefixtures("changed")
def test_one_entry_is_shown_by_its_id(tool):
    entry = tool("history", "list", "--limit", "1", "--json").json["entries"][0]
    done = tool("history", "show", entry["id"], "--json")
    assert done.json == entry
    people = tool("history", "show", entry["id"], "-o", "table").out
    assert "ticket 7" in people
    assert "before" in people


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
