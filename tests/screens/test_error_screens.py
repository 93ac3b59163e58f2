"""Errors and hints on a terminal, word for word."""

import pytest

AT_80 = {
    "users get user_01": """\
error: user `user_01` not found in profile sandbox
hint: did you mean `user_001`?
  parsec -p sandbox users get user_001
""",
    "users get nobody user_01": """\
error: 2 users were not found in profile sandbox
  user `nobody` not found
  user `user_01` not found; did you mean `user_001`?
hint: list users with
  parsec -p sandbox users list --match TEXT
""",
    "users suspend user_001": """\
error: no such command `suspend`
hint: users cannot be suspended: there is only a lower limit, or a deactivation,
which cannot be undone; lower the limit with
  parsec -p sandbox users set-qps user_001 1
""",
    "usres lst": """\
error: no such command `usres`
hint: did you mean `users list`?
  parsec -p sandbox users list
""",
    "users list --fields qps": """\
error: unknown field `qps`; did you mean `qps_limit`?
hint: use one of external_id, customer_id, qps_limit, tier, linked_exchanges,
wallet.wallet_type, created_at, wallet.eoa_address, wallet.safe_address,
wallet.chain_id, fee_escrow_enabled, fee_bps, affiliate_address, api_key
""",
    "users set-qps user_001 90000": """\
error: the sum of limits would exceed the pool: 1,055 → 91,045 of 2,500, 1,445
free; nothing was sent
hint: lower other limits by 88,545 QPS, or allow it with
  parsec -p sandbox users set-qps user_001 90000 --allow-overcommit
""",
}
AT_100 = {
    "users get user_01": """\
error: user `user_01` not found in profile sandbox
hint: did you mean `user_001`?
  parsec -p sandbox users get user_001
""",
    "users get nobody user_01": """\
error: 2 users were not found in profile sandbox
  user `nobody` not found
  user `user_01` not found; did you mean `user_001`?
hint: list users with
  parsec -p sandbox users list --match TEXT
""",
    "users suspend user_001": """\
error: no such command `suspend`
hint: users cannot be suspended: there is only a lower limit, or a deactivation, which cannot be
undone; lower the limit with
  parsec -p sandbox users set-qps user_001 1
""",
    "usres lst": """\
error: no such command `usres`
hint: did you mean `users list`?
  parsec -p sandbox users list
""",
    "users list --fields qps": """\
error: unknown field `qps`; did you mean `qps_limit`?
hint: use one of external_id, customer_id, qps_limit, tier, linked_exchanges, wallet.wallet_type,
created_at, wallet.eoa_address, wallet.safe_address, wallet.chain_id, fee_escrow_enabled, fee_bps,
affiliate_address, api_key
""",
    "users set-qps user_001 90000": """\
error: the sum of limits would exceed the pool: 1,055 → 91,045 of 2,500, 1,445 free; nothing was
sent
hint: lower other limits by 88,545 QPS, or allow it with
  parsec -p sandbox users set-qps user_001 90000 --allow-overcommit
""",
}
CODES = {
    "users get user_01": 3,
    "users get nobody user_01": 3,
    "users suspend user_001": 2,
    "usres lst": 2,
    "users list --fields qps": 2,
    "users set-qps user_001 90000": 10,
}


def shown(screen, line, **how):
    """Run in the sandbox, whose users the tool has seen, and leave out the notice."""
    screen("-p", "sandbox", "users", "list")
    text = screen("-p", "sandbox", *line.split(), code=CODES[line], **how)
    return text.removeprefix("sandbox: a local imitation, nothing here is real\n")


@pytest.mark.parametrize("line", CODES)
def test_an_error_at_80_columns(screen, line):
    assert shown(screen, line, cols=80) == AT_80[line]


@pytest.mark.parametrize("line", CODES)
def test_an_error_at_100_columns(screen, line):
    assert shown(screen, line, cols=100) == AT_100[line]


@pytest.mark.parametrize("env", [{"ACCESSIBLE": "1"}, {"TERM": "dumb"}])
def test_an_error_is_the_same_without_colour(screen, env):
    line = "users get user_01"
    assert shown(screen, line, env=env) == AT_80[line]


def test_an_error_is_red_a_hint_bold_and_a_command_cyan(screen, styled):
    text = shown(screen, "users get user_01", colour=True)
    assert styled(text, "1;31") == ["error:"]
    assert styled(text, "1;36") == ["hint:"]
    assert styled(text, "36") == ["parsec -p sandbox users get user_001"]
