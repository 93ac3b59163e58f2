"""Real shells on a terminal: lines are typed, TAB is pressed, what the tool is given is kept."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from support.terminal import LAUNCH, PATIENCE

REPOSITORY = Path(__file__).parents[2]
FILES = {"bash": "parsec.bash", "zsh": "_parsec", "fish": "parsec.fish", "powershell": "parsec.ps1"}
# looked at before a test clears the environment
# each begins with a letter of its own, so that a few keys and TAB make it whole
ODD_IDS = (
    "a b c",
    "b:c:d",
    "c'd'",
    'd"e"',
    "e[f]",
    "f$HOME",
    "g`h`",
    "h\\i",
    "i!j",
    "j@k.example",
    "k=l",
    "l(m)",
    "m;n|o&p",
    "n*?",
    "o~p",
    "p#q",
    "q,r",
    "r{s,t}",
    "s>t<u",
    "t'u\"v w:x$y",
    "u!",
    "日本 語",
    "w%x^y",
)


@dataclass
class Shell:
    """A shell with the completion loaded, and a `parsec` that notes its arguments."""

    name: str
    argv: list[str]
    setup: list[str]
    env: dict[str, str]
    cwd: Path
    notes: Path

    def given(self, *lines: str) -> list[list[str]]:
        """Type the lines, each with Enter behind it, and return the arguments of each call."""
        self.notes.write_bytes(b"")
        primary, secondary = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", LAUNCH, *self.argv],
            stdin=secondary,
            stdout=secondary,
            stderr=secondary,
            env=self.env,
            cwd=self.cwd,
            start_new_session=True,
        ) as child:
            os.close(secondary)
            try:
                screen = self._converse(primary, lines)
            finally:
                child.kill()
                child.wait(PATIENCE)
                os.close(primary)
        calls = self._calls()
        assert len(calls) == len(lines), screen.decode("utf-8", "replace")
        return calls

    def _converse(self, primary: int, lines: tuple[str, ...]) -> bytes:
        screen = bytearray()
        ready = "parsec ready"
        for number, line in enumerate((*self.setup, ready, *lines), 1 - len(self.setup) - 1):
            os.write(primary, f"{line}\r".encode())
            self._wait(primary, screen, number)
            if line == ready:
                self.notes.write_bytes(b"")
        return bytes(screen)

    def _wait(self, primary: int, screen: bytearray, calls: int) -> None:
        """Read what the shell writes until `calls` calls were made; not for ever."""
        deadline = time.monotonic() + PATIENCE
        wanted = 1 if calls == 0 else calls
        while calls >= 0 and len(self._calls()) < wanted and time.monotonic() < deadline:
            if select.select([primary], [], [], 0.02)[0]:
                screen += os.read(primary, 65536)
        shown = screen.decode("utf-8", "replace")[-400:]
        assert calls < 0 or len(self._calls()) >= wanted, f"no call, after: {shown}"

    def _calls(self) -> list[list[str]]:
        text = self.notes.read_bytes().decode()
        return [call.split("\0")[:-1] for call in text.split("\0\n")[:-1]]


def typed(text: str) -> str:
    """Write text as a careful person types it: a backslash before whatever is special."""
    return "".join(c if c.isalnum() or c in "@.:=,%" else f"\\{c}" for c in text)
