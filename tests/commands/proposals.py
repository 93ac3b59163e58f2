"""A command line for each place in the code that proposes a command."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from support.actions import Action, close, error, html, json_response, raw_json, redirect, too_many
from support.builder import BuilderServer
from support.runner import Completed

UUID = "298a59f8-5e1e-4978-90a7-6e49fa60dbd6"
KNOWN = "11111111-2222-4333-8444-555555555555"


@dataclass
class Scene:
    """What a case may set up before its command."""

    builder: BuilderServer
    tool: Callable[..., Completed]
    work: Path
    config: Path
    stdin: bytes | None


class Case(NamedTuple):
    """`line` ends with the first of `codes`, what it proposes with the second.

    `does` is a pattern for the requests and the output of the proposed command. BASE stands for the
    builder's URL, ALIAS for another name of the same host.
    """

    line: str
    codes: tuple[int, int]
    does: str
    setup: Callable[[Scene], Any] = lambda _: None


def fault(method: str, action: Action, times: int = 1, path: str = "") -> Callable[[Scene], None]:
    return lambda scene: scene.builder.fault(method, path, action=action, times=times)


def refused(status: int, code: str, method: str = "GET", path: str = "") -> Callable[[Scene], None]:
    return fault(method, error(status, "no", code), path=path)


def created_as(**fields: Any) -> Callable[[Scene], None]:
    """Let a create return the customer_id of u1 as that of the new user."""
    user = {"customer_id": KNOWN, "external_id": "new", **fields}
    if fields:
        user |= {"tier": "pro", "created_at": None}
    return fault("POST", json_response(201, user))


def only(rule: str) -> Callable[[Scene], None]:
    """Let no user break any rule of an audit but this one, if it has a command."""

    def arrange(scene: Scene) -> None:
        for number, user in enumerate(scene.builder.users.values()):
            user["linked_exchanges"] = [] if rule == "not_linked" else ["kalshi"]
            user["qps_limit"] = 900 if rule == "large_share" and not number else 1
            user["fee_escrow_enabled"] = rule != "escrow_off"

    return arrange


def saved_plan(scene: Scene) -> None:
    """Save `p.json`, which is outdated at once, and `changed.json` with another user in it."""
    url = ("--base-url", scene.builder.url)
    env = {"PARSEC_API_KEY": scene.builder.key}
    for name, roster in (("p.json", "r.csv"), ("over.json", "big.csv")):
        scene.builder.qps_pool = 1_000_000
        done = scene.tool(*url, "users", "plan", roster, "--out", name, env=env)
        assert done.code == 0, done
        scene.builder.users[KNOWN]["qps_limit"] = 50
    scene.builder.qps_pool = 1_000
    text = (scene.work / "p.json").read_text()
    (scene.work / "changed.json").write_text(text.replace("u1", "u2"))


def applied(scene: Scene) -> None:
    """Record a run of profile prod, with an id that the tests know."""
    (scene.work / "one.csv").write_text("external_id\none\n")
    url, env = ("--base-url", scene.builder.url), {"PARSEC_API_KEY": scene.builder.key}
    assert scene.tool(*url, "users", "apply", "one.csv", "--yes", env=env).code == 0
    (path,) = (scene.work.parent / "home").rglob("runs/r-*.jsonl")
    path.write_text(re.sub('"profile": "[^"]*"', '"profile": "prod"', path.read_text()))
    path.rename(path.with_name("r-20000101-0000.jsonl"))


def failed_run(scene: Scene) -> None:
    """Record a run whose only row failed."""
    scene.builder.fault("PATCH", action=error(409, "no", "conflict"))
    url, env = ("--base-url", scene.builder.url), {"PARSEC_API_KEY": scene.builder.key}
    assert scene.tool(*url, "users", "apply", "r.csv", "--yes", env=env).code == 8
    (path,) = (scene.work.parent / "home").rglob("runs/r-*.jsonl")
    path.rename(path.with_name("r-20000101-0000.jsonl"))


def entry(scene: Scene) -> None:
    """Record a change in the history, with an id that the tests know."""
    url, env = ("--base-url", scene.builder.url), {"PARSEC_API_KEY": scene.builder.key}
    assert scene.tool(*url, "users", "set-qps", "u1", "9", env=env).code == 0
    (path,) = (scene.work.parent / "home").rglob("history.jsonl")
    path.write_text(re.sub(r'("(id|finished)"):"[^"]*"', r'\1:"00000000000001"', path.read_text()))


def a_roster(scene: Scene) -> None:
    scene.stdin = b"external_id,qps_limit\nu1,7\n"


def a_keep_file(scene: Scene) -> None:
    scene.builder.add("u3", 200)
    scene.stdin = b"u1\n"


def lost(scene: Scene) -> None:
    scene.builder.fault("PATCH", action=error(503, "no", "unavailable"), times=1)


def small_quota(scene: Scene) -> None:
    scene.builder.monthly_limit = scene.builder.monthly_used + 2


def protected(scene: Scene) -> None:
    with scene.config.open("a") as file:
        file.write("protected = true\n")


def remembered(scene: Scene) -> None:
    """Let the tool know the users' ids."""
    url, env = scene.builder.url, {"PARSEC_API_KEY": scene.builder.key}
    assert scene.tool("--base-url", url, "users", "list", env=env).code == 0


def no_stdin(scene: Scene) -> None:
    scene.stdin = None


def no_config(scene: Scene) -> None:
    scene.config.write_text("")


def no_default(scene: Scene) -> None:
    """Leave one profile, which is not the default."""
    text = scene.config.read_text()
    scene.config.write_text(text[text.index("[profiles.prod]") :])


def no_limit(scene: Scene) -> None:
    """Let the server ignore `limit` once."""
    users = [{"customer_id": KNOWN, "external_id": "u1"}]
    users += [{"customer_id": UUID, "external_id": "u2"}]
    page = {"users": users, "count": 2, "next_cursor": None}
    scene.builder.fault("GET", "/builder/users", action=json_response(200, page))


def no_users(scene: Scene) -> None:
    scene.builder.users.clear()


def broken_sandbox(scene: Scene) -> None:
    scene.tool("-p", "sandbox", "users", "list")
    (path,) = scene.config.parents[2].rglob("sandbox.sqlite3")
    path.write_bytes(b"no database" * 100)


USERS, USAGE, POOL = "^GET /builder/users$", "^GET /usage$", "^GET /builder/pool$"
USER, CHANGED = f"^GET /builder/users/{KNOWN}$", f"^PATCH /builder/users/{KNOWN}$"
CREATED, DELETED = "^POST /builder/users$", "^DELETE /builder/users/"
HOST, STORED = "base_url\tBASE\t", "^stored "
DENIED = refused(401, "unauthorized")


CASES = [
    Case("users list", (3, 0), HOST, fault("GET", html(404))),
    Case("users list", (4, 0), USAGE, DENIED),
    Case("users list", (4, 0), USAGE, refused(403, "forbidden")),
    Case("users list --max-wait 0", (6, 0), USERS, fault("GET", too_many())),
    Case("users list", (6, 0), USAGE, refused(429, "monthly_limit_exceeded")),
    Case("users list --max-wait 0", (7, 0), USAGE, refused(500, "internal_error")),
    Case("users list", (7, 0), HOST, fault("GET", redirect(302, "https://elsewhere.invalid"))),
    Case("users list", (7, 0), HOST, fault("GET", raw_json(200, "x"), 2)),
    Case("users set-qps u1 9", (12, 0), USER, fault("PATCH", close(), 4)),
    Case("users deactivate u1 --confirm u1", (12, 0), USER, fault("DELETE", close(), 3)),
    Case(f"api GET /builder/users/{UUID[:-1]}0", (3, 0), USERS),
    Case("users create new", (7, 0), HOST, refused(404, "not_found", "POST")),
    Case("api GET /nothing", (3, 0), HOST),
    Case(
        "api GET /orders --as u1",
        (5, 0),
        "^POST /builder/onboard$",
        refused(403, "credentials_required", path="orders"),
    ),
    Case("users list", (5, 0), USAGE, refused(403, "another")),
    Case("users get '' --fields email", (2, 0), USERS),
    Case("users get ext:nobody", (3, 0), USERS),
    Case("users get ext:riche", (3, 0), "rich"),
    Case(f"users set-qps {UUID} 6", (3, 0), "^PATCH "),
    Case("users deactivate --from-file gone.txt", (3, 0), USERS),
    Case("users plan who.csv", (2, 0), USERS),
    Case("users plan cut.json", (2, 0), USERS),
    Case("users plan near.csv", (2, 0), "set-qps\tu1"),
    Case("users plan share.csv", (2, 0), "set-qps\tu1"),
    Case("users apply printed.json", (2, 0), "set-qps\tu1"),
    Case("users plan p.json", (2, 8), "the plan is outdated", saved_plan),
    Case(
        "users onboard u1 --exchange kalshi --mode self --credentials key.pem",
        (2, 0),
        "^POST /builder/onboard$",
    ),
    Case("users apply empty.csv --prune", (10, 0), USERS),
    Case("users apply filtered.json --prune", (10, 0), USERS),
    Case("users apply similar.csv --yes", (10, 0), CREATED),
    Case("users apply two.csv --yes", (10, 0), USAGE, small_quota),
    Case("users apply changed.json", (10, 0), USERS, saved_plan),
    Case("users apply twin.csv --yes", (3, 0), USERS),
    Case("users set-qps u1 9", (10, 0), CHANGED, protected),
    Case("users list --nope", (2, 0), "parsec users list"),
    Case("users list --api-key x", (2, 0), STORED),
    Case("users reactivate u1", (2, 0), "parsec users create"),
    Case("usres", (2, 0), "parsec users"),
    Case("login -p sandbox", (2, 0), "user_001"),
    Case("users lst --nope", (2, 0), "parsec users list"),
    Case("version --nope", (2, 0), "parsec [0-9]"),
    Case("sandbox users --limit 1", (2, 0), "continue with\n  parsec -p sandbox"),
    Case("users lst --limit 1", (2, 0), USERS),
    Case("usres list --limit 1", (2, 0), USERS),
    Case("users rm u1", (2, 9), "deactivate"),
    Case("api GET C:/Git/builder/pool", (2, 0), POOL),
    Case("api /builder/pool --include", (2, 0), POOL),
    Case("api DELETE /builder/users/a%20b", (2, 9), USERS),
    Case("config set rate", (2, 0), STORED),
    Case("config init -p third --base-url BASE", (0, 0), USAGE),
    Case("config set api_key x -p prod", (2, 0), STORED),
    Case("config set api_key -p prod --base-url ALIAS", (10, 0), STORED),
    Case("config set api_key -p prod", (4, 0), STORED, DENIED),
    Case("config init -p prod", (9, 0), STORED),
    Case("config set api_key -p prod", (2, 0), STORED, no_stdin),
    Case("doctor -p prod", (4, 0), STORED, DENIED),
    Case("doctor -p prod", (7, 0), "base_url", fault("GET", close(), 4)),
    Case("help safty", (2, 0), "parsec"),
    Case("users set-qps u1 99999", (10, 0), CHANGED),
    Case("users set-qps 6 u1", (2, 0), CHANGED),
    Case("users create x --qps-limit 99999", (10, 0), CREATED),
    Case("users apply big.csv --yes", (10, 0), CHANGED),
    Case("users deactivate u1 u2 --max 1", (10, 9), "u2"),
    Case("users apply r.csv --prune --max 1", (10, 9), "rich"),
    Case("users deactivate u1", (9, 0), DELETED),
    Case("users deactivate rich u1 --reason it\\'s -q", (9, 0), DELETED),
    Case("users deactivate rich --confirm rich", (10, 0), DELETED),
    Case("users deactivate --from-file leavers.txt --max 5", (9, 0), DELETED),
    Case(
        "users deactivate --from-file -",
        (9, 0),
        DELETED,
        lambda scene: setattr(scene, "stdin", b"u1\n"),
    ),
    Case("users apply r.csv --prune --balances-only", (9, 0), DELETED),
    Case("users apply r.csv --yes --allow-holdings 1", (10, 0), CHANGED),
    Case(f"api DELETE /builder/users/{KNOWN} --as u2 -f a=b -F n=[1] --include", (9, 0), DELETED),
    Case("users apply r.csv", (9, 0), CHANGED),
    Case("users apply -- -f.csv", (9, 0), CHANGED),
    Case("users apply over.json --yes", (10, 0), USERS, saved_plan),
    Case("users apply p.json --prune", (2, 0), USERS, saved_plan),
    Case("users apply p.json --yes", (8, 0), "\t50\t7", saved_plan),
    Case("users apply r.csv --yes", (8, 0), CHANGED, refused(409, "conflict", "PATCH")),
    Case("users apply leaver.csv --yes", (10, 0), "1 unchanged"),
    Case("users create null", (2, 0), CREATED),
    Case("users create U1", (10, 0), CREATED, remembered),
    Case("users create new", (0, 0), "pk_live_"),
    Case("users create u1 --qps-limit 9", (0, 0), CHANGED),
    Case("users create new --qps-limit 9", (12, 0), CHANGED, created_as(qps_limit=500)),
    Case("users create new", (12, 3), "`ext:new`", created_as()),
    Case("users deactivate", (2, 9), "deactivate"),
    Case("users list -o table", (0, 0), CREATED, no_users),
    Case("users list --limit 1", (0, 0), USERS),
    Case("users list --limit 1 -o tsv", (0, 0), "u2", no_limit),
    Case("users plan r.csv -o table", (0, 9), "is protected|--yes", protected),
    Case("users diff filtered.json", (10, 0), USERS),
    Case("users audit -o table", (11, 0), "^GET /builder/users$", only("not_linked")),
    Case("users audit -o table", (11, 0), POOL, only("large_share")),
    Case("users audit -o table", (11, 0), "^GET /builder/escrow/config$", only("escrow_off")),
    Case("pool share --target 1 -o table", (0, 0), "set-qps\tu1"),
    Case("pool share --target 1 -o table --no-headers --fields external_id", (0, 0), "set-qps\tu1"),
    Case("pool share --target 3 --keep-file - -o table", (0, 0), "set-qps\tu3", a_keep_file),
    Case("pool share --keep nobody", (3, 0), USERS),
    Case("users plan r.csv --out new.json", (0, 9), "--yes"),
    Case("users plan many.csv -o table", (0, 9), "--yes"),
    Case("users plan - -o table", (0, 0), "Saved to p2.json", a_roster),
    Case("users apply many.csv --dry-run -o table", (0, 0), "create"),
    Case("users apply r.csv --yes -o table", (12, 0), "unknown", lost),
    Case("config set api_key -p cmd", (2, 0), "removed `api_key_comm"),
    Case("config set base_url http://127.0.0.1:1 -p prod", (10, 0), "removed `api_key`"),
    Case("config set api_key_command '\"open' -p bare", (2, 0), STORED),
    Case("users list -p prod --base-url ALIAS", (10, 0), STORED),
    Case("users list -p bare --base-url ALIAS", (4, 0), STORED),
    Case("users list -p bare", (4, 0), STORED),
    Case("users list", (4, 0), "the default profile is now `prod`", no_default),
    Case("users list -p sandbox --base-url BASE", (2, 0), "user_001"),
    Case("users list -p no --base-url BASE", (2, 0), STORED),
    Case("users list -p prod --base-url BASE", (2, 0), STORED, no_config),
    Case("history show nothing", (3, 0), "", saved_plan),
    Case("history show r-20000101-0000", (3, 0), "set-qps", failed_run),
    Case("history revert r-20000101-0000 -p sandbox", (10, 0), "skipped `one`", applied),
    Case("runs show nothing", (3, 0), "", applied),
    Case("runs show 00000000000001", (3, 0), "qps_limit 5 -> 9|qps_limit.*5,9", entry),
    Case("runs list -o table --all-profiles", (0, 0), "u1.*failed", failed_run),
    Case("runs show r-20000101-0000 --failed -o table", (0, 0), "set-qps\tu1", failed_run),
    Case("runs show r-20000101-0000-1 --json", (3, 0), '"results": .*created', applied),
    Case("users list -p sandbox", (1, 0), "", broken_sandbox),
]
# in every way of naming profile and host
_LINES = ("users apply r.csv", "users get ext:nobody", "users list --limit 1")
EVERYWHERE = [case for case in CASES if case.line in _LINES]
