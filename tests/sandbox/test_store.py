"""The file: its modes, its sharing, and what happens when it cannot be used."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sandbox.client import Api
from support.views import mode

from parsec_cli import next_command
from parsec_cli.errors import LocalFault
from parsec_cli.sandbox import app, seed
from parsec_cli.sandbox.store import Store


def test_nothing_is_created_before_the_first_request(db):
    application = app.Sandbox(db)
    assert not db.parent.exists()
    Api(application).pool()
    assert db.exists()
    application.store.close()


def test_only_the_owner_can_read_file_and_directory_and_closing_leaves_one_file(api, db):
    api.create("u1")
    assert mode(db.parent) == 0o700
    assert {mode(path) for path in db.parent.iterdir()} == {0o600}
    api.application.store.close()
    assert list(db.parent.iterdir()) == [db]


def test_many_threads_lose_nothing(sandbox):
    apis = [sandbox() for _ in range(3)]

    def work(number):
        api = apis[number % 3]
        customer_id = api.create(f"t{number}", qps_limit=2)["customer_id"]
        if number % 2:
            return api.delete(customer_id)
        return api("PATCH", f"/builder/users/{customer_id}", json={"qps_limit": 3}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(work, range(60)))
    assert statuses.count(204) == statuses.count(200) == 30
    expected = {"qps_pool": 2500, "end_user_count": 12 + 30, "total_allocated_qps": 1055 + 90}
    assert apis[0].pool() == expected
    assert len(apis[1].all_users(7)) == 42


def test_threads_that_create_the_same_user_get_the_same_one(sandbox):
    apis = [sandbox() for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: apis[n % 4].create("same")["customer_id"], range(24)))
    assert len(set(made)) == 1
    assert apis[0].pool()["end_user_count"] == 13


FIRST_USE = """
import sys
from io import BytesIO
from pathlib import Path
from parsec_cli.sandbox import app
from parsec_cli.next_command import run
sys.stdin.readline()
for _ in range(20):
    list(app.Sandbox(Path(sys.argv[1]), clock=lambda: 1_790_000_000.0)(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/v1/usage", "HTTP_X_API_KEY": app.KEY,
         "wsgi.input": BytesIO()},
        lambda status, headers: print(status),
    ))
"""


def test_processes_that_create_the_file_together_agree(db, sandbox):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST_USE, db],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=60)[0] for process in started]
    assert outputs == ["200 OK\n" * 20] * 4
    assert sandbox()("GET", "/usage").json()["usage"]["monthly_requests"] == 81
    assert [path.name for path in db.parent.iterdir() if path.name.startswith(".")] == []


def test_a_failing_transaction_leaves_no_trace(db):
    store = Store(db, seed.first_dozen)
    with pytest.raises(LocalFault), store.transaction() as state:
        state.replace_all([{}])
    with store.transaction() as state:
        assert state.pool()["end_user_count"] == 12
    store.close()


def test_an_empty_file_is_filled_on_first_use(api, db):
    db.parent.mkdir(parents=True)
    db.touch()
    assert api.pool()["end_user_count"] == 12


@pytest.mark.parametrize("kind", ["text", "another version"])
def test_reset_replaces_a_file_that_is_not_a_sandbox_of_this_version(sandbox, db, kind):
    if kind == "text":
        db.parent.mkdir(parents=True)
        db.write_bytes(b"not a database, but a longer text" * 200)
    else:
        seed.reset(db)
        with closing(sqlite3.connect(db)) as connection:
            connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LocalFault) as fault:
        sandbox().pool()
    assert f"cannot read the sandbox file `{db}`" in fault.value.message
    assert fault.value.command == next_command.run("sandbox", "reset")
    seed.reset(db)
    assert sandbox().pool()["end_user_count"] == 12
    assert mode(db) == 0o600


def test_a_file_that_stores_the_sums_of_the_pool_is_still_used(api, db):
    """Versions before did, and had no index of the limits."""
    before = api.pool()
    api.application.store.close()
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("DROP INDEX limits")
        for name in ("end_user_count", "total_allocated_qps"):
            connection.execute(f"ALTER TABLE pool ADD COLUMN {name} INTEGER DEFAULT 0")
    assert api.pool() == before
    seed.seed(db, 3)
    assert api.pool()["end_user_count"] == 3


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    db = tmp_path / "file" / "sandbox.db"
    for attempt in (Api(app.Sandbox(db)).pool, lambda: seed.seed(db, 1), lambda: seed.reset(db)):
        with pytest.raises(LocalFault, match="cannot use the sandbox file") as fault:
            attempt()
        assert str(db) in fault.value.message
        assert "writable" in fault.value.hint
