"""The jobs of large fleets: 100,000 users, a history of a million changes, many deactivations."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from builder import external_id
from lanes import Group, Lane
from measuring import run
from programs import Bench, Writes
from steering import Server, Setting

USERS = 100_000
MANY, FEW = 1_000_000, 100  # entries of a history
LEAVING = 100
FINDINGS = 11  # exit code of an audit that found something
HOME = "fleet"
_FLEET = Setting(users=USERS)


def listed(bench: Bench) -> Callable[[Server], None]:
    """Prepare a home in which all users were listed, and two exports that differ."""

    def prepare(server: Server) -> None:
        old, new = _exports(bench)
        if old.exists():
            return
        server.settle(_FLEET)
        export = bench.parsec("export", "users", "list", "-o", "csv")
        to_file = bench.shell("export", f'"$@" >{old}', *export.argv)
        run(to_file, {**bench.environ, "HOME": str(bench.home(HOME))})
        # row by row: what this process holds would count as the peak memory of its children
        with old.open(newline="") as before, new.open("w", newline="") as after:
            rows, written = csv.reader(before), csv.writer(after)
            head = next(rows)
            written.writerow(head)
            place = head.index("qps_limit")
            for number, row in enumerate(rows):
                row[place] = str(int(row[place]) + (number % 100 == 0))
                if number >= LEAVING:
                    written.writerow(row)

    return prepare


def _exports(bench: Bench) -> tuple[Path, Path]:
    return bench.scratch / "old.csv", bench.scratch / "new.csv"


def fleet(bench: Bench) -> Group:
    old, new = map(str, _exports(bench))
    plan = str(bench.scratch / "plan.json")
    roster = str(Writes(USERS, create=False).roster(bench.scratch))
    listing = ("users", "list")
    own = [
        Lane(program, _FLEET, requests, quick=quick, home=HOME)
        for program, requests, quick in (
            (bench.parsec("100,000, --json", *listing, "--json"), 1_001, True),
            (bench.parsec("100,000, csv", *listing, "-o", "csv"), 1_001, True),
            (bench.parsec("100,000, terminal", *listing, terminal=True), 1_001, False),
            (
                bench.parsec("100,000, sorted", *listing, "--sort", "tier", "--limit", "10"),
                1_001,
                True,
            ),
            (bench.parsec("100,000, plan", "users", "plan", roster, "--out", plan), 1_002, True),
            (bench.parsec("100,000, load", "users", "apply", plan, "-n"), 1_002, True),
            (bench.parsec("100,000, diff", "users", "diff", old, new), 0, False),
            (bench.parsec("100,000, audit", "users", "audit", code=FINDINGS), None, False),
        )
    ]
    return Group("fleet", 3, 1, own, listed(bench), cold=0)


def history(bench: Bench) -> Group:
    """Show the newest changes, with a long and with a short file of them."""
    homes = {"history, 1,000,000": MANY, "history, 100": FEW}

    def prepare(_: Server) -> None:
        for name, entries in homes.items():
            _write_history(bench.home(name), entries)

    own = [
        Lane(
            bench.parsec(name, "history", "list", terminal=True), _FLEET, 0, quick=False, home=name
        )
        for name in homes
    ]
    return Group("history", 9, 1, own, prepare)


def _write_history(home: Path, entries: int) -> None:
    """Write changes of users as the tool does, a line before each and one after."""
    folder = home / ".local" / "state" / "parsec"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    change = (
        b'{"id":"1m%012d","time":"2026-03-01T08:00:00.000Z","profile":"default","host":"x",'
        b'"key":"0123456789ab","command":"users set-qps","target":{"customer_id":'
        b'"2afe1039-7b19-5311-ac21-dee89226f1ca","external_id":"user-000000"},"before":'
        b'{"qps_limit":5},"after":{"qps_limit":7},"reason":null}\n'
        b'{"id":"1m%012d","finished":"2026-03-01T08:00:00.020Z","outcome":"applied","attempts":1,'
        b'"http_status":200,"after":{"qps_limit":7}}\n'
    )
    with (folder / "history.jsonl").open("wb") as file:
        file.writelines(change % (number, number) for number in range(entries))


def leaving(bench: Bench, latency: float) -> Group:
    """Deactivate users who have a wallet and are linked, so that their holdings are read."""
    names = bench.scratch / "leaving.txt"
    # every other user has a wallet
    names.write_text("".join(f"{external_id(2 * n + 1)}\n" for n in range(LEAVING)))
    count = str(LEAVING)
    program = bench.parsec(
        *("leaving", "users", "deactivate", "--from-file", str(names)),
        *("--confirm", count, "--max", count, "--rate", "max", "--json"),
    )
    setting = Setting(users=2 * LEAVING, latency=latency)
    return Group("deactivations", 3, 1, [Lane(program, setting, fresh=True)], cold=0)
