import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from output.builders import BUILDER_KEY, user
from support.steady import FULL, STEADY

from parsec_cli.output.format import Encoder
from parsec_cli.redaction import Redaction, is_secret, mask, without_secrets

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
    )
)
def test_a_text_that_may_not_change_contains_no_known_key(value):
    redaction, plain = Redaction(lambda: KNOWN), without_secrets(value)
    if not redaction.may_change(json.dumps(plain)):
        assert redaction.value(plain) == plain
