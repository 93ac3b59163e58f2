"""What a terminal shows is not lost in a pipe: rows on stdout, totals on stderr."""

import pytest
from support.records import wallet


@pytest.fixture(autouse=True)
def fleet(builder):
    for name, limit in (("small", 5), ("large", 40), ("none", None)):
        builder.add(name, qps_limit=limit)


@pytest.mark.parametrize(("form", "cell"), [("tsv", "\t"), ("csv", ",")])
def test_pool_show_prints_a_line_per_user_and_the_totals_on_stderr(form, cell, run):
    completed = run("pool", "show", "--top", "3", "-o", form, "--no-headers")
    rows = [line.split(cell) for line in completed.out.splitlines()]
    assert [(row[0], row[2]) for row in rows] == [("large", "40"), ("small", "5")]
    assert completed.err.startswith("QPS pool: 45 of ")
    assert completed.err.endswith(", 3 users\n")


def test_fields_of_the_pool_still_show_the_pool(run):
    completed = run("pool", "show", "--top", "3", "-o", "tsv", "--fields", "total_allocated_qps")
    assert completed.out == "45\n"


def test_config_show_prints_a_line_per_setting_with_its_source(run):
    lines = run("config", "show", "-o", "csv").out.splitlines()
    assert lines[0] == "setting,value,source"
    assert lines[2].endswith(",environment PARSEC_API_BASE_URL")
    assert [line.split(",")[0] for line in lines[1:]][:3] == ["profile", "base_url", "api_key"]


@pytest.mark.parametrize("form", ["tsv", "csv", "jsonl"])
def test_plan_prints_its_summary_on_stderr(form, run, work):
    (work / "r.csv").write_text("external_id,qps_limit\nsmall,6\nlarge,40\nnew,1\n")
    completed = run("users", "plan", "r.csv", "-o", form)
    assert completed.err.endswith(
        "\nplan: 1 to create, 1 to change; 1 unchanged, 1 user not in the file stays as it is; "
        "pool 45 → 47 of 1,000; 2 requests, as fast as permitted, under 0.1% of the monthly quota\n"
    )


def test_a_run_with_nothing_to_do_says_so_on_stderr(run, work):
    (work / "r.csv").write_text("external_id,qps_limit\nsmall,5\n")
    assert run("users", "apply", "r.csv", "--yes", "-o", "tsv").err.endswith("\n1 unchanged\n")


@pytest.mark.parametrize(("form", "said"), [("tsv", True), ("csv", True), ("json", False)])
def test_balances_that_a_line_lacks_are_on_stderr(form, said, run, builder):
    builder.add("rich", wallet=wallet(balance="100.50"))
    completed = run("users", "get", "rich", "-o", form)
    assert ("balances: 100.50 USDC" in completed.err) is said
    assert run("users", "get", "rich", "-o", form, "--fields", "external_id").err == ""


def test_onboarding_prints_the_address_of_the_wallet(run):
    words = ("users", "onboard", "user_008", "--exchange", "polymarket", "--mode", "managed")
    header, line = run("-p", "sandbox", *words, "-o", "csv").out.splitlines()
    assert header.endswith(",steps_completed,eoa_address,safe_address,wallet.wallet_type")
    assert line.split(",")[-3].startswith("0x")


@pytest.mark.parametrize(("form", "cell"), [("tsv", "\t"), ("csv", ",")])
def test_usage_show_prints_the_billing_period_as_times(form, cell, run):
    completed = run("usage", "show", "-o", form, "--no-headers")
    period = ["2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z"]
    assert completed.out.splitlines()[0].split(cell)[-2:] == period
    assert run("usage", "show", "--json").json["billing_period_end"] == 1_790_812_800
