"""Checks what a run wrote against what `parsec help --json` says about its command."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from parsec_cli.cli.help_pages import page_of
from parsec_cli.cli.tree import parser
from parsec_cli.cli.typer_adapter import parameters
from parsec_cli.describe.description import described
from parsec_cli.describe.outputs import OUTPUTS
from parsec_cli.describe.schema import ERROR
from parsec_cli.next_command import Line

# after these, a document may have been cut off
_CUT = {1, 130, 141, 143, -2, -9, -15}
# what a server sends against its own documentation is passed on; its tests switch this off
records_are_checked = True
_ENDS = 20  # so many records at each end of a long list are checked


@cache
def _commands() -> dict[str, dict[str, Any]]:
    return {one["path"]: one for one in described(page_of(parser(), ("parsec",)))}


@cache
def _validator(path: str) -> Draft202012Validator:
    return Draft202012Validator(_commands()[path]["output"])


@cache
def _record_validator(path: str) -> Draft202012Validator:
    """The validator of a line of jsonl: a record of one of the listings, or the whole document."""
    schema = _commands()[path]["output"]
    forms = schema.get("anyOf", [schema]) if schema else []
    lists = [one["properties"] for one in forms if "properties" in one]
    items = [next(iter(one.values())).get("items") for one in lists if one]
    return Draft202012Validator({"anyOf": [*filter(None, items), *forms]} if forms else False)


_ERRORS = Draft202012Validator(ERROR)


@cache
def _shared_options() -> dict[str, tuple[str, bool]]:
    return {n: (n, bool(one.metavar)) for one in parameters(parser()) for n in one.all_names}


def command_of(argv: Sequence[str]) -> str | None:
    """Return the words of the command that the line names; None for none, or for help."""
    line = Line.parse(argv, (), _shared_options())
    if any(name in ("-h", "--help", "--version") for name, _ in line.options):
        return None
    for length in (2, 1):
        path = " ".join(line.names[:length])
        if path in _commands():
            return path
    return None


def check(argv: Sequence[str], env: Mapping[str, str], code: int, out: bytes, err: bytes) -> None:
    """Assert that exit code and JSON are those that the description of the command allows."""
    if argv[:1] == ["__complete"]:
        return
    last = err.splitlines()[-1:] or [b""]
    if last[0].startswith(b'{"error"'):
        _ERRORS.validate(json.loads(last[0]))
    path = command_of(argv)
    if path is None:
        return
    assert code in _commands()[path]["exit_codes"] or code < 0, (path, code, err[-300:])
    options = list(argv[: argv.index("--")] if "--" in argv else argv)
    name = _format(options, env)
    if not out or name not in ("json", "jsonl") or code in _CUT:
        return
    if path not in OUTPUTS:  # a test of the schemas reports it
        return
    if _commands()[path]["output"] is False:
        # text, such as a path, in every format
        assert not out.startswith((b"{", b"[")), (path, out[:100])
        return
    if not records_are_checked or (path == "help" and not out.startswith(b"{")):
        return
    validator = _validator(path) if name == "json" else _record_validator(path)
    for document in _documents(out):
        validator.validate(_shortened(document))


def _format(options: Sequence[str], env: Mapping[str, str]) -> str:
    joined = " ".join(options)
    found = re.findall(r"(?:^| )(?:(?:--output|-[qvnh]*o)[ =]*([a-z]+)|(--json)(?= |$))", joined)
    if found:
        return "json" if found[-1][1] else found[-1][0]
    return env.get("PARSEC_OUTPUT", "")


def _documents(out: bytes) -> list[Any]:
    text = out.decode(json.detect_encoding(out))
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def _shortened(document: Any) -> Any:
    """Leave out the middle of long lists: there may be 100,000 records."""
    if not isinstance(document, dict):
        return document
    return {
        name: [*value[:_ENDS], *value[-_ENDS:]]
        if isinstance(value, list) and len(value) > 2 * _ENDS
        else value
        for name, value in document.items()
    }
