"""Which programs run in turn against which server, and how often: the groups of the benchmark."""

from __future__ import annotations

from dataclasses import replace

import fleet
from lanes import Group, Lane, lanes
from measuring import Program
from programs import WORKERS, Bench, Writes
from steering import Setting

LATENCY = 0.02
ROWS = 2_000
SLOW_ROWS = 150
FAST = Setting(users=ROWS, latency=LATENCY, rate=200, burst=400)
SLOW = Setting(users=SLOW_ROWS, latency=LATENCY, rate=10, burst=10)


def groups(bench: Bench) -> tuple[Group, ...]:
    return (
        _starting(bench),
        _one_page(bench),
        _many_pages(bench),
        _distant(bench),
        _bulk(bench),
        _limited(bench),
        fleet.leaving(bench, LATENCY),
        fleet.history(bench),
        fleet.fleet(bench),
    )


def _starting(bench: Bench) -> Group:
    none = Setting()
    own = lanes(
        (bench.python("import typer", "-c", "import typer"), none, 0),
        (bench.parsec("--version", "--version"), none, 0),
        (bench.parsec("--help", "--help"), none, 0),
        (bench.parsec("help --json", "help", "--json"), none, 0),
    )
    if tab := bench.tab("TAB"):
        own.append(Lane(tab, none, 0, home=fleet.HOME))
    return Group("start-up", 25, 9, own, fleet.listed(bench))


def _one_page(bench: Bench) -> Group:
    page, few = Setting(users=100), Setting(users=12)
    own = lanes(
        (bench.parsec("1 page, --json", "users", "list", "--json"), page, 1),
        (bench.script("1 page, httpx", "list_httpx.py"), page, 1),
        (bench.script("1 page, http.client", "list_http_client.py"), page, 1),
        (bench.sdk_loop("1 page, SDK"), page, 1),
        (bench.httpie_page("1 page, httpie"), page, 1),
        (bench.python("1 page, imports", "-c", "import typer, httpx, httpcore"), page, 0),
        (bench.curl_jq("1 page, curl + jq"), page, 1),
        (bench.parsec("12 users, terminal", "users", "list", terminal=True), few, 1),
        (bench.parsec("12 users, piped", "users", "list"), few, 1),
    )
    return Group("one page", 25, 5, own)


def _many_pages(bench: Bench) -> Group:
    many = Setting(users=10_000)
    listing = ("users", "list")
    own = lanes(
        (bench.parsec("10,000, --json", *listing, "--json"), many, 101),
        (bench.script("10,000, httpx", "list_httpx.py"), many, 100),
        (bench.parsec("10,000, piped", *listing), many, 101),
        (bench.parsec("10,000, terminal", *listing, terminal=True), many, 101),
        (bench.sdk_loop("10,000, SDK"), many, 100),
        (bench.curl_jq("10,000, curl + jq"), many, 100),
    )
    return Group("many pages", 9, 2, own)


def _distant(bench: Bench) -> Group:
    many = Setting(users=10_000, latency=LATENCY)
    listing = ("users", "list")
    own = lanes(
        (bench.parsec("20 ms, 10,000, --json", *listing, "--json"), many, 101),
        (bench.script("20 ms, 10,000, http.client", "list_http_client.py"), many, 100),
        (
            bench.parsec("20 ms, 1 page, --json", *listing, "--json"),
            Setting(users=100, latency=LATENCY),
            1,
        ),
        (bench.first_line("20 ms, head -1", *listing), many, None),
    )
    return Group("at 20 ms", 9, 2, own)


def _bulk(bench: Bench) -> Group:
    own = []
    for create, what in ((True, "creates"), (False, "limits")):
        writes = Writes(ROWS, create)
        setting = Setting(users=0 if create else ROWS, latency=LATENCY)
        tool = apply(bench, f"{what}, apply", writes)
        own += [
            replace(lane, fresh=True, quick="xargs" not in lane.program.name)
            for lane in lanes(
                (tool, setting, None),
                (writes.curl_parallel(bench, f"{what}, curl --parallel"), setting, ROWS),
                (writes.xargs_curl(bench, f"{what}, xargs -P curl"), setting, ROWS),
            )
        ]
    return Group("bulk", 3, 1, own, cold=0)


def _limited(bench: Bench) -> Group:
    fast, slow = Writes(ROWS, create=False), Writes(SLOW_ROWS, create=False)
    own = [
        Lane(apply(bench, "200/s, apply", fast), FAST, fresh=True),
        Lane(apply(bench, "10/s, apply", slow), SLOW, fresh=True),
    ]
    return Group("under a limit", 3, 1, own, cold=0)


def apply(bench: Bench, name: str, writes: Writes) -> Program:
    roster = str(writes.roster(bench.scratch))
    options = ("--yes", "--json", "--rate", "max", "--concurrency", str(WORKERS))
    return bench.parsec(name, "users", "apply", roster, *options)
