"""The screens of `pool share`, `pool check`, `usage check` and `users check`."""

import pytest

SANDBOX = "sandbox: a local imitation, nothing here is real\n"
NEXT = (
    "\nPlan these limits with\n"
    "  parsec -p sandbox pool share --target 1 --output csv | "
    "parsec -p sandbox users plan --out plan.json -\n"
)
ROWS = """\
EXTERNAL ID           CUSTOMER ID                           QPS
00417                 87751d4c-a850-4e2c-a4dc-da6a797d76de    5 → 3  (−2)
acct[prod] café 日本  462804db-7b87-49e2-afef-e911ff22a27b   25 → 3  (−22)
market-maker-1        298a59f8-5e1e-4978-90a7-6e49fa60dbd6  800 → 3  (−797)
user_001              eb3d7873-04c3-405b-865c-982bd7a7bf5e   10 → 3  (−7)
user_002              f8a88518-6c57-44bc-892e-6b951cce9c77   50 → 3  (−47)
user_003              6b391ca9-9b81-4f47-a688-64bf1566fe20    5 → 2  (−3)
user_005              82e7ddc9-5f0b-4a7f-ad02-b20055d1ce91   20 → 2  (−18)
user_006              dbece4ea-d293-4a94-9183-a9eb073465b8  100 → 2  (−98)
user_007              63641911-0b21-4bba-8d5f-cd18acf7af15   25 → 2  (−23)
user_009              a30dd21d-9a21-4dab-a81c-14cf7f90925c   15 → 2  (−13)
"""
NARROW = """\
EXTERNAL ID           QPS
00417                   5 → 3  (−2)
acct[prod] café 日本   25 → 3  (−22)
market-maker-1        800 → 3  (−797)
user_001               10 → 3  (−7)
user_002               50 → 3  (−47)
user_003                5 → 2  (−3)
user_005               20 → 2  (−18)
user_006              100 → 2  (−98)
user_007               25 → 2  (−23)
user_009               15 → 2  (−13)
"""
SHARED = "1,055 → 25 of 2,500 (1.0%)\n10 limits to change, to fit a target of 25 QPS\n"


@pytest.fixture
def shown(screen):
    """Run a command of the sandbox; return what it shows below the sandbox's notice."""

    def run(line, **how):
        text = screen("-p", "sandbox", *line.split(), **how)
        assert text.startswith(SANDBOX)
        return text.removeprefix(SANDBOX)

    return run


@pytest.mark.parametrize(
    ("cols", "rows", "bar"),
    [
        (60, NARROW, f"█{'░' * 25}"),
        (80, ROWS, f"█{'░' * 39}"),
        (100, ROWS, f"█{'░' * 39}"),
        (200, ROWS, f"█{'░' * 39}"),
    ],
)
def test_shared_limits(shown, cols, rows, bar):
    text = shown("pool share --target 1", cols=cols)
    assert text == f"{rows}\nPool  {bar}  {SHARED}{NEXT}"


@pytest.mark.parametrize("cols", [80, 100])
def test_shared_limits_that_are_raised(shown, cols):
    text = shown("pool share --by equal --keep market-maker-1 --reserve 1430", cols=cols)
    assert text.splitlines()[:6] == [
        "EXTERNAL ID           CUSTOMER ID                           QPS",
        "00417                 87751d4c-a850-4e2c-a4dc-da6a797d76de    5 → 30  (+25)",
        "acct[prod] café 日本  462804db-7b87-49e2-afef-e911ff22a27b   25 → 30  (+5)",
        "user_001              eb3d7873-04c3-405b-865c-982bd7a7bf5e   10 → 30  (+20)",
        "user_002              f8a88518-6c57-44bc-892e-6b951cce9c77   50 → 30  (−20)",
        "user_003              6b391ca9-9b81-4f47-a688-64bf1566fe20    5 → 30  (+25)",
    ]
    assert "  1,055 → 1,070 of 2,500 (42.8%)\n" in text


@pytest.mark.parametrize("cols", [80, 100])
def test_limits_that_fit(shown, cols):
    assert shown("pool share", cols=cols) == (
        "the limits already fit the target of 2,125 QPS\n"
        f"Pool  {'█' * 16}{'░' * 24}  1,055 of 2,500 (42.2%)\n"
    )


def test_shared_limits_as_sentences_and_without_arrows(shown):
    text = shown("pool share --target 30", env={"ACCESSIBLE": "1"})
    assert text.splitlines()[:3] == [
        (
            "external id: market-maker-1; customer id: 298a59f8-5e1e-4978-90a7-6e49fa60dbd6; "
            "qps: 800 → 495  (−305)"
        ),
        "",
        "Pool: 1,055 → 750 of 2,500 (30.0%)",
    ]
    text = shown("pool share --target 30", encoding="ascii")
    assert "298a59f8-5e1e-4978-90a7-6e49fa60dbd6  800 -> 495  (-305)\n" in text
    assert "1,055 -> 750 of 2,500 (30.0%)\n" in text


def test_the_command_to_type_is_cyan_and_the_share_is_green(shown, styled):
    text = shown("pool share --target 30", colour=True)
    (command,) = styled(text, "36")
    assert command.strip().startswith("parsec -p sandbox pool share --target 30 --output csv | ")
    assert "30.0%" in styled(text, "32")


@pytest.mark.parametrize("cols", [80, 100])
def test_limits_that_cannot_be_shared(shown, cols):
    assert shown("pool share --target 1 --min 9", cols=cols, code=10) == (
        "error: with `--min 9`, 10 users need at least 82 QPS, but the target is 25\n"
        "hint: lower `--min`, or raise the target\n"
    )


@pytest.mark.parametrize("cols", [80, 100])
def test_a_pool_check(shown, cols):
    assert shown("pool check", cols=cols) == (
        "pool ok: 1,055 of 2,500 QPS allocated (42.2%), 1,445 free\n"
    )
    assert shown("pool check --max-used 40", cols=cols, code=11) == (
        "the pool is 42.2% allocated, at or above the limit of 40%\n"
        "pool over: 1,055 of 2,500 QPS allocated, 1,445 free\n"
    )


@pytest.mark.parametrize("cols", [80, 100])
def test_a_usage_check(shown, cols):
    assert shown("usage check", cols=cols) == (
        "monthly quota ok: 1 of 5,000,000 requests used (<0.1%), 4,999,999 left\n"
        "it resets at 2026-10-01 00:00Z\n"
    )
    assert shown("usage check --min-left 9000000", cols=cols, code=11) == (
        "the monthly quota has 4,999,998 requests left, below the minimum of 9,000,000\n"
        "monthly quota over: 2 of 5,000,000 requests used (<0.1%)\n"
        "it resets at 2026-10-01 00:00Z\n"
    )


def test_what_is_over_is_red_and_what_is_well_is_green(shown, styled):
    over = shown("pool check --max-used 40", colour=True, code=11)
    assert styled(over, "1;31") == ["the pool is 42.2% allocated, at or above the limit of 40%"]
    assert styled(over, "31") == ["pool over: 1,055 of 2,500 QPS allocated, 1,445 free"]
    assert len(styled(shown("pool check", colour=True), "32")) == 1
    assert len(styled(shown("usage check", colour=True), "32")) == 1


CHECKED = """\
EXCHANGE    CREDENTIALS  AUTHENTICATED  MESSAGE
polymarket  yes          yes            ok
kalshi      no           no             no credentials for kalshi

this second: user 49 of 50 left · pool 2,499 of 2,500 left
"""


@pytest.mark.parametrize("cols", [80, 100])
def test_the_check_of_a_user(shown, cols):
    assert shown("users check user_002", cols=cols) == CHECKED


def test_the_check_of_a_user_on_a_narrow_terminal_has_no_messages(shown):
    lines = shown("users check user_002", cols=60).splitlines()
    assert lines[0].split() == ["EXCHANGE", "CREDENTIALS", "AUTHENTICATED"]


@pytest.mark.parametrize("cols", [80, 100])
def test_the_check_of_a_user_without_credentials(shown, cols):
    assert shown("users check user_009", cols=cols, code=5) == (
        "EXCHANGE    CREDENTIALS  AUTHENTICATED  MESSAGE\n"
        "polymarket  no           no             no credentials for polymarket\n"
        "kalshi      no           no             no credentials for kalshi\n"
        "\n"
        "this second: user 14 of 15 left · pool 2,499 of 2,500 left\n"
        "error: `user_009` has no stored credentials on any exchange\n"
        "hint: give the user's keys with `--credentials FILE`, or link the exchange with\n"
        "  parsec -p sandbox users onboard --exchange EXCHANGE --mode MODE"
        " a30dd21d-9a21-4dab-a81c-14cf7f90925c\n"
    )
