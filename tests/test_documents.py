"""Every command line in the documents works: run in a shell, against the sandbox over HTTP."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.programs import needed
from support.session import Session, tools

import parsec_cli
from parsec_cli.cli.help_pages import page_of
from parsec_cli.cli.tree import parser

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/sandbox.md",
    "docs/safety.md",
    "docs/mutation.md",
)
KEY = "pk_live_sandbox"
SHELL = ("bash", "-o", "pipefail", "-c")
QUOTED = re.compile(r"'[^']*'")
PROGRAM = re.compile(r"(?:^|[|;&(])\s*([a-z][\w-]*)", re.MULTILINE)


def blocks(name):
    """Return the shell lines of each block of a document, without comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        lines = [re.sub(r"\s+# .*", "", line) for line in block.splitlines()]
        found.append([line for line in lines if line.strip() and not line.startswith("#")])
    return found


def each_block():
    for name in DOCUMENTS[1:]:
        for number, lines in enumerate(blocks(name), 1):
            yield pytest.param(lines, id=f"{name}-{number}")


@pytest.mark.parametrize("lines", list(each_block()))
def test_command_lines_of_a_block_do_what_they_say(lines, session, host):
    run = [line for line in lines if not line.startswith("make ")]
    for line in set(lines) - set(run):
        assert f"\n{line.split()[1]}:" in (ROOT / "Makefile").read_text(), line
    for program in {"bash", *PROGRAM.findall(QUOTED.sub("", "\n".join(run)))} - {"parsec", "cd"}:
        needed(program)
    session.shell = SHELL
    session.environment |= {"PARSEC_API_BASE_URL": host(), "PARSEC_API_KEY": KEY}
    for line in run:
        session(line)


# what the operator is asked, and types
ANSWERS = {
    "parsec -p sandbox users deactivate user_042": [("external_id to deactivate", "user_042\n")],
    "parsec -p sandbox users apply plan.json": [("[y/N]", "y\n")],
    "parsec config init": [("URL", "{url}\n"), ("key", f"{KEY}\n")],
    "parsec config init -p production": [("URL", "{url}\n"), ("key", f"{KEY}\n")],
}


@pytest.fixture
def repository(tmp_path):
    """A repository from which a clone gets all that `make demo` needs before it installs."""
    path = tmp_path / "repository"
    path.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        (path / name).write_bytes((ROOT / name).read_bytes())
    git = [needed("git"), "-C", str(path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "All"]):
        subprocess.run([*git, *words], check=True)
    return path


def install(clone):
    """Do what the first half of `make demo` does, without a package index."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(clone / ".venv")], check=True
    )
    tools(clone / ".venv" / "bin")
    (clone / ".venv" / "demo").touch()


def test_every_line_of_the_readme_works_as_typed_after_a_clone(
    isolated_environment, repository, host, work
):
    needed("make")
    url = host()
    lines = [line for block in blocks("README.md") for line in block]
    assert lines[:2] == ["git clone URL parsec", "cd parsec"]
    assert not [line for line in ANSWERS if line not in lines]
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    session = Session({**isolated_environment, **path}, work)
    for line in lines:
        typed = [(text, keys.format(url=url)) for text, keys in ANSWERS.get(line, [])]
        if line.startswith("git clone"):
            session(line.replace("URL", str(repository)))
            install(work / "parsec")
        else:
            session(line, answers=typed)


def test_the_readme_names_every_command_and_only_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Commands")[2].partition("\n\n`parsec COMMAND")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    names = {name for cell in cells for name in re.findall("`([^`]+)`", cell)}
    pages = page_of(parser(), ("parsec",)).walk()
    verbs = {" ".join(page.path[1:]) for page in pages if not page.pages}
    assert {name.removeprefix("parsec ") for name in names} == verbs


def headings(path):
    """Return the anchors of a document's headings."""
    titles = re.findall(r"^#+ (.*)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", [*DOCUMENTS, "docs/ci.md", "docs/reference.md"])
def test_every_link_and_picture_of_a_document_is_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text)
    for path, anchor in links:
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.is_file(), path
        assert not anchor or anchor in headings(target), anchor
    assert links or name not in ("README.md", "docs/reference.md")


@pytest.mark.parametrize("name", [*DOCUMENTS, "CHANGELOG.md", "docs/ci.md"])
def test_every_path_that_a_document_names_exists(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    named = re.findall(r"`((?:docs|tests|parsec_cli|completions|benchmarks)/[\w./-]*)`", text)
    # `make dist` tests the installed package
    places = {"parsec_cli": Path(parsec_cli.__file__).parents[1]}
    assert not [p for p in named if not (places.get(p.partition("/")[0], ROOT) / p).exists()]
