"""The command to be typed next, whole: with the place it is meant for and safe from the shell.

Without the place a command copied from a hint would go to another profile or host.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from parsec_cli.runtime import Runtime


def again(runtime: Runtime, words: Sequence[str], *, names: Sequence[str] = ()) -> str:
    """Return a `parsec` command line; `names` come last, behind `--` where one needs it."""
    options = runtime.options
    place = [] if options.profile is None else ["-p", options.profile]
    place += [] if options.base_url is None else ["--base-url", options.base_url]
    dashes = ["--"] if any(name.startswith("-") for name in names) else []
    return shlex.join(["parsec", *place, *words, *dashes, *names])
