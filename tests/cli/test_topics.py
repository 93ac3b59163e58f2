"""Each exit code and each variable of the help topics works as described."""

import re

import pytest
from support.actions import close, error
from support.programs import needed

from parsec_cli.cli.topics import TOPICS, paragraphs_of
from parsec_cli.results import EXTRA_FORMATS, FORMATS


def codes_in_topic():
    return {int(c) for c in re.findall(r"^ {2,4}(\d+) {2}", TOPICS["exit-codes"], re.MULTILINE)}


def variables_in_topic():
    listed = re.findall(r"^  ((?:[A-Z_]+(?:, )?)+) ", TOPICS["environment"], re.MULTILINE)
    return {name for names in listed for name in names.split(", ")}


# code -> (prepare the builder, command line)
BY_BUILDER = {
    0: (lambda _: None, "users list"),
    2: (lambda _: None, "users list --limit 0"),
    3: (lambda _: None, "users get nobody"),
    4: (lambda b: b.fault("GET", action=error(401, "no", "unauthorized")), "pool show"),
    5: (lambda b: b.fault("POST", action=error(400, "no", "validation_error")), "users create u"),
    6: (
        lambda b: b.fault("GET", action=error(429, "monthly", "monthly_limit_exceeded")),
        "pool show",
    ),
    7: (lambda b: b.fault("GET", action=close(), times=4), "pool show"),
    8: (
        lambda b: b.fault("POST", action=error(400, "no", "validation_error")),
        "users apply users.csv --yes",
    ),
    9: (lambda b: b.add("u1"), "users deactivate u1"),
    10: (lambda _: None, "users create u --qps-limit 1000000"),
    11: (lambda b: b.add("u1", 990), "pool check"),
    12: (lambda b: b.fault("POST", action=close(), times=4), "users create u"),
}
# code -> the tests that produce it
ELSEWHERE = {
    1: "tests/machine/test_streams.py",
    130: "tests/faults/test_signals.py",
    141: "tests/machine/test_streams.py",
    143: "tests/faults/test_signals.py",
}


def test_a_test_produces_every_exit_code_of_the_topic(request):
    assert codes_in_topic() == set(BY_BUILDER) | set(ELSEWHERE)
    for code, place in ELSEWHERE.items():
        assert re.search(rf"\b{code}\b", (request.config.rootpath / place).read_text()), code


@pytest.mark.parametrize("code", BY_BUILDER)
def test_a_command_ends_with_the_exit_code(code, tool, builder, key_env, work):
    prepare, line = BY_BUILDER[code]
    prepare(builder)
    (work / "users.csv").write_text("external_id\nu\n")
    done = tool(*line.split(), env=key_env(builder))
    assert done.code == code, done


# variable -> the tests that show it; those shown below are named "here"
SHOWN = {
    "PARSEC_API_KEY": "here",
    "PARSEC_API_BASE_URL": "here",
    "PARSEC_PROFILE": "here",
    "PARSEC_OUTPUT": "here",
    "PARSEC_CONFIG": "here",
    "PARSEC_DEBUG": "tests/field/test_secrets.py",
    "COLUMNS": "tests/cli/test_help_layout.py",
    "SSL_CERT_FILE": "tests/field/test_transport.py",
    "SSL_CERT_DIR": "tests/test_proxy_and_certificates.py",
    "HTTPS_PROXY": "tests/test_proxy_and_certificates.py",
    "ALL_PROXY": "tests/test_proxy_and_certificates.py",
    "NO_PROXY": "tests/test_proxy_and_certificates.py",
    "NO_COLOR": "tests/machine/test_terminals.py",
    "FORCE_COLOR": "tests/machine/test_terminals.py",
    "CLICOLOR_FORCE": "tests/machine/test_terminals.py",
    "CLICOLOR": "tests/machine/test_terminals.py",
    "TERM": "tests/output/test_surface.py",
    "ACCESSIBLE": "tests/output/test_surface.py",
}


def test_every_variable_of_the_topic_has_a_test(request):
    assert variables_in_topic() == set(SHOWN)
    root = request.config.rootpath
    for variable, place in SHOWN.items():
        if place != "here":
            text = (root / place).read_text()
            assert variable in text or variable.lower() in text, (variable, place)


def test_parsec_variables_take_effect(tool, builder, key_env, work):
    builder.add("u1")
    config = work / "elsewhere.toml"
    config.write_text(f'[profiles.far]\nbase_url = "{builder.url}"\napi_key = "{builder.key}"\n')
    by_config = {"PARSEC_CONFIG": str(config), "PARSEC_PROFILE": "far", "PARSEC_OUTPUT": "ids"}
    assert tool("users", "list", env=by_config).out.count("\n") == 1
    assert tool("users", "list", env={**key_env(builder), "PARSEC_OUTPUT": "json"}).json["complete"]
    assert tool("users", "list", env=by_config | {"PARSEC_PROFILE": "near"}).code == 2


def commands_of_the_topics():
    pieces = [piece for text in TOPICS.values() for part in paragraphs_of(text) for piece in part]
    lines = [piece.text for piece in pieces if piece.kind == "command"]
    assert len(lines) >= 5
    return lines


@pytest.mark.parametrize("line", commands_of_the_topics())
def test_the_commands_of_the_topics_work_as_typed(session, line):
    if "| xargs" in line:
        needed("xargs")
    session(line)


def test_the_topic_of_output_explains_every_format():
    names = [
        piece.name
        for paragraph in paragraphs_of(TOPICS["output"])
        for piece in paragraph
        if piece.kind == "row"
    ]
    assert sorted(names) == sorted((*FORMATS, *EXTRA_FORMATS))
