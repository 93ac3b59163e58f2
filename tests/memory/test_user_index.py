"""The index finds remembered users, survives damage, and never stops a command."""

import os
import stat
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsec_cli.memory.user_index import Index

HOST, KEY = "https://api.parsecapi.com:443", "0123456789ab"


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "state" / "index"


def users(start: int, end: int) -> list[tuple[str, str]]:
    return [(str(uuid.UUID(int=n)), f"customer-{n:05d}") for n in range(start, end)]


def listing(path: Path, pairs: list[tuple[str, str]], host: str = HOST) -> None:
    """Remember as a listing does, in a process of its own: page after page."""
    index = Index(path, host, KEY)
    for start in range(0, len(pairs), 100):
        index.remember(iter(pairs[start : start + 100]))
    index.close()


def test_a_remembered_user_is_found(path):
    listing(path, users(0, 250))
    index = Index(path, HOST, KEY)
    assert index.lookup("customer-00123") == [str(uuid.UUID(int=123))]
    assert index.lookup("customer-0012") == []
    assert index.lookup("") == []


def test_a_lookup_creates_no_file(path, folder):
    index = Index(path, HOST, KEY)
    assert index.lookup("x") == []
    assert index.external_ids() == []
    index.forget("x")
    index.remember([])
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("host", "key"), [("https://other:443", KEY), (HOST, "ba9876543210")])
def test_another_host_or_key_does_not_see_the_users(path, host, key):
    listing(path, users(0, 3))
    assert Index(path, host, key).lookup("customer-00001") == []
    assert Index(path, host, key).external_ids() == []


def test_the_file_is_private_and_names_neither_host_nor_key(path):
    listing(path, users(0, 3))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_text()
    assert "parsecapi" not in content
    assert KEY not in content


@pytest.mark.parametrize("known", [users(0, 1000), users(777, 778)], ids=["all", "one"])
def test_known_users_are_not_written_again(path, known):
    listing(path, users(0, 1000))
    before = path.read_bytes()
    listing(path, known)
    assert path.read_bytes() == before


def test_known_users_are_recognised_wherever_they_are_in_a_long_file(path):
    listing(path, users(0, 20_000))
    before = path.read_bytes()
    # the file is read in pieces of 1 MiB
    border = before[: 1 << 20].count(b"\n") - 1
    for start in range(border - 3, border + 3):
        listing(path, users(start, start + 1))
    listing(path, users(border - 50, border + 50))
    listing(path, users(19_900, 20_000))
    assert path.read_bytes() == before


def test_only_new_users_of_a_changed_listing_are_written(path):
    listing(path, users(0, 3000))
    size = path.stat().st_size
    changed = users(5000, 5001) + users(0, 500) + users(510, 1500) + users(6000, 6003)
    listing(path, changed + users(1500, 3000))
    added = path.read_text()[size:].splitlines()
    came = ["customer-05000", "customer-06000", "customer-06001", "customer-06002"]
    assert [line.split("\t")[1] for line in added] == came
    index = Index(path, HOST, KEY)
    assert index.lookup("customer-06001") == [str(uuid.UUID(int=6001))]
    assert index.lookup("customer-02999") == [str(uuid.UUID(int=2999))]


def test_an_ambiguous_id_returns_all_its_users_latest_first(path):
    listing(path, [("a", "same"), ("b", "same"), ("c", "other")])
    assert Index(path, HOST, KEY).lookup("same") == ["b", "a"]


def test_a_forgotten_user_is_removed_and_can_return(path):
    listing(path, users(0, 10))
    listing(path, users(5, 6), host="https://other:443")
    index = Index(path, HOST, KEY)
    index.forget(str(uuid.UUID(int=5)))
    assert index.lookup("customer-00005") == []
    assert index.lookup("customer-00004") == [str(uuid.UUID(int=4))]
    assert Index(path, "https://other:443", KEY).lookup("customer-00005") != []
    index.remember(users(5, 6))
    assert index.lookup("customer-00005") == [str(uuid.UUID(int=5))]


def test_completion_reads_the_ids_with_a_prefix(path):
    index = Index(path, HOST, KEY)
    index.remember([("1", "ann"), ("2", "anna"), ("3", "bob"), ("4", "ann"), ("5", "müller x")])
    assert index.external_ids("an") == ["ann", "anna"]
    assert index.external_ids("an", limit=1) == ["ann"]
    assert index.external_ids("m") == ["müller x"]
    assert len(index.external_ids()) == 4


def test_every_user_of_a_file_that_is_read_in_several_blocks_is_found(path):
    listing(path, [("id", "long" * 100_000), *users(0, 6000)])
    index = Index(path, HOST, KEY)
    assert index.external_ids() == ["long" * 100_000, *(name for _, name in users(0, 6000))]


@pytest.mark.parametrize(
    "damage",
    [b"", b"\0" * 5000, b"SQLite format 3\0", b"parsec-index 2\nx", b"parsec-index 1", b"\xff\n"],
)
def test_a_damaged_file_is_ignored_and_replaced(path, damage):
    path.parent.mkdir()
    path.write_bytes(damage)
    index = Index(path, HOST, KEY)
    assert index.lookup("customer-00001") == []
    assert index.external_ids() == []
    index.remember(users(0, 2))
    assert index.lookup("customer-00001") == [str(uuid.UUID(int=1))]


def test_a_torn_last_line_loses_only_itself(path):
    listing(path, users(0, 3))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 5)
    index = Index(path, HOST, KEY)
    assert index.lookup("customer-00002") == []
    index.remember(users(3, 4))
    assert index.lookup("customer-00003") == [str(uuid.UUID(int=3))]
    assert index.lookup("customer-00001") == [str(uuid.UUID(int=1))]


@given(st.text(max_size=8), st.text(max_size=8))
def test_any_id_is_found_or_left_out(customer, external):
    """Ids that a line cannot contain are left out and do not affect the others."""
    path = Path(os.environ["HOME"]) / "any-index"
    path.unlink(missing_ok=True)
    index = Index(path, HOST, KEY)
    index.remember([("before", "one"), (customer, external), ("after", "two")])
    kept = bool(customer) and (customer + external).isprintable()
    assert (customer in index.lookup(external)) is kept
    assert index.lookup("one")[-1] == "before"
    assert index.lookup("two")[-1] == "after"


def test_a_file_that_grew_too_large_is_compacted(path):
    listing(path, users(0, 200))
    line = path.read_bytes().splitlines(keepends=True)[1]
    with path.open("ab") as file:
        file.write(line * ((33 << 20) // len(line)))
    index = Index(path, HOST, KEY)
    index.remember(users(200, 201))
    index.close()
    assert path.stat().st_size < 20_000
    assert index.lookup("customer-00199") == [str(uuid.UUID(int=199))]
    assert index.lookup("customer-00200") == [str(uuid.UUID(int=200))]


def test_a_long_listing_is_written_in_parts_and_the_rest_at_its_end(path):
    index = Index(path, HOST, KEY)
    for start in range(0, 12_000, 100):
        index.remember(users(start, start + 100))
    assert path.read_bytes().count(b"\n") - 1 == 10_000
    index.close()
    assert path.read_bytes().count(b"\n") - 1 == 12_000


def test_a_pipe_at_the_path_does_not_block(path):
    path.parent.mkdir()
    os.mkfifo(path)
    index = Index(path, HOST, KEY)
    index.remember([("id", "alice")])
    assert index.lookup("alice") == []
    index.forget("id")
    index.close()
    assert path.is_fifo()
