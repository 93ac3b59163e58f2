"""`users list` and `users get` on a terminal."""

import pytest
from support.actions import error

SANDBOX = "sandbox: a local imitation, nothing here is real\n"


def test_a_listing_at_80_columns(screen):
    assert screen("-p", "sandbox", "users", "list") == SANDBOX + (
        "EXTERNAL ID           CUSTOMER ID                           QPS  WALLET\n"
        "00417                 87751d4c-a850-4e2c-a4dc-da6a797d76de    5  –\n"
        "acct[prod] café 日本  462804db-7b87-49e2-afef-e911ff22a27b   25  eoa\n"
        "market-maker-1        298a59f8-5e1e-4978-90a7-6e49fa60dbd6  800  safe\n"
        "user_001              eb3d7873-04c3-405b-865c-982bd7a7bf5e   10  eoa\n"
        "user_002              f8a88518-6c57-44bc-892e-6b951cce9c77   50  safe\n"
        "user_003              6b391ca9-9b81-4f47-a688-64bf1566fe20    5  eoa\n"
        "user_004              a9e16e27-c98c-49df-99ef-0b3c311e281c    –  eoa\n"
        "user_005              82e7ddc9-5f0b-4a7f-ad02-b20055d1ce91   20  –\n"
        "user_006              dbece4ea-d293-4a94-9183-a9eb073465b8  100  –\n"
        "user_007              63641911-0b21-4bba-8d5f-cd18acf7af15   25  –\n"
        "user_008              13f68ff1-2d94-4778-a87b-e8b88ccaec71    –  –\n"
        "user_009              a30dd21d-9a21-4dab-a81c-14cf7f90925c   15  eoa\n"
        "12 users · 1,055 QPS\n"
    )


def test_a_listing_at_100_columns(screen):
    assert screen("-p", "sandbox", "users", "list", cols=100) == SANDBOX + (
        "EXTERNAL ID           CUSTOMER ID                           QPS  EXCHANGES          "
        "WALLET\n"
        "00417                 87751d4c-a850-4e2c-a4dc-da6a797d76de    5  kalshi             –\n"
        "acct[prod] café 日本  462804db-7b87-49e2-afef-e911ff22a27b   25  polymarket         eoa\n"
        "market-maker-1        298a59f8-5e1e-4978-90a7-6e49fa60dbd6  800  polymarket,kalshi  safe\n"
        "user_001              eb3d7873-04c3-405b-865c-982bd7a7bf5e   10  polymarket         eoa\n"
        "user_002              f8a88518-6c57-44bc-892e-6b951cce9c77   50  polymarket         safe\n"
        "user_003              6b391ca9-9b81-4f47-a688-64bf1566fe20    5  polymarket         eoa\n"
        "user_004              a9e16e27-c98c-49df-99ef-0b3c311e281c    –  polymarket         eoa\n"
        "user_005              82e7ddc9-5f0b-4a7f-ad02-b20055d1ce91   20  kalshi             –\n"
        "user_006              dbece4ea-d293-4a94-9183-a9eb073465b8  100  polymarket,kalshi  –\n"
        "user_007              63641911-0b21-4bba-8d5f-cd18acf7af15   25  –                  –\n"
        "user_008              13f68ff1-2d94-4778-a87b-e8b88ccaec71    –  –                  –\n"
        "user_009              a30dd21d-9a21-4dab-a81c-14cf7f90925c   15  –                  eoa\n"
        "12 users · 1,055 QPS\n"
    )


def test_a_listing_at_200_columns_has_all_columns(screen):
    lines = screen("-p", "sandbox", "users", "list", cols=200).splitlines()
    first = "87751d4c-a850-4e2c-a4dc-da6a797d76de"
    assert lines[1:3] + lines[-1:] == [
        f"{'EXTERNAL ID':22}{'CUSTOMER ID':38}QPS  TIER  {'EXCHANGES':19}WALLET  CREATED",
        f"{'00417':22}{first}    5  pro   {'kalshi':19}–       2026-01-05",
        "12 users · 1,055 QPS",
    ]


def test_a_listing_at_60_columns_has_ids_and_limits(screen):
    """The one long id takes a line of its own."""
    lines = screen("-p", "sandbox", "users", "list", cols=60).splitlines()
    assert lines[1:5] == [
        "EXTERNAL ID     CUSTOMER ID                           QPS",
        "00417           87751d4c-a850-4e2c-a4dc-da6a797d76de    5",
        "acct[prod] café 日本  462804db-7b87-49e2-afef-e911ff22a27b  25",
        "market-maker-1  298a59f8-5e1e-4978-90a7-6e49fa60dbd6  800",
    ]


def test_a_listing_has_no_colour_but_dim(screen, styled):
    text = screen("-p", "sandbox", "users", "list", colour=True)
    assert styled(text, "2")[:4] == ["EXTERNAL ID", "CUSTOMER ID", "QPS", "WALLET"]
    assert styled(text, "2")[-1] == "12 users · 1,055 QPS"
    assert set(styled(text, "2")[4:-1]) == {"–"}
    assert not any(styled(text, code) for code in ("31", "32", "33", "35", "36"))


@pytest.mark.parametrize(
    ("options", "end"),
    [
        (["--wallet", "eoa"], "5 of 12 users · 55 QPS\n"),
        (["--sort", "qps_limit", "--reverse"], "12 users · 1,055 QPS\n"),
        (["--match", "nobody"], "no user matches\n"),
        (["--wallet", "eoa", "--limit", "2"], "stopped after 2 users; more may match\n"),
        (["--sort", "qps_limit", "--limit", "2"], "stopped after 2 users\n"),
        (["--quiet"], "  15  eoa\n"),
    ],
)
def test_the_last_line_says_what_is_listed(screen, options, end):
    text = screen("-p", "sandbox", "users", "list", *options)
    if "stopped" in end:
        assert end in text
        assert "·" not in text
    else:
        assert text.endswith(end)


def test_the_rest_of_a_listing_says_so(screen):
    text = screen("-p", "sandbox", "users", "list", "--limit", "10")
    command = text.splitlines()[-1].split()
    assert text.splitlines()[-2] == "stopped after 10 users; continue with"
    cursor = command[command.index("--cursor") + 1]
    text = screen("-p", "sandbox", "users", "list", "--cursor", cursor)
    assert text.endswith("\n2 more users · 15 QPS\n")


def test_a_listing_in_a_pipe_has_no_last_line(tool):
    assert tool("-p", "sandbox", "users", "list").err == SANDBOX


def test_a_user_at_80_columns(screen):
    assert screen("-p", "sandbox", "users", "get", "user_002") == SANDBOX + (
        "user_002                                                                 sandbox\n"
        "  customer_id  f8a88518-6c57-44bc-892e-6b951cce9c77\n"
        "  limit        50 QPS · 2% of the pool\n"
        "  strategy     managed wallet, linked to polymarket\n"
        "  wallet       safe 0xd0d1…7da2, owner 0xe2b5…e9ad, polygon (137)\n"
        "               2,500.00 USDC\n"
        "  fee escrow   on, 50 bps\n"
        "  tier         pro · created 2026-01-05 12:00Z\n"
        "  api_key      pk_live_****0f22\n"
    )


def test_a_user_at_100_columns_has_whole_addresses(screen):
    assert screen("-p", "sandbox", "users", "get", "user_002", cols=100) == SANDBOX + (
        "user_002                                                                              "
        "       sandbox\n"
        "  customer_id  f8a88518-6c57-44bc-892e-6b951cce9c77\n"
        "  limit        50 QPS · 2% of the pool\n"
        "  strategy     managed wallet, linked to polymarket\n"
        "  wallet       safe 0xd0d18fb081dafbbb2bd4afc18e1e55400d257da2, polygon (137)\n"
        "               owner 0xe2b50ae1b263bea4f9e53cfb29dcb79c8ee3e9ad\n"
        "               2,500.00 USDC\n"
        "  fee escrow   on, 50 bps\n"
        "  tier         pro · created 2026-01-05 12:00Z\n"
        "  api_key      pk_live_****0f22\n"
    )


def test_a_user_at_60_columns(screen):
    assert screen("-p", "sandbox", "users", "get", "market-maker-1", cols=60) == SANDBOX + (
        "market-maker-1                                       sandbox\n"
        "  customer_id  298a59f8-5e1e-4978-90a7-6e49fa60dbd6\n"
        "  limit        800 QPS · 32% of the pool\n"
        "  strategy     managed wallet, linked to polymarket; stored\n"
        "               keys (self) for kalshi\n"
        "  wallet       safe 0xcc41…5c0f, owner 0xafdb…3224, polygon\n"
        "               (137)\n"
        "               48,250.75 USDC\n"
        "  fee escrow   on, 50 bps\n"
        "  tier         pro · created 2026-01-05 10:00Z\n"
        "  api_key      pk_live_****d867\n"
    )


def test_a_user_as_sentences(screen):
    text = screen("-p", "sandbox", "users", "get", "user_002", env={"ACCESSIBLE": "1"})
    assert text == SANDBOX + (
        "user_002\n"
        "sandbox\n"
        "  customer_id:  f8a88518-6c57-44bc-892e-6b951cce9c77\n"
        "  limit:        50 QPS · 2% of the pool\n"
        "  strategy:     managed wallet, linked to polymarket\n"
        "  wallet:       safe 0xd0d1…7da2, owner 0xe2b5…e9ad, polygon (137)\n"
        "                2,500.00 USDC\n"
        "  fee escrow:   on, 50 bps\n"
        "  tier:         pro · created 2026-01-05 12:00Z\n"
        "  api_key:      pk_live_****0f22\n"
    )


def test_a_terminal_without_unicode_shows_the_same_words(screen):
    text = screen("-p", "sandbox", "users", "get", "user_002", encoding="ascii")
    assert "  limit        50 QPS - 2% of the pool\n" in text
    assert "safe 0xd0d1...7da2, owner 0xe2b5...e9ad, polygon (137)\n" in text
    assert "\\u" not in text


def test_money_is_yellow_and_labels_are_dim(screen, styled):
    text = screen("-p", "sandbox", "users", "get", "user_002", colour=True)
    assert styled(text, "33") == ["2,500.00 USDC"]
    assert styled(text, "1") == ["user_002"]
    labels = ("customer_id", "limit", "strategy", "wallet", "fee escrow", "tier", "api_key")
    assert list(filter(None, map(str.strip, styled(text, "2")))) == ["sandbox", *labels]


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("user_001", "managed wallet, linked to polymarket"),
        ("market-maker-1", "managed wallet, linked to polymarket; stored keys (self) for kalshi"),
        ("user_009", "managed wallet, polymarket not linked"),
        ("user_006", "stored exchange keys (self), linked to polymarket, kalshi"),
        (
            "user_007",
            "no exchange linked: keys come with each request (per-request), or not onboarded",
        ),
    ],
)
def test_the_strategy_is_described_in_words(screen, user, words):
    text = screen("-p", "sandbox", "users", "get", user, cols=100)
    assert f"\n  strategy     {words}\n" in text


def test_a_user_shows_the_changes_of_its_limit(screen):
    for qps in ("60", "5", "1250"):
        options = ["--reason", "ticket 4711"] if qps == "1250" else []
        screen("-p", "sandbox", "users", "set-qps", "user_002", qps, *options)
    screen("-p", "sandbox", "users", "set-qps", "user_004", "1", code=0)
    text = screen("-p", "sandbox", "users", "get", "user_002", cols=100)
    limit = "1,250 QPS · 50% of the pool · 3 changes, last 2026-09-21 5 → 1,250"
    assert f"\n  limit        {limit} (ticket 4711)\n" in text
    text = screen("-p", "sandbox", "users", "get", "user_004")
    assert "\n  limit        1 QPS · <0.1% of the pool · 1 change, 2026-09-21 none → 1\n" in text


def test_the_first_limit_of_a_new_user_is_not_a_change(screen):
    screen("-p", "sandbox", "users", "create", "user_042", "--qps-limit", "5")
    assert "\n  limit        5 QPS · 0.2% of the pool\n" in screen(
        "-p", "sandbox", "users", "get", "user_042"
    )
    screen("-p", "sandbox", "users", "set-qps", "user_042", "6", code=0)
    text = screen("-p", "sandbox", "users", "get", "user_042")
    assert "\n  limit        6 QPS · 0.2% of the pool · 1 change, 2026-09-21 5 → 6\n" in text


def test_several_users_are_a_table_with_a_last_line(screen):
    assert screen("-p", "sandbox", "users", "get", "user_001", "user_002") == SANDBOX + (
        "EXTERNAL ID  CUSTOMER ID                           QPS  TIER  WALLET  CREATED\n"
        "user_001     eb3d7873-04c3-405b-865c-982bd7a7bf5e   10  pro   eoa     2026-01-05\n"
        "user_002     f8a88518-6c57-44bc-892e-6b951cce9c77   50  pro   safe    2026-01-05\n"
        "2 users · 60 QPS\n"
    )


def test_without_the_pool_a_user_is_shown_and_the_reason(screen, builder, key_env, styled):
    builder.add("ann", 5)
    builder.fault("GET", "/pool", action=error(403, "not now", "forbidden"))
    text = screen("users", "get", "ann", env=key_env(builder), cols=100, colour=True)
    (notice,) = styled(text, "33")
    assert notice.startswith("the share of the pool is not shown: ")
    assert "5 QPS\n" in text
    assert "of the pool\n" not in text


def test_an_unreadable_history_only_hides_the_changes(screen, home):
    folder = home / ".local" / "state" / "parsec" / "history.jsonl"
    folder.mkdir(parents=True)
    text = screen("-p", "sandbox", "users", "get", "user_002", cols=100)
    assert "\nthe changes of the limit are not shown: " in text
    assert "  limit        50 QPS · 2% of the pool\n" in text


def test_the_title_of_a_user_names_the_profile_and_the_host(screen, builder, key_env):
    user = builder.add("ann", None)
    text = screen("users", "get", user["customer_id"], env=key_env(builder))
    first, second, third, *_ = text.splitlines()
    assert first == f"ann{'default · ' + builder.url:>77}"
    assert (second.split()[0], third.split()) == ("customer_id", ["limit", "none"])


@pytest.mark.parametrize(
    ("wallet", "lines"),
    [
        (None, ["wallet       –"]),
        ({"wallet_type": "eoa", "eoa_address": "0xabc"}, ["wallet       eoa 0xabc"]),
        ({"wallet_type": "safe", "chain_id": 5}, ["wallet       safe, chain 5"]),
        ({}, ["wallet       –"]),
        (
            {"wallet_type": "eoa", "balances": [{"token": "USDC", "balance": "0"}]},
            ["wallet       eoa", "             0.00 USDC"],
        ),
        (
            {"wallet_type": "eoa", "balances": [{"token": "USDC", "balance": "much"}]},
            ["wallet       eoa", "             not readable: balances: much USDC"],
        ),
    ],
)
def test_wallets_of_every_kind(screen, builder, key_env, wallet, lines):
    user = builder.add("ann", wallet=wallet)
    text = screen("users", "get", user["customer_id"], env=key_env(builder))
    start = text.index("  wallet")
    assert text[start:].splitlines()[: len(lines)] == [f"  {line}" for line in lines]


@pytest.mark.parametrize(
    ("options", "reads_pool"), [([], True), (["--json"], False), (["--fields", "tier"], False)]
)
def test_only_the_card_costs_a_read_of_the_pool(screen, builder, key_env, options, reads_pool):
    user = builder.add("ann", 5)
    screen("users", "get", user["customer_id"], *options, env=key_env(builder))
    assert len(builder.requests) == 1 + reads_pool
