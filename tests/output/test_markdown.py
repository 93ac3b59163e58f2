"""The markdown of a command is one sentence and one table, whatever the data contain."""

from __future__ import annotations

import json
import random

import pytest
from commands.test_round_trip import nasty
from markdown_it import MarkdownIt
from support.actions import error
from support.records import wallet

from parsec_cli.visible import visible_value

HOSTILE = [
    *("a|b", "a\\|b", "a\\", "|", "`", "``", "a`b|c", "\\`", "a\nb", "a\r\n| x | y |", "\u2028"),
    *(
        "<b>x</b>",
        "<script>",
        "<!-- x",
        "&amp;",
        "&#124;",
        "*a*",
        "_a_",
        "__a__",
        "~~a~~",
        "[a](b)",
    ),
    *("~~a~~", "[a](b)", "![a](b)", "x\u200b"),
    *("@org/team", "#123", "www.example.com", "http://a.example", "a@b.example", "$a$"),
    *(
        ":tada:",
        "---",
        "# x",
        "> x",
        "- x",
        "1. x",
        "\u202ex",
        "x\u200b",
        " x ",
        "a  b",
        "\x1b[31m",
    ),
    *("`a` | `b`", "</code>", "<code>", "&lt;", "日本|", "e\u0301", "a" * 300),
]
READ = MarkdownIt("commonmark").enable("table").enable("strikethrough")
ALLOWED = {"text", "code_inline", "html_inline"}


def cell_text(inline) -> str:
    """Return the text of a cell, which has no markup but code."""
    kinds = {token.type for token in inline.children}
    assert kinds <= ALLOWED, inline.content
    tags = [token.content for token in inline.children if token.type == "html_inline"]
    assert tags in ([], ["<code>", "</code>"]), inline.content
    return "".join(t.content for t in inline.children if t.type != "html_inline")


def parsed(text):
    """Return what is outside the table, and its rows with the header."""
    outside, rows, inside = [], [], False
    for token in READ.parse(text):
        inside = (inside or token.type == "table_open") and token.type != "table_close"
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and inside:
            rows[-1].append(cell_text(token))
        elif token.type == "inline":
            outside.append("".join(child.content for child in token.children))
        else:
            known = ("paragraph", "table", "thead", "tbody", "tr", "th", "td")
            assert token.type.rsplit("_", 1)[0] in known, token
    return outside, rows


@pytest.fixture
def leave(run, work):
    """Compare an export of users with these ids and an empty one: `leave(ids)`."""

    def compare(ids):
        users = [{"customer_id": f"c{n}", "external_id": one} for n, one in enumerate(ids)]
        (work / "a.json").write_text(json.dumps({"users": users}))
        (work / "b.json").write_text('{"users": []}')
        done = run("users", "diff", "a.json", "b.json", "-o", "markdown")
        assert done.code == 0, done
        return done.out

    return compare


HEADER = ["CHANGE", "EXTERNAL ID", "CUSTOMER ID", "FIELD", "OLD", "NEW"]


@pytest.mark.parametrize("ids", [HOSTILE, *[[one] for one in HOSTILE[:8]]], ids=len)
def test_hostile_ids_are_text_in_their_own_cell(leave, ids):
    ids = [one for one in ids if one.strip()]
    outside, (header, *rows) = parsed(leave(ids))
    assert outside == [f"0 joined, {len(ids)} left, 0 changed"]
    assert header == HEADER
    assert [row[1] for row in rows] == [visible_value(one) for one in ids]
    assert {len(row) for row in rows} == {len(HEADER)}


def test_any_combination_is_text_in_its_own_cell(leave):
    chance = random.Random(5)
    ids = list(dict.fromkeys(nasty(chance) + nasty(chance) for _ in range(300)))
    ids = [one for one in ids if one.strip() and not one.startswith("###")]
    _, (_, *rows) = parsed(leave(ids))
    assert [row[1] for row in rows] == [visible_value(one) for one in ids]


def test_a_long_table_is_cut_with_a_count_of_what_is_missing(leave):
    text = leave([f"user_{number:05d}" for number in range(2000)])
    assert 64_000 < len(text) - len("0 joined, 2,000 left, 0 changed") + 1_000 <= 65_000
    outside, rows = parsed(text)
    assert len(rows) - 1 < 2000
    assert outside == [
        "0 joined, 2,000 left, 0 changed",
        f"{2001 - len(rows):,} more rows not shown here: use another format, such as csv",
    ]


def test_deactivations_and_failures_are_not_cut(run, builder, work):
    lines = ["external_id,qps_limit,state"]
    for number in range(900):
        builder.add(f"user_{number:04d}", 1)
        lines.append(f"user_{number:04d},2,")
    builder.qps_pool = 10_000
    for name in ("holder", "leaver"):
        builder.add(name, 1, wallet=wallet("safe", "5000"))
        lines.append(f"{name},,absent")
    (work / "r.csv").write_text("\n".join(lines) + "\n")
    done = run("users", "plan", "r.csv", "-o", "markdown")
    assert done.code == 0, done
    assert len(done.out) <= 65_000
    outside, (_, *rows) = parsed(done.out)
    assert [row[2] for row in rows[-2:]] == ["holder", "leaver"]
    assert outside[-1].startswith(f"{902 - len(rows):,} more rows not shown here")


def test_no_row_follows_one_that_is_too_long(leave):
    outside, rows = parsed(leave(["a", "x" * 70_000, "b"]))
    assert [row[1] for row in rows[1:]] == ["a"]
    assert outside[1].startswith("2 more rows not shown here")


def test_without_rows_there_is_only_the_sentence(leave):
    assert leave([]) == "nothing changed\n"


def test_fields_choose_the_columns(run, builder):
    builder.add("u1", None)
    done = run("users", "audit", "-o", "markdown", "--fields", "detail,rule")
    _, rows = parsed(done.out)
    assert rows == [
        ["DETAIL", "RULE"],
        ["no exchange is linked", "not_linked"],
        ["no limit is set", "no_limit"],
        ["fee escrow is off, but the builder's is on", "escrow_off"],
    ]


def test_audit_has_its_sentence_also_without_findings(run, builder):
    builder.add("u1", 5, linked_exchanges=["kalshi"], fee_escrow_enabled=True)
    assert run("users", "audit", "-o", "markdown").out == "no findings in 1 user\n"
    done = run("users", "audit", "-o", "markdown", "--share", "1", "--ignore", "escrow_off")
    assert done.code == 0
    builder.add("u2", 900)
    done = run("users", "audit", "-o", "markdown", "--ignore", "escrow_off")
    outside, _ = parsed(done.out)
    sentence = "2 findings in 2 users: 1 not_linked, 1 large_share (above 20% of the pool)"
    assert outside == [sentence]


@pytest.mark.parametrize("top", [[], ["--top", "1"]])
def test_pool_has_the_sentence_and_a_table(run, builder, top):
    builder.add("big|one", 600)
    done = run("pool", "show", *top, "-o", "markdown")
    outside, (_, row) = parsed(done.out)
    assert outside == ["QPS pool: 600 of 1,000 allocated, 400 free, 1 user"]
    assert row[0] == ("big|one" if top else "1,000")
    assert done.err == ""


def test_keys_are_masked(run, builder):
    user = builder.add(builder.key, 600)
    done = run("pool", "show", "--top", "1", "-o", "markdown", "--fields", "external_id,api_key")
    assert builder.key not in done.out
    assert user["api_key"] not in done.out


@pytest.fixture
def roster(builder, work):
    """A file that changes one user, creates one with a hostile id, and leaves one."""
    builder.add("u1", 5)
    builder.add("u2", 5)
    text = "external_id,qps_limit\nu1,7\na|b,1200\nu2,5\n"
    (work / "r.csv").write_text(text)
    builder.qps_pool = 5000
    return "r.csv"


def test_plan(run, roster):
    done = run("users", "plan", roster, "-o", "markdown", "--fields", "action,external_id")
    assert done.code == 0, done
    outside, rows = parsed(done.out)
    assert outside == [line for line in done.err.splitlines() if line.startswith("plan: ")]
    assert outside[0].startswith("plan: 1 to create, 1 to change; 1 unchanged; pool 10 → 1,212 of")
    assert rows == [["ACTION", "EXTERNAL ID"], ["set-qps", "u1"], ["create", "a|b"]]


def test_limits_of_a_plan_are_numbers(run, roster):
    done = run("users", "plan", roster, "-o", "markdown")
    _, (header, *rows) = parsed(done.out)
    places = [header.index(title) for title in ("QPS BEFORE", "QPS AFTER")]
    assert [[row[at] for at in places] for row in rows] == [["5", "7"], ["–", "1,200"]]


def test_apply_and_its_run(run, builder, roster):
    builder.fault("POST", "", action=error(400, "<b>no</b> | @org", "bad_request"))
    done = run("users", "apply", roster, "--yes", "-o", "markdown")
    assert done.code == 8, done
    run_id = next(word for word in done.err.split() if word.startswith("r-")).rstrip(";")
    shown = run("runs", "show", run_id, "-o", "markdown")
    for text in (done.out, shown.out):
        _, (header, *rows) = parsed(text)
        cells = {row[header.index("EXTERNAL ID")]: row for row in rows}
        outcome, why = header.index("OUTCOME"), header.index("ERROR")
        found = {name: row[outcome] for name, row in cells.items()}
        assert found == {"u1": "changed", "a|b": "failed", "u2": "unchanged"}
        assert "<b>no</b> | @org" in cells["a|b"][why]
    assert parsed(done.out)[0] == ["1 changed, 1 unchanged, 1 failed"]
    assert run_id in parsed(shown.out)[0][0]


def test_a_refused_plan_is_shown_all_the_same(run, builder, roster):
    builder.qps_pool = 100
    done = run("users", "plan", roster, "-o", "markdown")
    assert done.code == 10
    outside, rows = parsed(done.out)
    assert len(outside) == 1
    assert len(rows) == 3
