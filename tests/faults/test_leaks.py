"""After any fault, no key is on any stream or in any file, in any encoding.

The servers here are the worst kind: they repeat what they received wherever they can.
"""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from faults.commands import ALICE
from support import rsa
from support.actions import close, error, html, json_response, redirect, response, stall
from support.builder import BUILDER_KEY, BuilderServer
from support.records import END_USER_KEY, wallet
from support.wire import Request

HEX = "0x" + "c0ffee12" * 8
PEM = rsa.pem("KALSHI-PRIVATE-KEY-CANARY-", "PRIVATE KEY")
CLOB = {f"clob_api_{part}": f"CLOBCANARY-{part}-9f8e7d" for part in ("key", "secret", "passphrase")}
POLYMARKET = {**CLOB, "private_key": HEX}
KALSHI = {"api_key_id": "kalshi-id", "private_key": PEM}
CANARIES = [BUILDER_KEY, END_USER_KEY, HEX, HEX[2:], *PEM.splitlines()[1:-2], *CLOB.values()]
POLY = f"users onboard {ALICE} --exchange polymarket --mode self --credentials polymarket.json"
KAL = f"users onboard {ALICE} --exchange kalshi --mode self --credentials"
COMMANDS = {
    "list": "users list",
    "get": "users get alice",
    "create": "users create new --qps-limit 5 --email a@b.example",
    "create again": "users create alice --qps-limit 6",
    "set-qps": f"users set-qps {ALICE} 7 --reason x",
    "onboard managed": f"users onboard {ALICE} --exchange polymarket --mode managed",
    "onboard polymarket": POLY,
    "onboard kalshi": f"{KAL} kalshi.json",
    "onboard pem": f"{KAL} key.pem --api-key-id kalshi-id",
    "onboard dry": f"{POLY} -n",
    "check": f"users check {ALICE} --exchange polymarket --credentials polymarket.json",
    "check all": f"users check {ALICE}",
    "deactivate": f"users deactivate {ALICE} --confirm alice",
    "deactivate several": "users deactivate alice bob --confirm 2",
    "no consent": f"users deactivate {ALICE}",
    "pool": "pool show --top 3",
    "pool check": "pool check",
    "pool share": "pool share --target 1 --keep bob",
    "usage": "usage show",
    "usage check": "usage check -o prometheus",
    "audit": "users audit",
    "escrow": "escrow show",
    "doctor": "doctor",
    "api get": f"api GET /builder/users/{ALICE} --include",
    "api list": "api GET /builder/users",
    "api onboard": "api POST /builder/onboard --input onboard.json",
    "api dry": "api POST /builder/onboard --input onboard.json -n",
    "api as": "api GET /balance --query exchange=kalshi --as alice",
    "api delete": f"api DELETE /builder/users/{ALICE} --confirm alice",
    "history": "history list",
    "config": "config show",
}


def everything(request: Request) -> str:
    """What the server received: as text, URL-encoded, and in base64."""
    plain = "; ".join(f"{name}: {value}" for name, value in request.headers)
    key = request.header("x-api-key") or ""
    body = request.body.decode().replace("\\n", " ")
    return f"{plain} {body} {quote(key, safe='')} {request.target}"


def secrets_in(request: Request) -> str:
    values = [request.header("x-api-key"), request.header("x-exchange-credentials")]
    if request.body.startswith(b"{"):
        values += [v for v in json.loads(request.body).values() if isinstance(v, str)]
    return " and ".join(value for value in values if value)


FAULTS = {
    "none": None,
    "echo in 400": lambda r: json_response(
        400, {"error": everything(r), "code": secrets_in(r), "validation_errors": [secrets_in(r)]}
    ),
    "echo of the body": lambda r: json_response(422, {"error": f"cannot read: {r.body.decode()}"}),
    "echo of its text": lambda r: json_response(422, {"error": " ".join(secrets_in(r).split())}),
    "echo in 500": lambda r: html(500, f"<html><title>{everything(r)}</title>"),
    "echo as text": lambda r: response(403, secrets_in(r), {"Content-Type": "text/plain"}),
    "echo in headers": lambda _: json_response(
        429,
        {"error": "slow"},
        {
            "Retry-After": "9999",
            "X-Parsec-Tier": BUILDER_KEY,
            "X-RateLimit-Pool-Limit": BUILDER_KEY,
        },
    ),
    "redirect with it": lambda _: redirect(
        302, f"https://evil.invalid/{BUILDER_KEY}?{BUILDER_KEY}"
    ),
    "401": lambda r: error(401, f"invalid API key {r.header('x-api-key')}", "unauthorized"),
    "closed": lambda _: close(),
    "silent": None,
    "not JSON": lambda r: response(200, everything(r)),
}
STYLES = {"plain": [], "verbose json": ["-v", "--json"], "verbose table": ["-v", "-o", "table"]}


# a server that does not respond cannot repeat a key, and each wait takes real time
SILENT = ("list", "set-qps", "onboard polymarket", "check", "deactivate", "api onboard")
# every pair of command, fault and style, not every triple
CELLS = [
    (command, fault, list(STYLES)[(row + column) % 3])
    for row, command in enumerate(COMMANDS)
    for column, fault in enumerate(FAULTS)
    if fault != "silent" or command in SILENT
]


@pytest.fixture(autouse=True)
def keys(work):
    (work / "polymarket.json").write_text(json.dumps(POLYMARKET))
    (work / "kalshi.json").write_text(json.dumps(KALSHI))
    (work / "key.pem").write_text(PEM)
    body = {"customer_id": ALICE, "exchange": "polymarket", "mode": "self", **POLYMARKET}
    (work / "onboard.json").write_text(json.dumps(body))


def struck(builder: BuilderServer, fault) -> None:
    """Break the requests of a command; with `spare_reads`, not those before its first change."""
    well = builder._handle

    def respond(request: Request):
        first = not [r for r in builder.requests if r.method != "GET"]
        read_before_change = request.method == "GET" and builder.spare_reads and first
        return well(request) if read_before_change else fault(request)

    builder.respond(respond)


@pytest.mark.parametrize(("command", "fault", "style"), CELLS)
def test_no_key_appears_in_any_output(
    tool, builder, key_env, leaks, too_late, command, fault, style
):
    builder.strict = False
    builder.add("alice", 10, wallet=wallet("safe", "5"))
    builder.add("bob", 10)
    changes = ("create", "set-qps", "onboard", "deactivate", "api onboard", "api delete")
    builder.spare_reads = command.startswith(changes)
    how = {}
    if fault == "silent":
        struck(builder, lambda _: stall(too_late))
        how = too_late.how
    elif FAULTS[fault] is not None:
        struck(builder, FAULTS[fault])
    argv = [*COMMANDS[command].split(), *STYLES[style]]
    completed = tool(*argv, env={**key_env(builder), "PARSEC_DEBUG": "1"}, **how)
    assert completed.code != 1, completed
    assert leaks(completed, CANARIES) == [], completed.err
    # encoded or not, credentials for one request are not for the log
    whole = base64.b64encode(json.dumps(POLYMARKET, separators=(",", ":")).encode())
    assert whole not in completed.out_bytes + completed.err_bytes


def test_credentials_encode_prints_the_value_and_writes_nothing(tool, leaks):
    completed = tool("credentials", "encode", "--exchange", "polymarket", "polymarket.json")
    assert json.loads(base64.b64decode(completed.out)) == POLYMARKET
    assert completed.err == ""
    assert leaks(None, CANARIES) == []


@pytest.mark.parametrize(
    "content", ['{"private_key": "CANARY', "CANARY", '["CANARY"]', '{"CANARY": 1}']
)
@pytest.mark.parametrize("command", ["onboard polymarket", "check"])
def test_a_broken_credentials_file_is_never_quoted(tool, builder, key_env, work, command, content):
    (work / "polymarket.json").write_text(content)
    completed = tool(*COMMANDS[command].split(), env={**key_env(builder), "PARSEC_DEBUG": "1"})
    assert completed.code == 2, completed
    assert "CANARY" not in completed.out + completed.err
    assert builder.requests == []


def test_the_search_for_keys_finds_a_key(run, builder, leaks):
    """A scan that could not find anything would prove nothing."""
    user = builder.add("alice")
    completed = run("users", "get", ALICE, "--json", "--reveal-keys")
    assert leaks(completed, [user["api_key"]]) != []
    assert leaks(completed, [BUILDER_KEY, HEX]) == []
