"""The workflow that publishes a release trusts as little as it can; it has not run yet."""

import re
from pathlib import Path

import yaml

TEXT = (Path(__file__).parents[2] / ".github" / "workflows" / "publish.yml").read_text("utf-8")
WORKFLOW = yaml.safe_load(TEXT)


def test_every_action_is_named_by_its_commit():
    used = re.findall(r"uses: (.*)", TEXT)
    assert used
    named = re.compile(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+")
    assert [line for line in used if not named.fullmatch(line)] == []


def test_no_job_that_runs_code_of_others_has_more_rights_than_to_read():
    assert WORKFLOW["permissions"] == {}
    rights = {name: job["permissions"] for name, job in WORKFLOW["jobs"].items()}
    assert rights == {
        "test": {"contents": "read"},
        "build": {"contents": "read"},
        "attest": {"id-token": "write", "attestations": "write"},
        "publish": {"id-token": "write"},
    }
    lines = {
        name: [step["run"] for step in WORKFLOW["jobs"][name]["steps"] if "run" in step]
        for name in ("attest", "publish")
    }
    assert lines == {
        "attest": [],
        "publish": ["mkdir dist && mv files/*.whl files/*.tar.gz dist/"],
    }


def test_each_job_waits_for_the_one_before():
    needed = {name: job.get("needs") for name, job in WORKFLOW["jobs"].items()}
    assert needed == {"test": None, "build": "test", "attest": "build", "publish": "attest"}
