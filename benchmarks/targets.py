"""The table of targets: what each row compares, its limit, and its result.

Only ratios within one run are judged, and figures without noise: counts, shares and peak memory.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from jobs import FAST, ROWS, SLOW, SLOW_ROWS, Measured, Results
from programs import WORKERS

Number = Callable[[Measured], float]
Verdict = Literal["pass", "falls short", "not measured"]
_PAGES = ROWS // 100


def seconds(run: Measured) -> float:
    return run.took.seconds


def first_byte(run: Measured) -> float:
    return run.took.first_byte


def peak(run: Measured) -> float:
    return run.took.peak_kib / 1024


def requests(run: Measured) -> float:
    return run.counted.total


def too_many(run: Measured) -> float:
    return run.counted.too_many


@dataclass(frozen=True, slots=True)
class Row:
    """One target. With `against` the figures of `lane` are divided by those of the same round.

    With `floor`, the target is a minimum instead of a maximum.
    """

    job: str
    lane: str
    target: float
    against: str | None = None
    stretch: float | None = None
    figure: Number = seconds
    unit: str = "ms"
    floor: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with what was measured: one value per round, and the medians they come from."""

    row: Row
    values: Sequence[float]
    own: float | None = None
    other: float | None = None

    @property
    def value(self) -> float | None:
        return statistics.median(self.values) if self.values else None

    @property
    def spread(self) -> tuple[float, float] | None:
        """The quartiles of the values, or their ends where there are few."""
        if not self.values:
            return None
        if len(self.values) < 4:
            return min(self.values), max(self.values)
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    @property
    def verdict(self) -> Verdict:
        return self._held(self.row.target)

    @property
    def stretched(self) -> Verdict | None:
        return None if self.row.stretch is None else self._held(self.row.stretch)

    def _held(self, limit: float) -> Verdict:
        if self.value is None:
            return "not measured"
        # as it is shown: two decimals are what the noise leaves
        value = round(self.value, 2)
        return "pass" if (value >= limit if self.row.floor else value <= limit) else "falls short"


def judge(row: Row, results: Results) -> Judged:
    """Put the runs of a row's lanes together, round by round."""
    runs = results.get(row.lane, ())
    own = [row.figure(run) for run in runs]
    if not own:
        return Judged(row, ())
    if row.against is None:
        return Judged(row, own, statistics.median(own))
    other = [row.figure(run) for run in results.get(row.against, ())]
    if not other:
        return Judged(row, (), statistics.median(own))
    ratios = [mine / its for mine, its in zip(own, other, strict=True)]
    return Judged(row, ratios, statistics.median(own), statistics.median(other))


def _share(rate: float) -> Number:
    return lambda run: 100 * run.counted.permitted(rate)


def _lost(rows: int) -> Number:
    return lambda run: rows - run.counted.effects


def _memory(lane: str, against: str, target: float) -> Row:
    job = f"peak memory, {lane}"
    return Row(job, lane, target, against, figure=peak, unit="MiB")


def _limited(what: str, lane: str, rate: float, rows: int) -> tuple[Row, ...]:
    return (
        Row(
            f"{what}: share of the permitted rate",
            lane,
            98,
            figure=_share(rate),
            unit="%",
            floor=True,
        ),
        Row(f"{what}: answers of 429", lane, WORKERS + 2, figure=too_many, unit=""),
        Row(f"{what}: writes lost", lane, 0, figure=_lost(rows), unit=""),
    )


def _bulk(what: str, pages: int) -> tuple[Row, ...]:
    lane = f"{what}, apply"
    job = f"apply {ROWS:,} {what}, 20 ms, concurrency {WORKERS}"
    return (
        Row(job, lane, 1.25, f"{what}, curl --parallel", 1.1),
        Row(job, lane, 1.0, f"{what}, xargs -P curl"),
        Row(f"{job}: requests", lane, ROWS + pages + 2, figure=requests, unit=""),
        Row(f"{job}: writes lost", lane, 0, figure=_lost(ROWS), unit=""),
    )


ROWS_OF_TABLE: tuple[Row, ...] = (
    Row("`parsec --version`", "--version", 1.25, "import typer", 0.95),
    Row("`parsec --help`", "--help", 2.6, "import typer", 2.0),
    Row("TAB that needs Python", "TAB", 1.3, "import typer"),
    Row("`users list --json`, 1 page", "1 page, --json", 1.2, "1 page, httpx", 1.05),
    Row(
        "`users list --json`, 1 page",
        "1 page, --json",
        0.40,
        "1 page, SDK",
        0.31,
        note="importing Typer, httpx and httpcore, without a line of the tool, is the next row",
    ),
    Row("of which importing Typer and httpx", "1 page, imports", 0.40, "1 page, SDK"),
    Row("`users list --json`, 1 page", "1 page, --json", 0.65, "1 page, httpie", 0.50),
    Row("list 10,000, 0 ms", "10,000, --json", 1.2, "10,000, httpx", 1.1),
    Row("list 10,000, 0 ms", "10,000, --json", 0.08, "10,000, curl + jq"),
    Row("list 10,000, 0 ms", "10,000, --json", 0.33, "10,000, SDK"),
    Row(
        "list 10,000, 20 ms",
        "20 ms, 10,000, --json",
        1.10,
        "20 ms, 10,000, http.client",
        1.06,
        note="the pool's request is 1 % of it, starting 4 %, httpx instead of http.client 4 %",
    ),
    Row(
        "first byte, 10,000, 20 ms",
        "20 ms, 10,000, --json",
        1.2,
        "20 ms, 1 page, --json",
        figure=first_byte,
    ),
    Row("`users list | head -1`: requests", "20 ms, head -1", 3, figure=requests, unit=""),
    Row("table 10,000, piped (tsv)", "10,000, piped", 1.3, "10,000, --json"),
    Row("table 10,000, terminal", "10,000, terminal", 8, "10,000, --json", 3),
    _memory("100,000, --json", "1,000, --json", 1.15),
    Row("peak memory, 100,000, --json", "100,000, --json", 45, figure=peak, unit="MiB"),
    _memory("100,000, terminal", "1,000, terminal", 1.15),
    *_bulk("creates", 1),
    *_bulk("limits", _PAGES),
    *_limited("`--rate max`, 200/s burst 400", "200/s, apply", FAST.rate, ROWS),
    *_limited("`--rate max`, 10/s burst 10", "10/s, apply", SLOW.rate, SLOW_ROWS),
)


def verdicts(results: Results) -> Mapping[Row, Judged]:
    return {row: judge(row, results) for row in ROWS_OF_TABLE}
