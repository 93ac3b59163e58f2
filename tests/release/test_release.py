"""The release: the same bytes twice, and a Debian package that needs no Python of the system.

These tests build and install everything, which takes minutes: `PARSEC_TEST_FULL=1` runs them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.steady import FULL

REPOSITORY = Path(__file__).parents[2]
PROGRAMS = {name: shutil.which(name) for name in ("git", "dpkg-deb", "debootstrap", "chroot")}
pytestmark = [
    pytest.mark.skipif(not FULL, reason="takes minutes: PARSEC_TEST_FULL=1"),
    pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="needs the commit's time"),
    pytest.mark.xdist_group("release"),
]
on_debian = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0 or None in PROGRAMS.values(),
    reason="needs root, dpkg-deb and debootstrap",
)


def python(*words):
    subprocess.run([sys.executable, *map(str, words)], cwd=REPOSITORY, check=True)


def release(directory):
    python("release/dist.py", directory)
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    directory = tmp_path_factory.mktemp("release")
    release(directory)
    return directory


def test_a_second_build_gives_the_same_bytes(first, tmp_path):
    again = release(tmp_path / "again")
    assert sorted(path.suffix for path in first.iterdir()) == ["", ".gz", ".json", ".whl"]
    assert again == {path.name: path.read_bytes() for path in first.iterdir()}


def test_the_checksums_match_the_files(first):
    ran = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=first, check=False)
    assert ran.returncode == 0
    lines = (first / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == len([*first.iterdir()]) - 1


def test_the_bill_of_materials_names_every_dependency_with_its_version(first):
    document = json.loads(next(first.glob("*.cdx.json")).read_text())
    assert document["bomFormat"] == "CycloneDX"
    versions = {part["name"]: part["version"] for part in document["components"]}
    assert {"typer", "rich", "httpx", "httpcore", "certifi", "tomlkit"} <= set(versions)
    assert not {"pytest", "hypothesis", "ruff"} & set(versions)
    assert all(part["purl"].endswith(f"@{part['version']}") for part in document["components"])


@on_debian
def test_the_debian_package_runs_where_python_is_missing(first, tmp_path):
    python("release/deb.py", first)
    (package,) = first.glob("*.deb")
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(next(first.glob("*.whl")), again)
    python("release/deb.py", again)
    assert next(again.glob("*.deb")).read_bytes() == package.read_bytes()

    root = tmp_path / "root"
    minimal = ("debootstrap", "--variant=minbase", "stable", str(root))
    subprocess.run(minimal, check=True, stdout=subprocess.DEVNULL)
    shutil.copy(package, root / "parsec.deb")

    def inside(*words):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
        line = ("chroot", str(root), *words)
        ran = subprocess.run(line, env=environment, check=False, capture_output=True, text=True)
        return ran.returncode, ran.stdout

    assert inside("sh", "-c", "command -v python3 python")[0] != 0
    before = {*root.joinpath("usr").rglob("*")}
    assert inside("dpkg", "-i", "/parsec.deb")[0] == 0
    code, users = inside("parsec", "-p", "sandbox", "users", "list")
    assert (code, len(users.splitlines())) == (0, 12)
    for place in (
        "usr/share/man/man1/parsec.1.gz",
        "usr/share/bash-completion/completions/parsec",
        "usr/share/zsh/vendor-completions/_parsec",
        "usr/share/fish/vendor_completions.d/parsec.fish",
    ):
        assert (root / place).is_file()
    assert inside("dpkg", "-r", "parsec")[0] == 0
    assert {*root.joinpath("usr").rglob("*")} == before
