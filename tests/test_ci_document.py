"""Every recipe of docs/ci.md works: it is parsed, and its shell lines run against the sandbox."""

import re
import socket
import subprocess
from pathlib import Path

import pytest
import yaml
from support.programs import needed

KEY = "pk_live_sandbox"
TEXT = (Path(__file__).parent.parent / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)


def recipe(name):
    """Return the block whose first lines name this file."""
    (found,) = [text for _, text in BLOCKS if f"# {name}" in text]
    return found


@pytest.fixture
def nowhere():
    """A base URL at which nothing listens: its port is taken, but not served."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def ci(session, host):
    """A CI job's shell: the key in the environment, no config, a file of users, and pipx."""
    session.environment |= {"PARSEC_API_KEY": KEY, "PARSEC_API_BASE_URL": host()}
    session("parsec users list -o csv > users.csv")
    for name in ("pip", "pipx"):
        program = session.folder.parent / "bin" / name
        program.write_text('#!/bin/sh\ntest "$1 $2" = "install parsec.whl"\n')
        program.chmod(0o755)
    return session


def change_a_limit(ci):
    file = ci.folder / "users.csv"
    file.write_text(file.read_text().replace(",50,pro,", ",20,pro,"))


def workflow(ci, name):
    """Run the steps of a workflow's only job; return the last one's code and output, and summary.

    A step runs as GitHub's default shell runs it.
    """
    parsed = yaml.safe_load(recipe(f".github/workflows/{name}.yml"))
    # YAML 1.1 reads the key `on` as true
    assert parsed.keys() == {"name", True, "permissions", "jobs"}
    assert parsed["permissions"] == {"contents": "read"}
    (job,) = parsed["jobs"].values()
    values = {
        "vars.PARSEC_PACKAGE": "parsec.whl",
        "secrets.PARSEC_API_KEY": KEY,
        "vars.PARSEC_API_BASE_URL": ci.environment["PARSEC_API_BASE_URL"],
    }
    given = {key: values[value[4:-3]] for key, value in job["env"].items()}
    assert [step["uses"] for step in job["steps"] if "uses" in step] == ["actions/checkout@v4"]
    summary = ci.folder / "summary.md"
    summary.touch()
    for step in job["steps"]:
        if "run" in step:
            done = subprocess.run(
                [needed("bash"), "-e", "-c", step["run"]],
                env={**ci.environment, **given, "GITHUB_STEP_SUMMARY": str(summary)},
                cwd=ci.folder,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            if done.returncode:
                break
    return done.returncode, done.stdout, summary.read_text()


def test_the_workflow_for_a_pull_request_writes_the_plan_into_the_summary(ci):
    change_a_limit(ci)
    code, _, summary = workflow(ci, "plan")
    assert code == 0
    assert "user_002" in summary
    assert "| --- |" in summary


def test_the_workflow_for_a_pull_request_fails_if_the_plan_exceeds_the_pool(ci):
    file = ci.folder / "users.csv"
    file.write_text(file.read_text().replace(",800,pro,", ",8000,pro,"))
    assert workflow(ci, "plan")[0] == 10


def test_the_drift_workflow_passes_without_drift_and_fails_with_it(ci):
    assert workflow(ci, "drift")[:2] == (0, "")
    change_a_limit(ci)
    code, out, summary = workflow(ci, "drift")
    assert (code, out) == (1, "::error::the users differ from users.csv\n")
    assert "user_002" in summary


def test_the_drift_workflow_does_not_report_drift_when_the_check_was_not_made(ci, nowhere):
    url = ci.environment["PARSEC_API_BASE_URL"]
    ci.environment["PARSEC_API_BASE_URL"] = nowhere
    code, out, _ = workflow(ci, "drift")
    assert (code, out.partition(" ")[0]) == (0, "::warning::the")
    ci.environment["PARSEC_API_BASE_URL"] = url
    (ci.folder / "users.csv").write_text("who\nuser_001\n")
    code, out, _ = workflow(ci, "drift")
    assert (code, out) == (1, "::error::the check could not be made (exit 2)\n")


def pipeline(ci, name):
    """Run a job of the GitLab pipeline; return its exit code, and how GitLab treats it."""
    parsed = yaml.safe_load(recipe(".gitlab-ci.yml"))
    job = parsed[name]
    lines = [*parsed[job["extends"]]["before_script"], *job["script"]]
    # as GitLab's runner joins the lines
    script = "set -eo pipefail\n" + "\n".join(lines)
    done = subprocess.run(
        [needed("bash"), "-c", script],
        env={**ci.environment, "PARSEC_PACKAGE": "parsec.whl"},
        cwd=ci.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    allowed = job.get("allow_failure", {}).get("exit_codes", [])
    assert allowed == job.get("retry", {}).get("exit_codes", [])
    return done.returncode, "warning" if done.returncode in allowed else "final"


def test_the_pipeline_keeps_the_plan_of_a_merge_request(ci):
    change_a_limit(ci)
    assert pipeline(ci, "plan") == (0, "final")
    assert "user_002" in (ci.folder / "plan.md").read_text()


def test_the_pipeline_fails_on_drift_and_warns_if_the_check_was_not_made(ci, nowhere):
    assert pipeline(ci, "drift") == (0, "final")
    change_a_limit(ci)
    assert pipeline(ci, "drift") == (11, "final")
    ci.environment["PARSEC_API_BASE_URL"] = nowhere
    assert pipeline(ci, "drift") == (7, "warning")


def test_the_lines_of_the_crontab_print_only_what_is_wrong(session, host, nowhere):
    session(f"parsec config init --base-url {host()}", stdin=KEY)
    table = recipe("crontab -e").splitlines()
    lines = [re.fullmatch(r"\d+ \d+ \* \* \*  (.*)", line)[1] for line in table[3:]]
    assert [line.split()[2] for line in lines] == ["pool", "usage"]
    for line in lines:
        # cron would end the line there
        assert "%" not in line
        quiet = session(line)
        assert (quiet.out, quiet.err) == ("", "")
        over = session(re.sub("--max-used [0-9]+", "--max-used 0", line), code=11)
        assert over.out == ""
        assert len(over.err.splitlines()) == 1
        assert "limit of 0%" in over.err
        assert "error:" in session(line.replace("-q", f"-q --base-url {nowhere}"), code=10).err


def unit(name):
    """Return the settings of a unit; a name that repeats keeps its last value."""
    lines = [line for line in recipe(f"/etc/systemd/system/{name}").splitlines() if "=" in line]
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


@pytest.mark.parametrize("instance", ["pool", "usage"])
def test_the_command_of_the_service_says_by_its_exit_code_what_is_wrong(ci, instance, nowhere):
    service = unit("parsec-check@.service")
    program, _, words = service["ExecStart"].replace("%i", instance).partition(" ")
    assert program == "/usr/local/bin/parsec"
    variable, _, home = service["Environment"].partition("=")
    state = ci.folder / "state"
    state.mkdir()
    ci.environment[variable] = home.replace("%S/parsec", str(state))
    assert ci(f"parsec {words}").out == ""
    over = ci(f"parsec {words} --max-used 0", code=int(service["RestartPreventExitStatus"]))
    assert "limit of 0%" in over.err
    ci.environment["PARSEC_API_BASE_URL"] = nowhere
    assert "error:" in ci(f"parsec {words}", code=7).err


@pytest.mark.parametrize("kind", ["service", "timer"])
def test_systemd_accepts_the_units(kind, folder):
    program = needed("systemd-analyze")
    for suffix in ("service", "timer"):
        text = recipe(f"/etc/systemd/system/parsec-check@.{suffix}")
        file = folder / f"parsec-check@pool.{suffix}"
        file.write_text(text.replace("/usr/local/bin/parsec", "/bin/true"))
    done = subprocess.run(
        [program, "verify", str(folder / f"parsec-check@pool.{kind}")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_script_for_prometheus_replaces_the_file_as_a_whole_or_not_at_all(ci, nowhere):
    script = ci.folder / "parsec-metrics"
    script.write_text(recipe("/usr/local/bin/parsec-metrics"))
    script.chmod(0o755)
    metrics = ci.folder / "metrics"
    metrics.mkdir()
    ci("./parsec-metrics metrics")
    written = (metrics / "parsec.prom").read_text()
    values = dict(re.findall(r"^(\w+)\{.*\} (\d+)$", written, re.MULTILINE))
    assert (values["parsec_qps_allocated"], values["parsec_users"]) == ("1055", "12")
    assert values.keys() >= set(re.findall(r"`?(parsec_\w+)", TEXT.rpartition("An alert")[2]))
    assert (metrics / "parsec.prom").stat().st_mode & 0o777 == 0o644

    ci.environment["PARSEC_API_BASE_URL"] = nowhere
    ci("./parsec-metrics metrics", code=7)
    assert [file.name for file in metrics.iterdir()] == ["parsec.prom"]
    assert (metrics / "parsec.prom").read_text() == written


def test_the_tests_above_name_every_recipe():
    names = [re.search(r"# ([^ ,:\n]+)", text)[1] for _, text in BLOCKS]
    assert names == [
        ".github/workflows/plan.yml",
        ".github/workflows/drift.yml",
        ".gitlab-ci.yml",
        "crontab",
        "/etc/systemd/system/parsec-check@.service",
        "/etc/systemd/system/parsec-check@.timer",
        "/usr/local/bin/parsec-metrics",
    ]
