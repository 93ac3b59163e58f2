"""A config file is read as a whole or refused with file and line; its content is never shown."""

import stat
from pathlib import Path

import pytest

from parsec_cli.config.read import Config, read
from parsec_cli.errors import UsageFault


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "config.toml"


def test_a_file_that_does_not_exist_is_an_empty_config(path):
    assert read(path) == Config(path)
    assert not path.exists()


def test_a_dangling_link_or_a_file_as_parent_is_an_empty_config(path, folder):
    path.symlink_to(folder / "missing")
    assert not read(path).exists
    (folder / "file").write_text("")
    assert not read(folder / "file" / "config.toml").exists


def test_known_settings_are_read_as_text_and_unknown_ones_ignored(path):
    path.write_text(
        'default_profile = "a"\nfuture = 1\n'
        '[profiles.a]\nbase_url = "https://h"\nrate = 2.5\ncolour = "red"\n[profiles."b c"]\n'
    )
    config = read(path)
    assert config.default_profile == "a"
    assert config.profiles == {"a": {"base_url": "https://h", "rate": "2.5"}, "b c": {}}


def test_a_file_of_comments_is_valid_and_empty(path):
    path.write_text("# nothing yet\n")
    assert read(path).profiles == {}


def test_a_device_without_content_is_an_empty_config():
    assert read(Path("/dev/null")).profiles == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty, as after a crash"),
        (b'base_url = "http://CANARY', "line 1 is not valid TOML"),
        (b'[profiles.a]\napi_key = "CANARY', "line 2 is not valid TOML"),
        (b'[profiles.a]\napi_key = CANARY\nx = "y"\n', "line 2 is not valid TOML"),
        (b'x = 1\n\nx = "CANARY"\n', "line 3 is not valid TOML"),
        (b"x = {CANARY = 1, CANARY = 2}\n", "line 1 is not valid TOML"),
        (b'# one\nx = "CANARY\xff"\n', "line 2 is not UTF-8 text"),
        (b"\0\0\0\0", "line 1 is not valid TOML"),
        (b"x = " + b"[" * 5000, "line 1 is nested too deeply"),
        (b'profiles = "CANARY"', "line 1: `profiles` must be tables"),
        (b'# one\n[profiles]\na = "CANARY"', "line 3: a profile must be a table"),
        (b"[profiles.a]\n\napi_key = 12345", "line 3: `api_key` must be text in quotes"),
        (b"[profiles.b]\napi_key='k'\n[profiles.a]\napi_key = []", "line 4: `api_key` must be"),
        (b"[profiles.a]\nrate = true", "line 2: `rate` must be text"),
        (b"# one\ndefault_profile = 3", "line 2: `default_profile` must be text"),
        (b"[[profiles]]\nx = 1", "`profiles` must be tables"),
        (b'# one\nbase_url = "http://CANARY"', "line 2: `base_url` is outside a profile"),
        (b'api_key = "CANARY"', "line 1: `api_key` is outside a profile"),
        (b"profiles.a.api_key = 5", "`api_key` must be text in quotes"),
        (
            b'[profiles.a]\napi_key = "CANARY"\napi_key_command = "CANARY"',
            "line 3: a profile cannot have both",
        ),
    ],
)
def test_a_broken_file_is_an_error_with_its_line_but_without_its_content(path, content, message):
    """A cut or empty file never counts as a missing file."""
    path.write_bytes(content)
    with pytest.raises(UsageFault) as caught:
        read(path)
    assert caught.value.message.startswith(f"`{path}` ")
    assert message in caught.value.message
    assert "CANARY" not in f"{caught.value.message}{caught.value.hint}"
    assert caught.value.__cause__ is None


def test_an_unreadable_file_is_an_error_instead_of_defaults(plain_user):
    path = plain_user / "config.toml"
    path.write_text("# mine\n")
    path.chmod(0)
    with pytest.raises(UsageFault, match=r"cannot read `.*config\.toml`: permission denied"):
        read(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666, 0o620, 0o602])
def test_a_key_that_others_can_access_causes_a_warning_with_the_remedy(path, mode):
    path.write_text('[profiles.a]\napi_key = "k"\n')
    path.chmod(mode)
    assert read(path).warning == (
        f"`{path}` contains a key and other users have access to it (mode 0{mode:o}):"
        f" run `chmod 600 {path}`"
    )
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize(
    ("content", "mode"),
    [('[profiles.a]\napi_key = "k"\n', 0o600), ("[profiles.a]\nrate = 5\n", 0o644)],
)
def test_a_private_file_or_one_without_a_key_causes_no_warning(path, content, mode):
    path.write_text(content)
    path.chmod(mode)
    assert read(path).warning == ""


def test_a_file_too_large_for_a_config_file_is_refused(path):
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(UsageFault, match="larger than 1 MiB"):
        read(path)
