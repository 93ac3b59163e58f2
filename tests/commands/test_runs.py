"""`parsec runs` after real runs: what is listed and shown, and that the rest can be done again."""

from __future__ import annotations

import os
import re

import pytest
from commands.users.bulk_files import creates, journals, outcomes, roster, runs_dir
from support.actions import error

COUNTS = ["created", "changed", "deactivated", "unchanged", "failed", "unknown", "not_attempted"]
ADDRESS = "0x" + "ab" * 20


def run_id(completed) -> str:
    (name,) = re.findall(r"; run (r-[0-9-]+)", completed.err)
    return name


@pytest.fixture
def half(run, builder, work):
    """Apply a file of which the third row is refused, at which the run stops; return the run."""
    builder.add("up", 1)
    builder.add("same", 7)
    rows = ["a,1,a@x.example,", "b,,b@x.example," + ADDRESS, "c,3,,", "up,20,,", "same,7,,"]
    file = roster(work / "fleet.csv", *rows, header="external_id,qps_limit,email,eoa_address")
    refused = error(400, "limit above the pool", "bad_request")
    builder.fault("POST", nth=2, action=refused)
    how = ["--yes", "--max-failures", "1", "--concurrency", "1", "--json"]
    completed = run("users", "apply", file, *how)
    assert completed.code == 8, completed
    return completed


def test_a_run_is_listed_with_its_facts_state_and_counts(run, half, work):
    done = run("runs", "list", "--json")
    assert done.code == 0, done
    (one,) = done.json["runs"]
    assert list(one) == ["id", "time", "command", "file", "profile", "state", "counts"]
    assert one["id"] == run_id(half)
    assert one["time"].startswith("20")
    facts = {name: one[name] for name in ("command", "file", "profile", "state")}
    expected = {"command": "users apply", "file": str(work / "fleet.csv"), "profile": "default"}
    assert facts == {**expected, "state": "stopped"}
    left = {"created": 1, "changed": 0, "unchanged": 1, "failed": 1, "not_attempted": 2}
    assert one["counts"] == dict.fromkeys(COUNTS, 0) | left


def test_the_rows_of_a_run_are_shown_as_the_run_showed_them(run, half):
    done = run("runs", "show", run_id(half), "--json")
    assert done.json["results"] == half.json["results"]
    assert done.json["run"] == run("runs", "list", "--json").json["runs"][0]
    failed = run("runs", "show", run_id(half), "--failed", "--json")
    left = [row for row in half.json["results"] if row["outcome"] in COUNTS[4:]]
    assert failed.json["results"] == left
    assert len(left) == 3


def test_a_run_that_did_not_complete_proposes_to_show_what_is_left(half, builder):
    name = run_id(half)
    assert f"; run {name}; see the remaining rows with\n" in half.err
    assert f"  parsec --base-url {builder.url} runs show {name} --failed\n" in half.err


def test_the_rows_that_are_left_are_a_roster_with_all_their_fields(run, half, builder):
    left = run("runs", "show", run_id(half), "--failed", "-o", "csv")
    assert left.code == 0, left
    planned = run("users", "plan", "-", "--json", stdin=left.out.encode())
    assert planned.code == 0, planned
    actions = [(one["external_id"], one["action"], one["after"]) for one in planned.json["actions"]]
    assert actions == [
        ("b", "create", {"email": "b@x.example", "eoa_address": ADDRESS}),
        ("c", "create", {"qps_limit": 3}),
        ("up", "set-qps", {"qps_limit": 20}),
    ]
    again = run("users", "apply", "-", "--yes", "--json", stdin=left.out.encode())
    assert again.code == 0, again
    assert set(outcomes(again).values()) == {"created", "changed"}
    created = [r.json() for r in builder.requests if r.method == "POST"]
    assert {"external_id": "b", "email": "b@x.example", "eoa_address": ADDRESS} in created


def test_what_is_left_of_a_run_of_deactivations_is_a_file_for_the_same(run, builder):
    for name in ("u1", "u2", "u3"):
        builder.add(name, wallet=None)
    refused = error(400, "not now", "bad_request")
    builder.fault("DELETE", nth=2, action=refused)
    first = run("users", "deactivate", "u1", "u2", "u3", "--confirm", "3", "--json")
    assert list(outcomes(first).values()) == ["deactivated", "failed", "not_attempted"]
    left = run("runs", "show", run_id(first), "--failed", "-o", "csv")
    assert left.out.splitlines()[0] == "external_id,customer_id"
    table = run("runs", "show", run_id(first), "--failed", "-o", "table")
    assert table.out.endswith(" users deactivate --dry-run --from-file -\n")
    words = ["users", "deactivate", "--from-file", "-", "--confirm", "2", "--json"]
    again = run(*words, stdin=left.out.encode())
    assert again.code == 0, again
    assert outcomes(again) == {"u2": "deactivated", "u3": "deactivated"}
    assert [one["state"] for one in run("runs", "list", "--json").json["runs"]] == [
        "stopped",
        "finished",
    ]


def test_deactivations_that_apply_left_are_absent_rows_of_the_roster(run, builder, work):
    builder.add("gone", wallet=None)
    builder.add("up", 1)
    file = roster(work / "u.csv", "gone,,absent", "up,5,", header="external_id,qps_limit,state")
    refused = error(400, "not now", "bad_request")
    builder.fault("DELETE", action=refused)
    name = run_id(run("users", "apply", file, "--confirm", "1"))
    left = run("runs", "show", name, "--failed", "-o", "csv").out.encode()
    planned = run("users", "plan", "-", "--json", stdin=left)
    assert [one["action"] for one in planned.json["actions"]] == ["deactivate", "set-qps"]


def test_several_limits_are_a_run_and_one_is_not(run, builder):
    builder.add("u1", 1)
    builder.add("u2", 1)
    assert run("users", "set-qps", "u1", "2").code == 0
    assert run("runs", "list", "--json").json == {"runs": []}
    name = run_id(run("users", "set-qps", "u1=3", "u2=3"))
    (one,) = run("runs", "list", "--json").json["runs"]
    assert (one["id"], one["command"], one["file"]) == (name, "users set-qps", None)


def test_rows_that_are_refused_before_anything_is_sent_are_a_run(run, builder, work):
    builder.add("u1", 1)
    file = roster(work / "u.csv", "u1,5")
    assert run("users", "plan", file, "--out", "plan.json").code == 0
    next(iter(builder.users.values()))["qps_limit"] = 2
    name = run_id(run("users", "apply", "plan.json", "--yes"))
    (row,) = run("runs", "show", name, "--failed", "--json").json["results"]
    assert row["outcome"] == "failed"
    assert "changed since the plan" in row["error"]


def test_nothing_to_do_is_no_run(run, builder, work, home):
    builder.add("u1", 1)
    assert run("users", "apply", roster(work / "u.csv", "u1,1"), "--yes").code == 0
    assert journals(home) == []


def test_runs_are_listed_oldest_first_and_limited_to_the_newest(run, work, clock):
    for name in ("a", "b", "c"):
        assert run("users", "apply", roster(work / f"{name}.csv", f"{name},1"), "--yes").code == 0
        clock.sleep(60)
    listed = run("runs", "list", "--json").json["runs"]
    assert [one["file"][-5:] for one in listed] == ["a.csv", "b.csv", "c.csv"]
    assert [one["id"] for one in listed] == sorted(one["id"] for one in listed)
    newest = run("runs", "list", "--limit", "2", "--json").json["runs"]
    assert newest == listed[1:]
    assert len(run("runs", "list").out.splitlines()) == 3


def test_runs_of_other_profiles_are_listed_only_on_demand(run, work):
    assert run("users", "apply", roster(work / "u.csv", "new,1"), "--yes").code == 0
    assert run("users", "set-qps", "user_001=3", "user_002=3", "-p", "sandbox").code == 0
    for words, profiles in (
        ((), ["default"]),
        (("-p", "sandbox"), ["sandbox"]),
        (("--all-profiles",), ["default", "sandbox"]),
    ):
        listed = run("runs", "list", "--json", *words).json["runs"]
        assert [one["profile"] for one in listed] == profiles


def test_the_roster_of_a_run_of_another_profile_comes_with_a_warning(run, half):
    shown = run("runs", "show", run_id(half), "--failed", "-o", "csv", "-p", "sandbox")
    assert shown.code == 0
    assert "warning: the run was made with profile default, not with sandbox" in shown.err
    assert "warning" not in run("runs", "show", run_id(half), "--failed", "-o", "csv").err


@pytest.mark.parametrize("form", ["tsv", "csv", "ids"])
@pytest.mark.parametrize("failed", [(), ("--failed",)])
def test_a_run_in_a_pipe_has_its_counts_and_facts_on_stderr(run, half, work, form, failed):
    name = run_id(half)
    done = run("runs", "show", name, "-o", form, *failed)
    counts = "1 created, 1 unchanged, 1 failed, 2 not attempted"
    facts = f"{name} · users apply · {work / 'fleet.csv'} · default · stopped\n"
    assert f"{counts} · {facts}" in done.err
    assert "stopped" not in run("runs", "show", name, "-o", form, *failed, "-q").err


def test_no_run_is_an_empty_list_that_needs_no_key(tool, home):
    done = tool("runs", "list", "--json")
    assert (done.code, done.json) == (0, {"runs": []})
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    "line",
    [
        "runs list --json",
        "runs show r-20000101-0000",
        "users deactivate user_001 --confirm user_001",
        "users deactivate user_001 --dry-run",
    ],
)
def test_runs_that_cannot_be_read_are_an_error_not_none(run, builder, home, line):
    builder.add("user_001", 5)
    path = runs_dir(home)
    path.parent.mkdir(parents=True)
    path.touch()
    done = run(*line.split())
    assert done.code == 1, done
    assert f"cannot read the runs in `{path}`: not a directory" in done.err
    assert builder.mutations == []


@pytest.mark.parametrize("name", ["r-20000101-0000", "../history", "r-x", ""])
def test_an_unknown_run_is_not_found(run, half, name):
    done = run("runs", "show", name)
    assert done.code == 3, done
    assert f"run `{name}` not found" in done.err
    near = run("runs", "show", run_id(half)[:-1])
    assert f"did you mean `{run_id(half)}`?" in near.err
    assert f" runs show {run_id(half)}\n" in near.err


def renamed(home, name):
    """Give the run another id; return it."""
    (path,) = runs_dir(home).glob("r-*.jsonl")
    path.rename(path.with_name(f"{name}.jsonl"))
    return name


@pytest.mark.parametrize(
    "typed", ["r-20261126", "r-20261126-14", "r-20261126-1402-1", "r-202611261402"]
)
@pytest.mark.parametrize(
    "line", ["history revert {} --output tsv", "runs show {} --failed --quiet"]
)
@pytest.mark.usefixtures("half")
def test_a_slip_in_the_id_of_a_run_proposes_the_typed_command(run, home, line, typed):
    name = renamed(home, "r-20261126-1402")
    done = run(*line.format(typed).split())
    assert done.code == 3
    assert f"hint: did you mean `{name}`?\n" in done.err
    assert done.err.endswith(f" {line.format(name)}\n")


@pytest.mark.parametrize("typed", ["r-20261125-1402", "r-20261126-1403", "r-20261126-1402-3"])
@pytest.mark.usefixtures("half")
def test_a_run_of_another_moment_is_not_proposed(run, home, typed):
    renamed(home, "r-20261126-1402")
    done = run("history", "revert", typed)
    assert done.code == 3
    assert "hint: list them with\n" in done.err
    assert done.err.endswith(" runs list\n")


def test_a_run_is_running_until_its_process_ends(run, parsec, builder, work, key_env):
    seen = []
    respond = builder.respond_to

    def look(request):
        if request.method == "POST" and request.json()["external_id"] == "new-00001":
            listed = parsec("runs", "list", "--json", env=key_env(builder))
            name = listed.json["runs"][0]["id"]
            shown = parsec("runs", "show", name, "--json", env=key_env(builder))
            seen.append((listed.json["runs"], shown.json["results"]))
        return respond(request)

    builder.respond_to = look
    file = creates(work / "u.csv", 3)
    assert run("users", "apply", file, "--yes", "--concurrency", "1").code == 0
    ((runs, rows),) = seen
    assert [one["state"] for one in runs] == ["running"]
    assert [row["outcome"] for row in rows] == ["created", "unknown", "unknown"]
    assert rows[1]["error"] == "no response so far"
    assert run("runs", "list", "--json").json["runs"][0]["state"] == "finished"


def test_a_run_whose_process_died_is_interrupted_and_keeps_every_row(run, half, home):
    (path,) = journals(home)
    lines = path.read_bytes().splitlines(keepends=True)
    for kept in range(len(lines) - 1, len(half.json["results"]), -1):
        path.write_bytes(b"".join(lines[:kept]))
        shown = run("runs", "show", path.stem, "--json").json
        assert shown["run"]["state"] == "interrupted"
        assert [row["external_id"] for row in shown["results"]] == ["a", "b", "c", "up", "same"]
    rows = [row["outcome"] for row in shown["results"]]
    assert rows == ["not_attempted"] * 4 + ["unchanged"]
    left = run("runs", "show", path.stem, "--failed", "-o", "csv").out.encode()
    planned = run("users", "plan", "-", "--json", stdin=left).json["actions"]
    assert [one["external_id"] for one in planned] == ["b", "c", "up"]


def test_an_outcome_that_was_cut_off_is_unknown(run, half, home):
    (path,) = journals(home)
    lines = path.read_bytes().splitlines(keepends=True)
    (at,) = [at for at, line in enumerate(lines) if b'"done": "created"' in line]
    path.write_bytes(b"".join(lines[:at]) + lines[at][:-20])
    shown = run("runs", "show", run_id(half), "--json")
    assert shown.json["results"][0]["outcome"] == "unknown"
    assert "damaged" not in shown.err


def test_a_run_whose_plan_is_not_whole_never_began(run, half, home):
    (path,) = journals(home)
    lines = path.read_bytes().splitlines(keepends=True)
    rows = len(half.json["results"])
    for whole in (lines[0][:-1], b"", b"".join(lines[:rows]), b"".join(lines[: rows + 1])[:-1]):
        path.write_bytes(whole)
        assert run("runs", "list", "--json").json == {"runs": []}
        assert run("runs", "show", path.stem).code == 3


@pytest.mark.parametrize(
    "line",
    [
        *(b"\0" * 30, b'{"n": 2}', b"[]", b'{"n": 2, "outcome": {}}'),
        b'{"n": 2, "action": "create", "after": {"qps_limit": NaN}}',
        b'{"n": 2, "action": "create", "row": 1e999}',
        b'{"n": 2, "action": "create", "row": -1}',
        b'{"n": 2, "action": "destroy"}',
        b'{"n": 2, "action": "create", "holdings": [1]}',
        b'{"n": 2, "action": "create", "before": null}',
        b'{"n": 2, "action": "deactivate", "before": {}, "after": null, "holdings": {"a": 1}}',
        b'{"n": 2, "action": "create", "before": {}, "after": null, "holdings": {"balances": []}}',
        b'{"n": 2, "action": "create", "outcome": "failed", "attempts": true}',
    ],
)
def test_a_damaged_row_is_counted_and_the_others_are_shown(run, half, home, line):
    (path,) = journals(home)
    lines = path.read_bytes().splitlines()
    lines[2] = line
    path.write_bytes(b"\n".join(lines) + b"\n")
    done = run("runs", "show", run_id(half), "--json")
    assert done.code == 0, done
    assert len(done.json["results"]) == 4
    assert f"`{path}` is damaged: skipped 1 line" in done.err


@pytest.mark.usefixtures("half")
@pytest.mark.parametrize("count", ["-1", "1e999", "null"])
def test_a_damaged_count_of_the_end_is_not_believed(run, home, count):
    (path,) = journals(home)
    whole = path.read_text()
    path.write_text(whole.replace('"counts": {"created": 1', f'"counts": {{"created": {count}'))
    assert path.read_text() != whole
    (one,) = run("runs", "list", "--json").json["runs"]
    assert (one["counts"]["created"], one["state"]) == (1, "interrupted")


@pytest.mark.parametrize("damage", [b"NaN", b"1e999", b"-1", b"true", b"[[]]", b'"1"'])
@pytest.mark.parametrize("name", [b"http_status", b"attempts"])
def test_a_damaged_outcome_is_counted(run, half, home, name, damage):
    (path,) = journals(home)
    whole = path.read_bytes()
    path.write_bytes(re.sub(rb'(?<="%b": )\d+(?=.*"time")' % name, damage, whole))
    assert path.read_bytes() != whole
    done = run("runs", "show", run_id(half), "--json")
    assert done.code == 0, done
    assert len(done.json["results"]) == 5
    assert f"`{path}` is damaged: skipped" in done.err


@pytest.mark.parametrize(
    "damage",
    [
        *('"rows": "x"', '"rows": -5', '"rows": 9223372036854775808'),
        *('"rows": 0, "file": 5', '"rows": 0, "time": {}'),
    ],
)
def test_a_damaged_run_does_not_hide_the_others(run, half, home, damage):
    broken = runs_dir(home) / "r-20200101-0000.jsonl"
    broken.write_text(f'{{"run": 2, {damage}}}\n')
    done = run("runs", "list", "--json")
    assert [one["id"] for one in done.json["runs"]] == [run_id(half)]
    assert f"line 1 of the journal `{broken}` is damaged" in done.err


@pytest.mark.usefixtures("half")
def test_runs_of_the_first_edition_are_counted(run, home):
    (runs_dir(home) / f"{'0a' * 8}-20260921T141320.250000-7-d.jsonl").write_text("{}\n")
    done = run("runs", "list", "--json")
    assert len(done.json["runs"]) == 1
    assert "not listed: 1 run of an older version" in done.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this machine")
@pytest.mark.parametrize("kind", ["pipe", "endless"])
@pytest.mark.parametrize(
    "line",
    [
        "runs show r-20200101-0000",
        "history revert r-20200101-0000",
        "users deactivate user_001 --dry-run",
    ],
)
def test_a_pipe_or_device_in_place_of_a_run_is_named_not_read(
    parsec, key_env, builder, home, kind, line
):
    builder.add("user_001", 5)
    runs_dir(home).mkdir(parents=True)
    path = runs_dir(home) / "r-20200101-0000.jsonl"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    done = parsec(*line.split(), env=key_env(builder), timeout=30)
    assert done.code == 1, done
    assert f"cannot read the journal `{path}`: not a regular file" in done.err
    listed = parsec("runs", "list", "--json", env=key_env(builder), timeout=30)
    assert listed.json == {"runs": []}
    assert f"cannot read the journal `{path}`: not a regular file" in listed.err


def test_people_see_the_reason_of_an_error_without_what_stands_beside_it(run, builder, work):
    builder.add("u1", 1)
    builder.add("u2", 1)
    refused = error(400, "limit above the pool", "bad_request")
    builder.fault("PATCH", action=refused)
    file = roster(work / "fleet.csv", "u1,20", "u2,20", header="external_id,qps_limit")
    name = run_id(run("users", "apply", file, "--yes", "--concurrency", "1"))
    rows = run("runs", "show", name, "-o", "table").out.splitlines()[1:3]
    bad, good = sorted(rows, key=lambda line: " changed " in line)
    assert " failed " in bad
    assert bad.rstrip().endswith("  limit above the pool (400)")
    assert good.rstrip().endswith("  –")
    assert "responded with 400" in run("runs", "show", name, "-o", "csv").out


def test_a_profile_without_runs_is_named(run, builder, work):
    builder.add("u1", 1)
    file = roster(work / "fleet.csv", "u1,20", header="external_id,qps_limit")
    run_id(run("users", "apply", file, "--yes"))
    done = run("runs", "list", "-p", "sandbox", "-o", "table")
    assert "no run was made from this machine with profile sandbox yet" in done.err
    assert "r-" not in done.out
