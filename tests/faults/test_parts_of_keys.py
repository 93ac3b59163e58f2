"""A server may return a part of a key, or a key in another spelling: no more than 11 characters."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, unquote

import pytest
from faults.commands import ALICE
from support import rsa
from support.actions import json_response
from support.builder import BUILDER_KEY
from support.wire import Request

HEX = "0x" + "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2
PEM = rsa.pem("KALSHI-PRIVATE-KEY-CANARY-", "RSA PRIVATE KEY")
BODY = "".join(PEM.splitlines()[1:-1])
POLYMARKET = {
    "clob_api_key": "11111111-aaaa-bbbb-cccc-222222222222",
    "clob_api_secret": "c2VjcmV0IG9mIHRoZSBjbG9iIGFuZCBtb3Jl",
    "clob_api_passphrase": "correct horse battery staple",
    "private_key": HEX,
}
KALSHI = {"api_key_id": "kalshi-id", "private_key": PEM}
POLY = f"users onboard {ALICE} --exchange polymarket --mode self --credentials polymarket.json"
KAL = f"users onboard {ALICE} --exchange kalshi --mode self --credentials kalshi.json"
CHECK = f"users check {ALICE} --exchange kalshi --credentials kalshi.json"
API = "api POST /builder/onboard --input"


def wrapped(width: int, end: str) -> str:
    return end.join(BODY[at : at + width] for at in range(0, len(BODY), width))


def header(request: Request) -> str:
    return request.header("x-exchange-credentials") or ""


CASES = {
    "hex without 0x": (POLY, lambda _: HEX[2:]),
    "hex in upper case": (POLY, lambda _: HEX.upper()),
    "a passphrase in a URL": (POLY, lambda _: quote(POLYMARKET["clob_api_passphrase"])),
    "a cut secret": (POLY, lambda _: POLYMARKET["clob_api_secret"][:20]),
    "hex of a body": (f"{API} polymarket.json", lambda _: HEX[2:]),
    "PEM of a body": (f"{API} kalshi.json", lambda _: wrapped(76, "\n")),
    "wider lines": (KAL, lambda _: wrapped(76, "\r\n")),
    "one line": (KAL, lambda _: BODY),
    "escaped line ends": (KAL, lambda _: wrapped(76, "\\n")),
    "a cut PEM": (KAL, lambda _: f"{PEM[40:140]}..."),
    "the start of a header": (CHECK, lambda request: header(request)[:120]),
    "the middle of a header": (CHECK, lambda request: f"{header(request)[20:200]}..."),
    "the builder's key": ("users set-qps alice 9", lambda _: f"{BUILDER_KEY[:24]}..."),
    "its middle": ("users set-qps alice 9", lambda _: f"{BUILDER_KEY[9:25]}..."),
    "its middle in a run": ("users set-qps alice=9 bob=9", lambda _: f"{BUILDER_KEY[9:25]}..."),
    "its middle at doctor": ("doctor", lambda _: f"{BUILDER_KEY[9:25]}..."),
}
PLACES = {
    "error": lambda text: {"error": f"key {text} bad"},
    "details": lambda text: {"error": "bad", "validation_errors": [f"key {text}", {"key": text}]},
    "code": lambda text: {"error": "bad", "code": text},
}


@pytest.fixture(autouse=True)
def keys(work):
    (work / "polymarket.json").write_text(json.dumps(POLYMARKET))
    (work / "kalshi.json").write_text(json.dumps(KALSHI))


def compared(text: str) -> str:
    plain = unquote(re.sub(r"\\+[nr]", "", text))
    return re.sub(r"[\W_]", "", plain).lower()


@pytest.mark.parametrize(
    ("place", "style"),
    [
        ("error", ["-v"]),
        ("error", ["-v", "--json"]),
        ("details", ["-v"]),
        ("details", ["--json"]),
        ("code", ["--json"]),
    ],
)
@pytest.mark.parametrize("case", CASES)
def test_no_part_of_a_key_is_shown_or_kept(run, builder, home, case, place, style):
    command, echo = CASES[case]
    builder.add("alice")
    builder.add("bob")
    well = builder._handle

    def respond(request: Request):
        if request.method == "GET" and not command.startswith("doctor") and not header(request):
            return well(request)
        status = 403 if header(request) else 400
        return json_response(status, PLACES[place](echo(request)))

    builder.respond(respond)
    done = run(*command.split(), *style)
    assert done.code not in (0, 1, 2), done
    files = [file.read_text(errors="replace") for file in home.rglob("*") if file.is_file()]
    seen = compared(" ".join((done.out, done.err, *files)))
    (request, *_) = [r for r in builder.requests if header(r)] or builder.requests
    secrets = (*POLYMARKET.values(), BODY, BUILDER_KEY.removeprefix("pk_live_"), header(request))
    for secret in map(compared, secrets):
        assert not [at for at in range(len(secret) - 11) if secret[at : at + 12] in seen]
