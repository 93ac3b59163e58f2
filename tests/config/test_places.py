"""Files go where the environment says, nowhere else, and only when something is saved."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from parsec_cli.config.read import read
from parsec_cli.config.settings import Places


def test_the_default_paths_follow_xdg():
    places = Places({"HOME": "/home/ann"})
    state = Path("/home/ann/.local/state/parsec")
    assert places.config_file == Path("/home/ann/.config/parsec/config.toml")
    assert places.state_dir == state
    assert places.history_file == state / "history.jsonl"
    assert places.runs_dir == state / "runs"
    assert places.index_file == state / "index"
    assert places.sandbox_db == state / "sandbox.sqlite3"


@pytest.mark.parametrize("variable", ["XDG_CONFIG_HOME", "XDG_STATE_HOME"])
@pytest.mark.parametrize("value", [None, "/elsewhere", "", "relative"])
def test_platformdirs_returns_the_same(monkeypatch, variable, value):
    monkeypatch.delenv(variable)
    if value is not None:
        monkeypatch.setenv(variable, value)
    places = Places(os.environ)
    assert places.config_file.parent == platformdirs.user_config_path("parsec", appauthor=False)
    assert places.state_dir == platformdirs.user_state_path("parsec", appauthor=False)


def test_parsec_config_names_the_file_and_a_blank_one_is_ignored(monkeypatch, folder):
    monkeypatch.chdir(folder)
    assert Places({"HOME": "/h", "PARSEC_CONFIG": "/x/y.toml"}).config_file == Path("/x/y.toml")
    assert Places({"HOME": "/h", "PARSEC_CONFIG": "y.toml"}).config_file == folder / "y.toml"
    unset = Places({"HOME": "/h", "PARSEC_CONFIG": " "})
    assert unset.config_file == Path("/h/.config/parsec/config.toml")


def test_a_relative_parsec_config_in_a_removed_directory_is_not_found(monkeypatch, folder):
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    places = Places({"HOME": "/h", "PARSEC_CONFIG": "y.toml"})
    assert places.config_file == Path("y.toml")
    assert read(places.config_file).profiles == {}


def test_a_tilde_in_parsec_config_is_the_home_without_a_shell_too():
    """Variables of a service or a container are set without a shell."""
    home = {"HOME": "/home/ann"}
    assert Places({**home, "PARSEC_CONFIG": "~/p.toml"}).config_file == Path("/home/ann/p.toml")
    assert Places({**home, "PARSEC_CONFIG": "/x/~/p"}).config_file == Path("/x/~/p")
    assert Places({**home, "PARSEC_CONFIG": "~bob/p"}).config_file == Path("~bob/p").absolute()


@pytest.mark.parametrize("odd_home", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_without_a_usable_home_the_passwd_entry_is_used(odd_home):
    expected = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".local/state/parsec"
    assert Places(odd_home).state_dir == expected


def test_without_home_and_passwd_entry_reads_find_nothing_and_a_save_explains_why(folder):
    """Run as a user id that no passwd entry has."""
    if os.geteuid() != 0:
        pytest.skip("only root can take another user id")
    code = (
        "import os\n"
        "from parsec_cli.config.settings import Places\n"
        "from parsec_cli.config import read as configfile\n"
        "from parsec_cli.files import save\n"
        "from parsec_cli.errors import LocalFault\n"
        "os.setuid(54321)\n"
        "places = Places({})\n"
        "print(configfile.read(places.config_file).exists)\n"
        "try: save.save(places.config_file, b'x')\n"
        "except LocalFault as error: print(error.message)\n"
        "try: save.append(places.history_file, b'x')\n"
        "except LocalFault as error: print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env={}, capture_output=True, check=True, text=True
    )
    assert done.stdout.splitlines() == [
        "False",
        "cannot save `config.toml`: there is no home directory",
        "cannot write `history.jsonl`: there is no home directory",
    ]
    assert list(folder.iterdir()) == []


def test_a_home_that_does_not_exist_is_read_as_empty(folder):
    places = Places({"HOME": str(folder / "missing")})
    assert not read(places.config_file).exists
    assert list(folder.iterdir()) == []
