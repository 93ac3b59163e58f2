"""Compare the start-up of the Debian package: `python release/start_up.py DIRECTORY`.

Runs the package in DIRECTORY and this virtual environment's command in turn, and prints the least
CPU time of each and the ratio, which must be at most 1.2.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from deb import HOME
from dist import call

ROUNDS = 20
COMMANDS = ("--version", "-p sandbox users list --json")


def compare(package: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        call("dpkg-deb", "--extract", package, root)
        here = root / HOME
        unpacked = (here / "bin" / "python3", "-I", here / "bin" / "parsec")
        environment = (Path(sys.executable).parent / "parsec",)
        # what is not installed has no fixed place, where it would find its libraries
        variables = {"HOME": temporary, "LD_LIBRARY_PATH": str(here / "lib")}
        for words in COMMANDS:
            times = [
                (
                    cpu_time([*unpacked, *words.split()], variables),
                    cpu_time([*environment, *words.split()], {"HOME": temporary}),
                )
                for _ in range(ROUNDS)
            ]
            ours, theirs = (min(column) for column in zip(*times, strict=True))
            print(
                f"parsec {words}: package {ours * 1000:.0f} ms, virtual environment "
                f"{theirs * 1000:.0f} ms, ratio {ours / theirs:.2f}"
            )


def cpu_time(command: list[object], variables: dict[str, str]) -> float:
    """Return the CPU seconds that a command takes."""
    quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    words = [*map(str, command)]
    child = os.posix_spawn(words[0], words, variables, file_actions=quiet)
    _, status, used = os.wait4(child, 0)
    if status:
        sys.exit(f"{' '.join(words)} failed")
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    compare(next(Path(sys.argv[1]).glob("*.deb")))
