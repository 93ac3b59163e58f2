"""The screens of `users diff` and `users audit`."""

import pytest

SANDBOX = "sandbox: a local imitation, nothing here is real\n"


@pytest.fixture
def shown(screen):
    """Run a command of the sandbox; return what it shows below the sandbox's notice."""

    def run(*line, **how):
        text = screen("-p", "sandbox", *line, **how)
        assert text.startswith(SANDBOX)
        return text.removeprefix(SANDBOX)

    return run


@pytest.fixture
def export(tool, work):
    """Write an export of the sandbox as it was before some changes; return its name."""
    users = tool("-p", "sandbox", "users", "list", "-o", "csv").out.splitlines()
    users = [line for line in users if not line.startswith("user_006,")]
    user = next(line for line in users if line.startswith("user_002,"))
    earlier = user.replace(",50,pro,polymarket,", ',20,free,"kalshi,polymarket",')
    assert earlier != user
    users[users.index(user)] = earlier
    users.append("gone|1,11111111-2222-4333-8444-555555555555,1500" + "," * 11)
    (work / "monday.csv").write_text("".join(f"{line}\r\n" for line in users))
    return "monday.csv"


WIDE_DIFF = """\
CHANGE   EXTERNAL ID  CUSTOMER ID                           FIELD             OLD → NEW
joined   user_006     dbece4ea-d293-4a94-9183-a9eb073465b8  –                 –
left     gone|1       11111111-2222-4333-8444-555555555555  –                 –
changed  user_002     f8a88518-6c57-44bc-892e-6b951cce9c77  qps_limit         20 → 50
changed  user_002     f8a88518-6c57-44bc-892e-6b951cce9c77  tier              free → pro
changed  user_002     f8a88518-6c57-44bc-892e-6b951cce9c77  linked_exchanges  −kalshi
1 joined, 1 left, 1 changed
"""
NARROW_DIFF = """\
CHANGE   EXTERNAL ID  FIELD             OLD → NEW
joined   user_006     –                 –
left     gone|1       –                 –
changed  user_002     qps_limit         20 → 50
changed  user_002     tier              free → pro
changed  user_002     linked_exchanges  −kalshi
1 joined, 1 left, 1 changed
"""


@pytest.mark.parametrize(
    ("cols", "text"),
    [(60, NARROW_DIFF), (80, NARROW_DIFF), (100, WIDE_DIFF), (200, WIDE_DIFF)],
)
def test_changes(shown, export, cols, text):
    assert shown("users", "diff", export, cols=cols) == text


def test_changes_in_colour(shown, export, styled):
    text = shown("users", "diff", export, cols=80, colour=True)
    green, red, yellow = (
        " ".join(" ".join(styled(text, code)).split()) for code in ("32", "31", "33")
    )
    assert green == "joined user_006"
    assert red == "left gone|1"
    assert yellow.startswith("changed user_002 qps_limit 20 → 50 changed user_002 tier")
    assert styled(text, "2")[-1] == "1 joined, 1 left, 1 changed"


def test_changes_where_an_arrow_cannot_be_encoded(shown, export):
    text = shown("users", "diff", export, encoding="ascii")
    assert text.splitlines()[0] == "CHANGE   EXTERNAL ID  FIELD             OLD -> NEW"
    assert "qps_limit         20 -> 50\n" in text


@pytest.mark.parametrize("cols", [80, 100])
def test_no_change(shown, tool, work, cols):
    listed = tool("-p", "sandbox", "users", "list", "--json")
    (work / "a.json").write_bytes(listed.out_bytes)
    assert shown("users", "diff", "a.json", cols=cols) == "nothing changed\n"


SUM = "6 findings in 12 users: 3 not_linked, 2 no_limit, 1 large_share (above 20% of the pool)\n"
BELOW = """
Look further with
  parsec -p sandbox users list --exchange none
  parsec -p sandbox pool show --top 10
"""
WIDE_AUDIT = """\
RULE         EXTERNAL ID     CUSTOMER ID                           DETAIL
not_linked   user_007        63641911-0b21-4bba-8d5f-cd18acf7af15  no exchange is linked
not_linked   user_008        13f68ff1-2d94-4778-a87b-e8b88ccaec71  no exchange is linked
not_linked   user_009        a30dd21d-9a21-4dab-a81c-14cf7f90925c  no exchange is linked
no_limit     user_004        a9e16e27-c98c-49df-99ef-0b3c311e281c  no limit is set
no_limit     user_008        13f68ff1-2d94-4778-a87b-e8b88ccaec71  no limit is set
large_share  market-maker-1  298a59f8-5e1e-4978-90a7-6e49fa60dbd6  800 of 2,500 QPS, 32.0%
"""
NARROW_AUDIT = """\
RULE         EXTERNAL ID     DETAIL
not_linked   user_007        no exchange is linked
not_linked   user_008        no exchange is linked
not_linked   user_009        no exchange is linked
no_limit     user_004        no limit is set
no_limit     user_008        no limit is set
large_share  market-maker-1  800 of 2,500 QPS, 32.0%
"""
BROKEN_SUM = SUM.replace(" the pool)", "\nthe pool)")


@pytest.mark.parametrize(
    ("cols", "text"),
    [
        (60, SUM.replace("1 large_share ", "1\nlarge_share ") + NARROW_AUDIT),
        (80, BROKEN_SUM + NARROW_AUDIT),
        (100, SUM + WIDE_AUDIT),
        (200, SUM + WIDE_AUDIT),
    ],
)
def test_findings(shown, cols, text):
    assert shown("users", "audit", cols=cols, code=11) == text + BELOW


def test_findings_in_colour(shown, styled):
    text = shown("users", "audit", cols=100, colour=True, code=11)
    rules = ["not_linked"] * 3 + ["no_limit"] * 2 + ["large_share"]
    assert [part.strip() for part in styled(text, "33")] == rules
    assert styled(text, "1;31") == [SUM.strip()]
    assert [part.strip() for part in styled(text, "36")] == [
        "parsec -p sandbox users list --exchange none",
        "parsec -p sandbox pool show --top 10",
    ]


@pytest.mark.parametrize("cols", [80, 100])
def test_no_findings(shown, cols):
    rules = [f"--ignore={rule}" for rule in ("not_linked", "no_limit", "large_share")]
    assert shown("users", "audit", *rules, cols=cols) == "no findings in 12 users\n"
