"""`pool show`, `usage show`, `escrow show` and `doctor` on a terminal."""

import pytest

SANDBOX = "sandbox: a local imitation, nothing here is real\n"


def test_the_pool_at_80_columns(screen):
    assert screen("-p", "sandbox", "pool", "show", "--top", "3") == SANDBOX + (
        "QPS pool  █████░░░░░░░░░  42.2%   1,055 of 2,500 allocated, 1,445 free, 12 users\n"
        "\n"
        "LARGEST LIMITS  CUSTOMER ID                           QPS  SHARE\n"
        "market-maker-1  298a59f8-5e1e-4978-90a7-6e49fa60dbd6  800  32.0%  ████████████\n"
        "user_006        dbece4ea-d293-4a94-9183-a9eb073465b8  100   4.0%  █▌\n"
        "user_002        f8a88518-6c57-44bc-892e-6b951cce9c77   50   2.0%  █\n"
    )


def test_the_pool_at_100_columns(screen):
    assert screen("-p", "sandbox", "pool", "show", "--top", "3", cols=100) == SANDBOX + (
        "QPS pool  ██████████████░░░░░░░░░░░░░░░░░░░░  42.2%   1,055 of 2,500 allocated, 1,445 "
        "free, 12 users\n"
        "\n"
        "LARGEST LIMITS  CUSTOMER ID                           QPS  SHARE\n"
        "market-maker-1  298a59f8-5e1e-4978-90a7-6e49fa60dbd6  800  32.0%  ████████████\n"
        "user_006        dbece4ea-d293-4a94-9183-a9eb073465b8  100   4.0%  █▌\n"
        "user_002        f8a88518-6c57-44bc-892e-6b951cce9c77   50   2.0%  █\n"
    )


def test_the_pool_at_60_columns(screen):
    assert screen("-p", "sandbox", "pool", "show", "--top", "1", cols=60) == SANDBOX + (
        "QPS pool  ████████████████░░░░░░░░░░░░░░░░░░░░░░░░  42.2%\n"
        "  1,055 of 2,500 allocated, 1,445 free, 12 users\n"
        "\n"
        "LARGEST LIMITS  CUSTOMER ID                           QPS\n"
        "market-maker-1  298a59f8-5e1e-4978-90a7-6e49fa60dbd6  800\n"
    )


def test_the_pool_alone_is_one_line(screen):
    assert screen("-p", "sandbox", "pool", "show", cols=200) == SANDBOX + (
        "QPS pool  ████████████████░░░░░░░░░░░░░░░░░░░░░░░░  42.2%   1,055 of 2,500 allocated, "
        "1,445 free, 12 users\n"
    )


def test_the_pool_on_a_dumb_terminal(screen):
    assert screen("-p", "sandbox", "pool", "show", "--top", "1", env={"TERM": "dumb"}) == (
        SANDBOX
        + (
            "QPS pool  [#####-------]  42.2%   1,055 of 2,500 allocated, 1,445 free, 12 users\n"
            "\n"
            "LARGEST LIMITS  CUSTOMER ID                           QPS  SHARE\n"
            "market-maker-1  298a59f8-5e1e-4978-90a7-6e49fa60dbd6  800  32.0%  ############\n"
        )
    )


def test_the_pool_as_sentences(screen):
    text = screen("-p", "sandbox", "pool", "show", "--top", "1", env={"ACCESSIBLE": "1"})
    assert text == SANDBOX + (
        "QPS pool: 42.2%, 1,055 of 2,500 allocated, 1,445 free, 12 users\n"
        "\n"
        "largest limits: market-maker-1; customer id: 298a59f8-5e1e-4978-90a7-6e49fa60dbd6; "
        "qps: 800; share: 32.0%\n"
    )


def test_a_pool_that_has_room_is_green(screen, styled):
    text = screen("-p", "sandbox", "pool", "show", colour=True)
    assert styled(text, "32") == ["█████", "42.2%"]


@pytest.mark.parametrize("cols", [80, 100])
def test_the_usage(screen, cols):
    text = screen("-p", "sandbox", "usage", "show", cols=cols)
    bar = "░" * (cols - 63)
    assert text == SANDBOX + (
        f"Monthly requests  {bar}  <0.1%   1 of 5,000,000 used, 4,999,999 left\n"
        "\n"
        "  tier        pro\n"
        "  resets      2026-10-01 00:00Z\n"
        "  per second  unlimited\n"
        "  burst       unlimited\n"
    )


@pytest.mark.parametrize("cols", [60, 80, 100])
def test_the_escrow(screen, cols):
    text = screen("-p", "sandbox", "escrow", "show", cols=cols)
    apart = "\n               " if cols == 60 else " "
    assert text == SANDBOX + (
        "  fee escrow   on, 50 bps\n"
        "  minimum fee  100000 (0.10 USDC if in base units), 10 bps\n"
        "  contract     0xe5c0000000000000000000000000000000000002\n"
        "  treasury     0x7ea5000000000000000000000000000000000003\n"
        f"  affiliate    0xaff1000000000000000000000000000000000001,{apart}2,000 bps\n"
    )


@pytest.mark.parametrize("cols", [80, 100])
def test_a_healthy_doctor(screen, styled, cols):
    text = screen("-p", "sandbox", "doctor", cols=cols, colour=True)
    assert styled(text, "32") == ["ok"] * 8
    assert not styled(text, "31")
    assert text.endswith("42.2% of 2,500 QPS allocated to 12 users\n")


@pytest.mark.parametrize(
    ("cols", "no_key", "route"),
    [
        (80, "/nowhere/config.toml has one", "SSL_CERT_FILE for a private CA"),
        (100, "has one", "private CA"),
    ],
)
def test_a_failed_check_is_a_red_row_with_its_hint_below(screen, styled, cols, no_key, route):
    """Long details continue in their column: `no_key` and `route` are the second lines."""
    env = {"PARSEC_CONFIG": "/nowhere/config.toml"}
    text = screen("doctor", cols=cols, env=env, code=4)
    key = "no API key: neither PARSEC_API_KEY nor profile `default` of /nowhere/config.toml has one"
    direct = (
        "direct, no proxy; trusting the CA bundle of certifi; set SSL_CERT_FILE for a private CA"
    )
    assert text == (
        "CHECK    STATUS  DETAIL\n"
        "config   ok      no file at /nowhere/config.toml\n"
        "profile  ok      default (default)\n"
        "host     ok      https://api.parsecapi.com/api/v1 (default)\n"
        f"key      failed  {key.removesuffix(' ' + no_key)}\n"
        f"                 {no_key}\n"
        f"route    ok      {direct.removesuffix(' ' + route)}\n"
        f"                 {route}\n"
        "hint: set PARSEC_API_KEY, try without a key with `-p sandbox`, or store one with\n"
        "  PARSEC_CONFIG=/nowhere/config.toml parsec -p default config set api_key\n"
    )
    coloured = screen("doctor", cols=cols, env=env, code=4, colour=True)
    assert "".join(styled(coloured, "31")).startswith("keyfailedno API key")
    assert styled(coloured, "36")[-1] == (
        "  PARSEC_CONFIG=/nowhere/config.toml parsec -p default config set api_key"
    )


def test_an_unreachable_host_has_a_hint_below_the_table(screen, styled):
    env = {"PARSEC_API_KEY": "pk_live_x", "PARSEC_API_BASE_URL": "http://127.0.0.1:1"}
    text = screen("doctor", cols=200, env=env, code=7, colour=True)
    assert "".join(styled(text, "31")).startswith("apifailedhttp://127.0.0.1:1: ")
    plain = screen("doctor", cols=200, env=env, code=7)
    assert plain.splitlines()[-2:] == [
        "hint: check the network, and the base URL with",
        "  parsec --base-url http://127.0.0.1:1 config show",
    ]


def test_a_warning_of_the_doctor_is_a_yellow_row(screen, styled, home):
    folder = home / ".config" / "parsec"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[profiles.default]\nprotect = true\n")
    (folder / "config.toml").chmod(0o644)
    text = screen("doctor", colour=True, code=4)
    assert styled(text, "33")[:2] == ["config", "warning"]
