"""The help pages on a terminal, word for word."""

import pytest

ROOT = r"""
Usage: parsec [OPTIONS] COMMAND ...
Manage the end-users, limits and credentials of a Parsec builder.

Users:
  users        List, read and change the end-users.
  credentials  Prepare a user's exchange keys.
  history      Show the changes that were made from this machine.
  runs         List bulk runs, and show the rows of one again.

Pool and account:
  pool         Show and check the QPS pool of the end-users.
  escrow       Show the fee escrow configuration.
  usage        Show tier, quota and limits of the key.
  api          Send one request to any path of the API.

Setup:
  config       Manage profiles: hosts, keys and defaults.
  doctor       Check config, key, network and API, one line each.
  sandbox      Practise without a key: add `-p sandbox` to any command.
  completion   Print the script that completes commands in your shell.

Topics: environment, exit-codes, output, safety, scripting (parsec help TOPIC)
Use "parsec help options" for the options that every command takes
"""
VERB_80 = r"""
Usage: parsec users set-qps [OPTIONS] USER QPS|USER=QPS...

Set the limits of one user or several, in requests per second.

Shows the old and the new limit and the pool before and after. Several limits
are one plan: the pool must have room for their sum, and decreases are sent
before increases.

Examples:
  parsec users set-qps user_001 20
  parsec users set-qps user_001=5 user_002=5 user_003=40 --dry-run --reason \
    "ticket 4711"

Arguments:
  USER QPS|USER=QPS...  A user and its new limit, or several pairs.

Options:
      --allow-overcommit  Allow the sum of limits to exceed the QPS pool.
  -n, --dry-run           Read and check everything, but send no change.
      --reason REASON     Reason for the change, kept in the history.

Fields:
  external_id, customer_id, qps_limit, tier, linked_exchanges,
  wallet.wallet_type, created_at, wallet.eoa_address, wallet.safe_address,
  wallet.chain_id, fee_escrow_enabled, fee_bps, affiliate_address, api_key,
  before.qps_limit, after.qps_limit, outcome, error, http_status, attempts

Use "parsec help options" for the options that every command takes
"""
VERB_100 = r"""
Usage: parsec users set-qps [OPTIONS] USER QPS|USER=QPS...

Set the limits of one user or several, in requests per second.

Shows the old and the new limit and the pool before and after. Several limits are one plan: the pool
must have room for their sum, and decreases are sent before increases.

Examples:
  parsec users set-qps user_001 20
  parsec users set-qps user_001=5 user_002=5 user_003=40 --dry-run --reason "ticket 4711"

Arguments:
  USER QPS|USER=QPS...  A user and its new limit, or several pairs.

Options:
      --allow-overcommit  Allow the sum of limits to exceed the QPS pool.
  -n, --dry-run           Read and check everything, but send no change.
      --reason REASON     Reason for the change, kept in the history.

Fields:
  external_id, customer_id, qps_limit, tier, linked_exchanges, wallet.wallet_type, created_at,
  wallet.eoa_address, wallet.safe_address, wallet.chain_id, fee_escrow_enabled, fee_bps,
  affiliate_address, api_key, before.qps_limit, after.qps_limit, outcome, error, http_status,
  attempts

Use "parsec help options" for the options that every command takes
"""
OPTIONS_80 = r"""
OPTIONS: accepted by every command, before or after its name

  -p, --profile PROFILE         Use this profile; `sandbox` is built in.
      --base-url URL            Use this API host.
  -o, --output FORMAT           Write in this format. [table, tsv, csv, json,
                                jsonl, ids]
      --json                    Same as `-o json`.
      --fields A,B.C            Show only these fields, in every format.
      --headers / --no-headers  Write a header line in tsv and csv.
      --reveal-keys             Show `api_key` values in clear.
  -q, --quiet                   Print only errors on stderr.
  -v, --verbose                 Log each request on stderr.
      --no-input                Never ask; fail where an answer is needed.
      --timeout SECONDS         Max time for one request [default 30].
      --max-wait SECONDS        Stop waiting on rate limits (429, 503) after
                                this many seconds per request [default 60].
      --rate RPS|max            Max requests per second, or all that is allowed.
  -h, --help                    Show this help; twice: with the common options.

Without a command:

  --version  Show the version.
"""
OPTIONS_100 = r"""
OPTIONS: accepted by every command, before or after its name

  -p, --profile PROFILE         Use this profile; `sandbox` is built in.
      --base-url URL            Use this API host.
  -o, --output FORMAT           Write in this format. [table, tsv, csv, json, jsonl, ids]
      --json                    Same as `-o json`.
      --fields A,B.C            Show only these fields, in every format.
      --headers / --no-headers  Write a header line in tsv and csv.
      --reveal-keys             Show `api_key` values in clear.
  -q, --quiet                   Print only errors on stderr.
  -v, --verbose                 Log each request on stderr.
      --no-input                Never ask; fail where an answer is needed.
      --timeout SECONDS         Max time for one request [default 30].
      --max-wait SECONDS        Stop waiting on rate limits (429, 503) after this many seconds per
                                request [default 60].
      --rate RPS|max            Max requests per second, or all that is allowed.
  -h, --help                    Show this help; twice: with the common options.

Without a command:

  --version  Show the version.
"""


@pytest.mark.parametrize(
    ("line", "cols", "text"),
    [
        ("--help", 80, ROOT),
        ("--help", 100, ROOT),
        ("users set-qps --help", 80, VERB_80),
        ("users set-qps --help", 100, VERB_100),
        ("help options", 80, OPTIONS_80),
        ("help options", 100, OPTIONS_100),
    ],
)
def test_a_help_page_word_for_word(screen, line, cols, text):
    assert screen(*line.split(), cols=cols) == text.removeprefix("\n")


@pytest.mark.parametrize("env", [{"ACCESSIBLE": "1"}, {"TERM": "dumb"}])
def test_help_is_the_same_on_every_terminal(screen, env):
    assert screen("--help", env=env) == ROOT.removeprefix("\n")


def test_headings_of_help_are_bold(screen, styled):
    shown = styled(screen("--help", colour=True), "1")
    assert shown == ["Usage:", "Users:", "Pool and account:", "Setup:", "Topics:"]
