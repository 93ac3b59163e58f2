"""A change shows its target first, and must name a protected profile."""

from __future__ import annotations

import pytest

from parsec_cli.cli.tree import parser

USER = "298a59f8-5e1e-4978-90a7-6e49fa60dbd6"
CHANGES = {
    "create": ["users", "create", "new"],
    "set-qps": ["users", "set-qps", "u1", "7"],
    "onboard": ["users", "onboard", "u1", "--exchange", "polymarket", "--mode", "managed"],
    "deactivate": ["users", "deactivate", "u1", "--confirm", "u1"],
    "deactivate several": ["users", "deactivate", "u1", "u2", "--confirm", "2"],
    "apply": ["users", "apply", "r.csv", "--yes"],
    "api": ["api", "PATCH", f"/builder/users/{USER}", "-F", "qps_limit=7"],
}
PLAN = ["users", "plan", "r.csv"]
READS = [
    line.split() for line in ("users list", "pool show", "api get /builder/pool", "users get u1")
]
each_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


@pytest.fixture
def prod(tool, builder, config, work):
    """Run with a profile `prod` at the builder's server: `prod(*argv, protected=…, **env)`."""
    builder.add("u1", 5, customer_id=USER)
    builder.add("u2", 5)
    (work / "r.csv").write_text("external_id,qps_limit\nu1,7\n")

    def run(*argv, protected=False, **environ):
        config(
            f'default_profile = "prod"\n[profiles.prod]\nbase_url = "{builder.url}"\n'
            f'api_key = "{builder.key}"\nprotected = {str(protected).lower()}\n'
        )
        return tool(*argv, env=environ)

    return run


@each_change
def test_a_change_starts_with_its_target(prod, builder, change):
    done = prod(*change)
    assert done.code == 0, done
    assert done.err.startswith(f"profile prod · {builder.url}\n")
    assert done.err.count("profile prod") == 1


def test_the_target_is_shown_before_anything_is_sent(prod, builder):
    builder.stop()
    for argv in (*CHANGES.values(), PLAN):
        done = prod(*argv, "--max-wait", "0")
        assert done.code == 7, done
        assert done.err.startswith(f"profile prod · {builder.url}\n")


def test_a_plan_names_its_target_and_a_read_does_not(prod, builder):
    assert prod(*PLAN).err.startswith(f"profile prod · {builder.url}\n")
    for argv in READS:
        assert "profile prod" not in prod(*argv).err


@each_change
def test_quiet_hides_the_target(prod, change):
    assert prod(*change, "-q").err == ""


def test_a_dash_replaces_the_dot_if_the_encoding_lacks_it(parsec, builder, key_env):
    env = {**key_env(builder), "PYTHONIOENCODING": "ascii"}
    done = parsec("users", "create", "new", env=env)
    assert done.err.startswith(f"profile default - {builder.url}\n")


def test_the_notice_of_the_sandbox_replaces_the_target(tool):
    done = tool("-p", "sandbox", "users", "set-qps", "user_001", "11")
    assert done.err.startswith("sandbox: a local imitation, nothing here is real\n")
    assert done.err.count("sandbox") == 1


def test_every_command_with_a_dry_run_is_a_change():
    """No command is left out. For `api`, the method decides."""
    commands = [command for group in parser().commands.values() for command in _verbs(group)]
    takes = {c.name for c in commands if any(p.name == "dry_run" for p in c.params)}
    assert {c.name for c in commands if c.effect in ("change", "irreversible")} == takes
    assert {c.name for c in commands if c.shows_target} == {*takes, "plan"} - {"api"}


def _verbs(node):
    return list(node.commands.values()) if hasattr(node, "commands") else [node]


@each_change
@pytest.mark.parametrize("environ", [{}, {"PARSEC_PROFILE": "prod"}], ids=["default", "variable"])
def test_a_protected_profile_must_be_named_on_the_command_line(prod, builder, change, environ):
    done = prod(*change, protected=True, **environ)
    assert done.code == 10, done
    assert builder.requests == []
    message = "profile `prod` is protected: a change needs `-p prod`; nothing was sent"
    assert message in done.err.splitlines()[1]
    assert prod("-p", "prod", *change, protected=True).code == 0


def test_the_refusal_proposes_the_whole_command(prod):
    done = prod("users", "set-qps", "u1", "7", "--reason", "a b", protected=True)
    assert done.err.endswith("\n  parsec -p prod users set-qps u1 7 --reason 'a b'\n")


def test_reads_plans_and_dry_runs_do_not_require_the_profile_name(prod, builder):
    for argv in (*READS, PLAN, *([*change, "-n"] for change in CHANGES.values())):
        assert prod(*argv, protected=True).code == 0, argv
    assert builder.effects == []


@pytest.mark.parametrize(("protected", "style"), [(False, "1"), (True, "1;31")])
def test_a_question_starts_with_the_target(terminal, builder, prod, protected, style):
    prod("users", "list", protected=protected)
    answers = [("deactivate it: ", "no\n")]
    done = terminal(["-p", "prod", "users", "deactivate", "u1"], answers=answers)
    target = f"prod · {builder.url}" + " · protected" * protected
    assert done.text.startswith(f"\x1b[{style}m{target}\x1b[0m\n")
    assert done.text.count(target) == 1


def test_a_question_shows_the_target_even_if_quiet(terminal, builder, prod):
    prod("users", "list")
    answers = [("deactivate it: ", "no\n")]
    done = terminal(["-p", "prod", "users", "deactivate", "u1", "-q"], answers=answers)
    assert done.text.startswith(f"\x1b[1mprod · {builder.url}\x1b[0m\n")


def test_config_sets_and_removes_protection(prod, tool, config):
    prod("config", "set", "protected", "true")
    assert config().read_text().count("protected = true\n") == 1
    assert tool("users", "create", "new").code == 10
    shown = tool("config", "show", "--json").json["values"]["protected"]
    assert shown == {"value": True, "source": "profile prod"}
    assert tool("config", "profiles", "--json").json["profiles"][0]["protected"] is True
    assert tool("config", "unset", "protected").code == 0
    assert tool("users", "create", "new").code == 0


@pytest.mark.parametrize("value", ["yes", "1", "True", ""])
def test_protected_is_true_or_false(tool, value):
    done = tool("config", "set", "protected", value)
    assert done.code == 2, done
    assert "is not `true` or `false`" in done.err


def test_protected_in_quotes_is_refused_like_any_wrong_value(tool, config):
    config('[profiles.default]\nprotected = "true"\n')
    done = tool("config", "show")
    assert done.code == 2
    assert "line 2: `protected` must be true or false, without quotes" in done.err
