"""The memory that a hostile response costs the process that reads it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from support.actions import chunked, gzip_bomb, response

MEGABYTE = 1024 * 1024
# ru_maxrss of a process that was forked counts what the forking one held; VmHWM begins at exec
MEASURE = """
import pathlib, re, resource, runpy, sys
sys.argv = ["parsec", *sys.argv[1:]]
try:
    runpy.run_module("parsec_cli", run_name="__main__")
except SystemExit:
    pass  # the tool ends the process with its own exit code
status = pathlib.Path("/proc/self/status")
if status.exists():
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak)
"""
ENDLESS = {
    "bomb of 200 MB": lambda: gzip_bomb(200),
    "endless text": lambda: chunked(200, (b" " * MEGABYTE for _ in range(400))),
    "endless error": lambda: chunked(500, (b"<p>" * 100_000 for _ in range(400))),
}


def decimals(count: int) -> bytes:
    numbers = ",".join(f"{number}.{number:055}" for number in range(count))
    return b'{"x":[%b]}' % numbers.encode()


@pytest.fixture
def measured(server, key_env, isolated_environment, work):
    """Run the tool; return its exit code, its peak of memory in bytes, and stderr."""

    def run(*argv: str, at=server) -> tuple[int, int, bytes]:
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, *argv],
            env={**isolated_environment, **key_env(at)},
            cwd=work,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return done.returncode, int(done.stdout.splitlines()[-1]), done.stderr

    return run


@pytest.mark.parametrize(("count", "ending"), [(245_000, 7), (124_000, 0)])
def test_numbers_whose_digits_are_kept_take_less_than_150_megabytes(
    server, measured, count, ending
):
    server.respond(response(200, decimals(count)))
    code, peak, err = measured("api", "GET", "/builder/pool", "-o", "json")
    assert (code, peak < 150 * MEGABYTE) == (ending, True), (code, peak, err)


@pytest.mark.parametrize("make", ENDLESS.values(), ids=ENDLESS.keys())
def test_an_endless_response_takes_less_than_150_megabytes(server, measured, make):
    server.respond(lambda _: make())
    code, peak, err = measured("users", "list", "--json", "--max-wait", "0")
    assert code == 7, err
    assert json.loads(err.splitlines()[-1])["error"]["exit_code"] == 7
    assert peak < 150 * MEGABYTE
    assert len(server.requests) <= 4


def test_a_sorted_listing_with_a_limit_keeps_no_more_users_than_that(builder, measured):
    builder.add_many(20_000)
    code, peak, err = measured("users", "list", "--sort", "tier", "--limit", "3", at=builder)
    assert (code, peak < 50 * MEGABYTE) == (0, True), (code, peak, err)
