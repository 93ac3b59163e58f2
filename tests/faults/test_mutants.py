"""Thousands of broken responses: no crash, no undocumented exit code, no false success."""

from __future__ import annotations

import io
import json
import random
import shutil
from typing import Any

import pytest
from faults.mutants import ALICE, MutantBuilder
from support.builder import BUILDER_KEY
from support.clock import VirtualClock
from support.records import END_USER_KEY
from support.runner import Completed
from support.steady import FULL

from parsec_cli.main import main

ROUNDS = 10_000 if FULL else 200
CLASSES = {
    "read": [
        *(f"users get {ALICE}", "users get alice", f"users get {ALICE} b", "users list"),
        *("users list --limit 1", "users list --sort qps_limit", "pool show --top 3"),
        *("users list --match a --wallet safe", "pool show", "pool check", "usage show"),
        *("escrow show", f"users check {ALICE} --exchange polymarket", "doctor"),
        *(f"users check {ALICE}", "usage check", "pool share --target 1", "users audit"),
    ],
    "create": ["users create new", "users create new --qps-limit 5"],
    "onboard": [f"users onboard {ALICE} --exchange polymarket --mode managed"],
    "set-qps": [f"users set-qps {ALICE} 5", "users set-qps alice 20"],
    "deactivate": [
        f"users deactivate {user} --confirm alice --allow-holdings 1" for user in (ALICE, "alice")
    ],
    "api": [
        *(f"api GET /builder/users/{ALICE}", "api GET /builder/users --include"),
        "api POST /builder/users -f external_id=new",
        f"api PATCH /builder/users/{ALICE} -F qps_limit=5",
        f"api DELETE /builder/users/{ALICE} --confirm alice --allow-holdings 1",
    ],
}
EFFECTS = {"create": "POST", "onboard": "ONBOARD", "set-qps": "PATCH", "deactivate": "DELETE"}
FORMATS = ["json", "json", "json", "jsonl", "tsv", "csv", "table"]
CODES = {
    # the limits of a mutated pool cannot be shared
    "read": {0, 3, 4, 5, 6, 7, 10, 11},
    # a full or an invalid pool is refused by a guard
    "create": {0, 4, 5, 6, 7, 10, 12, 3},
    "onboard": {0, 3, 4, 5, 6, 7, 12},
    "set-qps": {0, 3, 4, 5, 6, 7, 10, 12},
    # the word to be typed comes from the server, and so does what the user holds
    "deactivate": {0, 3, 4, 5, 6, 7, 9, 10, 12},
    "api": {0, 3, 4, 5, 6, 7, 9, 10, 12},
}


@pytest.fixture
def run(isolated_environment, work, monkeypatch):
    monkeypatch.chdir(work)
    environ = {
        **isolated_environment,
        "PARSEC_API_KEY": BUILDER_KEY,
        "PARSEC_API_BASE_URL": "https://api.parsec.invalid",
    }

    def call(argv: list[str], builder: MutantBuilder) -> Completed:
        out, err, clock = io.BytesIO(), io.BytesIO(), VirtualClock()
        code = main(
            argv,
            environ=environ,
            stdin=None,
            stdout=_writer(out),
            stderr=_writer(err),
            clock=clock,
            monotonic=clock,
            sleep=clock.sleep,
            random=builder.chance.random,
            transport=builder,
        )
        return Completed(code, out.getvalue(), err.getvalue())

    return call


def _writer(raw: io.BytesIO) -> io.TextIOWrapper:
    stream = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", newline="\n")
    stream.reconfigure(write_through=True)
    stream.close = lambda: None  # type: ignore[method-assign]
    return stream


@pytest.mark.parametrize("name", CLASSES)
def test_no_broken_response_breaks_the_tool(run, home, name):
    seen: dict[int, int] = {}
    for number in range(ROUNDS):
        if number % 500 == 499:
            shutil.rmtree(home / ".local", ignore_errors=True)
        seed = f"{name}-{number}"
        chance = random.Random(seed)
        builder = MutantBuilder(seed, rate=chance.choice((0.3, 0.7, 1.0)))
        argv = [*chance.choice(CLASSES[name]).split(), "-o", chance.choice(FORMATS)]
        completed = run(argv, builder)
        case = f"{seed}: {argv} -> {completed}\n" + "\n".join(builder.log[-8:])
        assert completed.code in CODES[name], case
        assert "Traceback" not in completed.err, case
        check_streams(completed, argv, case)
        if name in EFFECTS:
            check_truth(completed, builder, EFFECTS[name], case)
        seen[completed.code] = seen.get(completed.code, 0) + 1
    # the generator is useful: both outcomes occur
    assert 0.02 * ROUNDS < seen[0] < 0.98 * ROUNDS, seen
    assert len(seen) >= 4, seen


def check_streams(completed: Completed, argv: list[str], case: str) -> None:
    for canary in (BUILDER_KEY, END_USER_KEY):
        assert canary.encode() not in completed.out_bytes + completed.err_bytes, case
    form = argv[-1]
    if form in ("table", "tsv"):
        assert b"\x1b" not in completed.out_bytes + completed.err_bytes, case
    if form in ("json", "jsonl"):
        documents = [completed.out] if form == "json" else completed.out.splitlines()
        parsed = [json.loads(text) for text in documents if text.strip()]
        if completed.code not in (0, 11) and argv[0] == "users" and parsed and form == "json":
            assert False in (parsed[0].get("complete"), parsed[0].get("ok")), case
        if completed.code not in (0, 11) and argv[0] != "doctor":
            error: dict[str, Any] = completed.error
            assert error["exit_code"] == completed.code, case
            assert error["hint"], case
    elif completed.code not in (0, 11) and argv[0] != "doctor":
        assert completed.err.count("error: ") >= 1, case


def check_truth(completed: Completed, builder: MutantBuilder, effect: str, case: str) -> None:
    """Compare the claims of the output with what happened."""
    onboardings = [response for sent, response in builder.responses if sent.endswith("/onboard")]
    # only a 429 says that nothing was done
    assert all(response.startswith("429") for response in onboardings[:-1]), case
    if completed.code == 0:
        assert effect in builder.effects, f"false success: {case}"
    elif completed.code != 12:
        # "nothing was changed" must be true
        assert effect not in builder.effects or _refused_openly(builder), f"false failure: {case}"


def _refused_openly(builder: MutantBuilder) -> bool:
    """The server made the change and then said clearly that it had not: no tool can detect this."""
    return builder.log[-1][:1] in ("3", "4") or builder.log[-1].startswith("501")
