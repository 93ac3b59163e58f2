"""Sessions of cron: checks that produce mail only when something is over."""

from __future__ import annotations

NIGHTLY = "parsec -q pool check --max-used 50; parsec -q usage check --max-used 90"


def test_nightly_checks_produce_mail_only_when_something_is_over(at_work):
    for _ in range(2):
        night = at_work(NIGHTLY)
        assert (night.out, night.err) == ("", "")

    at_work("parsec users create newcomer --qps-limit 300")
    mail = at_work(NIGHTLY)
    assert mail.err == "the pool is 54.2% allocated, at or above the limit of 50%\n"
    # who to talk to, from one more command
    assert "market-maker-1" in at_work("parsec pool show --top 1").out

    at_work("parsec users set-qps market-maker-1 650")
    night = at_work(NIGHTLY)
    assert (night.out, night.err) == ("", "")
