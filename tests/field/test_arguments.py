"""Arguments are used as written, or refused with a hint how to write them."""

from __future__ import annotations

import re

import pytest

NUMBERS = ["", " 7 ", "1_000", "1.0", "1e3", "2147483648", "0", "٣", "²", "9" * 5000, "--5"]


@pytest.mark.parametrize("value", NUMBERS, ids=lambda v: repr(v)[:20])
def test_a_limit_is_plain_digits_or_refused(run, builder, value):
    user = builder.add("alice")
    for argv in (
        ["users", "set-qps", user["customer_id"], value],
        ["users", "set-qps", "alice", "--", value],
        ["users", "create", "u2", f"--qps-limit={value}"],
    ):
        completed = run(*argv)
        assert completed.code == 2, completed
    assert builder.requests == []


@pytest.mark.parametrize("value", ["1", "7", "007", "2147483647"])
def test_plain_digits_in_the_range_are_accepted(run, builder, value):
    user = builder.add("alice")
    completed = run("users", "set-qps", "alice", value, "--allow-overcommit")
    assert completed.code == 0, completed
    assert user["qps_limit"] == int(value)


@pytest.mark.parametrize(
    ("argv", "most"),
    [
        (["sandbox", "seed"], 100_000),
        (["sandbox", "serve", "--port"], 65_535),
        (["sandbox", "serve", "--latency"], 60_000),
    ],
)
def test_numbers_for_the_sandbox_have_limits(run, argv, most):
    for value in ("x", "1.5", str(most + 1)):
        done = run(*argv, value)
        assert done.code == 2
        assert f"a whole number from 0 to {most}, not `{value}`" in done.err


@pytest.mark.parametrize("value", ["-5", "-1", "-0", "-99999999999999999999"])
def test_the_error_for_a_negative_limit_names_the_least_value(run, builder, value):
    user = builder.add("alice")
    for argv in (
        ["users", "set-qps", user["customer_id"], value],
        ["users", "set-qps", "alice", "--", value],
    ):
        completed = run(*argv)
        assert completed.code == 2, completed
        assert re.search(r"at least 1\b|from 1\b", completed.err)
        assert "o such option" not in completed.err
    assert builder.requests == []


@pytest.mark.parametrize("name", ["-abc", "-x", "-1", "--weird", "-"])
def test_an_id_that_starts_with_a_dash_is_explained(run, builder, name):
    builder.add(name)
    completed = run("users", "get", name)
    if completed.code == 2:
        assert "`--`" in completed.err
        assert builder.requests == []
    else:
        # a lone dash is an argument like any other
        assert name == "-"


@pytest.mark.parametrize("name", ["-abc", "-x", "-1", "--weird", "--help", "-"])
def test_after_a_double_dash_an_id_may_start_with_a_dash(run, builder, name):
    user = builder.add(name)
    found = run("users", "get", "--json", "--", name)
    assert found.json["customer_id"] == user["customer_id"]
    assert run("users", "set-qps", "--", name, "44").code == 0
    assert user["qps_limit"] == 44
    assert run("users", "create", "--json", "--", f"{name}2").json["external_id"] == f"{name}2"
    assert builder.by_external_id(f"{name}2")
    completed = run("users", "deactivate", f"--confirm={name}", "--", name)
    assert completed.code == 0, completed
    assert user["customer_id"] not in builder.users


@pytest.mark.parametrize(
    "argv",
    [
        ["users", "lst"],
        ["users", "list", "extra"],
        ["users", "list", "--limt", "5"],
        ["users", "set-qps", "alice"],
        ["users", "get"],
        ["users", "list", "-o", "xml"],
        ["users", "list", "--limit"],
        ["users", "onboard", "alice", "--exchange", "nyse", "--mode", "managed"],
        ["users", "list", "--api-key", "pk_live_CANARY_000"],
        ["--api-key=pk_live_CANARY_000", "users", "list"],
        ["completion", "tcsh"],
        ["pool", "check", "--min-free", "1.5"],
        ["users", "list", "--rate", "fast"],
    ],
    ids=" ".join,
)
def test_a_mistyped_command_is_explained_in_plain_words(run, builder, argv):
    """Exit 2, an error line and a hint, nothing on stdout, no key echoed, nothing sent."""
    completed = run(*argv)
    assert completed.code == 2, completed
    assert completed.out == ""
    assert "error: " in completed.err
    assert "hint: " in completed.err
    assert "CANARY" not in completed.err
    assert "╭" not in completed.err
    assert builder.requests == []


@pytest.mark.parametrize("option", [["--json"], ["-o", "json"], ["--output=json"]], ids=" ".join)
def test_common_options_are_allowed_before_and_after_the_command(run, builder, option):
    builder.add("alice")
    results = [
        run(*option, "users", "list").out,
        run("users", *option, "list").out,
        run("users", "list", *option).out,
    ]
    assert len(set(results)) == 1
    assert results[0].startswith("{")


@pytest.mark.parametrize("option", ["-ojson", "-o=json", "--output=json", "-o json"])
def test_every_way_to_write_a_value_is_the_same(run, builder, option):
    """Other tools take `-o=json`; no format and no profile begins with that sign."""
    builder.add("alice")
    completed = run("users", "list", *option.split())
    assert completed.code == 0, completed
    assert completed.json["count"] == 1
    assert run("-p=sandbox", "users", "list").err.startswith("sandbox: ")


@pytest.mark.parametrize("option", ["--match", "--exchange", "--tier", "--wallet", "--sort"])
def test_an_empty_filter_is_an_unset_variable_not_everyone(run, builder, option):
    """A variable may be unset in a script that deactivates whoever is listed."""
    builder.add("alice")
    completed = run("users", "list", option, "", "-o", "ids")
    assert completed.code == 2, completed
    assert completed.out == ""
