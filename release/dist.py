"""Build what a release consists of: `python release/dist.py DIRECTORY`.

DIRECTORY gets the wheel, the sdist, an SBOM in CycloneDX's format (the dependencies as `uv.lock`
names them) and `SHA256SUMS`. The same commit and hatchling give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

from index import uv_settings

from parsec_cli import __version__

REPOSITORY = Path(__file__).parents[1]
SUMS = "SHA256SUMS"


def build(directory: Path) -> None:
    """Build all files into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(commit_time())}
    call(sys.executable, "-m", "build", "--outdir", directory, REPOSITORY, env=environment)
    (directory / f"parsec_cli-{__version__}.cdx.json").write_text(bill_of_materials())
    write_checksums(directory)


def commit_time() -> int:
    """Return the time of the commit in Unix seconds: every built file has it."""
    return int(call("git", "-C", REPOSITORY, "log", "-1", "--format=%ct"))


def bill_of_materials() -> str:
    """Return the SBOM; its time and serial number depend on the commit and the content alone."""
    flags = ("--frozen", "--quiet", "--no-dev", "--format", "cyclonedx1.5")
    document = json.loads(call("uv", "export", *flags, "--project", REPOSITORY))
    document["metadata"]["timestamp"] = f"{datetime.fromtimestamp(commit_time(), UTC):%FT%TZ}"
    document["metadata"]["component"]["version"] = __version__
    del document["serialNumber"]
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, content).urn
    return json.dumps(document, indent=2) + "\n"


def write_checksums(directory: Path) -> None:
    """Write the digests of all files in `directory`, for `sha256sum --check`."""
    files = sorted(path for path in directory.iterdir() if path.is_file() and path.name != SUMS)
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    (directory / SUMS).write_text("".join(lines))


def call(*words: object, env: dict[str, str] | None = None) -> str:
    """Run a program and return its output; the programs of this environment come first."""
    env = {**(env or os.environ), **uv_settings()}
    env["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), env.get("PATH", os.defpath)))
    line = [*map(str, words)]
    ran = subprocess.run(line, env=env, check=False, stdout=subprocess.PIPE, text=True)
    if ran.returncode:
        sys.exit(f"{words[0]} ended with {ran.returncode}")
    return ran.stdout


if __name__ == "__main__":
    build(Path(sys.argv[1]))
