import base64
import json
import re
from urllib.parse import quote, quote_plus, unquote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from output.builders import BUILDER_KEY, user
from support import rsa
from support.steady import FULL, STEADY

from parsec_cli.output.format import Encoder
from parsec_cli.output.lines import plain, rows_of
from parsec_cli.redaction import Redaction, is_secret, mask, without_secrets
from parsec_cli.results import Column

NAMES = [
    "api_key",
    "API_KEY",
    "private_key",
    "clob_api_key",
    "clob_api_secret",
    "CLOB_API_PASSPHRASE",
    "x-api-key",
    "X-API-Key",
    "X-Exchange-Credentials",
    "x_exchange_credentials",
]
OTHERS = ["api_key_id", "key", "keys", "apikey", "external_id", "linked_exchanges", "", "clob"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(
        [BUILDER_KEY, f"x{BUILDER_KEY}y", 'api_key": "', '\\"api_key": ', "pk_live_1"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES + OTHERS) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
RECORDS = st.lists(
    st.dictionaries(st.sampled_from(NAMES + OTHERS) | st.text(), VALUES, max_size=6), max_size=4
)


def redaction(*keys, **options):
    return Redaction(lambda: keys, **options)


@pytest.mark.parametrize("name", NAMES)
def test_secret_names_are_known_in_any_spelling(name):
    assert is_secret(name)


@pytest.mark.parametrize("name", OTHERS)
def test_other_names_are_not_secret(name):
    assert not is_secret(name)


def test_secret_fields_are_masked_at_any_depth():
    value = {"a": [{"wallet": {"private_key": "0x1234567890abcdef"}}]}
    assert redaction().value(value) == {"a": [{"wallet": {"private_key": "****cdef"}}]}


@pytest.mark.parametrize(("secret", "seen"), [(None, None), ("", ""), (5, "****"), ([1], "****")])
def test_values_other_than_text_are_masked_whole_and_null_stays(secret, seen):
    assert redaction().value({"api_key": secret}) == {"api_key": seen}


def test_revealing_keys_shows_the_users_key_only():
    value = {"api_key": "pk_live_0123456789", "private_key": "0x1234567890abcdef"}
    assert redaction(reveal_keys=True).value(value) == value | {"private_key": "****cdef"}


def test_a_known_key_is_masked_wherever_it_appears():
    value = {"note": f"the key is {BUILDER_KEY}!", BUILDER_KEY: 1}
    hidden = mask(BUILDER_KEY)
    assert redaction(BUILDER_KEY).value(value) == {"note": f"the key is {hidden}!", hidden: 1}


def test_a_known_key_stays_hidden_when_keys_are_revealed():
    assert redaction(BUILDER_KEY, reveal_keys=True).value({"api_key": BUILDER_KEY}) == {
        "api_key": mask(BUILDER_KEY)
    }


def test_a_key_that_contains_another_is_masked_first():
    text = redaction("pk_live_abcd1234", "pk_live_abcd1234wxyz").text("pk_live_abcd1234wxyz")
    assert text == "pk_live_****wxyz"


def test_a_key_cut_off_where_a_text_was_shortened_is_masked():
    masked = Redaction(lambda: [BUILDER_KEY]).value([f"got {BUILDER_KEY[:n]}…" for n in (5, 6, 20)])
    assert masked == [f"got {BUILDER_KEY[:5]}…", *[f"got {mask(BUILDER_KEY)}…"] * 2]


def test_too_short_a_key_does_not_garble_ordinary_text():
    assert redaction("a", "").text("alpha beta") == "alpha beta"


@settings(STEADY, max_examples=100 if FULL else 50)
@given(RECORDS, st.booleans())
def test_the_fast_encoder_masks_like_the_thorough_one(records, reveal):
    mine = redaction(BUILDER_KEY, reveal_keys=reveal)
    text = Encoder(mine).page(records)
    assert text.isascii()
    assert json.loads(f"[{text}]") == [mine.value(r) for r in records]


@given(st.text(alphabet='\\"/abtnru01\x7f\n\té', min_size=6), st.text())
def test_a_key_made_of_escapes_leaves_valid_json_without_it(key, around):
    record = {"note": around + key + around}
    text = Encoder(redaction(key)).page([record])
    note = json.loads(text)["note"]
    assert note == redaction(key).text(record["note"])
    assert mask(key) in note


def test_an_ordinary_user_has_only_the_key_masked():
    record = user(api_key="pk_live_ENDUSER_CANARY_0001")
    seen = json.loads(Encoder(redaction(BUILDER_KEY)).page([record]))
    assert seen == record | {"api_key": "pk_live_****0001"}


def test_masking_does_not_change_the_record():
    record = user()
    Encoder(redaction()).page([record])
    assert record == user()


SECRETS = {
    "api_key": "CANARY",
    "API-Key": "CANARY",
    "api_\N{KELVIN SIGN}ey": "CANARY",
    "private_key": "CANARY",
    "clob_api_secret": "CANARY",
    "CLOB_Api_Passphrase": ["CANARY"],
    "credentials": {"deep": "CANARY"},
    "X-API-Key": "CANARY",
    "X-Exchange-Credentials": "CANARY",
}


STORED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(list(SECRETS)), inner)
    ),
)


def names(value) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(names(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(names(inner) for inner in value))
    return set()


@STEADY
@given(STORED)
def test_secret_fields_are_removed_at_any_depth_and_nothing_else(value):
    left = names(without_secrets(value))
    assert not left & set(SECRETS)
    if not names(value) & set(SECRETS) and "clob" not in str(value).lower():
        assert without_secrets(value) == value


KNOWN = [BUILDER_KEY, 'quote"back\\slash', "umlaut-ü"]


@STEADY
@given(
    st.recursive(
        st.text()
        | st.sampled_from(
            [
                f"<{key[:end]}{tail}"
                for key in KNOWN
                for end in (6, 9, 99)
                for tail in ("…", "", "x")
            ]
        ),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*NAMES, *OTHERS, *KNOWN]), inner, max_size=4)
        ),
        max_leaves=8,
    ),
    st.sampled_from(KNOWN),
)
def test_a_text_that_may_not_change_contains_no_known_key(value, key):
    redaction, plain = Redaction(lambda: [key]), without_secrets(value)
    if not redaction.may_change(json.dumps(plain)):
        assert redaction.value(plain) == plain


HEX = "0x" + "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2
PEM = rsa.pem("PEMCANARY, and some more of it")
MARKS = "a -----BEGIN RSA PRIVATE KEY-----\n", "-----END RSA PRIVATE KEY-----"
BODY = "".join(PEM.splitlines()[1:-1])
PHRASE = "correct horse battery staple"
OTHER = "pk_live_0123456789abcdef0123"


@pytest.mark.parametrize(
    ("key", "text", "seen"),
    [
        (HEX, f"key {HEX[2:]} bad", "key ****e1f0 bad"),
        (HEX, f"key {HEX.upper()} bad", "key ****e1f0 bad"),
        (HEX, f"key 0x{HEX[20:32]}... bad", "key 0x****e1f0... bad"),
        (HEX, f"key {HEX[20:31]} bad", f"key {HEX[20:31]} bad"),
        (HEX, f"{HEX[2:16]}, {HEX[40:54]}", "****e1f0, ****e1f0"),
        (HEX, HEX[2:] + HEX[2:], "****e1f0"),
        (PHRASE, f"<{quote(PHRASE)}>", "<****aple>"),
        (PHRASE, f"<{quote_plus(PHRASE)}>", "<****aple>"),
        (PHRASE, "Correct\\nHorse\r\nBattery", "****aple"),
        ("k@y+of/12ch=ar5", "k%40y%2Bof%2f12ch\\u003Dar5", "****=ar5"),
        (PHRASE, "a correct word is wrong", "a correct word is wrong"),
        (PEM, PEM[40:140] + "...", f"****{BODY[-4:]}..."),
        (PEM, f"{MARKS[0]}{BODY}\r\n{MARKS[1]}", f"{MARKS[0]}****{BODY[-4:]}==\r\n{MARKS[1]}"),
        (OTHER, "key 89ABCDEF0123 bad", "key pk_live_****0123 bad"),
        (OTHER, "pk_live_****89ab and pk_live_012 and 9abcdef0123", None),
        ("elevenchars", "ElevenChars", "ElevenChars"),
    ],
)
def test_a_part_of_a_key_is_masked_in_any_spelling(key, text, seen):
    assert redaction(key, "another-key").text(text) == (text if seen is None else seen)


def test_keys_of_one_kind_share_its_name_only():
    own, other = "pk_live_sandbox", "pk_live_sandbox_of_another"
    assert redaction(own, "another-key").text(mask(other)) == mask(other)
    assert redaction(other, "pk_test_sandbox").text("pk_live_sandbox") == "pk_live_sandbox"


def test_parts_of_the_only_key_are_masked_in_messages():
    """Rows would become slow."""
    text, mine = f"key {OTHER[9:25]}... bad", redaction(OTHER)
    assert mine.message(text) == "key pk_live_****0123... bad"
    assert mine.text(text) == text
    assert redaction(OTHER, OTHER, "a").text(text) == text
    assert mine.message("pk_live_ANOTHER_0042") == "pk_live_****0042"


def test_parts_of_keys_are_masked_in_pages_and_rows():
    mine, record = redaction(OTHER, HEX), {"note": HEX[9:40], "more": None}
    assert json.loads(Encoder(mine).page([record])) == {"note": "****e1f0", "more": None}
    columns = (Column("note", "NOTE"), Column("more", "MORE"))
    assert rows_of(columns, [record], mine, plain) == [["****e1f0", None]]
    assert mine.may_change(json.dumps(record))


@pytest.mark.parametrize("at", [0, 1, 65_530, 65_536, 150_001])
def test_a_part_of_a_key_is_masked_anywhere_in_a_long_text(at):
    filling = ", words" * 30_000
    shown = redaction(HEX, "another-key").text(f"{filling[:at]} {HEX[2:60]} {filling[at:]}")
    assert "****e1f0" in shown
    assert all(HEX[start : start + 12] not in shown for start in range(2, 49))


def compared(text: str) -> str:
    """Return the letters and digits of a text that is written in any of the tested ways."""
    plain = unquote_plus(text.replace("\\n", "").replace("\\r", ""))
    return re.sub(r"[^a-z0-9*]", "", plain.lower())


def wrapped(text: str, width: int, end: str) -> str:
    return end.join(text[at : at + width] for at in range(0, len(text), width))


RANDOM = {
    "hex": st.binary(min_size=32, max_size=32).map(lambda data: f"0x{data.hex()}"),
    "PEM": st.binary(min_size=300, max_size=500).map(lambda d: rsa.armoured(d, "PRIVATE KEY")),
    "header": st.binary(min_size=60, max_size=200).map(lambda d: base64.b64encode(d).decode()),
    "passphrase": st.lists(st.text("abcdefxyz0189", min_size=3, max_size=9), min_size=7).map(
        " ".join
    ),
}
WAYS = st.sampled_from(
    [
        str.upper,
        str.lower,
        quote,
        quote_plus,
        lambda key: quote(key, safe="").lower(),
        lambda key: key.replace("+", "-").replace("/", "_").rstrip("="),
        lambda key: key.replace("\n", "\\n"),
        lambda key: "".join(f"%{ord(letter):02x}" for letter in key),
        *(
            lambda key, width=width, end=end: wrapped("".join(key.split()), width, end)
            for width in (5, 76, 9999)
            for end in ("\n", "\r\n", "\\n", "\\r\\n", " ")
        ),
    ]
)


@settings(STEADY, max_examples=400 if FULL else 100)
@given(st.data(), st.sampled_from(list(RANDOM)), WAYS)
def test_no_part_of_a_random_key_is_left(data, kind, respelled):
    key = data.draw(RANDOM[kind])
    body = key.split("-----")[2] if kind == "PEM" else key
    start = data.draw(st.integers(0, len(body) - 16))
    piece = body[start : data.draw(st.integers(start + 16, len(body)))]
    text = f"it is: {respelled(piece)}: bad"
    secret = compared(body.removeprefix("0x"))
    masked = redaction(BUILDER_KEY, key).text(text)
    assert redaction(key).message(text) == masked
    left = compared(masked)
    assert not any(secret[at : at + 12] in left for at in range(len(secret) - 11))
    assert masked.startswith("it is: ")
    assert masked.endswith(": bad")


ORDINARY = [
    "invalid private_key: not a complete RSA key (-----BEGIN RSA PRIVATE KEY-----)",
    "invalid clob_api_passphrase for user 00000001-0000-4000-8000-000000000000",
    "correct the wallet 0x" + "aB" * 20 + " at https://api.parsec.example/docs?a=%20b",
    "API key pk_live_****88db is not one of api.parsec.example",
]


@STEADY
@given(st.text() | st.lists(st.sampled_from(ORDINARY) | st.text(max_size=9)).map(" ".join))
def test_a_text_without_a_key_is_unchanged(text):
    assert redaction(BUILDER_KEY, HEX, PEM, PHRASE).text(text) == text
