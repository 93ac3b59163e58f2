"""`users create`, `set-qps` and `onboard`, and errors, on a terminal."""

import re

import pytest

SANDBOX = "sandbox: a local imitation, nothing here is real\n"
_CUSTOMER_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def without_chance(text):
    """Replace what a new user gets at random."""
    text = _CUSTOMER_ID.sub("CUSTOMER_ID", text)
    return re.sub(r"0x[0-9a-f]{40}", "ADDRESS", re.sub(r"_\*{4}[0-9a-f]{4}", "_KEY", text))


@pytest.mark.parametrize("cols", [80, 100])
def test_a_new_user(screen, cols):
    text = screen("-p", "sandbox", "users", "create", "new_1", "--qps-limit", "5", cols=cols)
    apart = "\n               " if cols == 80 else " "
    assert without_chance(text) == SANDBOX + (
        "pool 1,055 → 1,060 of 2,500 QPS, if the user is new\n"
        "created user `new_1`\n"
        "its api_key is masked; show it with\n"
        "  parsec -p sandbox users get --reveal-keys CUSTOMER_ID\n"
        f"new_1{'sandbox':>{cols - 5}}\n"
        "  customer_id  CUSTOMER_ID\n"
        "  limit        5 QPS\n"
        "  strategy     no exchange linked: keys come with each request (per-request), or"
        f"{apart}not onboarded\n"
        "  wallet       –\n"
        "  fee escrow   on, 50 bps\n"
        "  tier         pro · created 2026-09-21 14:13Z\n"
        "  api_key      pk_live_KEY\n"
    )


def test_what_was_done_is_green_and_what_differs_is_yellow(screen, styled):
    create = ("-p", "sandbox", "users", "create")
    text = screen(*create, "new_1", "--qps-limit", "5", colour=True)
    assert styled(text, "32") == ["created user `new_1`"]
    text = screen(*create, "new_1", "--qps-limit", "9", colour=True)
    assert "user `new_1` already existed: nothing was changed" in styled(text, "2")
    assert styled(text, "1;33") == ["warning:"]
    assert len(styled(text, "36")) == 1
    text = screen("-p", "sandbox", "users", "set-qps", "new_1", "9", colour=True)
    assert styled(text, "32") == ["qps_limit of `new_1`: 5 → 9; pool 1,060 → 1,064 of 2,500"]
    text = screen("-p", "sandbox", "users", "set-qps", "new_1", "9", colour=True)
    assert "qps_limit of `new_1` is 9 already: nothing was sent" in styled(text, "2")
    text = screen("-p", "sandbox", "users", "set-qps", "new_1", "8", "-n", colour=True)
    assert styled(text, "33") == ["qps_limit of `new_1`: 9 → 8; this frees 1 QPS of the pool"]


@pytest.mark.parametrize("cols", [80, 100])
def test_a_new_limit(screen, cols):
    text = screen("-p", "sandbox", "users", "set-qps", "user_007", "2", cols=cols)
    apart = "\n               " if cols == 80 else " "
    assert re.sub(r"_\*{4}\w+", "_KEY", text) == SANDBOX + (
        "qps_limit of `user_007`: 25 → 2; this frees 23 QPS of the pool\n"
        f"user_007{'sandbox':>{cols - 8}}\n"
        "  customer_id  63641911-0b21-4bba-8d5f-cd18acf7af15\n"
        "  limit        2 QPS\n"
        "  strategy     no exchange linked: keys come with each request (per-request), or"
        f"{apart}not onboarded\n"
        "  wallet       –\n"
        "  fee escrow   on, 50 bps\n"
        "  tier         pro · created 2026-01-05 17:00Z\n"
        "  api_key      pk_live_KEY\n"
    )


@pytest.mark.parametrize("cols", [60, 80, 100])
def test_an_onboarded_user(screen, styled, cols):
    command = ("-p", "sandbox", "users", "onboard", "user_007", "--exchange", "polymarket")
    text = screen(*command, "--mode", "managed", cols=cols, colour=True)
    assert styled(text, "32") == ["complete"]
    assert without_chance(re.sub(r"\x1b\[[0-9;]*m", "", text)) == SANDBOX + (
        "user_007\n"
        "  customer_id      CUSTOMER_ID\n"
        "  status           complete\n"
        "  linked           polymarket\n"
        "  exchange         polymarket\n"
        "  mode             managed\n"
        "  steps completed  wallet_eoa_created, exchange_linked\n"
        "  eoa address      ADDRESS\n"
    )


@pytest.mark.parametrize("cols", [80, 100])
def test_an_error_breaks_between_words_and_its_command_stays_whole(screen, cols):
    text = screen("-p", "sandbox", "users", "set-qps", "user_001", "2000", cols=cols, code=10)
    apart = "\n" if cols == 80 else " "
    assert text == SANDBOX + (
        "error: the sum of limits would exceed the pool: 1,055 → 3,045 of 2,500, 1,445"
        f"{apart}free; nothing was sent\n"
        "hint: lower other limits by 545 QPS, or allow it with\n"
        "  parsec -p sandbox users set-qps user_001 2000 --allow-overcommit\n"
    )


def test_the_colours_of_an_error(screen, styled):
    text = screen("-p", "sandbox", "users", "set-qps", "user_001", "2000", colour=True, code=10)
    assert styled(text, "1;31") == ["error:"]
    assert styled(text, "1;36") == ["hint:"]
    assert styled(text, "36") == [
        "parsec -p sandbox users set-qps user_001 2000 --allow-overcommit"
    ]


def test_an_error_where_arrows_cannot_be_shown(screen):
    text = screen(
        *("-p", "sandbox", "users", "set-qps", "user_001", "2000"), encoding="ascii", code=10
    )
    assert "1,055 -> 3,045 of 2,500" in text


def test_a_dry_run_of_several_limits_is_a_plan(screen):
    command = ("-p", "sandbox", "users", "set-qps", "user_007=2", "user_009=15", "-n")
    assert screen(*command, cols=80) == SANDBOX + (
        "\n"
        "  ~ set-qps  user_007  25 → 2   (−23)\n"
        "\n"
        "Plan: 1 to change; 1 unchanged\n"
        "Pool  ████████████████░░░░░░░░░░░░░░░░░░░░░░░░  1,055 → 1,032 of 2,500 (41.3%)\n"
        "Cost  1 request, as fast as permitted, under 0.1% of the monthly quota\n"
        "dry run: nothing was sent\n"
    )


def test_a_dry_run_of_limits_that_are_set_already_says_so(screen):
    command = ("-p", "sandbox", "users", "set-qps", "user_007=25", "user_009=15", "-n")
    assert screen(*command) == SANDBOX + (
        "\nNothing to change: all 2 users are at that limit already\ndry run: nothing was sent\n"
    )
