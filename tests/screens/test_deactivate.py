"""`users deactivate` on a terminal: the question, and what is shown afterwards."""

import pytest
from support.teletype import settled

SANDBOX = "sandbox: a local imitation, nothing here is real\n"
QUESTION = "Deactivate market-maker-1? This cannot be undone.\n"
CARD = """
  customer_id  298a59f8-5e1e-4978-90a7-6e49fa60dbd6
  limit        800 QPS, linked to polymarket, kalshi
  wallet       safe 0xcc419a5e6794cd2eae729aff56459afed1ba5c0f
  HOLDS        48,250.75 USDC · 1 open order · 1 position

"""
ASK = "Type the external_id to deactivate it: "
REFUSED = "error: not confirmed: nothing was sent\nhint: run the command again when you are sure\n"
FOUR = ("user_001", "user_002", "user_007", "user_009")
NO = ("Type 4 to deactivate 4 users: ", "no\n")


@pytest.fixture
def deactivate(screen):
    """Run `users deactivate` in the sandbox."""

    def run(*users, **how):
        return settled(screen("-p", "sandbox", "users", "deactivate", *users, **how))

    return run


@pytest.mark.parametrize("cols", [200, 100, 80])
def test_one_user_is_a_card_and_afterwards_a_line(deactivate, cols):
    text = deactivate("market-maker-1", cols=cols, answer=(ASK, "market-maker-1\n"))
    assert text == (f"{SANDBOX}{QUESTION}{CARD}{ASK}market-maker-1\nDeactivated market-maker-1\n")


def test_the_colours_of_the_question_about_one_user(deactivate, styled):
    text = deactivate("market-maker-1", colour=True, answer=(ASK, "market-maker-1\n"))
    assert styled(text, "1") == [SANDBOX.rstrip()]
    assert styled(text, "31") == [QUESTION.rstrip()]
    assert styled(text, "2") == ["  customer_id", "  limit", "  wallet"]
    holds = ["  HOLDS", "48,250.75 USDC · 1 open order · 1 position"]
    assert styled(text, "1;31") == holds
    assert styled(text, "32") == ["Deactivated market-maker-1"]


@pytest.mark.parametrize("cols", [100, 80])
def test_a_user_without_anything(deactivate, cols):
    assert deactivate("user_008", cols=cols, answer=(ASK, "no\n"), code=9) == (
        f"{SANDBOX}Deactivate user_008? This cannot be undone.\n"
        "\n"
        "  customer_id  13f68ff1-2d94-4778-a87b-e8b88ccaec71\n"
        "  limit        none, not linked\n"
        "  wallet       none\n"
        "\n"
        f"{ASK}no\n{REFUSED}"
    )


def test_an_id_with_blanks_has_a_line_of_its_own(deactivate):
    text = deactivate("acct[prod] café 日本", answer=(ASK, "no\n"), code=9)
    assert (
        "Deactivate acct[prod] café 日本? This cannot be undone.\n"
        "\n"
        "  external_id  acct[prod] café 日本\n"
        "  customer_id  "
    ) in text


def test_the_question_as_sentences(deactivate):
    text = deactivate("user_009", env={"ACCESSIBLE": "1"}, answer=(ASK, "no\n"), code=9)
    assert text == (
        f"{SANDBOX}Deactivate user_009? This cannot be undone.\n"
        "\n"
        "  customer_id:  a30dd21d-9a21-4dab-a81c-14cf7f90925c\n"
        "  limit:        15 QPS, not linked\n"
        "  wallet:       eoa 0x79ec55a374a43821482a52a256f3eef135737c8f\n"
        "\n"
        f"{ASK}no\n{REFUSED}"
    )


def test_the_question_on_a_dumb_terminal_without_utf_8(deactivate):
    how = {"env": {"TERM": "dumb"}, "encoding": "ascii", "answer": (ASK, "no\n"), "code": 9}
    assert "\n  HOLDS        100.50 USDC - 1 position\n\n" in deactivate("user_001", **how)


def test_several_users_at_100_columns(deactivate):
    assert deactivate(*FOUR, cols=100, answer=NO, code=9) == (
        f"{SANDBOX}Deactivate 4 users? This cannot be undone.\n"
        "\n"
        f"EXTERNAL ID  CUSTOMER ID{' ' * 27}QPS  HOLDS\n"
        "user_001     eb3d7873-04c3-405b-865c-982bd7a7bf5e   10  100.50 USDC, 1 position\n"
        "user_002     f8a88518-6c57-44bc-892e-6b951cce9c77   50  2,500.00 USDC, 2 open orders, "
        "1 position\n"
        "user_007     63641911-0b21-4bba-8d5f-cd18acf7af15   25  –\n"
        "user_009     a30dd21d-9a21-4dab-a81c-14cf7f90925c   15  –\n"
        "\n"
        "2 of 4 hold money: 2,600.50 USDC in all\n"
        "\n"
        f"Type 4 to deactivate 4 users: no\n{REFUSED}"
    )


def test_several_users_at_80_columns(deactivate):
    assert deactivate(*FOUR, cols=80, answer=NO, code=9) == (
        f"{SANDBOX}Deactivate 4 users? This cannot be undone.\n"
        "\n"
        f"EXTERNAL ID  CUSTOMER ID{' ' * 27}QPS  HOLDS\n"
        "user_001     eb3d7873-04c3-405b-865c-982bd7a7bf5e   10  100.50 USDC, 1 position\n"
        "user_002     f8a88518-6c57-44bc-892e-6b951cce9c77   50  2,500.00 USDC, 2 open\n"
        f"{' ' * 56}orders, 1 position\n"
        "user_007     63641911-0b21-4bba-8d5f-cd18acf7af15   25  –\n"
        "user_009     a30dd21d-9a21-4dab-a81c-14cf7f90925c   15  –\n"
        "\n"
        "2 of 4 hold money: 2,600.50 USDC in all\n"
        "\n"
        f"Type 4 to deactivate 4 users: no\n{REFUSED}"
    )


def test_several_users_at_60_columns(deactivate):
    """What is too long for columns is whole."""
    text = deactivate(*FOUR, cols=60, answer=NO, code=9)
    assert "\nuser_001  eb3d7873-04c3-405b-865c-982bd7a7bf5e  10  100.50 USDC, 1 position\n" in text


def test_the_result_for_several_users_in_colour(deactivate, styled):
    answer = ("Type 4 to deactivate 4 users: ", "4\n")
    text = deactivate(*FOUR, colour=True, answer=answer)
    assert styled(text, "31") == ["Deactivate 4 users? This cannot be undone."]
    assert styled(text, "1;31")[:2] == ["user_001", "eb3d7873-04c3-405b-865c-982bd7a7bf5e"]
    assert styled(text, "1;31")[-1] == "2 of 4 hold money: 2,600.50 USDC in all"
    assert [one for one in styled(text, "1;31") if one in FOUR] == ["user_001", "user_002"]
    assert styled(text, "32") == [*["deactivated"] * 4, "4 deactivated"]
    again = deactivate(*FOUR)
    assert again.endswith("\nNothing to change: all 4 users are deactivated already\n")


def test_a_protected_profile_is_shown_in_red(screen, builder, home, styled):
    builder.add("alice")
    config = home / ".config" / "parsec" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'[profiles.production]\nbase_url = "{builder.url}"\napi_key = "{builder.key}"\n'
        "protected = true\n"
    )
    config.chmod(0o600)
    argv = ["-p", "production", "users", "deactivate", "alice"]
    text = screen(*argv, colour=True, answer=(ASK, "no\n"), code=9)
    assert styled(text, "1;31")[0] == f"production · {builder.url} · protected"
    assert text.count(builder.url) == 1


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_the_question_begins_with_its_target_unless_it_was_shown(screen, builder, key_env, quiet):
    builder.add("alice")
    argv = ["users", "deactivate", "alice", *quiet]
    text = screen(*argv, env=key_env(builder), answer=(ASK, "no\n"), code=9)
    question = text.index("Deactivate alice?")
    assert builder.url in text[:question]
    assert text.count(builder.url) == 1


def test_a_dry_run_of_several_users_is_a_plan(deactivate, styled):
    text = deactivate("user_008", "user_009", "market-maker-1", "-n", colour=True, cols=100)
    assert "- deactivate" in styled(text, "1;31")
    assert "warning:" not in text
    text = deactivate("user_008", "user_009", "market-maker-1", "-n", cols=100)
    assert text == (
        f"{SANDBOX}\n"
        "  - deactivate  user_008        no limit\n"
        "  - deactivate  user_009        15 QPS\n"
        "  - deactivate  market-maker-1  800 QPS   HOLDS 48,250.75 USDC, 1 open order, 1 position\n"
        "\n"
        "Plan: 3 to deactivate\n"
        "Pool  ███░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  1,055 → 240 of 2,500 (9.6%)\n"
        "Cost  5 requests, as fast as permitted, under 0.1% of the monthly quota\n"
        "dry run: nothing was sent\n"
    )
