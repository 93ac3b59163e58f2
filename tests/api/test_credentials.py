"""Exchange keys in every usual form; errors name fields and never contain a value."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import rsa
from support.steady import STEADY

from parsec_cli.api.credentials import encode, exchange_name, parse
from parsec_cli.errors import UsageFault

PEM = rsa.pem("CANARY-not-a-real-key-")
BODY = "".join(PEM.splitlines()[1:-1])
INNER = rsa.pkcs1("CANARY-not-a-real-key-")
HEX = "0x" + "ca" * 32
CLOB = {"clob_api_key": "CANARY-a", "clob_api_secret": "CANARY-b==", "clob_api_passphrase": "c"}
KALSHI = {"api_key_id": "key-1", "private_key": PEM}


def as_json(**keys) -> bytes:
    return json.dumps(keys).encode()


SPELLINGS = {
    "plain": PEM.encode(),
    "no final newline": PEM.strip().encode(),
    "blank lines around": b"\n\n" + PEM.encode() + b"\n \n",
    "CRLF": PEM.replace("\n", "\r\n").encode(),
    "CR": PEM.replace("\n", "\r").encode(),
    "BOM": b"\xef\xbb\xbf" + PEM.encode(),
    "UTF-16 LE": b"\xff\xfe" + PEM.encode("utf-16-le"),
    "UTF-16 BE": b"\xfe\xff" + PEM.encode("utf-16-be"),
    "spelt-out newlines": PEM.replace("\n", "\\n").encode(),
    "indented": PEM.replace("\n", "\n  ").encode(),
    "one line": PEM.replace("\n", " ").encode(),
    "one line without blanks": PEM.replace("\n", "").encode(),
    "text around it": b"# my key\nKEY='" + PEM.encode() + b"'\n# end",
    "in quotes, newlines spelt out": json.dumps(PEM).encode(),
}


@pytest.mark.parametrize("data", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize("purpose", ["stored", "per-request"])
def test_a_pem_file_is_read_with_any_line_ends(data, purpose):
    assert parse(data, "kalshi", "key-1", purpose) == KALSHI


@pytest.mark.parametrize(
    "pem", [d.decode() for n, d in SPELLINGS.items() if "UTF" not in n and n != "BOM"]
)
def test_a_pem_inside_json_is_read_with_any_line_ends(pem):
    assert parse(as_json(api_key_id="key-1", private_key=pem), "kalshi", None, "stored") == KALSHI


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_is_read_in_every_encoding_of_its_file(encoding):
    data = json.dumps(CLOB, indent=1).replace("\n", "\r\n").encode(encoding)
    assert parse(data, "polymarket", None, "stored") == CLOB


@pytest.mark.parametrize(
    ("keys", "purpose"),
    [
        *((CLOB, purpose) for purpose in ("stored", "per-request")),
        *(({**CLOB, "private_key": HEX}, purpose) for purpose in ("stored", "per-request")),
        ({"private_key": HEX}, "per-request"),
        *(({**CLOB, "private_key": blank}, "stored") for blank in (None, "")),
        ({name: f"  {value}\n" for name, value in CLOB.items()}, "stored"),
    ],
)
def test_the_documented_polymarket_shapes_are_valid(keys, purpose):
    expected = {name: value.strip() for name, value in keys.items() if value}
    assert parse(as_json(**keys), "polymarket", None, purpose) == expected


@pytest.mark.parametrize(
    ("keys", "exchange", "purpose", "named"),
    [
        ({}, "kalshi", "stored", "api_key_id"),
        ({"api_key_id": "x"}, "kalshi", "stored", "private_key"),
        ({"private_key": PEM}, "kalshi", "stored", "api_key_id"),
        ({"private_key": HEX}, "polymarket", "stored", "clob_api_key"),
        ({**CLOB, "clob_api_secret": " "}, "polymarket", "stored", "clob_api_secret"),
        ({"private_key": HEX, "clob_api_key": "CANARY"}, "polymarket", "per-request", "clob_api_s"),
        ({}, "polymarket", "per-request", "clob_api_key"),
        ({**CLOB, "private_key": "CANARY"}, "polymarket", "stored", "private_key"),
        ({**CLOB, "private_key": HEX + "0"}, "polymarket", "stored", "private_key"),
        ({**CLOB, "private_key": 5}, "polymarket", "stored", "private_key"),
        ({**CLOB, "private_key": HEX[2:]}, "polymarket", "stored", "private_key"),
        ({**CLOB, "private_key": "0x" + "g" * 64}, "polymarket", "stored", "private_key"),
        ({**CLOB, "clob_api_key": ["CANARY"]}, "polymarket", "stored", "clob_api_key"),
        ({**CLOB, "clob_api_key": "CANARY\x00"}, "polymarket", "stored", "clob_api_key"),
        ({**CLOB, "clob_api_key": "CANARYé"}, "polymarket", "stored", "clob_api_key"),
        ({**KALSHI, "api_key_id": "CANARY\nX"}, "kalshi", "stored", "api_key_id"),
        ({**KALSHI, "CANARY": "x"}, "kalshi", "stored", "field"),
        (CLOB, "kalshi", "stored", "field"),
        ({**KALSHI, "private_key": "CANARY"}, "kalshi", "stored", "private key"),
        ({**KALSHI, "private_key": HEX}, "kalshi", "stored", "private key"),
        ({**KALSHI, "private_key": "\ud800"}, "kalshi", "stored", "private key"),
    ],
)
def test_a_missing_or_wrong_field_is_named_without_its_value(keys, exchange, purpose, named):
    with pytest.raises(UsageFault) as caught:
        parse(as_json(**keys), exchange, None, purpose)
    text = caught.value.message + caught.value.hint
    assert named in text
    assert "CANARY" not in text
    assert "caca" not in text


@pytest.mark.parametrize(
    "pem",
    [
        PEM.replace("RSA PRIVATE", "RSA PUBLIC"),
        PEM.replace("RSA PRIVATE", "EC PRIVATE"),
        PEM.replace("RSA PRIVATE", "ENCRYPTED PRIVATE"),
        PEM.replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n", 1),
        PEM.replace("END RSA", "END"),
        PEM[:-40],
        PEM + PEM,
        PEM.replace(BODY[:10], "!!!!"),
        PEM.replace("RSA ", ""),
        PEM.replace("\n", "", 2).replace(BODY[:4], "", 1),
        rsa.armoured(b"", "RSA PRIVATE KEY"),
        rsa.armoured(INNER[:-1], "RSA PRIVATE KEY"),
        rsa.armoured(INNER + b"\0", "RSA PRIVATE KEY"),
        rsa.armoured(INNER[:30] + bytes([INNER[30] ^ 1]) + INNER[31:], "RSA PRIVATE KEY"),
        rsa.armoured(rsa.pkcs8(INNER[:-1]), "PRIVATE KEY"),
        rsa.armoured(rsa.pkcs8(INNER)[:-1], "PRIVATE KEY"),
        rsa.armoured(rsa.pkcs8(INNER), "RSA PRIVATE KEY"),
        rsa.armoured(b"CANARY", "PRIVATE KEY"),
        rsa.armoured(b"\x30\x84", "PRIVATE KEY"),
    ],
)
def test_a_pem_that_is_not_one_complete_private_key_is_refused_without_its_content(pem):
    with pytest.raises(UsageFault) as caught:
        parse(pem.encode(), "kalshi", "key-1", "stored")
    assert BODY[:12] not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (rsa.armoured(rsa.pkcs8(b"x", "2a8648ce3d0201"), "PRIVATE KEY"), "not an RSA key"),
        (rsa.armoured(rsa.pkcs8(INNER, "2b6570"), "PRIVATE KEY"), "not an RSA key"),
        (rsa.armoured(b"x", "OPENSSH PRIVATE KEY"), "not an RSA key"),
        (rsa.armoured(b"x", "ENCRYPTED PRIVATE KEY"), "encrypted"),
        (rsa.armoured(b"x", "PUBLIC KEY"), "private key"),
        (rsa.armoured(b"x", "CERTIFICATE"), "private key"),
    ],
)
def test_another_kind_of_key_is_refused(pem, why):
    with pytest.raises(UsageFault, match=why):
        parse(pem.encode(), "kalshi", "key-1", "stored")


def test_a_certificate_beside_the_key_is_ignored():
    data = (PEM + rsa.armoured(b"x", "CERTIFICATE")).encode()
    assert parse(data, "kalshi", "key-1", "stored") == KALSHI


def test_pkcs8_is_accepted():
    pem = rsa.armoured(rsa.pkcs8(INNER), "PRIVATE KEY")
    assert parse(pem.encode(), "kalshi", "key-1", "stored")["private_key"] == pem


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"private_key": "CANARY-1", "private_key": "CANARY-2"}', "`private_key` twice"),
        ('{"CANARY": 1, "CANARY": 2}', "a field twice"),
    ],
)
def test_a_field_given_twice_is_named_only_if_it_is_one_of_the_fields(text, what):
    with pytest.raises(UsageFault, match=f"contains {what}") as caught:
        parse(text.encode(), "kalshi", None, "stored")
    assert "CANARY" not in caught.value.message


@pytest.mark.parametrize("data", [b"", b" \r\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_called_empty(data):
    with pytest.raises(UsageFault, match="is empty"):
        parse(data, "kalshi", None, "stored")


@pytest.mark.parametrize(
    ("data", "exchange", "api_key_id"),
    [
        *((b"\xff\xfeC", "kalshi", "x"), (b"\x80CANARY", "kalshi", "x")),
        *((data, "kalshi", None) for data in (b"CANARY", b'["CANARY"]', b'"CANARY"')),
        *((data, "kalshi", None) for data in (b'{"private_key": CANARY}', b"[" * 100_000)),
        (b'{"api_key_id": ' + b"9" * 5000 + b"}", "kalshi", None),
        (PEM.encode(), "kalshi", None),
        (PEM.encode(), "polymarket", None),
        (as_json(**KALSHI), "kalshi", "key-2"),
    ],
)
def test_a_file_of_anything_else_is_refused(data, exchange, api_key_id):
    with pytest.raises(UsageFault) as caught:
        parse(data, exchange, api_key_id, "stored")
    assert "CANARY" not in caught.value.message + caught.value.hint


@STEADY
@given(st.binary(max_size=200), st.sampled_from(["kalshi", "polymarket"]))
def test_every_other_file_raises_a_usage_error(data, exchange):
    with pytest.raises(UsageFault):
        parse(data, exchange, None, "per-request")


@STEADY
@given(
    st.dictionaries(
        st.sampled_from(["private_key", "api_key_id", *CLOB, "other"]),
        st.none() | st.integers() | st.sampled_from([PEM, HEX, "x", ""]) | st.text(max_size=9),
    )
)
def test_valid_credentials_contain_only_printable_text_in_the_documented_fields(keys):
    try:
        found = parse(as_json(**keys), "polymarket", None, "per-request")
    except UsageFault:
        return
    assert "private_key" in found or set(found) >= set(CLOB)
    assert all(value.isascii() and value for value in found.values())


def test_the_header_value_is_one_line_of_base64_of_the_object():
    value = encode(KALSHI)
    assert value.isascii()
    assert value.isprintable()
    assert json.loads(base64.b64decode(value, validate=True)) == KALSHI


@pytest.mark.parametrize("name", ["", "Kalshi", "other", "kalshi "])
def test_an_unknown_exchange_is_refused(name):
    with pytest.raises(UsageFault, match="exchange"):
        exchange_name(name)
