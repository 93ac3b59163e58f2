"""The command to be typed next, whole: with the place it is meant for and safe from the shell.

Without the place a command copied from a hint would go to another profile or host.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from parsec_cli.runtime import Runtime

# the nouns that talk to a host; a `-p` that is there already stands before them
_QUOTED = re.compile(r"`parsec (users|pool|usage|escrow|doctor|api)\b")
# those about a profile, which has a host of its own, unless they name one
_OF_PROFILE = re.compile(r"`parsec (config (?:show|set|unset)\b)(?![^`]*--profile)")


def again(runtime: Runtime, words: Sequence[str], *, names: Sequence[str] = ()) -> str:
    """Return a `parsec` command line; `names` come last, behind `--` where one needs it."""
    dashes = ["--"] if any(name.startswith("-") for name in names) else []
    return shlex.join(["parsec", *_place(runtime), *words, *dashes, *names])


def placed(runtime: Runtime, text: str) -> str:
    """Put the place into the commands that `text` quotes; rooms that write hints don't know it."""
    place = _place(runtime)
    if not place:
        return text
    text = _QUOTED.sub(lambda found: f"`{shlex.join(['parsec', *place])} {found[1]}", text)
    if runtime.options.profile is None:
        return text
    start = shlex.join(["parsec", "-p", runtime.options.profile])
    return _OF_PROFILE.sub(lambda found: f"`{start} {found[1]}", text)


def _place(runtime: Runtime) -> list[str]:
    options = runtime.options
    place = [] if options.profile is None else ["-p", options.profile]
    return place + ([] if options.base_url is None else ["--base-url", options.base_url])
