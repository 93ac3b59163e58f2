"""What was changed, and the runs that changed it."""

from __future__ import annotations

import re

import pytest
from commands.users.bulk_files import roster

SANDBOX = ("-p", "sandbox")


@pytest.fixture
def story(tool, clock, work):
    """Change a limit, create a user, and apply a saved plan of which one row is refused."""

    def run(*argv):
        clock.sleep(2880)
        return tool(*argv, *SANDBOX)

    assert run("users", "set-qps", "user_002", "40", "--reason", "ticket 4711").code == 0
    assert run("users", "create", "user_044", "--qps-limit", "5").code == 0
    file = roster(work / "fleet.csv", "user_001,8", "user_003,9", "new_1,3")
    assert run("users", "plan", "fleet.csv", "--out", "plan.json").code == 0, file
    assert run("users", "set-qps", "user_003", "6").code == 0
    assert run("users", "apply", "plan.json", "--yes").code == 8
    clock.sleep(2880)


def masked(text):
    """Replace the random part of ids of entries."""
    return re.sub(r"\b1m[0-9a-z]{12}\b", "1m3250v00abcde", text)


pytestmark = pytest.mark.usefixtures("story")
RUN = "r-20260921-1813"


def test_the_history_at_80_columns(screen):
    assert screen("history", "list", *SANDBOX) == (
        "TIME         USER      COMMAND  CHANGE               OUTCOME\n"
        "09-21 15:01  user_002  set-qps  qps_limit 50 → 40    applied\n"
        "09-21 15:49  user_044  create   created              applied\n"
        "09-21 17:25  user_003  set-qps  qps_limit 5 → 6      applied\n"
        "09-21 18:13  –         apply    run r-20260921-1813  2 of 3 done, 1 failed\n"
        "profile sandbox · 5 changes\n"
    )


def test_the_history_at_100_columns(screen):
    assert screen("history", "list", *SANDBOX, cols=100) == (
        "TIME         USER      COMMAND  CHANGE               OUTCOME                REASON\n"
        "09-21 15:01  user_002  set-qps  qps_limit 50 → 40    applied                ticket 4711\n"
        "09-21 15:49  user_044  create   created              applied                –\n"
        "09-21 17:25  user_003  set-qps  qps_limit 5 → 6      applied                –\n"
        "09-21 18:13  –         apply    run r-20260921-1813  2 of 3 done, 1 failed  –\n"
        "profile sandbox · 5 changes\n"
    )


def test_the_history_at_200_columns_has_the_ids_of_entries(screen):
    header, first, *_ = masked(screen("history", "list", *SANDBOX, cols=200)).splitlines()
    assert header.split()[-2:] == ["REASON", "ID"]
    assert first.endswith("  ticket 4711  1m3250v00abcde")


def test_the_history_at_60_columns_has_users_runs_and_outcomes(screen):
    assert screen("history", "list", *SANDBOX, cols=60) == (
        "TIME         USER      COMMAND  CHANGE               OUTCOME\n"
        "09-21 15:01  user_002  set-qps  qps_limit 50 → 40    applied\n"
        "09-21 15:49  user_044  create   created              applied\n"
        "09-21 17:25  user_003  set-qps  qps_limit 5 → 6      applied\n"
        "09-21 18:13  –  run r-20260921-1813  2 of 3 done, 1 failed\n"
        "profile sandbox · 5 changes\n"
    )


def test_the_history_reads_as_sentences(screen):
    lines = screen("history", "list", *SANDBOX, env={"ACCESSIBLE": "1"}).splitlines()
    assert masked(lines[0]) == (
        "time: 09-21 15:01; user: user_002; command: set-qps; change: qps_limit 50 → 40; "
        "outcome: applied; reason: ticket 4711; id: 1m3250v00abcde"
    )


def test_the_history_without_arrows(screen):
    assert "qps_limit 50 -> 40" in screen("history", "list", *SANDBOX, encoding="ascii")


def test_the_line_of_a_run_with_failed_rows_is_red_and_applied_is_green(screen, styled):
    text = screen("history", "list", *SANDBOX, colour=True)
    assert styled(text, "32") == ["applied"] * 3
    line = ["09-21 18:13", "apply", "run r-20260921-1813", "2 of 3 done, 1 failed"]
    assert styled(text, "31") == line
    assert styled(text, "2")[-1] == "profile sandbox · 5 changes"


def test_a_year_is_shown_where_it_is_not_the_current_one(screen, clock):
    clock.sleep(200 * 86_400)
    assert "2026-09-21 15:01  user_002  " in screen("history", "list", *SANDBOX)


def test_a_terminal_shows_the_last_thirty_lines(screen, tool):
    for number in range(40):
        assert tool("users", "set-qps", "user_001", str(number + 20), *SANDBOX).code == 0
    lines = screen("history", "list", *SANDBOX).splitlines()
    assert lines[-1] == "profile sandbox · the last 30: --limit or --since for more"
    assert len(lines) == 32
    assert "qps_limit 29 → 30" in lines[1]
    assert "qps_limit 58 → 59" in lines[-2]
    for words in (("--limit", "35"), ("--since", "2026-01-01")):
        longer = screen("history", "list", *SANDBOX, *words).splitlines()
        assert "the last" not in longer[-1]
        assert len(longer) > 35


def test_a_terminal_reads_only_the_end_of_a_large_history(screen, tool, home):
    """The last entries cost the reading of one piece, however much lies before them."""
    path = home / ".local" / "state" / "parsec" / "history.jsonl"
    end = path.read_bytes()
    for number in range(30):
        assert tool("users", "set-qps", "user_001", str(number + 20), *SANDBOX).code == 0
    end = path.read_bytes()[len(end) :]
    with path.open("wb") as file:
        file.truncate(1 << 34)  # sparse: 16 GiB of nothing, which no test could read
        file.seek(0, 2)
        file.write(b"\n" + end)
    assert screen("history", "list", *SANDBOX).count("user_001") == 30


def test_a_run_of_many_changes_is_one_line_without_reading_all_of_them(screen, tool, work):
    rows = (f"many-{number:04},1" for number in range(1100))
    file = roster(work / "many.csv", *rows)
    assert tool("users", "apply", file, "--yes", *SANDBOX).code == 0
    lines = screen("history", "list", *SANDBOX, cols=100).splitlines()
    assert len(lines) == 3
    assert "1,100 of 1,100 done" in lines[1]
    assert lines[2] == "profile sandbox · the last 1,000 changes: --limit or --since for more"


def test_a_change_at_80_columns(screen, tool):
    entry = tool("history", "list", "--user", "user_002", *SANDBOX, "--json").json["entries"][0]
    text = masked(screen("history", "show", entry["id"], *SANDBOX))
    assert text.partition("\nbefore\n")[0] == (
        "user_002: qps_limit 50 → 40\n"
        "\n"
        "  outcome      applied (200, 1 attempt)\n"
        "  external_id  user_002\n"
        "  customer_id  f8a88518-6c57-44bc-892e-6b951cce9c77\n"
        "  time         2026-09-21T15:01:20.000Z\n"
        "  command      users set-qps\n"
        "  profile      sandbox\n"
        "  host         http://sandbox.localhost\n"
        "  reason       ticket 4711\n"
        "  id           1m3250v00abcde\n"
        "  key          70209c86a01e\n"
    )
    assert text.endswith("\nafter, where it differs\n  qps_limit  40\n")


def test_a_change_at_100_columns_is_the_same(screen, tool):
    entry = tool("history", "list", "--user", "user_002", *SANDBOX, "--json").json["entries"][0]
    wide = screen("history", "show", entry["id"], *SANDBOX, cols=100).partition("\nbefore\n")[0]
    assert wide == screen("history", "show", entry["id"], *SANDBOX).partition("\nbefore\n")[0]


def test_runs_at_80_columns(screen):
    assert screen("runs", "list", *SANDBOX) == (
        "RUN              COMMAND  STATE     ROWS\n"
        "r-20260921-1813  apply    finished  1 created, 1 changed, 1 failed\n"
        "see the remaining rows with\n"
        "  parsec -p sandbox runs show r-20260921-1813 --failed\n"
    )


def test_runs_at_100_columns(screen):
    assert screen("runs", "list", *SANDBOX, cols=100) == (
        "RUN              TIME               COMMAND  FILE       STATE     ROWS\n"
        "r-20260921-1813  2026-09-21 18:13Z  apply    plan.json  finished  "
        "1 created, 1 changed, 1 failed\n"
        "see the remaining rows with\n"
        "  parsec -p sandbox runs show r-20260921-1813 --failed\n"
    )


def test_a_run_with_failed_rows_is_red_in_the_list(screen, styled):
    text = screen("runs", "list", *SANDBOX, colour=True)
    assert styled(text, "31")[-1] == "1 created, 1 changed, 1 failed"
    assert styled(text, "36") == ["  parsec -p sandbox runs show r-20260921-1813 --failed"]


def test_a_run_at_80_columns(screen):
    assert screen("runs", "show", RUN, *SANDBOX) == (
        "ROW  ACTION   EXTERNAL ID  OUTCOME  ERROR\n"
        "  2  set-qps  user_001     changed  –\n"
        "  3  set-qps  user_003     failed   changed since the plan: qps_limit is 6 now,…\n"
        "  4  create   new_1        created  –\n"
        "1 created, 1 changed, 1 failed\n"
        "r-20260921-1813 · users apply · plan.json · sandbox · finished\n"
    )


def test_a_run_at_100_columns(screen):
    assert screen("runs", "show", RUN, *SANDBOX, cols=100) == (
        "ROW  ACTION   EXTERNAL ID  OUTCOME  HTTP  ERROR\n"
        "  2  set-qps  user_001     changed   200  –\n"
        "  3  set-qps  user_003     failed      –  changed since the plan: qps_limit is 6 now, "
        "the plan saw 5\n"
        "  4  create   new_1        created   201  –\n"
        "1 created, 1 changed, 1 failed\n"
        "r-20260921-1813 · users apply · plan.json · sandbox · finished\n"
    )


def test_the_rows_that_are_left_are_red(screen, styled):
    text = screen("runs", "show", RUN, "--failed", *SANDBOX, colour=True)
    assert "user_001" not in text
    assert styled(text, "31") == [
        *("3", "set-qps", "user_003", "failed"),
        "changed since the plan: qps_limit is 6 now,…",
        "1 created, 1 changed, 1 failed",
    ]


def test_what_is_left_of_a_run_at_80_columns(screen):
    assert screen("runs", "show", RUN, "--failed", *SANDBOX) == (
        "ROW  ACTION   EXTERNAL ID  OUTCOME  ERROR\n"
        "  3  set-qps  user_003     failed   changed since the plan: qps_limit is 6 now,…\n"
        "1 created, 1 changed, 1 failed\n"
        "r-20260921-1813 · users apply · plan.json · sandbox · finished\n"
        "plan these rows with\n"
        "  parsec -p sandbox runs show r-20260921-1813 --failed --output csv | "
        "parsec -p sandbox users plan --out plan.json -\n"
    )
