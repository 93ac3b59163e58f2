"""Streams that cannot encode the text: shown escaped, never a crash."""

from __future__ import annotations

import pytest

NAMES = ["日本語", "Grüße", "😀", "❤️x", "ﷺ", "a\u0301", "Ωmega"]
FORMATS = ["table", "tsv", "csv", "json", "jsonl", "ids"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "shift_jis", "koi8-r"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_text_can_be_written_to_every_stream(run, builder, encoding, form):
    """List, get and errors in every format."""
    users = [builder.add(name) for name in NAMES]
    for argv in (["users", "list"], ["users", "get", "日本語"]):
        completed = run(*argv, "-o", form, encoding=encoding)
        assert completed.code == 0, completed
        assert users[0]["customer_id"] in completed.out_bytes.decode(encoding, "replace")
    completed = run("users", "get", "見つからない", encoding=encoding)
    assert completed.code == 3, completed
    assert run("users", "deactivate", "--help", encoding=encoding).code == 0


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_json_is_equal_in_any_encoding(run, builder, encoding):
    """It is ASCII to begin with."""
    for name in NAMES:
        builder.add(name)
    completed = run("users", "list", "--json", encoding=encoding)
    assert [user["external_id"] for user in completed.json["users"]] == NAMES


def test_unencodable_ids_stay_distinguishable(run, builder):
    """A row of question marks would be two users that look the same."""
    builder.add("日本")
    builder.add("本日")
    completed = run("users", "list", "-o", "tsv", "--fields", "external_id", encoding="ascii")
    assert len(set(completed.out.splitlines())) == 2
