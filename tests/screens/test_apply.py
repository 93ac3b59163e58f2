"""`users apply` on a terminal: the question, the progress, and what is shown afterwards."""

import re

import pytest
from support.actions import error
from support.teletype import settled

SANDBOX = "sandbox: a local imitation, nothing here is real\n"
HEADER = "external_id,qps_limit,state\n"
ROSTER = f"""\
{HEADER}new_alpha,15,
user_001,40,
user_006,100,
user_009,,absent
market-maker-1,,absent
"""
PLAN = """
  + create      new_alpha       15 QPS
  ~ set-qps     user_001        10 → 40   (+30)
  - deactivate  user_009        15 QPS
  - deactivate  market-maker-1  800 QPS   HOLDS 48,250.75 USDC, 1 open order, 1 position

"""
AT_80 = PLAN.replace("order, 1 position", f"order, 1\n{' ' * 32}position")
BAR = f"Pool  {'█' * 4}{'░' * 36}  1,055 → 285 of 2,500 (11.4%)\n"
COST = "Cost  8 requests, as fast as permitted, under 0.1% of the monthly quota\n"
COUNT = ("Type 2 to deactivate 2 users: ", "2\n")


@pytest.fixture
def apply(screen, work):
    """Apply a roster in the sandbox: `apply(*options, roster=ROSTER, **how)`."""

    def run(*options, roster=ROSTER, **how):
        (work / "p.csv").write_text(roster, encoding="utf-8")
        return settled(screen("-p", "sandbox", "users", "apply", "p.csv", *options, **how))

    return run


@pytest.fixture
def failing(screen, builder, work, key_env):
    """Raise twenty limits and create a user, whose outcome is unknown; `refused` rows fail."""

    def run(refused, **how):
        for number in range(1, 22):
            customer = f"00000000-0000-4000-8000-{number:012}"
            builder.add(f"user_{number:02}", 5, customer_id=customer)
        rows = [f"user_{number:02},{6 if number < 21 else 5}," for number in range(1, 22)]
        (work / "p.csv").write_text(HEADER + "\n".join([*rows, "new,3,"]) + "\n")
        no = error(400, "limit above the pool", "validation_error")
        for nth in refused:
            builder.fault("PATCH", nth=nth, action=no)
        builder.fault("POST", action=error(503, "down", "unavailable"))
        argv = ["users", "apply", "p.csv", "--yes", "--concurrency", "1"]
        text = settled(screen(*argv, env=key_env(builder), code=12, **how))
        return text.replace(builder.url, "URL")

    return run


AFTER = "4 done: 1 changed, 1 created, 2 deactivated · 1 unchanged\nRun r-20260921-1413\n"


def test_apply_at_100_columns(apply):
    text = apply(cols=100, answer=COUNT)
    new = re.search(r"new_alpha +([0-9a-f-]{36})", text)[1]
    assert text == (
        f"{SANDBOX}{PLAN}"
        "Plan: 1 to create, 1 to change, 2 to deactivate; 1 unchanged, 8 users not in the file "
        "stay as they\nare\n"
        f"{BAR}{COST}"
        "\n"
        "Deactivate 2 users? This cannot be undone.\n"
        "1 of 2 holds money: 48,250.75 USDC in all\n"
        "\n"
        "Type 2 to deactivate 2 users: 2\n"
        f"EXTERNAL ID     CUSTOMER ID{' ' * 27}CHANGE           OUTCOME\n"
        f"new_alpha       {new}  15 QPS           created\n"
        "user_001        eb3d7873-04c3-405b-865c-982bd7a7bf5e  10 → 40   (+30)  changed\n"
        "user_009        a30dd21d-9a21-4dab-a81c-14cf7f90925c  15 QPS           deactivated\n"
        "market-maker-1  298a59f8-5e1e-4978-90a7-6e49fa60dbd6  800 QPS          deactivated\n"
        "\n"
        f"{AFTER}"
    )


def test_apply_at_80_columns(apply):
    assert apply(cols=80, answer=COUNT) == (
        f"{SANDBOX}{AT_80}"
        "Plan: 1 to create, 1 to change, 2 to deactivate; 1 unchanged, 8 users not in the\n"
        "file stay as they are\n"
        f"{BAR}{COST}"
        "\n"
        "Deactivate 2 users? This cannot be undone.\n"
        "1 of 2 holds money: 48,250.75 USDC in all\n"
        "\n"
        "Type 2 to deactivate 2 users: 2\n"
        "EXTERNAL ID     CHANGE           OUTCOME\n"
        "new_alpha       15 QPS           created\n"
        "user_001        10 → 40   (+30)  changed\n"
        "user_009        15 QPS           deactivated\n"
        "market-maker-1  800 QPS          deactivated\n"
        "\n"
        f"{AFTER}"
    )


def test_only_changed_rows_are_shown_unless_all_are_asked_for(apply):
    roster = f"{HEADER}user_001,40,\nuser_002,50,\n"
    head = f"EXTERNAL ID  CUSTOMER ID{' ' * 27}CHANGE           OUTCOME\n"
    first = "user_001     eb3d7873-04c3-405b-865c-982bd7a7bf5e  10 → 40   (+30)  changed\n"
    end = "\n1 changed · 1 unchanged\nRun r-20260921-1413\n"
    assert apply("--yes", roster=roster) == f"{SANDBOX}{head}{first}{end}"
    again = f"{HEADER}user_001,10,\nuser_002,50,\n"
    assert apply("--yes", "--all-rows", roster=again) == (
        f"{SANDBOX}{head}"
        "user_001     eb3d7873-04c3-405b-865c-982bd7a7bf5e  40 → 10   (−30)  changed\n"
        "user_002     f8a88518-6c57-44bc-892e-6b951cce9c77  50 QPS           unchanged\n"
        "\n1 changed · 1 unchanged\nRun r-20260921-1413-2\n"
    )


def test_nothing_to_change(apply):
    roster = f"{HEADER}user_001,10,\nuser_002,50,\n"
    for options in ((), ("--yes",)):
        assert apply(*options, roster=roster) == (
            f"{SANDBOX}Nothing to change: all 2 users are as the file says\n"
        )


@pytest.mark.parametrize("cols", [100, 80])
def test_rows_that_went_wrong_come_last_and_each_has_its_reason(failing, cols):
    text = failing((2, 4), cols=cols)
    assert text.partition("\n\n")[2] == (
        "18 changed · 2 failed · 1 unknown · 1 unchanged\n"
        "  row 3   user_02  failed   limit above the pool (400)\n"
        "  row 5   user_04  failed   limit above the pool (400)\n"
        "  row 23  new      unknown  no final response (503)\n"
        "Check what is unknown with\n"
        "  parsec --base-url URL users get new\n"
        "Run r-20260921-1413: see the remaining rows with\n"
        "  parsec --base-url URL runs show r-20260921-1413 --failed\n"
        "error: not every row was done\n"
        "hint: to continue, run it again; finished rows are skipped\n"
        "  parsec --base-url URL users apply p.csv --yes --concurrency 1\n"
    )


def test_many_rows_with_the_same_reason_are_one_line(failing):
    text = failing(range(1, 13), cols=100)
    assert text.partition("\n\n")[2].startswith(
        "8 changed · 12 failed · 1 unknown · 1 unchanged\n"
        "  12 rows  user_01, user_02, user_03 and 9 more  failed   limit above the pool (400)\n"
        "  row 23   new                                   unknown  no final response (503)\n"
    )


def test_what_went_wrong_is_never_white(failing, styled):
    text = failing((2,), colour=True)
    assert styled(text, "31") == [
        "19 changed · 1 failed · 1 unknown · 1 unchanged",
        "  row 3   user_02  failed   limit above the pool (400)",
    ]
    assert styled(text, "35") == ["  row 23  new      unknown  no final response (503)"]
    assert set(styled(text, "32")) == {"changed"}


def test_the_target_and_the_question_are_emphasised(apply, styled):
    text = apply(colour=True, cols=100, answer=COUNT)
    assert styled(text, "1") == [SANDBOX.rstrip()]
    assert styled(text, "31") == ["Deactivate 2 users? This cannot be undone."]
    assert "- deactivate" in styled(text, "1;31")
    assert styled(text, "1;31")[-1] == "1 of 2 holds money: 48,250.75 USDC in all"
    assert "4 done: 1 changed, 1 created, 2 deactivated · 1 unchanged" in styled(text, "32")


TOO_MANY = """\
error: 2 deactivations would exceed `--max 1`: nothing was sent
hint: to allow all of them, run
  parsec -p sandbox users apply p.csv --max 2
"""


def test_a_dry_run_shows_the_plan(apply):
    assert apply("-n", cols=80) == (
        f"{SANDBOX}{AT_80}"
        "Plan: 1 to create, 1 to change, 2 to deactivate; 1 unchanged, 8 users not in the\n"
        "file stay as they are\n"
        f"{BAR}{COST}dry run: nothing was sent\n"
    )


def test_a_refused_plan_is_shown_before_the_refusal(apply):
    """Without a look at what users hold, which may take many requests."""
    plan = re.sub(r"(QPS)(   HOLDS .*)?(?=\n  - deact|\n\n)", r"\1   holdings not read", PLAN)
    assert apply("--max", "1", cols=80, code=10) == (
        f"{SANDBOX}{plan}"
        "Plan: 1 to create, 1 to change, 2 to deactivate; 1 unchanged, 8 users not in the\n"
        "file stay as they are\n"
        f"{BAR}{COST}{TOO_MANY}"
    )


def test_a_single_change_is_asked_for(apply):
    roster = f"{HEADER}user_001,40,\n"
    text = apply(roster=roster, answer=("Apply this change? [y/N] ", "n\n"), code=9)
    assert text == (
        f"{SANDBOX}\n"
        "  ~ set-qps  user_001  10 → 40   (+30)\n"
        "\n"
        "Plan: 1 to change; 11 users not in the file stay as they are\n"
        f"Pool  {'█' * 17}{'░' * 23}  1,055 → 1,085 of 2,500 (43.4%)\n"
        "Cost  1 request, as fast as permitted, under 0.1% of the monthly quota\n"
        "\n"
        "Apply this change? [y/N] n\n"
        "error: not confirmed: nothing was sent\n"
        "hint: to run it from a script:\n"
        "  parsec -p sandbox users apply p.csv --yes\n"
    )


SHOWN = re.compile(r"(\d+) of 120\D.*?(?:about (?:(\d+) min )?([\d.]+) s|(under 1 s)) left")


def test_the_time_left_that_is_shown_is_right_from_the_tenth_sent_row_on(
    screen, builder, work, key_env, clock
):
    """300 rows, 120 of which must be sent under a rate limit, on the virtual clock."""
    for number in range(240):
        builder.add(f"user_{number:03}", 5)
    builder.rest_qps = 10
    builder.qps_pool = 10_000
    rows = [f"user_{number:03},{6 if number < 60 else 5}," for number in range(240)]
    rows += [f"new_{number:03},1," for number in range(60)]
    (work / "p.csv").write_text(HEADER + "\n".join(rows) + "\n")
    respond, moments = builder.respond_to, []

    def at_work(request):
        moments.append(clock())
        clock.sleep(0.05)
        return respond(request)

    builder.respond_to = at_work
    argv = ["users", "apply", "p.csv", "--yes", "--concurrency", "1"]
    text = screen(*argv, cols=100, env=key_env(builder))
    assert "\n120 done: 60 changed, 60 created · 180 unchanged\n" in text
    sent = moments[-120:]
    end = sent[-1] + 0.05
    seen = 0
    for row, minutes, seconds, soon in SHOWN.findall(text):
        truth = end - (sent[int(row) - 1] + 0.05)
        if int(row) < 10:
            continue
        seen += 1
        if soon:
            assert truth < 1.3
        else:
            assert 60 * int(minutes or 0) + float(seconds) == pytest.approx(truth, rel=0.3)
    assert seen > 20
