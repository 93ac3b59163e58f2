"""An edit of the config changes one value, keeps the rest, and protects stored keys."""

import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsec_cli.config.edit import Editor
from parsec_cli.config.settings import PROFILE_KEYS
from parsec_cli.errors import GuardRefused, LocalFault, UsageFault
from parsec_cli.models import Secret
from parsec_cli.next_command import run

KEY = "pk_live_CANARY_0001"

WRITTEN = """\
# my tools, do not sort
default_profile = "prod"   # most days
future = { deep = [1, 2] }

[profiles.prod]
base_url = "https://prod.example"  # the real one
api_key = "pk_live_OLD"
colour = 'red'

# rehearsals
[profiles.staging]
rate = 5

[another.tool]
x = 1
"""


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "parsec" / "config.toml"


@pytest.fixture
def editor(path: Path) -> Editor:
    return Editor(path, {})


@pytest.fixture
def written(path: Path) -> Path:
    path.parent.mkdir()
    path.write_text(WRITTEN)
    path.chmod(0o600)
    return path


def values(path: Path) -> dict:
    return tomllib.loads(path.read_text())


def test_the_first_setting_creates_a_private_file_with_the_default_profile(editor, path):
    assert editor.set(None, "output", "json") == "default"
    assert path.read_text() == '[profiles.default]\noutput = "json"\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["config.toml"]


def test_comments_order_and_unknown_keys_survive(editor, written):
    editor.set(None, "output", "csv")
    editor.set(None, "api_key", "pk_live_NEW")
    editor.set("staging", "rate", "max")
    expected = WRITTEN.replace("pk_live_OLD", "pk_live_NEW").replace("rate = 5", 'rate = "max"')
    expected = expected.replace("colour = 'red'\n", "colour = 'red'\noutput = \"csv\"\n")
    assert written.read_text() == expected


def test_windows_line_ends_survive_and_a_byte_order_mark_is_accepted(editor, written):
    written.write_bytes(b"\xef\xbb\xbf" + WRITTEN.replace("\n", "\r\n").encode())
    editor.set("staging", "output", "csv")
    assert values(written)["profiles"]["staging"] == {"rate": 5, "output": "csv"}
    assert values(written)["future"] == {"deep": [1, 2]}
    lines = written.read_bytes().splitlines(keepends=True)
    assert all(line.endswith(b"\r\n") for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        'profiles = {a = {rate = "5"}}\n',
        'profiles.a.rate = "5"\n[other]\n',
        '[profiles]\na.rate = "5"\n',
        '[profiles]\na = {rate = "5"}\n',
        '["profiles"."a"]\nrate = "5"\n[x]\n[profiles.b]\n',
        '[profiles.a]\nrate = "5"',
        '[profiles.a]\nrate = "5" # no newline',
        "[profiles.a]",
        "[profiles.a]\n# only a comment\n\n[profiles.b]\n",
        '[x.y]\n[profiles.a]\nrate = "5"\n[x]\nz = 1\n',
    ],
)
def test_a_file_in_an_unusual_form_is_changed_correctly_or_not_at_all(editor, written, text):
    written.write_text(text)
    expected = tomllib.loads(text)
    expected["profiles"]["a"]["output"] = "csv"
    expected["default_profile"] = "a"
    try:
        editor.set("a", "output", "csv")
        editor.use("a")
    except LocalFault as fault:
        assert "change it by hand" in fault.hint  # noqa: PT017 - both ends are right
        assert tomllib.loads(text).items() <= expected.items()
        return
    assert values(written) == expected


@pytest.mark.parametrize(
    ("profile", "variable", "expected"),
    [(None, "", "prod"), (None, "staging", "staging"), ("eu", "staging", "eu")],
)
def test_a_change_is_made_in_the_named_or_default_profile(written, profile, variable, expected):
    editor = Editor(written, {"PARSEC_PROFILE": variable})
    assert editor.set(profile, "output", "ids") == expected
    assert values(written)["profiles"][expected]["output"] == "ids"


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "pk_live_CANARY", "x" * 65, "é"])
def test_invalid_profile_names_are_refused(editor, written, name):
    with pytest.raises(UsageFault) as caught:
        editor.set(name, "output", "json")
    assert "CANARY" not in caught.value.message
    assert written.read_text() == WRITTEN


@pytest.mark.parametrize(("profile", "default"), [("sandbox", "prod"), (None, "sandbox")])
def test_the_sandbox_has_no_settings(editor, written, profile, default):
    written.write_text(WRITTEN.replace('"prod"', f'"{default}"'))
    with pytest.raises(UsageFault, match="the sandbox is built in"):
        editor.set(profile, "api_key", KEY)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("colour", "red", "unknown setting `colour`"),
        ("pk_live_CANARY_0001", "x", r"unknown setting `pk_live_\*\*\*\*0001`"),
        ("config", "x", "unknown setting `config`"),
        ("output", "xml", "`output`: unknown output format `xml`"),
        ("output", "pk_live_CANARY_0001", r"unknown output format `pk_live_\*\*\*\*0001`"),
        ("rate", "0", "`rate`: `0` is not a rate"),
        ("rate", "1e3", "`rate`: `1e3` is not a rate"),
        ("rate", "-1", "`rate`: `-1` is not a rate"),
        ("rate", "100001", "`rate`: `100001` is not a rate"),
        ("base_url", "http://h", "`base_url`: the base URL must be https"),
        ("api_key", "a b CANARY", r"the key from the input contains U\+0020 \(space\) at"),
        ("api_key", " ", "the key from the input is empty"),
        ("api_key_command", "", "`api_key_command` is empty"),
        ("api_key_command", "echo 'CANARY", "`api_key_command` is not a command line"),
        ("api_key_command", "cat CANARY\udcff", "`api_key_command` must be valid Unicode text"),
        ("default_profile", "nobody", "unknown profile `nobody`"),
    ],
)
def test_an_invalid_value_is_refused_without_a_change(editor, written, key, value, message):
    with pytest.raises(UsageFault, match=message) as caught:
        editor.set(None, key, value)
    assert "CANARY" not in f"{caught.value.message} {caught.value.hint}"
    assert written.read_text() == WRITTEN


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate", "0.5"),
        ("rate", "max"),
        ("output", "jsonl"),
        ("api_key", KEY),
        ("api_key_command", "op read 'a b'"),
    ],
)
def test_a_valid_value_is_stored(editor, written, key, value):
    editor.set("staging", key, f" {value}\r\n")
    assert values(written)["profiles"]["staging"][key] == value


def test_the_host_of_a_stored_key_cannot_be_changed(editor, written):
    with pytest.raises(GuardRefused) as caught:
        editor.set(None, "base_url", "https://evil.example")
    assert caught.value.message == (
        "the key of profile `prod` belongs to prod.example and is not sent to evil.example"
    )
    assert caught.value.command == run("config", "unset", "api_key", profile="prod")
    with pytest.raises(GuardRefused, match="is not sent to api"):
        editor.unset(None, "base_url")
    assert written.read_text() == WRITTEN


@pytest.mark.usefixtures("written")
def test_a_key_command_counts_as_a_stored_key(editor):
    editor.set("staging", "api_key_command", "pass parsec")
    with pytest.raises(GuardRefused, match="belongs to api"):
        editor.set("staging", "base_url", "https://evil.example")


def test_the_host_may_change_within_its_origin_or_without_the_key(editor, written):
    editor.set(None, "base_url", "https://prod.example:443/gw")
    assert values(written)["profiles"]["prod"]["base_url"] == "https://prod.example:443/gw"
    editor.unset(None, "api_key")
    editor.set(None, "base_url", "https://other.example")
    assert values(written)["profiles"]["prod"]["base_url"] == "https://other.example"


@pytest.mark.usefixtures("written")
def test_key_and_key_command_exclude_each_other(editor):
    with pytest.raises(UsageFault, match="profile `prod` has `api_key` already") as caught:
        editor.set(None, "api_key_command", "pass parsec")
    assert caught.value.command == run("config", "unset", "api_key", profile="prod")


def test_unset_removes_one_value_and_returns_whether_it_was_there(editor, written):
    assert editor.unset(None, "api_key") == ("prod", True)
    assert editor.unset(None, "api_key") == ("prod", False)
    assert written.read_text() == WRITTEN.replace('api_key = "pk_live_OLD"\n', "")
    assert editor.unset(None, "default_profile") == ("", True)
    assert "default_profile" not in values(written)
    before = written.stat().st_ino
    editor.unset("prod", "rate")
    assert written.stat().st_ino == before, "nothing had to be written"


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("change", [lambda e: e.unset("nobody", "rate"), lambda e: e.use("nobody")])
def test_an_unknown_profile_is_refused_with_the_known_ones(editor, change):
    with pytest.raises(UsageFault, match="unknown profile `nobody`") as caught:
        change(editor)
    assert "known profiles: prod, staging, sandbox" in caught.value.hint


@pytest.mark.parametrize("name", ["staging", "sandbox"])
def test_use_makes_a_known_profile_the_default(editor, written, name):
    editor.use(name)
    assert written.read_text() == WRITTEN.replace('e = "prod"', f'e = "{name}"')


def test_use_puts_the_default_before_the_tables_of_a_file_that_had_none(editor, written):
    written.write_text("# mine\n[profiles.a]\nrate = 5\n")
    editor.use("a")
    assert values(written) == {"default_profile": "a", "profiles": {"a": {"rate": 5}}}


def test_init_stores_host_and_key_and_makes_the_first_profile_the_default(editor, path):
    editor.init("eu", "https://eu.example", Secret(KEY))
    assert values(path) == {
        "default_profile": "eu",
        "profiles": {"eu": {"base_url": "https://eu.example", "api_key": KEY}},
    }


def test_init_of_a_further_profile_leaves_the_default_alone(editor, written):
    editor.init("eu", "https://eu.example", Secret(KEY))
    assert values(written)["default_profile"] == "prod"
    assert values(written)["profiles"]["prod"]["api_key"] == "pk_live_OLD"


def test_a_broken_file_is_never_overwritten(editor, written):
    written.write_text('[profiles.prod]\napi_key = "cut')
    with pytest.raises(UsageFault, match="line 2 is not valid TOML"):
        editor.set(None, "output", "json")
    assert written.read_text() == '[profiles.prod]\napi_key = "cut'


def test_a_save_removes_the_temporary_file_of_a_killed_one(editor, written):
    left = written.with_name(".config.toml.123-0badcafe.tmp")
    left.write_text(KEY)
    editor.set(None, "output", "json")
    assert not left.exists()


def test_two_concurrent_writers_lose_nothing_and_readers_see_whole_files(path):
    """Each of two writers adds 15 settings, while a reader reads again and again."""
    code = (
        "import sys; from pathlib import Path\n"
        "from parsec_cli.config.edit import Editor\n"
        "editor = Editor(Path(sys.argv[1]), {})\n"
        "for n in range(15): editor.set(f'{sys.argv[2]}{n}', 'output', 'json')\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    writers = [subprocess.Popen([*command, letter]) for letter in "ab"]
    reader = Editor(path, {})
    while any(writer.poll() is None for writer in writers):
        assert all(profile == {"output": "json"} for profile in reader.read().profiles.values())
    assert [writer.returncode for writer in writers] == [0, 0]
    assert set(values(path)["profiles"]) == {f"{letter}{n}" for letter in "ab" for n in range(15)}


@given(
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True),
    command=st.text(
        alphabet=st.characters(codec="utf-8", exclude_characters="'\"\\\0"), min_size=1
    ),
)
def test_any_stored_text_is_read_back_unchanged(name, command):
    path = Path.home() / "any" / "config.toml"
    path.unlink(missing_ok=True)
    editor = Editor(path, {})
    try:
        editor.set(name, "api_key_command", command)
    except UsageFault:
        assert not path.exists()
        return
    assert editor.read().profiles == {name: {"api_key_command": command.strip()}}


def test_every_key_of_a_profile_can_be_set_and_unset(editor, path):
    samples = {
        "base_url": "https://h.example",
        "api_key": KEY,
        "api_key_command": "pass parsec",
        "output": "json",
        "rate": "5",
        "protected": "true",
    }
    assert set(samples) == set(PROFILE_KEYS)
    for key, value in samples.items():
        editor.set("a", key, value)
        kept = True if key == "protected" else value
        assert values(path)["profiles"]["a"] == {key: kept}
        assert editor.unset("a", key) == ("a", True)
    assert values(path) == {"profiles": {"a": {}}}
