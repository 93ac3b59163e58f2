"""An operator at a shell: lines typed one after the other, and `parsec` is the tool under test."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.launcher import program
from support.runner import Completed
from support.terminal import run_in_terminal

_ROOT = Path(__file__).resolve().parents[2]
# run_in_terminal starts Python; this replaces it with the program that is named behind it
_EXEC = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
_STYLE = re.compile("\x1b\\[[0-9;?]*[a-zA-Z]")
_OF_THE_SHELL = ("cd ", ". ", "export ")
Answers = Sequence[tuple[str, str]]  # each a text to wait for, and what is then typed


@dataclass(frozen=True, repr=False)
class Printed(Completed):
    """What a line printed; on a terminal, all of it is in `out`."""

    @property
    def next(self) -> str:
        """Return the command that the tool proposes: the last one on a line of its own."""
        lines = [line.strip() for line in (self.out + "\n" + self.err).splitlines()]
        return next(line for line in reversed(lines) if line.startswith("parsec "))


def tools(folder: Path) -> dict[str, str]:
    """Put `parsec` into `folder`; return the variables with which a shell finds it."""
    program(folder / "parsec")
    return {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(_ROOT)}


class Session:
    """Run lines in `folder`: `session(line, code=0, stdin="", answers=[(text, typed)])`.

    With `answers`, the line runs on a terminal. What it does to the shell itself lasts: `cd`, `.`
    and `export`.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.environment = dict(environment)
        self.folder = folder
        self.shell: Sequence[str] = ("sh", "-c")
        self._before: list[str] = []

    def __call__(
        self, line: str, *, code: int = 0, stdin: str = "", answers: Answers | None = None
    ) -> Printed:
        """Type `line` and return what it printed; its exit code must be `code`."""
        words = [*self.shell, " && ".join([*self._before, line])]
        if answers is None:
            done = subprocess.run(
                words,
                env=self.environment,
                cwd=self.folder,
                input=stdin.encode(),
                capture_output=True,
                timeout=60,
                check=False,
            )
            printed = Printed(done.returncode, done.stdout, done.stderr)
        else:
            seen = run_in_terminal(
                words,
                # a forked process can write to a terminal, but it is not the one that it belongs to
                env={**self.environment, **({} if answers else {"FORKED": "1"})},
                cwd=self.folder,
                answers=answers,
                cols=100,
                program=("-c", _EXEC),
            )
            printed = Printed(seen.code, _STYLE.sub("", seen.text).encode(), b"")
        assert printed.code == code, f"{line}\n{printed.out}{printed.err}"
        if line.startswith(_OF_THE_SHELL):
            self._before.append(line)
        return printed
