"""The reference and the man page follow the command tree, and the man page is one."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest
from support.programs import needed

REPOSITORY = Path(__file__).parents[1]
PATHS = (
    "docs/reference.md",
    "docs/parsec.1",
    "docs/commands.json",
    "completions/parsec.bash",
    "completions/_parsec",
    "completions/parsec.fish",
    "completions/parsec.ps1",
)
MAN_PAGE = REPOSITORY / "docs" / "parsec.1"


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("generate", REPOSITORY / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_this_test_lists_all_generated_files(generator):
    assert set(generator.generated()) == set(PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_generated_files_are_not_stale(generator, path):
    kept = (REPOSITORY / path).read_text(encoding="utf-8")
    assert kept == generator.generated()[path], "stale: run `python docs/generate.py`"


@pytest.mark.parametrize("path", PATHS[:2])
def test_every_command_and_option_is_in_the_reference(generator, path):
    root = generator.page_of(generator.parser(), ("parsec",))
    text = generator.generated()[path].replace("\\-", "-")
    for page in root.walk():
        assert page.name in text
        assert page.usage in text
        for entry in (*page.arguments, *page.options):
            assert entry.explained.replace("-", "") in text.replace("-", "")
        assert all(
            example.replace("\\", "\\e") in text or example in text for example in page.examples
        )


def test_links_in_the_contents_lead_to_a_heading(generator):
    text = generator.generated()["docs/reference.md"]
    headings = {line.lstrip("# ").replace(" ", "-") for line in text.splitlines() if "#" in line}
    links = {part.split(")")[0] for part in text.split("](#")[1:]}
    assert links
    assert links <= headings


def test_the_man_page_has_no_complaint_from_man():
    man = needed("man")
    shown = subprocess.run(
        [man, "--warnings", "-E", "UTF-8", "-l", str(MAN_PAGE)],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MANWIDTH": "80", "HOME": "/"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert shown.stderr == ""
    assert "parsec users deactivate" in shown.stdout
    assert "--fault 'DELETE 503 0.1'" in shown.stdout


def test_the_man_page_has_no_complaint_from_mandoc():
    mandoc = needed("mandoc")
    found = subprocess.run(
        [mandoc, "-T", "lint", "-W", "warning", str(MAN_PAGE)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    # a date would become outdated without a change of the page
    assert [line for line in found.stdout.splitlines() if "missing date" not in line] == []


def test_roff_does_not_interpret_text(generator):
    assert generator._roff(".a \\ b-c…") == "\\&.a \\e b\\-c\\[u2026]"
