"""`users plan` on a terminal."""

import pytest
from support.teletype import settled

SANDBOX = "sandbox: a local imitation, nothing here is real\n"
ROSTER = """\
external_id,qps_limit,state
new_alpha,15,
new_beta,,
user_001,40,
user_002,20,
user_006,100,
user_008,,absent
user_009,,absent
market-maker-1,,absent
"""
ACTIONS = """
  + create      new_alpha       15 QPS
  + create      new_beta        limit chosen by the server
  ~ set-qps     user_001        10 → 40   (+30)
  ~ set-qps     user_002        50 → 20   (−30)
  - deactivate  user_008        no limit
  - deactivate  user_009        15 QPS
  - deactivate  market-maker-1  800 QPS   HOLDS 48,250.75 USDC, 1 open order, 1 position

"""
APPLY = """
Apply it with
  parsec -p sandbox users apply p.csv
"""
AT_80 = ACTIONS.replace("order, 1 position", f"order, 1\n{' ' * 32}position")
BAR = "Pool  ████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  1,055 → 255 of 2,500 (10.2%)\n"
COST = "Cost  11 requests, as fast as permitted, under 0.1% of the monthly quota\n"
NOTE = "! `new_beta` has no qps_limit: it counts as 0 in the pool\n"


@pytest.fixture
def plan(screen, work):
    """Plan a roster in the sandbox: `plan(*options, roster=ROSTER, **how)`."""

    def run(*options, roster=ROSTER, **how):
        (work / "p.csv").write_text(roster, encoding="utf-8")
        return settled(screen("-p", "sandbox", "users", "plan", "p.csv", *options, **how))

    return run


def test_a_plan_at_100_columns(plan):
    assert plan(cols=100) == (
        f"{SANDBOX}{ACTIONS}"
        "Plan: 2 to create, 2 to change, 3 to deactivate; 1 unchanged, 6 users not in the file "
        "stay as they\nare\n"
        f"{BAR}{COST}{NOTE}{APPLY}"
    )


def test_a_plan_at_80_columns(plan):
    assert plan(cols=80) == (
        f"{SANDBOX}{AT_80}"
        "Plan: 2 to create, 2 to change, 3 to deactivate; 1 unchanged, 6 users not in the\n"
        "file stay as they are\n"
        f"{BAR}{COST}{NOTE}{APPLY}"
    )


def test_a_plan_at_200_and_at_60_columns_has_the_same_rows(plan):
    indent = f"\n{' ' * 32}"
    at_60 = AT_80.replace("48,250.75 USDC", f"48,250.75{indent}USDC")
    for cols, actions in ((200, ACTIONS), (60, at_60)):
        assert plan(cols=cols).startswith(f"{SANDBOX}{actions}Plan: 2 to create, 2 to change, ")


def test_a_plan_as_sentences(plan):
    assert plan(env={"ACCESSIBLE": "1"}, cols=80) == (
        f"{SANDBOX}\n"
        "+ create; new_alpha; 15 QPS\n"
        "+ create; new_beta; limit chosen by the server\n"
        "~ set-qps; user_001; 10 → 40   (+30)\n"
        "~ set-qps; user_002; 50 → 20   (−30)\n"
        "- deactivate; user_008; no limit\n"
        "- deactivate; user_009; 15 QPS\n"
        "- deactivate; market-maker-1; 800 QPS   HOLDS 48,250.75 USDC, 1 open order, 1 position\n"
        "\n"
        "Plan: 2 to create, 2 to change, 3 to deactivate; 1 unchanged, 6 users not in the\n"
        "file stay as they are\n"
        "Pool: 1,055 → 255 of 2,500 (10.2%)\n"
        f"{COST}{NOTE}{APPLY}"
    )


def test_a_plan_on_a_dumb_terminal_without_utf_8(plan):
    text = plan(
        env={"TERM": "dumb"}, encoding="ascii", roster="external_id,qps_limit\nuser_001,5\n"
    )
    assert text == (
        f"{SANDBOX}"
        "\n"
        "  ~ set-qps  user_001  10 -> 5   (-5)\n"
        "\n"
        "Plan: 1 to change; 11 users not in the file stay as they are\n"
        f"Pool  [{'#' * 15}{'-' * 23}]  1,055 -> 1,050 of 2,500 (42.0%)\n"
        "Cost  1 request, as fast as permitted, under 0.1% of the monthly quota\n"
        f"{APPLY}"
    )


def test_the_colours_of_a_plan(plan, styled):
    text = plan(colour=True, cols=100)
    assert styled(text, "1") == [SANDBOX.rstrip()]
    assert styled(text, "32")[:4] == ["+ create", "new_alpha", "15 QPS", "+ create"]
    assert styled(text, "33")[:3] == ["~ set-qps", "user_001", "10 → 40   (+30)"]
    assert styled(text, "33")[-1] == NOTE.rstrip()
    assert styled(text, "1;31")[-3:] == [
        "- deactivate",
        "market-maker-1",
        "800 QPS   HOLDS 48,250.75 USDC, 1 open order, 1 position",
    ]
    assert styled(text, "36") == ["  parsec -p sandbox users apply p.csv"]


def test_a_saved_plan_is_applied_by_its_name(plan):
    text = plan("--out", "plan.json", roster="external_id,qps_limit\nuser_001,5\n")
    assert text.endswith(
        "\nSaved to plan.json. Apply it with\n  parsec -p sandbox users apply plan.json\n"
    )


def test_nothing_to_change(plan):
    one = plan(roster="external_id,qps_limit\nuser_001,10\n")
    assert one == (
        f"{SANDBOX}\nNothing to change: the user is as the file says\n"
        "11 users not in the file stay as they are\n"
    )
    two = plan(roster="external_id,qps_limit\nuser_001,10\nuser_002,50\n")
    assert "Nothing to change: all 2 users are as the file says\n" in two
    assert "Nothing to change: the file contains no users\n" in plan(roster="external_id\n")


MANY = "".join(f"new_{number:02},1,\n" for number in range(35))
LONG = f"""\
external_id,qps_limit,state
{MANY}user_001,11,
user_009,,absent
market-maker-1,,absent
user_002,12,
user_003,13,
user_004,14,
"""


@pytest.mark.parametrize("cols", [100, 80])
def test_a_long_plan_is_cut_but_not_its_deactivations(plan, cols):
    shown = "".join(f"  + create   new_{number:02}    1 QPS\n" for number in range(30))
    command = "parsec -p sandbox users plan p.csv --output csv"
    text = plan(roster=LONG, cols=cols)
    end = "1 position" if cols > 80 else f"1\n{' ' * 32}position"
    assert text.startswith(
        f"{SANDBOX}\n{shown}"
        "  ~ set-qps  user_001  10 → 11   (+1)\n"
        "  ~ set-qps  user_002  50 → 12   (−38)\n"
        "  ~ set-qps  user_003  5 → 13   (+8)\n"
        "  ~ set-qps  user_004  no limit → 14   (+14)\n"
        "\n"
        f"  … and 5 more ({command} for all)\n"
        "\n"
        "  - deactivate  user_009        15 QPS\n"
        f"  - deactivate  market-maker-1  800 QPS   HOLDS 48,250.75 USDC, 1 open order, {end}\n"
        "\n"
        "Plan: 35 to create, 4 to change, 2 to deactivate; 6 users not in the file "
    )


def test_the_command_for_the_whole_plan_is_never_broken(plan):
    assert (
        "\n  … and 5 more; see all with\n    parsec -p sandbox users plan p.csv --output csv\n\n"
    ) in plan(roster=LONG, cols=60)


TOO_MUCH = "error: the sum of limits would exceed the pool: 1,055 → 6,145 of 2,500, 1,445"


@pytest.mark.parametrize(("cols", "between"), [(100, " "), (80, "\n")])
def test_a_plan_that_exceeds_the_pool_is_shown_and_refused(plan, work, cols, between):
    roster = "external_id,qps_limit\nuser_001,5000\nuser_005,15\nnew,200\nuser_006,5\n"
    text = plan("--out", "plan.json", roster=roster, cols=cols, code=10)
    assert text == (
        f"{SANDBOX}\n"
        "  + create   new       200 QPS\n"
        "  ~ set-qps  user_001  10 → 5,000   (+4,990)\n"
        "  ~ set-qps  user_005  20 → 15   (−5)\n"
        "  ~ set-qps  user_006  100 → 5   (−95)\n"
        "\n"
        "Plan: 1 to create, 3 to change; 9 users not in the file stay as they are\n"
        f"Pool  {'█' * 40}  1,055 → 6,145 of 2,500 (245.8%)\n"
        "Cost  4 requests, as fast as permitted, under 0.1% of the monthly quota\n"
        f"{TOO_MUCH}{between}free; nothing was sent\n"
        "  `user_001` +4,990 QPS\n"
        "  `new` +200 QPS\n"
        "hint: lower other limits by 3,645 QPS, or allow it with\n"
        "  parsec -p sandbox users plan p.csv --out plan.json --allow-overcommit\n"
    )
    assert not (work / "plan.json").exists()


def test_a_plan_with_odd_ids_is_shown_and_refused(plan):
    text = plan(roster="external_id,qps_limit\nUSER_001,5\nNULL,3\n", code=10)
    assert text == (
        f"{SANDBOX}\n"
        "  + create  USER_001  5 QPS\n"
        "  + create  NULL      3 QPS\n"
        "\n"
        "Plan: 2 to create; 12 users not in the file stay as they are\n"
        f"Pool  {'█' * 17}{'░' * 23}  1,055 → 1,063 of 2,500 (42.5%)\n"
        "Cost  2 requests, as fast as permitted, under 0.1% of the monthly quota\n"
        "error: 2 new ids would be created by mistake: nothing was sent\n"
        "  row 2: 'USER_001' looks like 'user_001', an existing user\n"
        "  row 3: the id 'NULL' is what programs write for a missing value\n"
        "hint: correct the file; or, if these ids are intended, run\n"
        "  parsec -p sandbox users plan p.csv --allow-odd-ids\n"
    )
