"""Every reader of the tool reads its exports as the same users."""

from __future__ import annotations

import random

import pytest
from commands.users.bulk_files import changes, roster

# what separates, quotes, escapes, runs or hides in some format, and letters of many scripts
PARTS = [
    *("\\", "\\\\", "\t", "\n", "\r", '"', '""', "=", "+", "-", "@", "'", "|", ",", ";", " ", "  "),
    *("\x1b", "\u200b", "\u202e", "\u2028", "\ufeff", "\x7f", "\\u{41}", "\\n", "u", "x", "0"),
    *("日本", "é", "e\u0301", "😀", "👨\u200d👩", "שלום", "مرحبا", '="1"', "ext:", "id:", "#", "%"),
]
FORMATS = ["tsv", "csv", "json", "jsonl"]
WHOLE = [["--headers"], ["--no-headers"], ["--headers", "--fields", "external_id,customer_id"]]
NARROW = [["--headers", "--fields", "external_id"], ["--no-headers", "--fields", "external_id"]]


def nasty(chance: random.Random) -> str:
    return "".join(chance.choices(PARTS, k=chance.randint(1, 4)))


@pytest.fixture
def crowd(builder) -> list[dict]:
    """Users whose ids are each other's readings: escaped, quoted, neutralised, in two forms."""
    chance = random.Random(20261126)
    names = dict.fromkeys(nasty(chance) for _ in range(60))
    for name in ["dom\\user", "=x", "q", "a,b", "u", "é", "00123", "4e872096", "TRUE"]:
        twins = (name.replace("\\", "\\\\"), f"'{name}", f'"{name}"', f"ext:{name}", f" {name}")
        names |= dict.fromkeys([name, *twins, "e\u0301"])
    users = [builder.add(name, number % 7 + 1) for number, name in enumerate(names)]
    return [*users, builder.add("unlimited", None), builder.add(None, 5)]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("how", [*WHOLE, *NARROW, None], ids=str)
def test_an_export_plans_no_change_or_is_refused(run, builder, crowd, form, how):
    """Without `how` it is the default, redirected by PowerShell: UTF-16, Windows line ends."""
    data = run("users", "list", "-o", form, *(how or ["--headers"])).out_bytes
    if how is None:
        data = data.decode().replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-16")
    done = run("users", "plan", "-", "--prune", "--json", stdin=data)
    assert changes(builder) == []
    if how == ["--headers"]:
        assert done.code == 0, done
        assert done.json["summary"]["unchanged"] == len(crowd)
    if done.code == 0:
        assert done.json["actions"] == []
    else:
        assert done.code in (2, 3, 10), done


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("how", [*WHOLE, *NARROW], ids=" ".join)
def test_an_exported_user_is_selected_or_refused(run, builder, crowd, form, how):
    """In a file of one user, and in a file of everyone."""
    selected = 0
    for user in [*crowd[::10], None]:
        which = ["list"] if user is None else ["get", f"id:{user['customer_id']}"]
        data = run("users", *which, "-o", form, *how).out_bytes
        command = ["users", "deactivate", "--from-file", "-", "-n", "--json", "--max", "999"]
        done = run(*command, stdin=data)
        if done.code == 0:
            found = [action["customer_id"] for action in done.json["actions"]]
            expected = crowd if user is None else [user]
            assert sorted(found) == sorted(one["customer_id"] for one in expected), data
            selected += 1
        else:
            assert done.code in (2, 3), done
    assert changes(builder) == []
    if how == ["--headers"]:
        assert selected == len(crowd[::10]) + 1


def test_a_piped_list_of_ids_names_the_same_customer(run, builder, work):
    """The escape of a backslash must not lead to the user who is called like the escape."""
    one, other = builder.add("dom\\user"), builder.add("dom\\\\user")
    listed = run("users", "get", one["external_id"], "--fields", "external_id")
    (work / "l.txt").write_bytes(listed.out_bytes)
    assert run("users", "deactivate", "--from-file", "l.txt", "--confirm", "1").code == 0
    assert list(builder.users) == [other["customer_id"]]


@pytest.mark.parametrize("many", [0, 60])
@pytest.mark.parametrize("form", ["f.csv", "f.jsonl"])
def test_ids_that_disagree_are_refused_before_anything_is_sent(run, builder, work, many, form):
    """The number lost its zeros, or the user was created again; by GETs and by a listing."""
    old, more = builder.add("00417"), builder.add_many(many)
    rows = [("417", old["customer_id"]), *((u["external_id"], u["customer_id"]) for u in more)]
    line = "{},{}" if form == "f.csv" else '{{"external_id": "{}", "customer_id": "{}"}}'
    lines = [line.format(*row) for row in rows]
    roster(work / form, *lines, header="external_id,customer_id" if form == "f.csv" else "")
    gone = run("users", "deactivate", "--from-file", form, "--confirm", "1", "--max", "99")
    planned = run("users", "plan", form, "--prune")
    applied = run("users", "apply", form, "--prune", "--confirm", "1")
    assert (gone.code, planned.code, applied.code) == (3, 10, 10)
    for done in (gone, planned, applied):
        assert "'417' matches no user" in done.err
        assert f"customer_id {old['customer_id']} matches user '00417'" in done.err
    assert changes(builder) == []


@pytest.mark.parametrize("known", [True, False])
def test_stale_customer_id_of_a_user_created_again_is_refused(run, builder, work, clock, known):
    old = builder.add("u1")
    if known:  # as deactivated by an earlier run
        run("users", "deactivate", "--from-file", "-", "--confirm", "1", stdin=b"u1\n")
        clock.sleep(1)
    else:
        del builder.users[old["customer_id"]]
    new, before = builder.add("u1"), len(changes(builder))
    header = "external_id,customer_id,state"
    file = roster(work / "f.csv", f"u1,{old['customer_id']},absent", header=header)
    assert run("users", "deactivate", "--from-file", file, "--confirm", "1").code == 3
    assert run("users", "apply", file, "--confirm", "1").code == 10
    assert list(builder.users) == [new["customer_id"]]
    assert len(changes(builder)) == before


@pytest.mark.parametrize(
    "rows",
    [["..,5"], [".,5"], [" u1,5"], ["u1\u3000,5"], ["..,"], ["u1,5", "..,5", "###,"]],
    ids=ascii,
)
@pytest.mark.parametrize("verb", [["plan"], ["apply", "--yes"], ["deactivate", "--from-file"]])
def test_ids_with_a_meaning_in_a_url_are_errors_in_the_file(run, builder, work, rows, verb):
    header = "external_id,qps_limit"
    done = run("users", *verb, roster(work / "f.csv", *rows, header=header))
    assert done.code == 2, done
    assert builder.requests == []
    if len(rows) > 1:
        assert "row 3:" in done.err
        assert "row 4:" in done.err


def test_uuid_line_with_a_second_meaning_is_refused_if_it_is_known(run, builder):
    one, two = builder.add("a"), builder.add("b")
    other = builder.add(one["customer_id"])
    command = ["users", "deactivate", "--from-file", "-", "--confirm", "1"]
    said = run(*command[:-2], "-n", stdin=one["customer_id"].encode())
    assert "read as customer_id: 1 line with a UUID" in said.err
    run("users", "get", f"id:{other['customer_id']}")
    refused = run(*command, stdin=one["customer_id"].encode())
    assert refused.code == 3, refused
    assert other["customer_id"] in refused.err
    assert run(*command, stdin=f"ext:{one['customer_id']}".encode()).code == 0
    assert list(builder.users) == [one["customer_id"], two["customer_id"]]


@pytest.mark.parametrize("second", ["", "ext:foo"])
def test_argument_with_a_second_meaning_is_refused_if_it_is_known(run, builder, second):
    one = builder.add("foo")
    typed = second or one["customer_id"]
    other = builder.add(typed)
    run("users", "list")
    deactivate = ["deactivate", typed, "--confirm", one["customer_id"]]
    for command in (deactivate, ["set-qps", typed, "9"]):
        done = run("users", *command)
        assert done.code == 3, done
        assert other["customer_id"] in done.err
    assert changes(builder) == []
    assert run("users", "set-qps", f"id:{one['customer_id']}", "9").code == 0
    assert run("users", "set-qps", f"ext:{typed}", "8").code == 0
    assert (one["qps_limit"], other["qps_limit"]) == (9, 8)
    assert run("users", "get", typed, "--json").json["customer_id"] == one["customer_id"]


def test_a_second_user_with_the_name_is_refused_when_a_listing_shows_it(run, builder):
    """A change by an index entry alone stays one GET."""
    first = builder.add("u1", 5)
    run("users", "get", f"id:{first['customer_id']}")
    builder.add("u1", 6)
    other = builder.add("u2", 5)
    before = len(builder.requests)
    assert run("users", "set-qps", "u1", "4").code == 0
    assert [request.method for request in builder.requests[before:]] == ["GET", "PATCH"]
    refused = run("users", "deactivate", "u1", "u2", "--confirm", "2")
    assert refused.code == 3, refused
    assert "external_id of 2 users" in refused.err
    assert run("users", "set-qps", "u1", "3").code == 3
    assert other["customer_id"] in builder.users


def test_mapped_columns_work_in_every_reader(run, builder, work):
    user = builder.add("u1", 5)
    file = roster(work / "f.csv", "u1,9,x", header="Login,Limit,Note")
    mapped = ["--map", "external_id=login"]
    assert run("users", "plan", file).code == 2
    planned = run("users", "plan", file, *mapped, "--map", "qps_limit=limit", "--json")
    assert planned.json["actions"][0]["after"]["qps_limit"] == 9
    assert "ignored columns: `note`" in planned.err
    assert run("users", "apply", file, *mapped, "--map", "qps_limit=limit", "--yes").code == 0
    assert builder.users[user["customer_id"]]["qps_limit"] == 9
    assert run("users", "deactivate", "u1", *mapped).code == 2
    gone = run("users", "deactivate", "--from-file", file, *mapped, "--confirm", "1")
    assert gone.code == 0, gone
    assert builder.users == {}


def test_plan_counts_users_that_are_not_in_the_file(run, builder, work):
    builder.add("u1", 5, tier="pro")
    builder.add("u2", 5)
    header = "external_id,tier,email"
    done = run("users", "plan", roster(work / "f.csv", "u1,free,a@b.example", header=header))
    assert "1 user not in the file stays as it is" in done.err
    assert "differ from the server in 1 row: `tier`, `email`" in done.err
    empty = run("users", "apply", roster(work / "e.csv"), "--yes")
    assert empty.code == 0, empty
    assert run("users", "apply", roster(work / "e.csv"), "--prune", "--confirm", "2").code == 10
    assert changes(builder) == []


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", [" ", "  ", "\t", "\u00a0"], ids=ascii)
@pytest.mark.parametrize("how", ["--headers", "--no-headers"])
def test_an_id_of_blanks_is_not_read_as_an_empty_line(run, builder, form, name, how):
    """Its user would silently be pruned or stay active."""
    builder.add("u1")
    builder.add(name)
    data = run("users", "list", "-o", form, how, "--fields", "external_id").out_bytes
    for command in (["plan", "-", "--prune"], ["deactivate", "-n", "--from-file", "-"]):
        done = run("users", *command, stdin=data)
        assert done.code == 2, (data, done)
    assert changes(builder) == []


@pytest.mark.parametrize("rows", ["u1\n  \n\nu2\n", 'u1\n"u2"\n', "u1\n\t\nu2\n"])
def test_an_empty_line_is_not_a_user(run, builder, work, rows):
    for name in ("u1", "u2"):
        builder.add(name)
    (work / "f.csv").write_text(f"external_id\n{rows}")
    for command in (["plan", "f.csv", "--prune"], ["deactivate", "-n", "--from-file", "f.csv"]):
        assert run("users", *command).code == 0
    (work / "f.csv").write_text('external_id,email\nu1,\n"",""\n , \nu2,\n')
    assert run("users", "plan", "f.csv", "--prune", "--json").json["actions"] == []


@pytest.mark.parametrize("name", ["external_id", "customer_id", "External ID"])
@pytest.mark.parametrize("many", [1, 60])
def test_a_first_line_that_is_a_header_or_a_user_is_refused(run, builder, work, name, many):
    """A list without a header would lose its first user."""
    builder.add(name)
    users = builder.add_many(many)
    column = "external_id" if name == "External ID" else name
    ids = "\n".join(user[column] for user in users)
    run("users", "list")
    prune, deactivate = ["plan", "f", "--prune"], ["deactivate", "-n", "--max", "99", "--from-file"]
    for command in (prune, [*deactivate, "f"]):
        (work / "f").write_text(f"{name}\n{ids}\n")
        done = run("users", *command)
        assert done.code == 3, done
        assert f"`{name}` may be the header or the user of that name" in done.err
        assert "nothing was sent" in done.err
        assert run("users", *command, "--map", f"{column}={name}").code == 0
    if name == "external_id":
        (work / "f").write_text(f"{name}\n{name}\n{ids}\n")
        named = [
            row["external_id"] for row in run("users", *deactivate, "f", "--json").json["actions"]
        ]
        assert named == [name, *(user["external_id"] for user in users)]
        assert run("users", *prune, "--json").json["actions"] == []
    assert changes(builder) == []


@pytest.mark.parametrize(
    "export",
    [
        ["list", "--match", "user-0000"],
        ["list", "--exchange", "none"],
        ["list", "--tier", "pro"],
        ["list", "--wallet", "none"],
        ["list", "--cursor", "eyJhZnRlciI6IDB9"],
        ["get", "user-00000", "user-00001"],
    ],
    ids=" ".join,
)
def test_an_export_of_some_users_prunes_nobody(run, builder, export):
    """Its JSON says that it is filtered; everyone else would be deactivated."""
    builder.add_many(3)
    builder.add("other", tier="free")
    exported = run("users", *export, "--json")
    assert exported.json["filtered"] is True
    assert run("users", "plan", "-", stdin=exported.out_bytes).code == 0
    for command in (["plan", "-"], ["apply", "-", "--confirm", "1"]):
        done = run("users", *command, "--prune", stdin=exported.out_bytes)
        assert done.code == 10, done
        assert "is a filtered export" in done.err
    assert changes(builder) == []
    assert "filtered" not in run("users", "list", "--json").json


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(("12345678901234567", "12345678901234500"), ("12345678901234567", "1.23E16")),
        *(("1000", "1000.00"), ("1000", "1,000"), ("0417", "417,0"), ("1E3", "1000")),
        *(("5.10", "5.1"), ("+4912345", "4912345"), ("1/3", "01/03"), ("é", "Ã©")),
        *(("mar1", "1-mar"), ("u9", "#NV"), ("u9", "Err:502"), ("u9", "2026-03-01 00:00:00")),
    ],
)
def test_an_id_that_a_spreadsheet_rewrote_does_not_replace_its_user(run, builder, work, old, new):
    for name in ("keep", old):
        builder.add(name, 5)
    roster(work / "r.csv", "keep,5", f'"{new}",5', header="external_id,qps_limit")
    done = run("users", "apply", "r.csv", "--prune", "--confirm", "1")
    assert done.code == 10, done
    assert changes(builder) == []
    anyway = run("users", "plan", "r.csv", "--prune", "--allow-odd-ids")
    assert anyway.code == 0, anyway


def test_an_id_like_a_mangled_number_survives_with_its_customer_id(run, builder, work):
    user = builder.add("1.5E+10", 5)
    for form in ("json", "jsonl", "csv"):
        (work / f"own.{form}").write_bytes(run("users", "list", "-o", form).out_bytes)
        assert run("users", "diff", f"own.{form}").code == 0
        assert "1 unchanged" in run("users", "plan", f"own.{form}").err
    assert run("users", "deactivate", "--from-file", "own.csv", "--confirm", "1").code == 0
    assert user["customer_id"] not in builder.users
