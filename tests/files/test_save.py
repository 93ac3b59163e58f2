"""Saves are whole and private, appends stay whole lines, and no link of others is followed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.views import mode

from parsec_cli.bulk.run.row_results import Results
from parsec_cli.errors import LocalFault
from parsec_cli.files import save
from parsec_cli.files.save import lines_backwards

NOBODY, OTHER = 65534, 54321


def python(code: str, *argv: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", code, *map(str, argv)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


def test_a_new_file_is_private_in_a_private_directory(folder):
    path = folder / "a" / "b" / "config.toml"
    save.save(path, b"x")
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (0o600, 0o700, 0o700)


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o400, 0o400), (0o660, 0o600)])
def test_a_save_never_adds_rights_and_removes_those_of_others(folder, before, after):
    path = folder / "config.toml"
    path.write_bytes(b"old")
    path.chmod(before)
    save.save(path, b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", after)


def test_an_existing_directory_keeps_its_mode(folder):
    folder.chmod(0o755)
    save.save(folder / "config.toml", b"x")
    assert mode(folder) == 0o755


@pytest.mark.parametrize("mask", [0o022, 0o177, 0o277, 0o777])
def test_a_new_directory_is_usable_under_every_umask(folder, mask):
    folder.chmod(0o750)
    before = os.umask(mask)
    try:
        save.make_private_directory(folder / "a" / "b")
    finally:
        os.umask(before)
    modes = [mode(path) for path in (folder, folder / "a", folder / "a" / "b")]
    assert modes == [0o750, 0o700, 0o700]


def test_a_directory_that_another_process_makes_keeps_its_mode(folder, monkeypatch):
    def mkdir(path: Path, *_: object) -> None:
        os.mkdir(path)  # noqa: PTH102
        raise FileExistsError

    monkeypatch.setattr(Path, "mkdir", mkdir)
    save.make_private_directory(folder / "a")
    assert mode(folder / "a") == 0o755


def test_the_temporary_file_is_private_before_it_has_content(folder):
    """Whatever function the save has called, every file in the directory has mode 0600."""
    seen = set()

    def look(*_: object) -> None:
        seen.update((entry.name, mode(Path(entry.path))) for entry in os.scandir(folder))

    sys.setprofile(look)
    try:
        save.save(folder / "config.toml", b"k" * 1000)
    finally:
        sys.setprofile(None)
    assert {bits for _, bits in seen} == {0o600}
    assert any(name.endswith(".tmp") for name, _ in seen)


def test_links_stay_and_the_target_of_a_chain_is_replaced(folder):
    (folder / "b").mkdir()
    (folder / "b" / "real").write_bytes(b"old")
    (folder / "middle").symlink_to("b/real")
    (folder / "link").symlink_to("middle")
    save.save(folder / "link", b"new")
    assert (folder / "b" / "real").read_bytes() == b"new"
    assert (folder / "middle").is_symlink()
    assert (folder / "link").is_symlink()
    assert leftovers(folder / "b") == []


def test_the_target_of_a_dangling_link_is_created(folder):
    link = folder / "config.toml"
    link.symlink_to(folder / "missing" / "parsec.toml")
    save.save(link, b"new")
    assert link.is_symlink()
    assert (folder / "missing" / "parsec.toml").read_bytes() == b"new"


def test_a_link_into_a_directory_without_write_permission_keeps_the_old_content(plain_user):
    locked = plain_user / "locked"
    locked.mkdir()
    target = locked / "parsec.toml"
    target.write_bytes(b"old")
    locked.chmod(0o500)
    link = plain_user / "config.toml"
    link.symlink_to(target)
    with pytest.raises(LocalFault, match=r"cannot save `.*config\.toml`: permission denied"):
        save.save(link, b"new")
    assert target.read_bytes() == b"old"
    assert link.is_symlink()


def test_a_device_is_never_replaced(folder):
    pipe = folder / "config.toml"
    os.mkfifo(pipe)
    with pytest.raises(LocalFault, match=r"cannot save `.*config\.toml`: not a regular file"):
        save.save(pipe, b"x")
    assert pipe.is_fifo()


def test_a_killed_save_leaves_old_or_new_content_and_is_cleaned_up(folder):
    path = folder / "config.toml"
    for _ in range(10):
        writer = python(
            "import sys; from pathlib import Path; from parsec_cli.files import save\n"
            "print('go', flush=True)\n"
            "n = 0\n"
            "while True: save.save(Path(sys.argv[1]), b'%d' % (n % 10) * 200_000); n += 1",
            path,
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        while not path.exists():
            assert writer.poll() is None
        writer.kill()
        writer.communicate()
        content = path.read_bytes()
        assert len(content) == 200_000
        assert len(set(content)) == 1
    (folder / ".config.toml.1-0badcafe.tmp").write_bytes(b"k")
    save.sweep(path)
    assert [entry.name for entry in folder.iterdir()] == ["config.toml"]


def test_an_append_makes_the_file_private(folder):
    path = folder / "state" / "history.jsonl"
    save.append(path, b"one\n")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    path.chmod(0o644)
    save.append(path, b"two\n", durable=True)
    assert mode(path) == 0o600
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_torn_line_loses_only_itself(folder):
    path = folder / "history.jsonl"
    path.write_bytes(b'{"a": 1}\n{"b"')
    save.append(path, b'{"c": 3}\n')
    assert path.read_bytes() == b'{"a": 1}\n{"b"\n{"c": 3}\n'


def test_lines_appended_by_several_processes_stay_whole(folder):
    path = folder / "history.jsonl"
    writers = [
        python(
            "import sys; from pathlib import Path; from parsec_cli.files import save\n"
            "line = sys.argv[2].encode() * 5000 + b'\\n'\n"
            "for _ in range(200): save.append(Path(sys.argv[1]), line)",
            path,
            letter,
        )
        for letter in "abc"
    ]
    for writer in writers:
        writer.communicate()
    lines = filter(None, path.read_bytes().splitlines())
    assert sorted(lines) == [letter * 5000 for letter in (b"a", b"b", b"c") for _ in range(200)]


@pytest.fixture
def shared(plain_user: Path) -> Path:
    """A folder in which another user has left links, to be used by somebody who is not root."""
    if os.getuid() != 0:
        pytest.skip("only root can make the links of another user")
    (plain_user / "private").write_bytes(b"mine")
    os.seteuid(0)
    for name, target in {
        "link": "private",
        "dangling": "missing",
        "device": os.devnull,
        "chain": "link",
    }.items():
        (plain_user / name).symlink_to(target)
        os.lchown(plain_user / name, OTHER, OTHER)
    os.mkfifo(plain_user / "fifo", 0o666)
    os.lchown(plain_user / "fifo", OTHER, OTHER)
    (plain_user / "theirs").write_bytes(b"theirs")
    os.chown(plain_user / "theirs", OTHER, OTHER)
    os.seteuid(NOBODY)
    (plain_user / "own-chain").symlink_to("link")
    return plain_user


@pytest.mark.parametrize("name", ["link", "dangling", "device", "chain", "own-chain"])
@pytest.mark.parametrize("action", [save.save, save.append, Results])
def test_a_link_of_another_user_is_never_followed(shared, name, action):
    with pytest.raises(LocalFault, match="the link belongs to another user"):
        action(*((shared / name, b"x\n") if action is not Results else ([], shared / name)))
    assert (shared / "private").read_bytes() == b"mine"
    assert not (shared / "missing").exists()
    assert (shared / name).is_symlink()


def test_results_never_go_to_a_pipe_of_another_user(shared):
    with pytest.raises(LocalFault, match="it belongs to another user"):
        Results([], shared / "fifo")


def test_a_file_written_in_a_shared_folder_belongs_to_the_caller(shared):
    Results([], shared / "theirs").finish()
    save.save(shared / "plan", b"x", keep_owner=False)
    for name in ("theirs", "plan"):
        file = (shared / name).stat()
        assert (file.st_uid, mode(shared / name)) == (NOBODY, 0o600)


def test_results_replace_a_hard_link_instead_of_writing_through_it(folder):
    (folder / "precious").write_bytes(b"text")
    (folder / "results").hardlink_to(folder / "precious")
    Results([], folder / "results").finish()
    assert (folder / "precious").read_bytes() == b"text"


def test_temporary_names_cannot_be_guessed(folder):
    names = {save.temporary_beside(folder / "f").name for _ in range(100)}
    assert len(names) == 100
    assert min(map(len, names)) >= len(".f.1-0123456789abcdef.tmp")


def test_a_temporary_file_that_exists_is_not_written(folder, monkeypatch):
    """Even if its name was guessed: it may be open elsewhere, or be a hard link."""
    monkeypatch.setattr(os, "urandom", bytes)
    planted = save.temporary_beside(folder / "f")
    planted.write_bytes(b"planted")
    (folder / "kept").hardlink_to(planted)
    with pytest.raises(LocalFault):
        save.save(folder / "f", b"secret")
    assert (folder / "kept").read_bytes() == b"planted"
    assert not (folder / "f").exists()


def test_only_a_file_of_the_caller_is_made_private(folder):
    device = folder / "history.jsonl"
    device.symlink_to(os.devnull)
    before = mode(Path(os.devnull))
    save.append(device, b"x\n")
    assert mode(Path(os.devnull)) == before
    with pytest.raises(LocalFault, match="not a regular file, so nothing would be stored"):
        save.append(device, b"x\n", durable=True)
    assert list(lines_backwards(device)) == []
    os.mkfifo(folder / "fifo")
    assert list(lines_backwards(folder / "fifo")) == []
    with pytest.raises(LocalFault, match="not a regular file, so nothing would be stored"):
        save.append(folder / "fifo", b"x\n")
    if os.geteuid() == 0:
        theirs = folder / "theirs"
        theirs.write_bytes(b"")
        theirs.chmod(0o644)
        os.chown(theirs, OTHER, OTHER)
        save.append(theirs, b"x\n")
        assert mode(theirs) == 0o644
