from __future__ import annotations

import copy
import json
import random

import pytest
from commands.test_round_trip import nasty
from support.actions import error
from support.records import wallet

FORMATS = ["csv", "tsv", "json", "jsonl"]
FIELDS = [
    *("external_id", "qps_limit", "tier", "linked_exchanges", "wallet.wallet_type", "created_at"),
    *("wallet.eoa_address", "wallet.safe_address", "wallet.chain_id", "fee_escrow_enabled"),
    *("fee_bps", "affiliate_address"),
]
EXCHANGES = [None, [], ["kalshi"], ["polymarket", "kalshi"], ["kalshi", "polymarket"]]
NOTHING = {"joined": 0, "left": 0, "changed": 0}


def value_of(user, field):
    """Return a field; null, absent and empty are the same, and so is any order of a list."""
    parent, _, child = field.partition(".")
    value = user.get(parent)
    if child:
        value = (value or {}).get(child)
    if field == "created_at" and value:
        return value.replace("+00:00", "Z")
    if isinstance(value, list):
        value = sorted(value)
    return None if value in (None, "", []) else value


def expected(before, after):
    """Compare the users as the server has them."""
    found = [("joined", one, None, None, None) for one in after if one not in before]
    found += [("left", one, None, None, None) for one in before if one not in after]
    for one in before.keys() & after.keys():
        for field in FIELDS:
            old, new = value_of(before[one], field), value_of(after[one], field)
            if old != new:
                found.append(("changed", one, field, old, new))
    return sorted(found, key=str)


def seen(done):
    names = ("customer_id", "field", "old", "new")
    changes = [(one["change"], *(one[name] for name in names)) for one in done.json["changes"]]
    return sorted(changes, key=str)


def random_wallet(chance):
    if chance.random() < 0.3:
        return None
    made = wallet(chance.choice(["eoa", "safe"]), str(chance.randint(0, 5)))
    made["eoa_address"] = f"0x{chance.randint(0, 9):040x}"
    if chance.random() < 0.3:
        del made["chain_id"]
    return made


def random_fields(chance):
    return {
        "qps_limit": chance.choice([None, 1, 10, 1000, 2147483647]),
        "tier": chance.choice(["pro", "free", None, ""]),
        "linked_exchanges": chance.choice(EXCHANGES),
        "wallet": random_wallet(chance),
        "created_at": chance.choice([None, "2026-03-01T08:00:00Z", "2026-03-02T08:00:00.500000Z"]),
        "fee_escrow_enabled": chance.choice([True, False, None]),
        "fee_bps": chance.choice([None, 0, 25]),
        "affiliate_address": chance.choice([None, "0x" + "e5" * 20]),
    }


def populate(builder, chance):
    for name in dict.fromkeys(nasty(chance) for _ in range(40)):
        builder.add(name, **random_fields(chance))
    builder.add(None, **random_fields(chance))


def change_nothing(user):
    """Change what is not compared, and how the server writes the rest."""
    user["api_key"] += "x"
    user["unknown"] = 1
    user["linked_exchanges"] = (user["linked_exchanges"] or [])[::-1]
    user["created_at"] = user["created_at"] and user["created_at"].replace("Z", "+00:00")
    for name in ("tier", "wallet", "fee_bps"):
        if user[name] is None:
            del user[name]


def change_at_random(builder, chance):
    for customer_id, user in list(builder.users.items()):
        what = chance.randrange(8)
        if what in (0, 1):
            del builder.users[customer_id]
        if what == 1:
            builder.add(user["external_id"], user["qps_limit"])
        elif what == 2:
            user.update(dict(chance.sample(sorted(random_fields(chance).items()), 2)))
        elif what == 3:
            user["external_id"] = nasty(chance)
        elif what == 4:
            change_nothing(user)
    for name in ("new", nasty(chance)):
        builder.add(name, **random_fields(chance))


@pytest.fixture
def export(run, work):
    def write(name, *options):
        form = name.rpartition(".")[2]
        headers = ["--headers"] if form in ("csv", "tsv") else []
        done = run("users", "list", "-o", form, *headers, *options)
        assert done.code == 0, done
        (work / name).write_bytes(done.out_bytes)
        return name

    return write


@pytest.mark.parametrize("second", [*FORMATS, "live"])
@pytest.mark.parametrize("first", FORMATS)
def test_an_export_does_not_differ_from_itself(run, builder, export, first, second):
    populate(builder, random.Random(1))
    other = [] if second == "live" else [export(f"b.{second}")]
    done = run("users", "diff", export(f"a.{first}"), *other, "--json", "--exit-code")
    assert done.code == 0, done
    assert done.json == {"changes": [], "summary": NOTHING, "complete": True}


@pytest.mark.parametrize("second", [*FORMATS, "live"])
@pytest.mark.parametrize("first", FORMATS)
def test_exactly_the_changes_are_named(run, builder, export, first, second):
    for seed in range(3):
        chance = random.Random(f"{first} {second} {seed}")
        builder.clear()
        populate(builder, chance)
        before, old = copy.deepcopy(builder.users), export(f"a.{first}")
        change_at_random(builder, chance)
        after, new = builder.users, [] if second == "live" else [export(f"b.{second}")]
        done = run("users", "diff", old, *new, "--json", "--exit-code")
        assert done.code == 11, done
        assert seen(done) == expected(before, after)
        changes = done.json["changes"]
        ids = {kind: {c["customer_id"] for c in changes if c["change"] == kind} for kind in NOTHING}
        assert done.json["summary"] == {kind: len(found) for kind, found in ids.items()}
        for one in changes:
            user = after.get(one["customer_id"]) or before[one["customer_id"]]
            assert one["external_id"] == user["external_id"]
        assert "pk_live" not in done.out
        assert list(done.json) == ["changes", "summary", "complete"]


def test_live_comparison_makes_one_request_per_page(run, builder, export):
    builder.add_many(250)
    name, before = export("a.csv"), len(builder.requests)
    assert run("users", "diff", name).code == 0
    paths = [request.path for request in builder.requests[before:]]
    assert paths == ["/api/v1/builder/users"] * 3


def test_only_columns_that_both_have_are_compared(run, builder, export):
    user = builder.add("u1", 5, fee_bps=1)
    narrow = export("a.csv", "--fields", "customer_id,qps_limit")
    user.update(qps_limit=6, fee_bps=2, external_id="u2")
    for whole in ("b.json", "b.csv", "b.jsonl"):
        for pair in ([narrow, export(whole)], [export(whole), narrow], [narrow]):
            done = run("users", "diff", *pair, "--json")
            assert [one["field"] for one in done.json["changes"]] == ["qps_limit"], pair


def test_narrow_json_has_only_its_own_columns(run, builder, export):
    builder.add("u1", 5)
    narrow = export("a.json", "--fields", "customer_id,tier")
    assert run("users", "diff", narrow, "--json").json["changes"] == []


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ("customer_id,wallet.eoa_address", "wallet.eoa_address"),
        ("customer_id,external_id,api_key", None),
        ("customer_id,wallet", "wallet.eoa_address"),
    ],
)
def test_selected_fields_are_compared_and_no_others(run, builder, export, form, fields, field):
    builder.add("u1", 5)
    user = builder.add("u2", 5, linked_exchanges=["kalshi"], wallet=wallet("safe"))
    narrow = export(f"a.{form}", "--fields", fields)
    assert run("users", "diff", narrow, "--json").json["changes"] == []
    user["qps_limit"] = 6
    user["wallet"]["eoa_address"] = "0x" + "e5" * 20
    changes = run("users", "diff", narrow, "--json").json["changes"]
    assert [one["field"] for one in changes] == [field] * bool(field)


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_field_that_no_user_of_an_export_has_is_compared(run, builder, export, form):
    user = builder.add("u1", 5, wallet={**wallet(), "safe_address": None})
    del user["fee_bps"], user["wallet"]["safe_address"]
    whole, wallets = export(f"a.{form}"), export(f"b.{form}", "--fields", "customer_id,wallet")
    user["fee_bps"] = 25
    user["wallet"]["safe_address"] = "0x" + "e5" * 20
    for name, fields in (
        (whole, ["wallet.safe_address", "fee_bps"]),
        (wallets, ["wallet.safe_address"]),
    ):
        changes = run("users", "diff", name, "--json").json["changes"]
        assert [one["field"] for one in changes] == fields


def test_rows_without_a_customer_id_are_matched_by_external_id(run, builder, export):
    users = builder.add_many(3)
    named = export("a.csv", "--fields", "external_id,qps_limit")
    users[1]["qps_limit"] = 7
    whole = export("b.csv")
    for pair, values in (([named, whole], (1, 7)), ([whole, named], (7, 1))):
        done = run("users", "diff", *pair, "--json")
        (one,) = done.json["changes"]
        assert (one["external_id"], one["customer_id"]) == ("user-00001", users[1]["customer_id"])
        assert (one["old"], one["new"]) == values


@pytest.mark.parametrize("narrow_first", [True, False])
def test_an_external_id_of_several_users_is_ambiguous(run, builder, export, narrow_first):
    builder.add("twin")
    named = export("a.csv", "--fields", "external_id")
    builder.add("twin")
    pair = [named, export("b.csv")]
    done = run("users", "diff", *(pair if narrow_first else pair[::-1]))
    assert done.code == 3
    assert "several users have the external_id `twin`" in done.err


def test_how_a_spreadsheet_writes_values_is_no_change(run, builder, export, work):
    builder.add(
        "u1", 800, fee_escrow_enabled=True, linked_exchanges=["polymarket", "kalshi"], fee_bps=25
    )
    text = (work / export("a.csv")).read_text()
    edited = text.replace(",800,", ",800.0,").replace(",true,25,", ",TRUE,25.00,")
    edited = edited.replace('"polymarket,kalshi"', '"kalshi, polymarket"').replace(",", ";")
    edited = edited.replace('"kalshi; polymarket"', "kalshi, polymarket")
    assert edited.count("800.0;") == edited.count("TRUE;25.00") == 1
    (work / "b.csv").write_bytes(edited.replace("\n", "\r\n").encode("utf-16"))
    done = run("users", "diff", "a.csv", "b.csv", "--json")
    assert done.json["changes"] == []


def test_a_number_that_may_be_a_thousand_is_compared_as_it_is_written(run, work):
    (work / "a.csv").write_text("external_id,qps_limit\na,1\nb,1000\nc,1234\n")
    (work / "b.csv").write_text("external_id;qps_limit\na;1.000\nb;1.000\nc;1234.000\n")
    done = run("users", "diff", "a.csv", "b.csv", "--json")
    assert [one["new"] for one in done.json["changes"]] == ["1.000", "1.000"]


def test_upper_case_customer_ids_are_the_same_user(run, builder, export, work):
    user = builder.add("u1")
    text = (work / export("a.csv")).read_text()
    (work / "b.csv").write_text(text.replace(user["customer_id"], user["customer_id"].upper()))
    assert run("users", "diff", "a.csv", "b.csv", "--json").json["summary"] == NOTHING


@pytest.mark.parametrize("named", ["customer_id", "external_id,customer_id"])
def test_a_customer_id_that_the_server_writes_in_capitals_is_the_same_user(
    run, builder, work, named
):
    user = builder.add("u1", customer_id="298A59F8-5E1E-4978-90A7-6E49FA60DBD6")
    cells = ",".join(user[name] for name in named.split(","))
    (work / "a.csv").write_text(
        f"{named}\n{cells.replace(user['customer_id'], user['customer_id'].lower())}\n"
    )
    done = run("users", "diff", "a.csv", "--json")
    assert (done.code, done.json["summary"]) == (0, NOTHING)


AMBIGUOUS = "several users have the external_id `u`, and not every row has a customer_id"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["c1,u", "c2,u"], [",u"]),
        (["c1,u", ",u"], [",u"]),
        ([",u"], ["c1,u", "c2,u"]),
        ([",u"], [",u", "c2,u"]),
    ],
)
def test_an_external_id_that_may_be_one_of_two_users_is_refused(run, work, old, new):
    for name, rows in (("a.csv", old), ("b.csv", new)):
        (work / name).write_text("\n".join(["customer_id,external_id", *rows, ""]))
    done = run("users", "diff", "a.csv", "b.csv", "--json")
    assert (done.code, done.out, done.error["message"]) == (3, "", AMBIGUOUS)
    assert done.error["hint"] == "export both files with the column `customer_id`"


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (["c1,u", "c2,u"], ["c1,u", ",u"], NOTHING),
        (["c1,u", "c2,u", "c3,v"], [",v", "c1,u", ",u"], NOTHING),
        (["c1,u"], [",u"], NOTHING),
        (["c1,u", "c2,v"], [",u", ",v"], NOTHING),
        (["c1,u", ",w"], ["c1,u"], {**NOTHING, "left": 1}),
    ],
)
def test_an_external_id_means_the_one_user_that_is_left(run, work, old, new, changed):
    for name, rows in (("a.csv", old), ("b.csv", new)):
        (work / name).write_text("\n".join(["customer_id,external_id", *rows, ""]))
    done = run("users", "diff", "a.csv", "b.csv", "--json")
    assert (done.code, done.json["summary"]) == (0, changed)


def test_a_customer_in_two_rows_with_different_names_is_a_fault(run, work):
    (work / "a.csv").write_text("customer_id,external_id\nc1,u1\nc1,u2\n")
    done = run("users", "diff", "a.csv", "a.csv")
    assert done.code == 2
    assert "row 3: the id `c1` is in another row, too" in done.err


def test_a_time_in_unix_seconds_is_the_same_time(run, work):
    (work / "a.csv").write_text("customer_id,created_at\nc1,1772352000\n")
    (work / "b.csv").write_text("customer_id,created_at\nc1,2026-03-01T08:00:00Z\n")
    assert run("users", "diff", "a.csv", "b.csv", "--json").json["summary"] == NOTHING


@pytest.mark.parametrize("place", [0, 1])
def test_one_of_the_two_may_be_stdin(run, builder, export, work, place):
    builder.add("u1", 1)
    data = (work / export("a.json")).read_bytes()
    builder.add("u2")
    pair = [export("b.csv")]
    pair.insert(place, "-")
    done = run("users", "diff", *pair, "--json", stdin=data)
    kind = "joined" if place == 0 else "left"
    assert [(one["change"], one["external_id"]) for one in done.json["changes"]] == [(kind, "u2")]


def test_people_see_both_values_in_one_cell(run, builder, export):
    user = builder.add(
        "u1", 1000, linked_exchanges=["kalshi"], fee_escrow_enabled=True, wallet=wallet()
    )
    user["affiliate_address"] = "0x" + "e5" * 20
    name = export("a.json")
    user.update(qps_limit=None, fee_escrow_enabled=False, linked_exchanges=["polymarket", "x"])
    user["affiliate_address"] = "0x" + "f6" * 20
    user["wallet"] = None
    done = run("users", "diff", name, "-o", "table", "--fields", "field,value")
    assert [line.split(maxsplit=1)[1] for line in done.out.splitlines()[1:-1]] == [
        "1,000 → –",
        "+polymarket +x −kalshi",
        "eoa → –",
        "0xa1a1…a1a1 → –",
        "137 → –",
        "yes → no",
        "0xe5e5…e5e5 → 0xf6f6…f6f6",
    ]


def test_both_cannot_be_stdin(run):
    done = run("users", "diff", "-", "-")
    assert (done.code, done.err) == (2, "error: only one of the two exports can be stdin\n")


def listing(**footer):
    return json.dumps({"users": [{"customer_id": "c1", "external_id": "u1"}], **footer})


@pytest.mark.parametrize(
    ("footer", "why"),
    [
        ({"complete": False}, "is incomplete: `complete` is false"),
        ({"Complete": False}, "is incomplete: `complete` is false"),
        ({"next_cursor": "abc"}, "is incomplete: it has a `next_cursor`"),
        ({"complete": True, "filtered": True}, "has only some users"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_an_export_of_only_some_users_is_refused(run, builder, work, footer, why, place):
    (work / "some.json").write_text(listing(**footer))
    (work / "all.json").write_text(listing(complete=True))
    pair = ["some.json", "all.json"]
    done = run("users", "diff", *(pair[::-1] if place else pair))
    assert (done.code, done.out) == (10, "")
    assert "some.json" in done.err
    assert why in done.err
    assert builder.requests == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("customer_id,qps_limit\nc1,1\nc1,2\n", "row 3: the id `c1` is in another row, too"),
        ("external_id,qps_limit\nu,1\nu,1\n", "row 3: the id `u` is in another row, too"),
        ("external_id,customer_id\n,\nu,c1\n,\n", ""),
        ("external_id,qps_limit\n,5\n", "row 2: the id is empty"),
        ("external_id,qps_limit\n9.91214E+15,1\n", "row 2: the id `9.91214E+15` was mangled"),
        ("external_id,customer_id\n9.91214E+15,c1\n", ""),
        ("external_id,qps_limt\nu,1\n", "row 1: unknown column `qps_limt`"),
        ("name\nu\n", "row 1: no column `external_id` or `customer_id`"),
        ('{"external_id": 5}', "row 1: `external_id` is not text"),
        ("", "row 1: no column"),
    ],
)
def test_a_file_that_cannot_be_an_export_is_refused(run, builder, work, text, fault):
    (work / "f").write_text(text)
    (work / "empty.json").write_text('{"users": []}')
    done = run("users", "diff", "f", "empty.json")
    assert done.code == (2 if fault else 0), done
    assert fault in done.err
    assert builder.requests == []
    if fault:
        assert done.err.splitlines()[-2] == "hint: export all users again with"


@pytest.mark.parametrize("form", ["csv", "tsv"])
@pytest.mark.parametrize("fields", [(), ("--fields", "customer_id,qps_limit")])
def test_two_exports_in_one_file_are_refused(run, builder, export, work, form, fields):
    builder.add("u1", 5)
    name = export(f"a.{form}", *fields)
    text = (work / name).read_text()
    builder.users.clear()
    builder.add("u2", 5)
    (work / name).write_text(text + (work / export(f"b.{form}", *fields)).read_text())
    done = run("users", "diff", name, "--json")
    assert (done.code, done.out) == (2, "")
    assert done.error["details"] == ["row 3: is a second header: the file must be one export"]


@pytest.mark.parametrize("fields", [(), ("--fields", "customer_id,qps_limit")])
@pytest.mark.parametrize("word", ["Total", "Gesamtergebnis", "(2 rows)", "+---+"])
def test_a_total_below_an_export_is_no_user(run, builder, export, work, fields, word):
    builder.add_many(2)
    text = (work / export("a.csv", *fields)).read_text()
    (work / "a.csv").write_text(f"{text}{word}{',' * text.splitlines()[0].count(',')}\n")
    done = run("users", "diff", "a.csv", "--json")
    assert (done.code, done.out) == (2, "")
    (fault,) = done.error["details"]
    assert fault == f"row 4: the id '{word}' is part of a table, such as a heading or a total"


def test_a_user_with_the_name_of_a_total_is_compared(run, builder, export, work):
    builder.add("Total", 5)
    whole = export("a.csv")
    named = export("b.csv", "--fields", "external_id,qps_limit")
    (work / "c.csv").write_text("external_id,customer_id,qps_limit\nTotal,,5\nu,,5\n")
    for pair in ([whole], [named], [named, whole]):
        assert run("users", "diff", *pair, "--json").json["summary"] == NOTHING
    assert run("users", "diff", "c.csv", "--json").json["summary"] == {**NOTHING, "left": 1}


def test_a_key_in_place_of_an_id_is_not_shown(run, work):
    (work / "f.csv").write_text("external_id\npk_live_secret\n")
    done = run("users", "diff", "f.csv", "f.csv")
    assert done.code == 2
    assert "secret" not in done.err + done.out


def test_a_missing_file_is_an_error(run, builder, export):
    builder.add("u1")
    name = export("a.csv")
    for pair in (["none.csv"], [name, "none.csv"]):
        done = run("users", "diff", *pair)
        assert (done.code, done.out) == (2, "")
        assert "cannot read `none.csv`" in done.err


def test_a_live_listing_that_breaks_off_is_an_error(run, builder, export):
    builder.add_many(250)
    name = export("a.csv")
    fault = error(500, "down", "internal_error")
    builder.fault("GET", "/builder/users", action=fault, nth=2)
    done = run("users", "diff", name, "--json")
    assert (done.code, done.out) == (7, "")
    assert done.error["details"] == ["the listing is incomplete: 100 users were read before"]


def test_exit_code_is_0_without_the_option_and_without_changes(run, builder, export):
    builder.add("u1")
    name = export("a.csv")
    assert run("users", "diff", name, "--exit-code").code == 0
    builder.add("u2")
    assert run("users", "diff", name).code == 0
    assert run("users", "diff", name, "--exit-code").code == 11


def test_rows_of_csv_and_the_sum_on_stderr(run, builder, export):
    user = builder.add("u1", 5, fee_escrow_enabled=True, linked_exchanges=["kalshi"])
    name = export("a.json")
    user.update(qps_limit=None, fee_escrow_enabled=False, linked_exchanges=["polymarket", "kalshi"])
    done = run("users", "diff", name, "-o", "csv")
    ids = f"changed,u1,{user['customer_id']}"
    assert done.out.splitlines() == [
        "change,external_id,customer_id,field,old,new",
        f"{ids},qps_limit,5,",
        f'{ids},linked_exchanges,kalshi,"kalshi,polymarket"',
        f"{ids},fee_escrow_enabled,true,false",
    ]
    assert done.err == "0 joined, 0 left, 1 changed\n"
    assert run("users", "diff", name, "-q").err == ""


def test_cells_with_a_separator_of_fields_are_compared_exactly(run, work):
    for name, one, two in (("a.json", "x\x1fy", "z"), ("b.json", "x", "y\x1fz")):
        user = {"customer_id": "c1", "external_id": one, "tier": two}
        (work / name).write_text(json.dumps([user]))
    done = run("users", "diff", "a.json", "b.json", "--json")
    assert [(c["field"], c["old"], c["new"]) for c in done.json["changes"]] == [
        ("external_id", "x\x1fy", "x"),
        ("tier", "z", "y\x1fz"),
    ]


def test_a_user_without_a_customer_id_leaves(run, work):
    (work / "a.csv").write_text("external_id\nu1\nu2\n")
    (work / "b.csv").write_text("external_id\nu1\n")
    done = run("users", "diff", "a.csv", "b.csv", "--json")
    assert [(c["change"], c["external_id"]) for c in done.json["changes"]] == [("left", "u2")]


def test_values_of_another_kind_are_compared_as_text(run, work):
    (work / "a.csv").write_text("external_id,fee_bps,fee_escrow_enabled\nu1,many,maybe\n")
    (work / "b.csv").write_text("external_id,fee_bps,fee_escrow_enabled\nu1,5,false\n")
    done = run("users", "diff", "a.csv", "b.csv", "--json")
    values = {c["field"]: (c["old"], c["new"]) for c in done.json["changes"]}
    assert values == {"fee_bps": ("many", 5), "fee_escrow_enabled": ("maybe", False)}


@pytest.mark.parametrize(
    ("part", "damage", "why"),
    [
        ('"count": 3', '"count": 4', "not a whole export: its `count` is 4, but it has 3 users"),
        ('"count": 3', '"count": 2', "not a whole export: its `count` is 2, but it has 3 users"),
        ('"complete": true', '"complete": "false"', 'incomplete: `complete` is "false"'),
        ('"complete": true', '"complete": null', "incomplete: `complete` is null"),
    ],
)
def test_an_export_that_contradicts_itself_is_refused(run, builder, work, part, damage, why):
    builder.add_many(3)
    text = run("users", "list", "--json").out
    assert part in text
    (work / "a.json").write_text(text.replace(part, damage))
    done = run("users", "diff", "a.json")
    assert (done.code, done.out) == (10, "")
    assert why in done.err


@pytest.mark.usefixtures("odd_records")
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_half_a_surrogate_pair_is_no_change(run, builder, export, name):
    builder.add("cut \ud83d", 5, tier="\ude00")
    done = run("users", "diff", export(name), "--json")
    assert done.json["summary"] == NOTHING
