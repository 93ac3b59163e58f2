"""uv finds packages where pip is configured to find them."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(find_spec("pip") is None, reason="pip is not installed")
SCRIPT = Path(__file__).parents[2] / "release" / "index.py"


def settings(folder, text, **environment):
    """What a shell has in uv's variables after the lines that the script prints."""
    config = folder / "pip.conf"
    config.write_text(text)
    # pip reads this file after those of the machine, and they could name another index
    names = "UV_DEFAULT_INDEX UV_INDEX UV_FIND_LINKS UV_SYSTEM_CERTS SSL_CERT_FILE"
    script = f'eval "$("{sys.executable}" "{SCRIPT}")"; for name in {names}; do'
    ran = subprocess.run(
        ["sh", "-c", f'{script} eval "echo \\"\\${{$name-}}\\""; done'],
        env={"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": str(config), **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(zip(names.split(), ran.stdout.splitlines(), strict=True))


def test_uv_gets_the_index_the_folders_and_the_certificates_of_pip(folder):
    text = """
[global]
index-url = https://index.invalid/simple
extra-index-url = https://one.invalid/a
    file:///two
find-links = /wheels /more
cert = /with space.pem
[install]
index-url = https://install.invalid/simple
"""
    assert settings(folder, text) == {
        "UV_DEFAULT_INDEX": "https://install.invalid/simple",
        "UV_INDEX": "https://one.invalid/a file:///two",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_SYSTEM_CERTS": "1",
        "SSL_CERT_FILE": "/with space.pem",
    }


def test_the_environment_of_pip_and_then_that_of_uv_has_precedence(folder):
    text = "[install]\nindex-url = https://file.invalid\nfind-links = /wheels\n"
    found = settings(folder, text, PIP_INDEX_URL="https://pip.invalid", UV_FIND_LINKS="/own")
    assert found["UV_DEFAULT_INDEX"] == "https://pip.invalid"
    assert found["UV_FIND_LINKS"] == "/own"
