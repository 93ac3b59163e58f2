from __future__ import annotations

import random
from collections import Counter

import pytest
from support.actions import close, error, json_response
from support.records import wallet

PAGES = 6
USERS = 100 * PAGES
ALONE = ("not_linked", "no_limit", "large_share", "escrow_off")
RULES = (*ALONE, "shared_wallet", "look_alike", "pool_mismatch")


def address(number):
    return f"0x{number:040x}"


def healthy(builder, count):
    """Add users that break no rule."""
    builder.qps_pool = 10_000
    return [
        builder.add(
            f"user_{number:04d}",
            5,
            linked_exchanges=["kalshi"],
            fee_escrow_enabled=True,
            wallet={
                **wallet("safe"),
                "eoa_address": address(number),
                "safe_address": address(10**6 + number),
            },
        )
        for number in range(count)
    ]


def seed_faults(builder, seed):
    """Break rules 200 times; return the findings that this must lead to."""
    chance = random.Random(seed)
    users = healthy(builder, USERS)
    chance.shuffle(users)
    expected = set()

    def fault(rule, user):
        expected.add((rule, user["customer_id"]))

    for one, other in zip(users[:20], users[20:40], strict=True):
        kind, same_kind = chance.choices(("eoa_address", "safe_address"), k=2)
        other["wallet"][kind] = one["wallet"][same_kind].upper().replace("0X", "0x")
        fault("shared_wallet", one)
        fault("shared_wallet", other)
    for one, other in zip(users[30:60], users[60:90], strict=True):
        change = chance.choice((str.upper, " {}".format, "{}\u200b".format, str))
        other["external_id"] = change(one["external_id"])
        fault("look_alike", one)
        fault("look_alike", other)
    while len(expected) < 198:
        rule, user = chance.choice(ALONE), chance.choice(users)
        if rule == "not_linked":
            user["linked_exchanges"] = chance.choice(([], None))
        elif rule == "escrow_off":
            user["fee_escrow_enabled"] = False
        elif user["qps_limit"] != 5:
            continue  # a user has no limit or a large one
        elif rule == "no_limit":
            user["qps_limit"] = None
        else:
            user["qps_limit"] = chance.randint(2001, 9000)
        fault(rule, user)
    builder.extra_pool = {"end_user_count": USERS + 1, "total_allocated_qps": 1}
    return expected


@pytest.mark.parametrize("seed", range(5))
def test_exactly_the_seeded_faults_are_found_in_one_request_per_page_and_two(run, builder, seed):
    expected = seed_faults(builder, seed)
    done = run("users", "audit", "--json")
    assert done.code == 11, done
    found = done.json["findings"]
    about_users = [(one["rule"], one["customer_id"]) for one in found if one["customer_id"]]
    assert Counter(about_users) == Counter(expected)
    pool = [one for one in found if one["customer_id"] is None]
    assert [(one["rule"], one["external_id"]) for one in pool] == [("pool_mismatch", None)] * 2
    assert len(found) == 200
    ids = {user["customer_id"]: user["external_id"] for user in builder.users.values()}
    assert all(one["external_id"] == ids.get(one["customer_id"]) for one in found)
    counts = Counter(one["rule"] for one in found)
    assert done.json["summary"] == {rule: counts[rule] for rule in RULES}
    assert (done.json["users"], done.json["complete"]) == (USERS, True)
    assert list(done.json) == ["findings", "summary", "users", "complete"]
    paths = Counter(request.path.removeprefix("/api/v1") for request in builder.requests)
    assert paths == {"/builder/users": PAGES, "/builder/pool": 1, "/builder/escrow/config": 1}


def test_nothing_is_found_where_all_is_well(run, builder):
    healthy(builder, 3)
    done = run("users", "audit", "--json")
    assert (done.code, done.err) == (0, "no findings in 3 users\n")
    assert done.json == {
        "findings": [],
        "summary": dict.fromkeys(RULES, 0),
        "users": 3,
        "complete": True,
    }


@pytest.mark.parametrize("name", ["tsv", "csv", "json", "jsonl", "table"])
def test_quiet_prints_nothing_where_all_is_well(run, builder, name):
    healthy(builder, 3)
    done = run("users", "audit", "-q", "-o", name)
    assert (done.code, done.out, done.err) == (0, "", "")


def test_quiet_still_prints_what_is_wrong(run, builder):
    healthy(builder, 3)[1]["qps_limit"] = None
    done = run("users", "audit", "-q")
    assert done.code == 11
    name = "user_0001"
    assert done.out.split("\t")[:2] == ["no_limit", name]
    assert done.err == "1 finding in 3 users: 1 no_limit\n"


def test_sentence_contains_the_limit_that_was_exceeded(run, builder):
    one, *_ = healthy(builder, 3)
    one["qps_limit"] = 1001
    done = run("users", "audit", "--share", "10", "--json")
    assert done.err == "1 finding in 3 users: 1 large_share (above 10% of the pool)\n"
    assert done.json["findings"][0]["detail"] == "1,001 of 10,000 QPS, 10.0%"


def test_a_limit_of_exactly_the_share_is_allowed(run, builder):
    one, *_ = healthy(builder, 3)
    one["qps_limit"] = 2000
    assert run("users", "audit").code == 0


def test_any_limit_is_too_large_for_an_empty_pool(run, builder):
    healthy(builder, 1)
    builder.qps_pool = 0
    done = run("users", "audit", "--json")
    assert [one["detail"] for one in done.json["findings"]] == ["5 of 0 QPS"]


def test_ignored_rules_are_not_reported(run, builder):
    one, *_ = healthy(builder, 3)
    one.update(qps_limit=None, linked_exchanges=[])
    done = run("users", "audit", "--ignore", "no_limit", "--json")
    assert done.code == 11
    assert [found["rule"] for found in done.json["findings"]] == ["not_linked"]
    assert "no_limit" not in done.json["summary"]
    both = ["--ignore", "no_limit", "--ignore", "not_linked"]
    assert run("users", "audit", *both).code == 0


def test_an_unknown_rule_is_refused_before_any_request(run, builder):
    done = run("users", "audit", "--ignore", "no_limits")
    assert (done.code, builder.requests) == (2, [])
    assert "unknown rule `no_limits`; did you mean `no_limit`?" in done.err


def test_details_name_the_other_users(run, builder):
    users = healthy(builder, 5)
    for user in users[:3]:
        user["wallet"]["eoa_address"] = address(99)
    users[3]["external_id"] = "USER_0004"
    users[0]["external_id"] = users[1]["external_id"] = "twin"
    users[2]["external_id"] = None
    done = run("users", "audit", "--json")
    found = [(one["rule"], one["detail"]) for one in done.json["findings"]]
    shared = f"same wallet as twin and 1 more: {address(99)}"
    first, second = users[0]["customer_id"], users[1]["customer_id"]
    assert found == [
        ("shared_wallet", shared),
        ("shared_wallet", shared),
        ("shared_wallet", shared),
        ("look_alike", f"same id as {second}"),
        ("look_alike", f"same id as {first}"),
        ("look_alike", "looks like 'user_0004'"),
        ("look_alike", "looks like 'USER_0004'"),
    ]


def test_one_address_in_both_places_of_a_user_is_not_shared(run, builder):
    one, *_ = healthy(builder, 2)
    one["wallet"]["safe_address"] = one["wallet"]["eoa_address"]
    assert run("users", "audit").code == 0


def test_escrow_of_a_user_counts_only_where_the_builder_has_escrow(run, builder):
    healthy(builder, 1)[0]["fee_escrow_enabled"] = False
    off = json_response(200, {"fee_escrow_enabled": False})
    builder.fault("GET", "/escrow/config", action=off)
    assert run("users", "audit").code == 0
    assert run("users", "audit").code == 11


@pytest.mark.parametrize("fields", [{"fee_escrow_enabled": None}, {}])
def test_escrow_that_is_not_set_is_no_finding(run, builder, fields):
    user = healthy(builder, 1)[0]
    del user["fee_escrow_enabled"]
    user.update(fields)
    assert run("users", "audit").code == 0


def test_words_that_programs_write_are_no_finding(run, builder):
    healthy(builder, 2)[0]["external_id"] = "NULL"
    assert run("users", "audit").code == 0


@pytest.mark.parametrize(
    ("nth", "action", "times", "code"),
    [
        (3, error(500, "down", "internal_error"), 1, 7),
        (3, close(), 4, 7),
        (1, error(401, "invalid API key", "unauthorized"), 1, 4),
    ],
)
def test_a_listing_that_breaks_off_is_an_error_without_findings(
    run, builder, nth, action, times, code
):
    seed_faults(builder, 1)
    builder.fault("GET", "/builder/users", action=action, nth=nth, times=times)
    done = run("users", "audit", "--json")
    assert (done.code, done.out) == (code, "")
    read = ["the listing is incomplete: 200 users were read before"] if nth == 3 else None
    assert done.error.get("details") == read


def test_a_listing_that_is_a_loop_is_an_error(run, builder):
    users = healthy(builder, 3)
    page = json_response(200, {"users": users, "count": 3, "next_cursor": "again"})
    builder.fault("GET", "/builder/users", action=page, times=2)
    done = run("users", "audit", "--json")
    assert (done.code, done.out) == (7, "")
    assert "returned a cursor twice" in done.error["message"]


def test_ids_are_those_of_the_users_with_findings(run, builder):
    one, *_ = healthy(builder, 3)
    one["qps_limit"] = None
    done = run("users", "audit", "-o", "ids")
    assert (done.code, done.out) == (11, f"{one['customer_id']}\n")
    builder.extra_pool = {"end_user_count": 4}
    done = run("users", "audit", "-o", "ids")
    assert (done.code, done.out) == (11, f"{one['customer_id']}\n")
    assert done.err.splitlines() == [
        "2 findings in 3 users: 1 no_limit, 1 pool_mismatch",
        "1 record without a customer_id not shown",
    ]


@pytest.mark.parametrize(
    ("total", "detail"),
    [
        (14, "the limits add up to 15 QPS, the pool has 14"),
        (16, "the limits add up to 15 QPS, the pool has 16"),
    ],
)
def test_a_sum_on_either_side_of_the_pool_is_a_mismatch(run, builder, total, detail):
    healthy(builder, 3)
    builder.extra_pool = {"total_allocated_qps": total}
    found = run("users", "audit", "--json").json["findings"]
    assert [(one["rule"], one["detail"]) for one in found] == [("pool_mismatch", detail)]


def test_users_who_share_both_addresses_are_found_once(run, builder):
    users = healthy(builder, 4)
    for user in users[:3]:
        user["wallet"].update(eoa_address=address(98), safe_address=address(99))
    users[3]["wallet"]["safe_address"] = {"odd": 1}
    same = users[0]["wallet"]
    same["safe_address"] = same["eoa_address"]
    found = run("users", "audit", "--json").json["findings"]
    assert [(one["rule"], one["customer_id"]) for one in found] == [
        ("shared_wallet", user["customer_id"]) for user in users[:3]
    ]
    assert all("and 1 more" in one["detail"] for one in found[:2])


def test_table_proposes_commands_that_show_more(run, builder):
    one, two, _ = healthy(builder, 3)
    one["qps_limit"], two["linked_exchanges"] = 9999, []
    done = run("users", "audit", "-o", "table")
    lines = done.out.splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [
        ["not_linked", "user_0001"],
        ["large_share", "user_0000"],
    ]
    assert lines[3:5] == ["", "Look further with"]
    assert [line.partition(builder.url)[2] for line in lines[5:]] == [
        " users list --exchange none",
        " pool show --top 10",
    ]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_rule_that_is_ignored_sends_no_request(run, builder, status):
    builder.add("u1", 5, linked_exchanges=["kalshi"])
    builder.fault("GET", "/escrow/config", action=error(status, "no", "not_found"), times=9)
    builder.strict = False
    assert run("users", "audit", "--ignore", "escrow_off").code == 0
    assert run("users", "audit").code != 0
