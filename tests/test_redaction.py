"""No secret survives in what is written to disk, and nothing else is lost."""

import json

from hypothesis import given
from hypothesis import strategies as st

from parsec_cli.redaction import line_without_secrets, without_secrets

SECRETS = {
    "api_key": "CANARY",
    "API-Key": "CANARY",
    "private_key": "CANARY",
    "clob_api_secret": "CANARY",
    "CLOB_Api_Passphrase": ["CANARY"],
    "credentials": {"deep": "CANARY"},
    "X-API-Key": "CANARY",
    "X-Exchange-Credentials": "CANARY",
}


JSON = st.recursive(
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


@given(JSON)
def test_no_secret_field_survives_at_any_depth_and_nothing_else_is_lost(value):
    left = names(without_secrets(value))
    assert not left & set(SECRETS)
    if not names(value) & set(SECRETS):
        assert without_secrets(value) == value


KEYS = st.sampled_from(["pk_live_CANARY", "SK_TEST_x", "see sk_test_CANARY1, pk_live_"])
NAMES = st.text(max_size=5) | st.sampled_from(
    [
        *SECRETS,
        "before",
        "API-Key",
        " api_key ",
        "a\N{KELVIN SIGN}",
        "api_\N{KELVIN SIGN}ey",
        "Clob_x",
    ]
)
RECORDS = st.dictionaries(
    NAMES,
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | KEYS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    ),
    max_size=5,
)


@given(RECORDS)
def test_the_fast_way_removes_what_the_thorough_way_removes(record):
    assert json.loads(line_without_secrets(record)) == without_secrets(record)
