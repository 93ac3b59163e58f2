"""The virtual environments that are measured: only what a user installs, bytecode compiled.

They are in `benchmarks/.venv/`, which git ignores, and are rebuilt after a change.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
FOLDER = HERE / ".venv"
# not on any path that a measured program sees, and none of its responses is timed
_INSTALLING = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR")

SDK = "parsec_api==0.17.0"
HTTPIE = "httpie==3.2.4"


def tool() -> Path:
    """Return the bin folder of an environment with this checkout installed, without extras."""
    digest = hashlib.sha256()
    for path in (ROOT / "pyproject.toml", *sorted((ROOT / "parsec_cli").rglob("*.py"))):
        digest.update(path.read_bytes())
    return _environment("tool", digest.hexdigest(), str(ROOT))


def yardstick(requirement: str) -> Path | None:
    """Return the bin folder of an environment with `requirement`, or None if it can't be had."""
    name = requirement.partition("==")[0]
    try:
        return _environment(name, requirement, requirement)
    except subprocess.CalledProcessError:
        return None


def _environment(name: str, state: str, requirement: str) -> Path:
    folder = FOLDER / name
    stamp, python = folder / "stamp", folder / "bin" / "python"
    state = f"{state} {sys.version}"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == state:
        return folder / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    print(f"installing {name} into a fresh environment", file=sys.stderr)
    quiet = ("-m", "pip", "install", "-qqq", "--disable-pip-version-check", "--compile")
    _run(sys.executable, "-m", "venv", str(folder))
    _run(str(python), *quiet, requirement)
    stamp.write_text(state, encoding="utf-8")
    return folder / "bin"


def _run(*command: str) -> None:
    environ = {
        name: value
        for name, value in os.environ.items()
        if name in _INSTALLING or name.startswith("PIP_")
    }
    subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL)
