"""Draw the pictures of the README: the real tool in a real pseudo-terminal, saved as SVG.

    python docs/pictures.py

Each picture runs its commands against a fresh sandbox in a home of its own. Times and new ids are
replaced, so that a picture changes only if the screen does.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

FOLDER = Path(__file__).parent / "pictures"
ROSTER = """\
external_id,qps_limit,state
user_001,30,active
user_002,25,active
user_007,,absent
user_100,10,active
"""


@dataclass(frozen=True)
class Picture:
    """Lines to run, each with what to type when it asks; `columns` wide.

    The lines of `before` run first and are not shown.
    """

    name: str
    lines: tuple[tuple[str, str], ...]
    columns: int
    before: tuple[tuple[str, str], ...] = ()


# what differs from run to run, and what a picture shows instead
VARYING = (
    (r"\br-\d{8}-\d{4}\b", "r-20260106-0930"),
    (r"(?<![\d-])\d\d-\d\d \d\d:\d\d\b", "01-06 09:30"),
    (r"(?<=change, )\d{4}-\d\d-\d\d\b", "2026-01-06"),
    (r"\b1[0-9a-z]{13}\b", "1m8cymqxgvgh71"),
    (r"(?<=user_100     )[0-9a-f-]{36}\b", "c3e0fc70-d4b3-4415-914f-83a001f13281"),
)
P = "parsec -p sandbox"
LIMIT = (f"{P} users set-qps user_001 20 --reason ticket-4711", "")
APPLY = (f"{P} users apply users.csv", "1\n")
PICTURES = (
    Picture("users-list", ((f"{P} users list", ""),), 104),
    Picture("user-card", ((f"{P} users get user_001", ""),), 100, (LIMIT,)),
    Picture("pool", ((f"{P} pool show --top 5", ""),), 84),
    Picture("plan", ((f"{P} users plan users.csv", ""),), 100),
    Picture("apply", (APPLY,), 100),
    Picture("deactivate", ((f"{P} users deactivate user_002", "user_002\n"),), 84),
    Picture("history", ((f"{P} history list", ""),), 100, (LIMIT, APPLY)),
)


def screen(words: list[str], typed: str, columns: int, home: Path) -> str:
    """Run one command in a pseudo-terminal and return all that it drew."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environ = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
    }
    with subprocess.Popen(
        words, stdin=slave, stdout=slave, stderr=slave, env=environ, cwd=home, close_fds=True
    ) as process:
        os.close(slave)
        drawn, ends = b"", time.monotonic() + 30
        while time.monotonic() < ends:
            if not select.select([master], [], [], 0.2)[0]:
                if typed and drawn.rstrip(b" ").endswith((b":", b"]")):
                    os.write(master, typed.encode())
                    typed = ""
                continue
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            drawn += piece
        process.wait(10)
    os.close(master)
    return drawn.decode().replace("\r\n", "\n")


def settled(text: str) -> str:
    """Return what stays on the screen after lines were erased and drawn again."""
    lines, row = [""], 0
    for piece in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\n|\r|[^\x1b\r\n]+", text):
        if piece == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif piece == "\x1b[2K":
            lines[row] = ""
        elif piece.startswith("\x1b[") and piece.endswith("A"):
            row -= int(piece[2:-1] or 1)
        elif piece != "\r" and not piece.startswith("\x1b[?"):
            lines[row] += piece
    return "\n".join(lines)


def draw(picture: Picture) -> None:
    """Run the picture's lines one below the other and save what a person would see."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "users.csv").write_text(ROSTER)
        for line, typed in picture.before:
            screen(line.split(), typed, picture.columns, home)
        seen = [
            f"\x1b[1;32m$\x1b[0m {line}\n"
            f"{settled(screen(line.split(), typed, picture.columns, home))}"
            for line, typed in picture.lines
        ]
        text = "\n".join(seen).replace(str(home), "~")
    for pattern, shown in VARYING:
        text = re.sub(pattern, shown, text)
    console = Console(record=True, width=picture.columns, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text.rstrip("\n")))
    target = FOLDER / f"{picture.name}.svg"
    drawing = console.export_svg(title="parsec", theme=MONOKAI, unique_id=picture.name)
    # a picture asks nobody for a font: the reader's own monospace serves
    drawing = re.sub(r"@font-face \{.*?\}\s*", "", drawing, flags=re.DOTALL)
    target.write_text(drawing.replace("Fira Code", "monospace"), encoding="utf-8")
    print(f"docs/pictures/{target.name}")


if __name__ == "__main__":
    for each in PICTURES:
        draw(each)
