"""Let uv find packages where pip finds them: uv reads none of pip's settings.

`python release/index.py` prints uv's settings as lines for a shell.
"""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
from functools import cache

# pip's option, uv's variable, and what separates several values
OPTIONS = {
    "index-url": ("UV_DEFAULT_INDEX", None),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "proxy": ("ALL_PROXY", None),
    "cert": ("SSL_CERT_FILE", None),
}
SECTIONS = ("global", "install", ":env:")  # a later one has precedence
# as pip does: certificates of the system, and the best version of all indexes
ALWAYS = {"UV_SYSTEM_CERTS": "1", "UV_INDEX_STRATEGY": "unsafe-best-match"}


@cache
def uv_settings() -> dict[str, str]:
    """Return uv's variables for what pip is configured with; those of the environment win."""
    command = (sys.executable, "-m", "pip", "config", "list")
    listed = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, tuple[int, str]] = {}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if section in SECTIONS and option in OPTIONS:
            rank = SECTIONS.index(section)
            if rank >= found.get(option, (0, ""))[0]:
                found[option] = rank, ast.literal_eval(value)
    settings = dict(ALWAYS)
    for option, (_, value) in found.items():
        variable, separator = OPTIONS[option]
        settings[variable] = separator.join(value.split()) if separator else value
    return {name: os.environ.get(name, value) for name, value in settings.items()}


if __name__ == "__main__":
    for name, value in uv_settings().items():
        print(f"export {name}={shlex.quote(value)}")
