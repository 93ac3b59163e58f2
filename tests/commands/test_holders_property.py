"""No form deactivates a holder without the typed word or the right number."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.users.bulk_files import roster
from hypothesis import given, settings
from hypothesis import strategies as st
from support.actions import error, html, json_response, reset
from support.builder import BUILDER_KEY, BuilderServer
from support.clock import VirtualClock
from support.records import customer_id
from support.runner import clean_environment, run_in_process
from support.steady import FULL, STEADY

# each with whether it makes a holder of a user for whom it is read
BALANCES: list[tuple[Any, bool]] = [
    ([], False),
    ([{"token": "USDC", "balance": "0.00", "raw_balance": "0"}], False),
    ([{"token": "USDC", "balance": "5.25", "raw_balance": "5250000", "decimals": 6}], True),
    ([{"token": "USDC", "balance": "0", "raw_balance": "1", "decimals": 6}], True),
    ([{"token": "A", "balance": "0"}, {"token": "B", "balance": "1e-18"}], True),
    ([{"token": "USDC", "balance": "some"}], True),
    ({"USDC": "0"}, True),
]
ORDERS: list[tuple[Any, bool]] = [
    (json_response(200, []), False),
    (json_response(200, [{"status": "filled"}, {"status": "cancelled"}]), False),
    (json_response(200, [{"status": "filled"}, {"status": "pending"}]), True),
    (json_response(200, {"orders": []}), True),
    (error(403, "exchange credentials required", "credentials_required"), True),
    (html(502), True),
]
POSITIONS: list[tuple[Any, bool]] = [
    (json_response(200, []), False),
    (json_response(200, [{"size": 0}, {"size": "0.0"}]), False),
    (json_response(200, [{"size": "0.5"}]), True),
    (json_response(200, [{}]), True),
    (reset(), True),
]
FORMS = ("arguments", "file", "api", "apply", "prune", "saved")


@dataclass(frozen=True)
class Person:
    """A user of the fleet."""

    wallet: bool
    linked: bool
    balances: tuple[Any, bool]
    orders: tuple[Any, bool]
    positions: tuple[Any, bool]

    def holds(self, *, balances_only: bool) -> bool:
        if not self.wallet:
            return False
        read = self.linked and not balances_only
        return self.balances[1] or (read and (self.orders[1] or self.positions[1]))


people = st.builds(
    Person,
    st.booleans(),
    st.booleans(),
    st.sampled_from(BALANCES),
    st.sampled_from(ORDERS),
    st.sampled_from(POSITIONS),
)


class Fleet:
    """A builder with these people, and commands against it from a home of their own.

    The first `leaving` of them are to be deactivated.
    """

    def __init__(
        self, server: BuilderServer, directory: Path, everyone: list[Person], leaving: int
    ) -> None:
        self.work = directory
        names = [f"u{number}" for number in range(len(everyone))]
        self.leaving, self.staying = names[:leaving], names[leaving:]
        self.environ = {
            **clean_environment(directory),
            "PARSEC_API_KEY": BUILDER_KEY,
            "PARSEC_API_BASE_URL": server.url,
        }
        by_id = {}
        for number, person in enumerate(everyone):
            wallet = {"wallet_type": "eoa", "balances": person.balances[0]}
            linked = ["polymarket"] if person.linked else ["kalshi"]
            user = server.add(
                f"u{number}", 1, wallet=wallet if person.wallet else None, linked_exchanges=linked
            )
            by_id[user["customer_id"]] = person

        def respond(request):
            person = by_id.get(request.header("x-builder-customer-id"))
            if person is None:
                return server._handle(request)
            return (person.orders if "orders" in request.path else person.positions)[0]

        server.respond(respond)

    def run(self, *argv: str):
        return run_in_process(argv, env=self.environ, clock=VirtualClock())

    def command(self, form: str, *options: str) -> tuple[list[str], list[str]]:
        """The command line of this form, and the names that it deactivates."""
        gone = self.leaving
        (self.work / "ids").write_text("\n".join(gone))
        rows = [f"{name},absent" for name in gone]
        absent = roster(self.work / "absent.csv", *rows, header="external_id,state")
        stay = roster(self.work / "stay.csv", *self.staying, header="external_id")
        match form:
            case "arguments":
                return ["users", "deactivate", *gone, *options], gone
            case "file":
                return ["users", "deactivate", "--from-file", f"{self.work}/ids", *options], gone
            case "api":
                path = f"/builder/users/{customer_id(int(gone[0][1:]))}"
                return ["api", "DELETE", path, *options], gone[:1]
            case "apply":
                return ["users", "apply", absent, *options], gone
            case "prune":
                return ["users", "apply", stay, "--prune", *options], gone
            case _:
                plan = f"{self.work}/plan.json"
                assert self.run("users", "plan", absent, "--out", plan, *options).code == 0
                return ["users", "apply", plan, *options], gone


def holders_named(fleet: Fleet, command: list[str]) -> set[str]:
    """The holders that a dry run names."""
    found = fleet.run(*command, "-n", "--json")
    assert found.code == 0, found
    value = found.json
    if "actions" not in value:
        return {"only"} if counts(value["holdings"]) else set()
    if "summary" in value:
        assert value["summary"]["holders"] == sum(counts(a["holdings"]) for a in value["actions"])
    return {a["external_id"] for a in value["actions"] if counts(a["holdings"])}


def counts(holdings: dict[str, Any] | None) -> bool:
    return holdings is not None and any(holdings.values())


@given(
    leaving=st.lists(people, min_size=1, max_size=4),
    staying=st.lists(people, min_size=1, max_size=2),
    form=st.sampled_from(FORMS),
    off=st.sampled_from([None, -1, 0, 0, 1]),
    agrees=st.sampled_from([True, True, True, False]),
    balances_only=st.booleans(),
)
@settings(STEADY, max_examples=500 if FULL else 25)
def test_users_with_holdings_are_deactivated_only_with_the_right_number(
    leaving, staying, form, off, agrees, balances_only
):
    """`off` is by how much `--allow-holdings` misses the number of holders; None: not given."""
    server = BuilderServer()
    server.strict = False
    options = ["--balances-only"] if balances_only else []
    try:
        with tempfile.TemporaryDirectory() as directory:
            fleet = Fleet(server, Path(directory), leaving + staying, len(leaving))
            command, gone = fleet.command(form, *options)
            holders = {
                name for name in gone if leaving[int(name[1:])].holds(balances_only=balances_only)
            }
            one = form == "api" or (form == "arguments" and len(gone) == 1)
            assert holders_named(fleet, command) == ({"only"} if one and holders else holders)
            assert server.effects == []

            word = gone[0] if one else str(len(gone))
            given_number = None if off is None else max(0, len(holders) + off)
            allowed = [] if given_number is None else ["--allow-holdings", str(given_number)]
            confirm = ["--confirm", word if agrees else f"{word}x"]
            done = fleet.run(*command, *confirm, *allowed)
            right = given_number == len(holders) or (given_number is None and not holders)
            assert done.code == (0 if agrees and right else 10 if agrees else 9), done
            sent = [customer for verb, customer in server.effects if verb == "DELETE"]
            expected = {customer_id(int(name[1:])) for name in gone} if done.code == 0 else set()
            assert set(sent) == expected
    finally:
        server.stop()
