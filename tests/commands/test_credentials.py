"""`credentials encode`: the header's value on stdout and nothing else."""

from __future__ import annotations

import base64
import json

import pytest
from commands.keys import KEYS, SECRETS, kalshi, pem


def decoded(done) -> dict[str, str]:
    assert done.out.endswith("\n")
    assert done.out.count("\n") == 1
    return json.loads(base64.b64decode(done.out.rstrip("\n"), validate=True))


@pytest.mark.parametrize("exchange", ["polymarket", "kalshi"])
@pytest.mark.parametrize("output", [[], ["--json"], ["-o", "table"], ["-o", "csv"], ["-q"], ["-v"]])
def test_one_line_of_standard_base64_in_every_format(tool, keys_file, leaks, exchange, output):
    done = tool("credentials", "encode", "--exchange", exchange, keys_file(exchange), *output)
    assert done.code == 0, done
    assert decoded(done) == KEYS[exchange]()
    assert done.err == ""
    assert [leak for leak in leaks(done, SECRETS) if "stdout" not in leak] == []


def test_encoding_needs_no_key_no_network_and_no_home(tool, keys_file, home):
    env = {"HOME": "/proc/none/home", "PARSEC_API_BASE_URL": "https://x.invalid"}
    done = tool("credentials", "encode", "--exchange", "kalshi", keys_file("kalshi"), env=env)
    assert done.code == 0, done
    assert list(home.rglob("*")) == []


@pytest.mark.parametrize("source", ["file", "stdin"])
def test_a_pem_key_gives_the_same_value_with_any_line_ends(tool, work, source):
    content = b"\xef\xbb\xbf" + pem().rstrip().replace("\n", "\r\n").encode()
    (work / "key.pem").write_bytes(content)
    where, stdin = ("key.pem", b"") if source == "file" else ("-", content)
    argv = ["credentials", "encode", "--exchange", "kalshi", "--api-key-id", "kid-0001", where]
    assert decoded(tool(*argv, stdin=stdin)) == kalshi()


@pytest.mark.parametrize(
    ("left_out", "code"),
    [
        (["clob_api_key", "clob_api_secret", "clob_api_passphrase"], 0),
        (["private_key"], 0),
        (["clob_api_secret"], 2),
    ],
    ids=str,
)
def test_polymarket_needs_a_private_key_or_three_clob_keys(tool, keys_file, left_out, code):
    file = keys_file("polymarket", **dict.fromkeys(left_out))
    done = tool("credentials", "encode", "--exchange", "polymarket", file)
    assert done.code == code, done
    assert (done.out == "") is bool(code)


@pytest.mark.parametrize(
    "argv",
    [
        ["--exchange", "nyse", "kalshi.json"],
        ["--exchange", "polymarket", "kalshi.json"],
        ["--exchange", "polymarket", "key.pem"],
        ["--exchange", "kalshi", "key.pem"],
        ["--exchange", "kalshi", "--api-key-id", "", "key.pem"],
        ["--exchange", "kalshi", "--api-key-id", "other", "kalshi.json"],
        ["--exchange", "kalshi", "missing.json"],
        ["--exchange", "kalshi"],
        ["kalshi.json"],
        ["--exchange", "kalshi", "-"],
    ],
    ids=" ".join,
)
def test_other_input_is_refused_without_quoting_it(tool, keys_file, work, leaks, argv):
    keys_file("kalshi")
    (work / "key.pem").write_text(pem())
    done = tool("credentials", "encode", *argv)
    assert done.code == 2, done
    assert done.out == ""
    assert leaks(done, SECRETS) == []
