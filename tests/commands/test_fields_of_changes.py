"""`--fields` of a change is checked before it is sent, since its result must be shown."""

from __future__ import annotations

import pytest
from support.actions import json_response

CHANGES = {
    "create": (["users", "create", "u9"], "status"),
    "onboard": (
        ["users", "onboard", "u1", "--exchange", "polymarket", "--mode", "managed"],
        "wallet",
    ),
    "one limit": (["users", "set-qps", "u1", "9"], "tier"),
    "several limits": (["users", "set-qps", "u1=9", "u2=9"], "before.qps_limit"),
    "one deactivated": (["users", "deactivate", "u1", "--confirm", "u1"], "holdings.balances"),
    "several deactivated": (["users", "deactivate", "u1", "u2", "--confirm", "2"], "before"),
    "apply": (["users", "apply", "r.csv", "--yes"], "after.qps_limit"),
}
RUNS = ("several limits", "several deactivated", "apply")
FORMS = ["json", "jsonl", "csv", "tsv", "table"]


@pytest.fixture
def change(tool, builder, key_env, tmp_path, monkeypatch):
    """Run a changing command: `change(name, *words)`; the users u1 and u2 exist."""
    builder.add("u1", 5)
    builder.add("u2", 5)
    (tmp_path / "r.csv").write_text("external_id,qps_limit\nu1,9\n")
    monkeypatch.chdir(tmp_path)
    return lambda name, *words: tool(*CHANGES[name][0], *words, env=key_env(builder))


@pytest.mark.parametrize("wrong", ["nosuch", "qps_limti,outcome", "", "nosuch.name"])
@pytest.mark.parametrize("name", CHANGES)
def test_an_unknown_field_is_refused_before_the_change(change, builder, name, wrong):
    done = change(name, "--fields", wrong)
    assert done.code == 2, done
    assert builder.mutations == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CHANGES)
def test_a_known_field_that_the_result_lacks_is_empty(change, builder, name, form):
    done = change(name, "--fields", CHANGES[name][1], "-o", form)
    assert done.code == 0, done
    assert builder.mutations


@pytest.mark.parametrize("name", CHANGES)
def test_a_dry_run_may_select_from_what_would_be_sent(change, builder, name):
    fields = "external_id" if name in RUNS else "path"
    done = change(name, "--dry-run", "--json", "--fields", fields)
    assert done.code == 0, done
    assert builder.mutations == []


def test_a_field_of_another_result_of_the_command_is_unknown(change, builder):
    assert change("one deactivated", "--fields", "action").code == 2
    assert change("several limits", "--fields", "qps_limit").code == 2
    assert builder.mutations == []


def test_the_result_of_any_request_is_known_only_after_it(tool, builder, key_env):
    builder.fault("POST", "orders", action=json_response(201, {"order": "o1"}))
    argv = ["api", "POST", "/orders", "-f", "x=1", "--fields", "id"]
    done = tool(*argv, env=key_env(builder))
    assert done.code == 1, done
    assert "the change was made, but the result was not shown: unknown field `id`" in done.err
