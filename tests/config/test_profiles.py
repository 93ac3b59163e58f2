"""Which profile, host and key are in effect, for every combination of their sources."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import pytest

from parsec_cli.config.profiles import Profile, resolve
from parsec_cli.config.settings import Places
from parsec_cli.errors import GuardRefused, NoKey, UsageFault
from parsec_cli.next_command import run

STORED, OTHER = "pk_live_STOREDKEY_0001", "pk_live_ENVIRONKEY_0002"
FILE_URL, ENV_URL, OPTION_URL = "https://file.example", "https://env.example", "https://opt.example"
DEFAULT_URL = "https://api.parsecapi.com"


@pytest.fixture
def config(folder: Path):
    """Write a config file and resolve against it: `config(text, env={}, **options)`."""
    path = folder / "config.toml"

    def run(text: str | None = None, env: dict[str, str] | None = None, **options) -> Profile:
        if text is not None:
            path.write_text(text)
            path.chmod(0o600)
        environ = {"HOME": str(folder), "PARSEC_CONFIG": str(path)} | (env or {})
        return resolve(Places(environ), **options)

    return run


@dataclass(frozen=True)
class Given:
    """One combination: what exists in the file, in the environment and on the command line."""

    explicit: bool
    file_url: bool
    file_key: bool
    env_url: bool
    env_key: bool
    option_url: bool

    @property
    def text(self) -> str:
        lines = ['default_profile = "prod"', "[profiles.prod]"]
        lines += [f'base_url = "{FILE_URL}"'] * self.file_url
        lines += [f'api_key = "{STORED}"'] * self.file_key
        return "\n".join(lines)

    @property
    def env(self) -> dict[str, str]:
        values = {"PARSEC_API_BASE_URL": ENV_URL * self.env_url}
        return values | {"PARSEC_API_KEY": OTHER * self.env_key}

    @property
    def options(self) -> dict[str, str | None]:
        profile, url = "prod" if self.explicit else None, OPTION_URL if self.option_url else None
        return {"profile": profile, "base_url": url}

    def expected_url(self) -> str:
        """Follow the contract, not the code."""
        if self.option_url:
            return OPTION_URL
        if self.explicit and self.file_url:
            return FILE_URL
        if self.env_url:
            return ENV_URL
        return FILE_URL if self.file_url else DEFAULT_URL

    def expected_key(self) -> str | type[Exception]:
        if self.env_key and not self.explicit:
            return OTHER
        if not self.file_key:
            return NoKey
        home = FILE_URL if self.file_url else DEFAULT_URL
        return STORED if self.expected_url() == home else GuardRefused


COMBINATIONS = [Given(*flags) for flags in itertools.product((False, True), repeat=6)]


@pytest.mark.parametrize("given", COMBINATIONS, ids=str)
def test_every_combination_uses_the_first_host_and_the_permitted_key_or_none(config, given):
    profile = config(given.text, given.env, **given.options)
    assert profile.base_url.text == given.expected_url()
    expected = given.expected_key()
    if isinstance(expected, str):
        assert profile.key().reveal() == expected
    else:
        with pytest.raises(expected):
            profile.key()


def test_each_setting_has_its_source(config):
    profile = config(
        '[profiles.default]\noutput = "csv"\nrate = 5\napi_key = "k"',
        {"PARSEC_API_BASE_URL": ENV_URL},
        rate="max",
    )
    assert profile.sources == {
        "profile": "default",
        "base_url": "environment PARSEC_API_BASE_URL",
        "api_key": "profile default",
        "output": "profile default",
        "rate": "--rate",
        "protected": "default",
    }
    assert (profile.output, profile.rate) == ("csv", "max")


def test_without_any_source_the_defaults_are_used_and_there_is_no_key(config):
    profile = config()
    assert (profile.name, profile.base_url.text, profile.key_source) == ("default", DEFAULT_URL, "")
    assert (profile.output, profile.rate, profile.sandbox) == (None, None, False)
    for none in (profile, config('[profiles.default]\napi_key = " "')):
        with pytest.raises(NoKey, match=r"neither PARSEC_API_KEY nor profile `default` of .*toml"):
            none.key()


def test_without_a_default_profile_the_stored_ones_are_named(config):
    one = f'[profiles.staging]\nbase_url = "{FILE_URL}"\napi_key = "{STORED}"\n'
    with pytest.raises(NoKey) as caught:
        config(one).key()
    assert caught.value.hint == "set PARSEC_API_KEY, or use a stored profile (staging) with"
    assert caught.value.command == run("config", "use", "staging")
    with pytest.raises(NoKey) as caught:
        config(one + one.replace("staging", "prod")).key()
    assert "(staging, prod)" in caught.value.hint
    assert caught.value.command == run("config", "use", "NAME")


@pytest.mark.parametrize("blank", ["", "   ", "\n"])
def test_a_blank_variable_is_unset(config, blank):
    """An undefined secret of a pipeline does not hide the stored key."""
    blanks = dict.fromkeys(
        ("PARSEC_API_KEY", "PARSEC_API_BASE_URL", "PARSEC_PROFILE", "PARSEC_OUTPUT"), blank
    )
    text = f'[profiles.default]\nbase_url = "{FILE_URL}"\napi_key = "{STORED}"\noutput = "csv"'
    profile = config(text, blanks)
    assert profile.key().reveal() == STORED
    assert (profile.base_url.text, profile.output) == (FILE_URL, "csv")


def test_the_key_of_the_environment_is_not_sent_to_the_host_of_an_explicit_profile(config):
    text = f'[profiles.staging]\nbase_url = "{FILE_URL}"'
    with pytest.raises(NoKey) as caught:
        config(text, {"PARSEC_API_KEY": OTHER}, profile="staging").key()
    assert caught.value.exit_code == 4
    assert "the one in PARSEC_API_KEY is not sent to its host" in caught.value.message
    assert caught.value.command == run("config", "set", "api_key", profile="staging")


def test_the_refusal_names_both_hosts_and_the_source_of_the_other(config):
    text = f'[profiles.default]\nbase_url = "{FILE_URL}"\napi_key = "{STORED}"'
    with pytest.raises(GuardRefused) as caught:
        config(text, {"PARSEC_API_BASE_URL": ENV_URL}).key()
    assert caught.value.message == (
        "the key of profile `default` belongs to file.example; it is not sent to env.example,"
        " which environment PARSEC_API_BASE_URL names"
    )
    assert caught.value.exit_code == 10


def test_a_host_is_the_same_by_its_origin_alone(config):
    text = f'[profiles.default]\nbase_url = "{FILE_URL}"\napi_key = "{STORED}"'
    for same in ("https://FILE.example:443/", f"{FILE_URL}/api/v1", f"{FILE_URL}/gw"):
        assert config(text, base_url=same).key().reveal() == STORED
    for other in (f"{FILE_URL}:8443", f"{FILE_URL}.evil.example", "https://xfile.example"):
        with pytest.raises(GuardRefused):
            config(text, base_url=other).key()


def test_a_refused_key_command_is_not_even_run(config, folder):
    trace = folder / "ran"
    text = f"[profiles.default]\napi_key_command = 'touch {trace}'"
    with pytest.raises(GuardRefused):
        config(text, base_url=OPTION_URL).key()
    assert not trace.exists()


def test_the_key_command_runs_once_and_only_when_the_key_is_asked_for(config, folder):
    trace = folder / "ran"
    text = f"[profiles.default]\napi_key_command = '''sh -c \"echo x >> {trace}; echo {STORED}\"'''"
    profile = config(text)
    assert not trace.exists()
    assert profile.key_source == "api_key_command of profile default"
    assert [profile.key().reveal(), profile.key().reveal()] == [STORED, STORED]
    assert trace.read_text() == "x\n"


@pytest.mark.parametrize(
    ("env", "options"),
    [
        ({}, {"profile": "stagin"}),
        ({"PARSEC_PROFILE": "stagin"}, {}),
        ({}, {"profile": ""}),
        ({}, {"profile": "default"}),
    ],
)
def test_an_unknown_profile_is_refused_with_a_list_of_the_known_ones(config, env, options):
    with pytest.raises(UsageFault) as caught:
        config("[profiles.staging]\n[profiles.prod]", env, **options)
    assert caught.value.exit_code == 2
    assert "known profiles: staging, prod, sandbox" in caught.value.hint


def test_a_default_profile_that_does_not_exist_is_refused(config):
    with pytest.raises(UsageFault, match=r"`default_profile` of .*: unknown profile `prod`"):
        config('default_profile = "prod"')


def test_the_profile_comes_from_the_option_then_the_variable_then_the_file(config):
    text = 'default_profile = "a"\n[profiles.a]\n[profiles.b]\n[profiles.c]'
    env = {"PARSEC_PROFILE": "b"}
    assert config(text).name == "a"
    assert config(text, env).name == "b"
    assert config(text, env, profile="c").name == "c"


def test_a_profile_named_by_the_variable_is_not_explicit(config):
    """Only the option lifts a profile above the environment."""
    text = f'[profiles.a]\nbase_url = "{FILE_URL}"\napi_key = "{STORED}"'
    env = {"PARSEC_PROFILE": "a", "PARSEC_API_KEY": OTHER, "PARSEC_API_BASE_URL": ENV_URL}
    profile = config(text, env)
    assert (profile.base_url.text, profile.key().reveal()) == (ENV_URL, OTHER)


@pytest.mark.parametrize(
    ("text", "env", "options"),
    [
        ("", {}, {"profile": "sandbox"}),
        ("", {"PARSEC_PROFILE": "sandbox"}, {}),
        ('default_profile = "sandbox"', {}, {}),
    ],
)
def test_the_sandbox_uses_neither_host_nor_key_of_the_environment(config, text, env, options):
    real = {"PARSEC_API_KEY": OTHER, "PARSEC_API_BASE_URL": ENV_URL}
    profile = config(text or "# none", env | real, **options)
    assert profile.sandbox
    assert profile.base_url.root == "http://sandbox.localhost/api/v1"
    assert profile.key().reveal() == "pk_live_sandbox"
    with pytest.raises(UsageFault, match="the sandbox has no base URL"):
        config(None, env | real, base_url=OPTION_URL, **options)


@pytest.mark.parametrize("profile", [None, "sandbox"])
def test_a_sandbox_profile_in_the_file_is_refused(config, profile):
    text = f'# mine\n[profiles.sandbox]\napi_key = "{STORED}"'
    with pytest.raises(UsageFault, match=r"line 2: `\[profiles.sandbox\]` is the built-in"):
        config(text, profile=profile)


@pytest.mark.parametrize(
    ("env", "options", "text", "message"),
    [
        (
            {"PARSEC_OUTPUT": "xml"},
            {},
            "# none",
            "environment PARSEC_OUTPUT: unknown output format `xml`",
        ),
        ({}, {"output": "xml"}, "# none", "--output: unknown output format `xml`"),
        ({}, {"rate": "fast"}, "# none", "--rate: `fast` is not a rate"),
        ({}, {}, "[profiles.default]\nrate = 0", "profile default: `0` is not a rate"),
        (
            {},
            {},
            '[profiles.default]\nbase_url = "h"',
            "profile default: the base URL does not start with `https://`",
        ),
        (
            {"PARSEC_API_BASE_URL": "http://api.parsecapi.com"},
            {},
            "# none",
            "environment PARSEC_API_BASE_URL: the base URL must be https, except on loopback",
        ),
        ({}, {"base_url": ""}, "# none", "--base-url: the base URL is empty"),
    ],
)
def test_an_invalid_value_is_refused_and_its_source_named(config, env, options, text, message):
    with pytest.raises(UsageFault) as caught:
        config(text, env, **options)
    assert caught.value.message == message


def test_an_invalid_value_that_is_not_used_is_ignored(config):
    assert config('[profiles.default]\noutput = "xml"', output="csv").output == "csv"


@pytest.mark.parametrize(
    ("env", "text", "warned"),
    [
        ({}, f'[profiles.default]\nbase_url = "{FILE_URL}"', True),
        ({}, "[profiles.default]", False),
        ({}, f'[profiles.default]\nbase_url = "{DEFAULT_URL}/api/v1"', False),
        ({"PARSEC_API_BASE_URL": ENV_URL}, f'[profiles.default]\nbase_url = "{FILE_URL}"', False),
        ({"PARSEC_PROFILE": "default"}, f'[profiles.default]\nbase_url = "{FILE_URL}"', False),
    ],
)
def test_a_key_from_the_environment_for_a_stored_host_causes_a_warning(config, env, text, warned):
    """A key of the environment is not sent to a host of the file without notice."""
    warnings = config(text, env | {"PARSEC_API_KEY": OTHER}).warnings
    expected = (
        "the key from environment PARSEC_API_KEY goes to file.example, the host of profile default"
    )
    assert warnings == ((expected,) if warned else ())


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("[profiles.default]\nprotect = true\n", "line 2 (did you mean `protected`?)"),
        (
            '[profiles.default]\nrate = 5\n[profiles.b]\nBASE_URL = "x"',
            "line 4 (did you mean `base_url`?)",
        ),
        ("[profile.default]\nprotected = true\n", "line 1 (did you mean `profiles`?)"),
        (
            'default-profile = "default"\npk_live_CANARY = 1\n[profiles.default]\n',
            "line 1 (did you mean `default_profile`?), line 2",
        ),
    ],
)
def test_unknown_settings_are_ignored_with_one_warning(config, folder, text, lines):
    """A profile that is not protected because of a misspelt word looks protected in the file."""
    warning = f"`{folder / 'config.toml'}` has unknown settings, which are ignored: {lines}"
    assert config(text).warnings == (warning,)


@pytest.mark.parametrize("name", ["PARSEC_BASE_URL", "PARSEC_API_URL", "PARSEC_HOST"])
@pytest.mark.parametrize("stored", ["", f'base_url = "{DEFAULT_URL}"'])
def test_a_misnamed_variable_of_the_host_causes_a_warning(config, name, stored):
    """Requests would go to another host than the one that the shell seems to name."""
    found = config(f"[profiles.default]\n{stored}", {name: ENV_URL})
    assert found.base_url.text == DEFAULT_URL
    assert found.warnings == (f"{name} is ignored (did you mean `PARSEC_API_BASE_URL`?)",)


@pytest.mark.parametrize(
    ("env", "options"),
    [
        ({"PARSEC_BASE_URL": ENV_URL, "PARSEC_API_BASE_URL": ENV_URL}, {}),
        ({"PARSEC_BASE_URL": ENV_URL}, {"base_url": ENV_URL}),
        ({"PARSEC_BASE_URL": ENV_URL}, {"profile": "sandbox"}),
        ({"PARSEC_BASE_URL": " "}, {}),
    ],
)
def test_a_misnamed_variable_is_no_warning_where_the_host_is_known(config, env, options):
    assert config("[profiles.default]", env, **options).warnings == ()


def test_a_profile_never_shows_its_key(config):
    profile = config(f'[profiles.default]\napi_key = "{STORED}"')
    assert STORED not in repr(profile)
    assert STORED not in f"{profile.key()} {profile.key()!r}"
