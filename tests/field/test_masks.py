"""Keys of end-users are masked in every format and file, except with `--reveal-keys`."""

from __future__ import annotations

import pytest
from support.builder import BUILDER_KEY
from support.records import END_USER_KEY


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json", "jsonl", "ids"])
@pytest.mark.parametrize(
    "argv",
    [
        ["users", "get", "alice"],
        ["users", "create", "new"],
        ["users", "set-qps", "alice", "11"],
        ["users", "list", "--fields", "customer_id,api_key"],
        ["users", "create", "new", "--dry-run"],
        ["users", "deactivate", "alice", "--confirm", "alice", "--reason", "left"],
        ["api", "GET", "/builder/users"],
    ],
    ids=" ".join,
)
def test_an_end_users_key_is_masked_in_every_format_and_file(run, builder, leaks, argv, form):
    """The API returns a key with every user."""
    builder.add("alice")
    completed = run(*argv, "-o", form)
    # `ids` has nothing to print where a record has no customer_id, and says so
    assert completed.code == 0 or (completed.code == 2 and form == "ids"), completed
    assert leaks(completed, [END_USER_KEY, BUILDER_KEY]) == []


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json", "jsonl"])
def test_reveal_keys_shows_them_in_that_command_only(run, builder, leaks, form):
    """The keys are on stdout only, and in no file."""
    user = builder.add("alice")
    for fields in ([], ["--fields", "customer_id,api_key"]):
        shown = run("users", "get", "alice", "--reveal-keys", "-o", form, *fields)
        assert user["api_key"] in shown.out
        assert leaks(None, [END_USER_KEY]) == []
        assert user["api_key"] not in run("users", "get", "alice", "-o", form, *fields).out


def test_reveal_keys_never_shows_other_secrets(run, builder, leaks):
    builder.add("alice", private_key="PRIVATECANARY1", nested={"clob_api_secret": "CLOBCANARY12"})
    completed = run("users", "get", "alice", "--reveal-keys", "--json")
    assert completed.code == 0, completed
    assert leaks(completed, ["PRIVATECANARY1", "CLOBCANARY12"]) == []


@pytest.mark.usefixtures("odd_records")
@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json", "jsonl"])
@pytest.mark.parametrize(
    "field",
    ["tier", "status", "qps_limit", "created_at", "fee_bps", "fee_escrow_enabled", "wallet"],
)
def test_secrets_in_plain_fields_are_masked_too(run, builder, leaks, field, form):
    """The field contains an object instead of text."""
    odd = {"private_key": "PRIVATECANARY1", "x": [{"clob_api_key": "CLOBCANARY12"}, None]}
    value = {"wallet_type": odd, "chain_id": [odd]} if field == "wallet" else odd
    user = builder.add("alice", **{field: value})
    for argv in (["users", "get", "alice"], ["users", "deactivate", user["customer_id"]]):
        completed = run(*argv, "-o", form)
        assert completed.code in (0, 9), completed
        assert leaks(completed, ["PRIVATECANARY1", "CLOBCANARY12"]) == []
        assert "None" not in completed.out + completed.err


def test_a_bulk_run_leaves_no_key_in_its_results_and_journals(run, builder, work, leaks):
    """People send result files to each other."""
    builder.add("alice")
    (work / "fleet.csv").write_text("external_id,qps_limit\nalice,11\nnew,5\n")
    completed = run("users", "apply", "fleet.csv", "--yes", "--results", "out.jsonl")
    assert completed.code == 0, completed
    assert leaks(completed, [END_USER_KEY, BUILDER_KEY]) == []
    written = b"".join(path.read_bytes() for path in work.iterdir())
    assert END_USER_KEY.encode() not in written
    assert b"new" in written
