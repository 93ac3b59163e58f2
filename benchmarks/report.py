"""Write the judged rows as Markdown, with the day and a description of the machine."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from datetime import datetime

from targets import Judged, Verdict

_HEADINGS = (
    "job",
    "against",
    "parsec",
    "yardstick",
    "ratio",
    "spread",
    "target",
    "",
    "stretch",
    "",
)


def table(rows: Sequence[Judged]) -> str:
    """Return the rows as Markdown whose columns also line up as plain text."""
    lines = [_HEADINGS, *map(_cells, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEADINGS))]
    drawn = [_drawn(line, widths) for line in lines]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([drawn[0], rule, *drawn[1:]]) + "\n"


def _drawn(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "| " + " | ".join(padded) + " |"


def _cells(judged: Judged) -> tuple[str, ...]:
    row, spread = judged.row, judged.spread
    ratio = row.against is not None
    sign = ">=" if row.floor else "<="
    return (
        row.job,
        row.against.rpartition(", ")[2] if row.against else "",
        _amount(judged.own, row.unit),
        _amount(judged.other, row.unit),
        f"{judged.value:.2f}" if ratio and judged.value is not None else "",
        _spread(spread) if spread else "",
        f"{sign} {row.target:g}",
        _word(judged.verdict),
        "" if row.stretch is None else f"{sign} {row.stretch:g}",
        "" if judged.stretched is None else _word(judged.stretched),
    )


def _word(verdict: Verdict) -> str:
    return verdict if verdict == "pass" else f"**{verdict}**"


def _spread(spread: tuple[float, float]) -> str:
    low, high = (f"{end:.2f}".removesuffix(".00") for end in spread)
    return f"{low} to {high}" if low != high else low


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit == "ms":
        value *= 1000
    digits = 1 if unit in ("MiB", "%") else 0 if unit or value == int(value) else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def machine() -> str:
    """Describe the machine, without names or paths."""
    curl = shutil.which("curl")
    version = ""
    if curl:
        told = subprocess.run([curl, "--version"], check=True, capture_output=True, text=True)
        version = ", " + " ".join(told.stdout.split()[:2])
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}{version}"
    )


def document(rows: Sequence[Judged], when: datetime, load: float) -> str:
    """Return what `make bench` prints, and the content of RESULTS.md."""
    short = [judged for judged in rows if judged.verdict == "falls short"]
    stretched = [judged.stretched for judged in rows if judged.stretched]
    return (
        "# Benchmark results\n\n"
        "Written by `make bench KEEP=--keep`; do not edit. A ratio is the median over the rounds "
        "of one run, in which the programs took turns;\nthe spread is the middle half of "
        "the rounds (all of them where there are fewer than four).\n"
        "Times are medians and tell only of this machine.\n\n"
        f"- date: {when:%Y-%m-%d %H:%M} UTC\n- machine: {machine()}\n"
        f"- load of the machine when it began: {load:.1f}\n"
        f"- targets: {len(rows) - len(short)} of {len(rows)} met; stretch: "
        f"{stretched.count('pass')} of {len(stretched)}\n\n{table(rows)}{_notes(short)}"
    )


def _notes(short: Sequence[Judged]) -> str:
    """Return the known reasons of rows that miss their target."""
    lines = [
        f"- {judged.row.job}, against {judged.row.against}: {judged.row.note}\n"
        for judged in short
        if judged.row.note
    ]
    return "\nWhat stands in the way:\n\n" + "".join(lines) if lines else ""
