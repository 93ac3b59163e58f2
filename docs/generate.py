"""Write the files generated from the command tree: reference, man page, completions, JSON.

Run `python docs/generate.py` after any change of commands or options; a test fails until then.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from parsec_cli import __version__
from parsec_cli.cli.help_pages import Page, page_of
from parsec_cli.cli.topics import TOPICS, paragraphs_of
from parsec_cli.cli.tree import parser
from parsec_cli.cli.typer_adapter import Parameter
from parsec_cli.describe.description import described
from parsec_cli.describe.schema import ERROR

REPOSITORY = Path(__file__).resolve().parents[1]
SCRIPTS = {
    "completions/parsec.bash": "bash",
    "completions/_parsec": "zsh",
    "completions/parsec.fish": "fish",
    "completions/parsec.ps1": "powershell",
}


def generated() -> dict[str, str]:
    """Return the text of every generated file by its path in the repository."""
    root = page_of(parser(), ("parsec",))
    files = {"docs/reference.md": reference(root), "docs/parsec.1": man_page(root)}
    files["docs/commands.json"] = described_as_json(root)
    for path, shell in SCRIPTS.items():
        files[path] = import_module(f"parsec_cli.shells.{shell}").script(root)
    return files


def reference(root: Page) -> str:
    """Write the Markdown reference: a section a command, the common options once."""
    parts = [
        "# Reference",
        "Written by `docs/generate.py` from the command tree, as is `parsec COMMAND --help`.",
        _contents(root),
    ]
    for page in root.walk():
        parts += _section(page)
    parts += ["## Common options", "Accepted before and after every subcommand."]
    parts.append(_items(root.common_options))
    for name, text in TOPICS.items():
        title, _, body = text.partition("\n")
        parts += [f"## {title.partition(':')[0].capitalize()}"]
        parts.append(f"`parsec help {name}`\n\n```text\n{body.strip()}\n```")
    return "\n\n".join(parts) + "\n"


def _contents(root: Page) -> str:
    return "\n".join(
        f"{'  ' * (len(page.path) - 2)}- [{page.name}](#{'-'.join(page.path)}): {page.summary}"
        for page in root.walk()
        if page.path[1:]
    )


def _section(page: Page) -> Iterator[str]:
    yield f"{'##' if len(page.path) < len(('parsec', 'noun', 'verb')) else '###'} {page.name}"
    yield f"```text\n{page.usage}\n```"
    yield page.summary
    if page.text:
        yield page.text
    examples = "\n".join(page.examples)
    yield f"```sh\n{examples}\n```"
    if page.arguments:
        yield _items(page.arguments)
    if page.own_options:
        yield _items(page.own_options)
    if page.fields:
        yield f"Fields: {', '.join(f'`{name}`' for name in page.fields)}."


def _items(entries: tuple[Parameter, ...]) -> str:
    return "\n".join(f"- `{entry.spelling}`: {entry.explained}" for entry in entries)


def described_as_json(root: Page) -> str:
    """Write what `parsec help --json` prints, with lines that show what a change is about."""
    commands = [
        "{" + ",\n".join(f"{json.dumps(key)}: {_lines(value)}" for key, value in one.items()) + "}"
        for one in described(root)
    ]
    body = ",\n\n".join(commands)
    return f'{{"commands": [\n{body}\n],\n"error": {json.dumps(ERROR)}}}\n'


def _lines(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f" {json.dumps(item)}" for item in value) + "]"
    return json.dumps(value)


def man_page(root: Page) -> str:
    """Write the man page, in `man` macros that both groff and mandoc support."""
    lines = [
        '.\\" written by docs/generate.py',
        f'.TH PARSEC 1 "" "parsec {__version__}" "User Commands"',
        ".SH NAME",
        f"parsec \\- {_roff(root.summary[0].lower() + root.summary[1:-1])}",
        ".SH SYNOPSIS",
        _roff(root.usage),
        ".SH DESCRIPTION",
        *_prose(f"{root.summary}\n\n{root.text}"),
        ".SH COMMANDS",
    ]
    for page in root.walk():
        if page.path[1:]:
            lines += _command(page)
    lines += [".SH OPTIONS", "Accepted before and after every subcommand.", *_tagged(root.options)]
    for text in TOPICS.values():
        title, _, body = text.partition("\n")
        name = {"EXIT CODES": "EXIT STATUS"}.get(title.partition(":")[0], title.partition(":")[0])
        lines += [f".SH {name}", *_topic(body)]
    lines += [".SH EXAMPLES", *_written(root.examples)]
    return "\n".join(lines) + "\n"


def _command(page: Page) -> Iterator[str]:
    yield f'.SS "{_roff(page.name)}"'
    yield f"Usage: {_roff(page.usage)}"
    yield ".PP"
    yield from _prose(f"{page.summary}\n\n{page.text}")
    yield from _tagged((*page.arguments, *page.own_options))
    if page.fields:
        yield ".PP"
        yield _roff(f"Fields: {', '.join(page.fields)}.")
    if not page.pages:
        yield ".PP"
        yield from _written(page.examples)


def _topic(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(paragraphs_of(text)):
        if number and paragraph[0].kind != "row":
            yield ".PP"
        for piece in paragraph:
            if piece.kind == "row":
                yield from (".TP", f"\\fB{_roff(piece.name.strip())}\\fR", _roff(piece.text))
            elif piece.kind == "command":
                yield from _written([piece.text])
            else:
                yield _roff(piece.text)


def _prose(text: str) -> Iterator[str]:
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield ".PP"
        yield _roff(paragraph)


def _tagged(entries: tuple[Parameter, ...]) -> Iterator[str]:
    for entry in entries:
        yield ".TP"
        yield f"\\fB{_roff(entry.spelling)}\\fR"
        yield _roff(entry.explained)


def _written(lines: tuple[str, ...] | list[str]) -> Iterator[str]:
    """Write lines that roff does not fill."""
    yield ".nf"
    yield from map(_roff, lines)
    yield ".fi"


def _roff(text: str) -> str:
    """Escape the characters that roff interprets, so that a hyphen can be copied as one."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in text)
    return f"\\&{text}" if text.startswith((".", "'")) else text


def main() -> None:
    for path, text in generated().items():
        target = REPOSITORY / path
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
            sys.stdout.write(f"wrote {path}\n")


if __name__ == "__main__":
    main()
