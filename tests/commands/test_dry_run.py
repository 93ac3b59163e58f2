"""Every dry run ends with a line that nothing was sent, and sends nothing."""

import pytest

COMMANDS = [
    "users create new",
    "users set-qps a 7",
    "users set-qps a 5",
    "users onboard a --exchange polymarket --mode managed",
    "users deactivate a",
    "users deactivate a b",
    "users deactivate --from-file leavers.txt",
    "users apply roster.csv",
    "users apply same.csv",
    "api GET builder/pool",
    "api POST builder/users -f external_id=new",
]


@pytest.mark.parametrize("form", ["table", "json", "csv"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_dry_run_ends_with_a_line_that_nothing_was_sent(form, command, run, builder, work):
    builder.add("a", qps_limit=5)
    builder.add("b", qps_limit=5)
    (work / "leavers.txt").write_text("a\n")
    (work / "roster.csv").write_text("external_id,qps_limit\na,9\nnew,1\n")
    (work / "same.csv").write_text("external_id,qps_limit\na,5\n")
    completed = run(*command.split(), "-n", "-o", form)
    assert completed.code == 0, completed
    assert completed.err.splitlines()[-1] == "dry run: nothing was sent"
    assert {request.method for request in builder.requests} <= {"GET"}


def test_a_quiet_dry_run_says_nothing(run, builder):
    builder.add("a", qps_limit=5)
    assert run("users", "set-qps", "a", "7", "-n", "-q").err == ""


def test_a_change_and_a_plan_are_not_called_dry_runs(run, builder, work):
    builder.add("a", qps_limit=5)
    (work / "roster.csv").write_text("external_id,qps_limit\na,9\n")
    for command in (("users", "plan", "roster.csv"), ("users", "set-qps", "a", "7")):
        assert "dry run" not in run(*command).err
