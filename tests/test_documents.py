"""Every command line in the documents works: run in a shell, against the sandbox over HTTP."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.programs import needed
from support.runner import clean_environment

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
# exit codes other than 0, with the reason
EXPECTED = {
    "parsec -p sandbox users deactivate user_042": 9  # there is no terminal to ask on
}
# lines that install something; `make dist` installs the same
OF_THE_MACHINE = ("make ", "uv ", "pipx ")
QUOTED = re.compile(r"'[^']*'")
PROGRAM = re.compile(r"(?:^|[|;&(])\s*([a-z][\w-]*)", re.MULTILINE)


def blocks():
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        for number, block in enumerate(re.findall(r"```sh\n(.*?)```", text, re.DOTALL), 1):
            lines = [re.sub(r"\s+# .*", "", line) for line in block.splitlines()]
            lines = [line for line in lines if line.strip() and not line.startswith("#")]
            yield pytest.param(lines, id=f"{name}-{number}")


@contextmanager
def served_sandbox(environment):
    """Lend the base URL of `sandbox serve`, a process of this test's own."""
    words = [sys.executable, "-m", "parsec_cli", "sandbox", "serve"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
def environment(home, tmp_path):
    """A shell in which `parsec` is this checkout's."""
    tools = tmp_path / "bin"
    tools.mkdir()
    script = tools / "parsec"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m parsec_cli "$@"\n')
    script.chmod(0o755)
    clean = clean_environment(home)
    return {**clean, "PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("lines", list(blocks()))
def test_command_lines_of_a_block_do_what_they_say(lines, environment, work):
    run = [line for line in lines if not line.startswith(OF_THE_MACHINE)]
    if not run:
        known = (ROOT / "Makefile").read_text()
        for line in lines:
            if line.startswith("make "):
                assert f"\n{line.split()[1]}:" in known, line
        return
    for program in {"bash", *PROGRAM.findall(QUOTED.sub("", "\n".join(run)))} - {"parsec", "cd"}:
        needed(program)
    with served_sandbox(environment) as url:
        for line in run:
            # the key is verified at the host that is stored, which must not be the real one
            host = f" --base-url {url}" if "config init" in line else ""
            shell = subprocess.run(
                ["bash", "-o", "pipefail", "-c", line + host],
                env={
                    **environment,
                    "PARSEC_API_BASE_URL": url,
                    "PARSEC_API_KEY": "pk_live_sandbox",
                },
                input="" if "config init" not in line else "pk_live_sandbox\n",
                capture_output=True,
                text=True,
                cwd=work,
                timeout=60,
                check=False,
            )
            assert shell.returncode == EXPECTED.get(line, 0), (line, shell.stdout, shell.stderr)


def test_every_picture_in_the_readme_is_there():
    named = re.findall(r"!\[[^]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert named
    assert not [name for name in named if not (ROOT / name).is_file()]


@pytest.mark.parametrize("name", [*DOCUMENTS, "CHANGELOG.md"])
def test_every_path_that_a_document_names_exists(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    named = re.findall(r"`((?:docs|tests|parsec_cli|completions|benchmarks)/[\w./-]*)`", text)
    assert not [path for path in named if not (ROOT / path).exists()]
