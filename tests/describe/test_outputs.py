"""The description of each command is complete, and its schema accepts what the command writes."""

import json

import pytest
from jsonschema import Draft202012Validator, ValidationError
from support import documents

from parsec_cli.cli.help_pages import page_of
from parsec_cli.cli.tree import parser
from parsec_cli.describe.description import KEYS, described
from parsec_cli.describe.outputs import OUTPUTS
from parsec_cli.describe.schema import ERROR

PAGES = {p.name.removeprefix("parsec "): p for p in page_of(parser(), ("parsec",)).walk()}
COMMANDS = {one["path"]: one for one in described(PAGES["parsec"])}
SCHEMAS = {"error": ERROR, **{name: one["output"] for name, one in COMMANDS.items()}}


def test_every_command_has_a_schema_or_is_known_to_write_none():
    assert set(COMMANDS) == {name for name, page in PAGES.items() if not page.pages}
    assert set(OUTPUTS) == set(COMMANDS), "add the schema of its JSON to describe/outputs.py"


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_valid_and_refuse_an_empty_object(name):
    Draft202012Validator.check_schema(SCHEMAS[name])
    for nothing in ({}, [], None, ""):
        # any other value may be the response to a request of `api`
        if name != "api" or nothing == {}:
            assert not Draft202012Validator(SCHEMAS[name]).is_valid(nothing)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_takes_consent_describes_it(name):
    one = COMMANDS[name]
    names = {name for option in one["options"] for name in option["names"]}
    assert ("--confirm" in names) == (one["consent"] is not None)
    # the key is typed, or read from stdin
    asks = name in ("config init", "config set")
    assert (9 in one["exit_codes"]) == (one["consent"] is not None or asks)
    for option in ("--confirm", "--yes", "--allow-holdings"):
        assert one["consent"] is None or (option in names) == (option in one["consent"]["script"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("users deactivate", "the id of one user, or the count of several"),
        ("users apply", "the number of users to be deactivated"),
        ("api", "the id of the user"),
    ],
)
def test_the_help_of_confirm_says_what_the_command_accepts(name, value):
    options = {option["names"][0]: option["help"] for option in COMMANDS[name]["options"]}
    assert options["--confirm"] == f"Consent for scripts: {value}."


@pytest.mark.parametrize("name", COMMANDS)
def test_a_description_has_every_option_and_argument_of_the_command(name):
    one, page = COMMANDS[name], PAGES[name]
    assert tuple(one) == KEYS
    assert [option["names"] for option in one["options"]] == [
        list(option.all_names) for option in page.options
    ]
    assert [argument["metavar"] for argument in one["arguments"]] == [
        argument.metavar for argument in page.arguments
    ]


def test_choices_are_all_possible_values_or_none():
    listing = {one["names"][0]: one for one in COMMANDS["users list"]["options"]}
    assert listing["--wallet"]["choices"] == ["eoa", "safe", "none"]
    assert listing["--page-size"] | {"help": ""} == {
        "names": ["--page-size"],
        "metavar": "N",
        "choices": None,
        "required": False,
        "repeatable": False,
        "help": "",
        "default": 100,
    }
    # a number or `max`
    assert listing["--rate"]["choices"] is None
    assert (listing["--reverse"]["default"], listing["--headers"]["default"]) == (False, None)
    assert listing["--timeout"]["default"] == 30


def test_help_as_json_describes_all_commands_or_those_that_are_named(tool):
    whole = tool("help", "--json").json
    assert whole == json.loads(json.dumps({"commands": list(COMMANDS.values()), "error": ERROR}))
    assert tool("help", "users", "list", "--json").json == whole["commands"][0]
    assert tool("help", "doctor", "-o", "json").json["path"] == "doctor"
    pool = [one["path"] for one in tool("help", "pool", "--json").json["commands"]]
    assert pool == [name for name in COMMANDS if name.startswith("pool ")]
    lines = tool("help", "-o", "jsonl", "--fields", "path").out.splitlines()
    assert [json.loads(line)["path"] for line in lines] == list(COMMANDS)


def test_help_as_json_can_be_narrowed(tool):
    shown = tool("help", "--json", "--fields", "path,effect").json["commands"]
    assert shown[0] == {"path": "users list", "effect": "read"}
    assert tool("help", "pool", "show", "--json", "--fields", "effect").json == {"effect": "read"}


@pytest.mark.parametrize("setting", [{"PARSEC_OUTPUT": "json"}, {}])
def test_help_for_people_stays_text(tool, setting):
    assert tool("help", "users", env=setting).out.startswith("Usage: parsec users")


def test_a_field_that_the_record_lacks_is_null(run, builder):
    user = builder.add("alice")
    del user["qps_limit"]
    narrowed = ("users", "get", "alice", "--json", "--fields")
    assert run(*narrowed, "qps_limit").json == {"qps_limit": None}
    assert run(*narrowed, "qps_limit,external_id").json == {"external_id": "alice"}


LIST = ["users", "list", "--json"]
NO_FINDINGS = {"findings": [], "summary": {}, "users": 0, "complete": True}


@pytest.mark.parametrize(
    ("argv", "document"),
    [
        (LIST, {}),
        (LIST, {"users": [], "count": 0, "complete": True}),
        (LIST, {"users": [{"qps_limit": {}}], "count": 1, "complete": True, "next_cursor": None}),
        (["-o", "json", "users", "list"], {"users": []}),
        (["users", "get", "u", "-ojson"], {"users": []}),
        (["pool", "check", "--json"], {"status": "fine"}),
        (["users", "get", "u", "--json"], {"count": 0, "complete": True, "next_cursor": None}),
        (["users", "set-qps", "u", "5", "--json"], {"results": [], "summary": {}}),
        (["users", "set-qps", "u", "5", "-n", "--json"], {"actions": [{"action": "explode"}]}),
        (["users", "create", "u", "-n", "--json"], {"dry_run": "yes", "path": "/"}),
        (["users", "onboard", "u", "-n", "--json"], {"dry_run": True, "method": "GET"}),
        (["users", "audit", "--json"], {**NO_FINDINGS, "summary": {"odd": 1}}),
        (["users", "audit", "--json"], {**NO_FINDINGS, "findings": [{"rule": "odd"}]}),
        (["users", "plan", "f", "--json"], {"actions": [{"action": "explode"}]}),
        (["config", "path", "--json"], {"path": "x"}),
        (["users", "list", "-o", "jsonl"], {"qps_limit": []}),
    ],
)
def test_a_document_that_the_description_does_not_allow_fails_the_test_that_saw_it(argv, document):
    out = json.dumps(document).encode()
    with pytest.raises((ValidationError, AssertionError)):
        documents.check(argv, {}, 0, out, b"")


def test_an_exit_code_or_an_error_that_is_not_described_fails_the_test_that_saw_it():
    with pytest.raises(AssertionError):
        documents.check(["config", "path"], {}, 12, b"", b"")
    with pytest.raises(ValidationError):
        documents.check(LIST, {}, 2, b"", b'{"error": {"code": "usage"}}\n')
