"""Who else can make parsec run a program: files and folders that other users can change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from parsec_cli.config.read import exposure

OTHER = 54321
DANGER = "do harm"


@pytest.fixture
def config(plain_user: Path) -> Path:
    path = plain_user / "parsec" / "config.toml"
    path.parent.mkdir(mode=0o700)
    path.write_text("")
    path.chmod(0o600)
    return path


def give_away(path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a file to another user")
    was = os.geteuid()
    os.seteuid(0)
    os.lchown(path, OTHER, OTHER)
    os.seteuid(was)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o400])
@pytest.mark.parametrize("folder_mode", [0o700, 0o755, 0o1777])
def test_a_file_that_only_the_owner_can_change_is_not_exposed(config, mode, folder_mode):
    config.chmod(mode)
    config.parent.chmod(folder_mode)
    assert exposure(config, DANGER) == ""
    assert exposure(config.parent, DANGER) == ""
    assert exposure(config.parent / "missing", DANGER) == ""


@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
def test_a_file_that_others_can_write_is_exposed(config, mode):
    config.chmod(mode)
    assert exposure(config, DANGER) == (
        f"other users can change `{config}` (mode 0{mode:o}) and {DANGER}: run `chmod 600 {config}`"
    )


def test_the_remedy_quotes_a_path_with_a_blank(config):
    path = config.rename(config.with_name("my config.toml"))
    path.chmod(0o666)
    path.parent.chmod(0o777)
    assert exposure(path, DANGER).endswith(f"run `chmod 600 '{path}'`")


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write_exposes_its_files(config, mode):
    folder = config.parent
    folder.chmod(mode)
    assert exposure(config, DANGER) == (
        f"other users can change `{config}` (mode 0{mode:o} of its folder `{folder}`) and {DANGER}:"
        f" run `chmod go-w {folder}`"
    )
    assert f"(mode 0{mode:o}) and {DANGER}: run `chmod go-w {folder}`" in exposure(folder, DANGER)


def test_a_folder_further_up_that_all_can_write_exposes_its_files(config, plain_user):
    plain_user.chmod(0o777)
    assert f"mode 0777 of its folder `{plain_user}`" in exposure(config, DANGER)
    plain_user.chmod(0o775)
    assert exposure(config, DANGER) == ""


@pytest.mark.parametrize("which", ["config.toml", ""])
def test_the_file_or_folder_of_another_user_is_exposed(config, which):
    config.chmod(0o644)
    config.parent.chmod(0o755)
    path = config.parent / which
    give_away(path)
    name = "it" if which else f"its folder `{path}`"
    assert f"({name} belongs to user ID {OTHER}) and" in exposure(config, DANGER)


def test_a_link_is_as_safe_as_itself_its_target_and_their_folders(config, plain_user):
    link = plain_user / "link"
    link.symlink_to(config)
    assert exposure(link, DANGER) == ""
    config.chmod(0o606)
    assert f"run `chmod 600 {config}`" in exposure(link, DANGER)
    config.chmod(0o600)
    config.parent.chmod(0o707)
    assert f"run `chmod go-w {config.parent}`" in exposure(link, DANGER)
    config.parent.chmod(0o700)
    give_away(link)
    assert f"it belongs to user ID {OTHER}" in exposure(link, DANGER)


@pytest.mark.parametrize("path", [os.devnull, "/dev/stdin", "/proc/self/fd/0"])
def test_a_device_or_pipe_is_not_exposed(path):
    assert exposure(Path(path), DANGER) == ""


def test_every_command_that_uses_a_profile_warns(tool, builder, home):
    config = home / "parsec.toml"
    config.write_text(
        f'[profiles.default]\nbase_url = "{builder.url}"\napi_key_command = "echo pk_live_x"\n'
    )
    env = {"PARSEC_CONFIG": str(config)}
    config.chmod(0o600)
    assert "warning" not in tool("config", "show", env=env).err
    config.chmod(0o666)
    warning = (
        f"warning: other users can change `{config}` (mode 0666) and make parsec run a program"
    )
    assert warning in " ".join(tool("config", "show", env=env).err.split())
    config.chmod(0o600)
    home.chmod(0o777)
    assert "of its folder" in tool("config", "show", env=env).err
