from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.steady import STEADY
from support.told import told

from parsec_cli.bulk.plan import saved_plan
from parsec_cli.bulk.plan.plan import Create, Deactivate, Keep, Plan, SetQps, arranged
from parsec_cli.bulk.plan.saved_plan import SavedPlan, check_binding, is_saved_plan, load
from parsec_cli.errors import GuardRefused
from parsec_cli.next_command import run

PLAN = Plan(
    (
        SetQps(2, "u1", "c1", 10, 5),
        Deactivate(None, "u2", "c2", {"external_id": "u2", "qps_limit": 3, "wallet": None}),
        Create(4, "ü\n", 5, "a@b.example"),
    ),
    (Keep(5, "u5", "c5", 7), Keep(6, "u6"), Keep(7, "u7", "c7", gone=True)),
    ("a note",),
)
NEW_PLAN = (
    "make a new plan with",
    run("users", "plan", "FILE", "--out", "PLAN"),
)
SAVED = SavedPlan(PLAN, "api.example", "0123456789ab", "2026-11-25T00:00:00Z", prune=True)


def dump(saved: SavedPlan) -> bytes:
    content, digest = saved_plan.dump(saved)
    assert digest == saved.digest
    return bytes(content)


def test_saved_plan_reads_back_with_its_flags():
    assert load(dump(SAVED), "p") == SAVED


def test_every_changed_byte_is_noticed():
    whole = dump(SAVED)
    for at in range(len(whole)):
        data = bytearray(whole)
        data[at] ^= 1
        assert is_saved_plan(bytes(data)), at
        with pytest.raises(GuardRefused, match="was changed since it was saved"):
            load(bytes(data), "p")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (dump(SAVED).replace(b"2,", b"2", 1)[:-40], "is damaged at line 3: it was changed since"),
        (b'{"parsec_plan":' + b"[" * 100_000, "is damaged at line 1: it was changed since"),
        (b'{"parsec_plan":' + b"9" * 5000, "is damaged at line 1: it was changed since"),
        (b'{"parsec_plan":1,\n"x":\0}', "is damaged at line 2: it was changed since"),
        (b'["parsec_plan"]', "was changed since"),
        (b'{"parsec_plan":1}', "was changed since"),
        (b'{"parsec_plan":true}', "was changed since"),
        (b'{"parsec_plan":"2"}', "was changed since"),
        (b'{"parsec_plan":2}', "was made by a later version of parsec: nothing was sent"),
        (
            dump(SAVED).replace(b'"parsec_plan":1', b'"parsec_plan":99'),
            "was made by a later version of parsec: nothing was sent",
        ),
    ],
)
def test_a_plan_that_cannot_be_read_is_damaged_changed_or_of_a_later_version(data, why):
    with pytest.raises(GuardRefused) as caught:
        load(data, "p")
    message, *rest = told(caught.value)
    assert message.startswith(f"the plan `p` {why}")
    assert message.endswith(": nothing was sent")
    assert rest == [(), *NEW_PLAN]


@pytest.mark.parametrize(
    ("host", "key", "why"),
    [
        ("api.example", "0123456789ab", None),
        ("other", "0123456789ab", "for api.example, not for other"),
        ("api.example", "ff", "with another key (0123456789ab, now ff)"),
        ("other", "ff", "for api.example, not for other"),
    ],
)
def test_a_plan_is_bound_to_its_host_and_key(host, key, why):
    if why is None:
        check_binding(SAVED, host=host, key_fingerprint=key)
        return
    with pytest.raises(GuardRefused) as caught:
        check_binding(SAVED, host=host, key_fingerprint=key)
    assert told(caught.value) == (
        f"the plan was made {why}: nothing was sent",
        (),
        *NEW_PLAN,
    )


def test_an_intact_plan_with_other_fields_has_another_version():
    """The first version had no holdings in its plans."""
    document = json.loads(dump(SAVED))
    for action in document["actions"]:
        action.pop("holdings", None)
    body = {name: document[name] for name in document if name not in ("parsec_plan", "digest")}
    text = json.dumps(body, separators=(",", ":"))
    document["digest"] = hashlib.sha256(text.encode()).hexdigest()
    with pytest.raises(GuardRefused, match="was reformatted, or made by another version of parsec"):
        load(json.dumps(document).encode(), "p")


@pytest.mark.parametrize("saved", [SAVED, SavedPlan(Plan(()), "api.example", "ff", "t")])
def test_the_digest_covers_the_canonical_json_of_all_the_rest(saved):
    document = json.loads(dump(saved))
    digest = document.pop("digest")
    assert document.pop("parsec_plan") == 1
    text = json.dumps(document, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def test_reordered_plan_with_its_own_digest_is_noticed():
    document = json.loads(dump(SAVED))
    document["actions"].reverse()
    with pytest.raises(GuardRefused):
        load(json.dumps(document).encode(), "p")


def test_file_of_users_is_not_a_plan():
    assert not is_saved_plan(b"external_id,qps_limit\nu1,5\n")
    assert not is_saved_plan(b'{"users": []}')


def test_digest_depends_on_everything_but_itself():
    others = [
        SavedPlan(arranged([]), "api.example", "0123456789ab", "2026-11-25T00:00:00Z", prune=True),
        SavedPlan(PLAN, "other", "0123456789ab", "2026-11-25T00:00:00Z", prune=True),
        SavedPlan(PLAN, "api.example", "ff", "2026-11-25T00:00:00Z", prune=True),
        SavedPlan(PLAN, "api.example", "0123456789ab", "2026-11-25T00:00:01Z", prune=True),
        SavedPlan(PLAN, "api.example", "0123456789ab", "2026-11-25T00:00:00Z"),
    ]
    assert len({SAVED.digest, *(other.digest for other in others)}) == 6


entries = st.lists(
    st.builds(Create, st.integers(2), st.text(), st.none() | st.integers(1))
    | st.builds(SetQps, st.integers(2), st.none() | st.text(), st.text(), st.none(), st.integers(1))
    | st.builds(Deactivate, st.none(), st.text(), st.text(), st.just({"qps_limit": None}))
    | st.builds(Keep, st.integers(2), st.text(), st.text(min_size=1), st.none() | st.integers(1))
)


@STEADY
@given(entries)
def test_any_plan_reads_back(made):
    saved = SavedPlan(arranged(made), "h", "k", "t")
    assert load(dump(saved), "p") == saved


def test_a_saved_plan_is_one_object_with_an_action_on_each_line():
    lines = dump(SAVED).decode().splitlines()
    assert [line[:10] for line in lines] == [
        '{"parsec_p',
        '"actions":',
        *['{"row":2,"', '{"row":nul', '{"row":4,"'],
        "],",
        '"unchanged',
        *['{"row":5,"', '{"row":6,"', '{"row":7,"'],
        "]}",
    ]
    empty = dump(SavedPlan(Plan(()), "api.example", "ff", "2026-11-25T00:00:00Z"))
    assert empty.decode().splitlines()[1:] == ['"actions":[],', '"unchanged":[]}']
    assert json.loads(empty)["actions"] == []
