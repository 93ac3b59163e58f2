"""The only place that writes to stdout and stderr: data there, every word for people here.

Decides format, width and colour from the streams and the environment it is given. A broken stderr
never breaks a command; a broken stdout is ReaderLeft or LocalFault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, TextIO, cast

from parsec_cli.errors import ParsecError, Stopped, unknown
from parsec_cli.models import JsonObject
from parsec_cli.output.encode import Replaced
from parsec_cli.output.fields import Fields
from parsec_cli.output.redact import Redaction, without_keys
from parsec_cli.output.sanitize import visible_lines
from parsec_cli.output.sheet import Format, Sheet
from parsec_cli.output.sink import Sink
from parsec_cli.output.surface import Surface, is_terminal, survey
from parsec_cli.records import changed, state
from parsec_cli.results import Block, Frames, Grid, Listing, Record, Result, Text

if TYPE_CHECKING:
    from parsec_cli.next_command import NextCommand
    from parsec_cli.output.progress import Progress

# loaded when used: `json` must not pay for tables, nor tables for csv
FORMATS = {
    "table": "Table",
    "tsv": "Tsv",
    "csv": "Csv",
    "json": "Json",
    "jsonl": "Jsonl",
    "ids": "Ids",
}
_JSON = ("json", "jsonl")
_ROWS = ("tsv", "csv", "ids")


@state
class Screen:
    """What a command is shown on. `format` None is a table on a terminal, else tsv.

    `secrets` gives the key values known by now, which are redacted wherever they appear;
    `complete` gives the words of a proposed command, None where it cannot be proposed.
    """

    stdin: TextIO | None
    stdout: TextIO | None
    stderr: TextIO | None
    environ: Mapping[str, str]
    secrets: Callable[[], Sequence[str]]
    complete: Callable[[NextCommand], list[str] | None]
    format: str | None = None
    headers: bool | None = None
    fields: tuple[str, ...] | None = None
    reveal_keys: bool = False
    quiet: bool = False
    verbose: bool = False
    no_input: bool = False
    clock: Callable[[], float] = time.monotonic
    _progress: Progress | None = None

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to answer."""
        return not self.no_input and is_terminal(self.stdin) and is_terminal(self.stderr)

    @property
    def format_name(self) -> str:
        return self.format or ("table" if self._surface.terminal else "tsv")

    @property
    def dot(self) -> str:
        """Separate two words on stderr."""
        return self._people.dot

    def show(self, result: Result) -> int:
        """Write a result to stdout and return its exit code."""
        match result:
            case Text():
                self._show_text(result)
            case Listing():
                self._format().listing(self._noticing_none(result))
            case Record(rows=Grid() as grid) if self._prints_rows(grid):
                self._format().listing(Listing(grid.title, grid.columns, [grid.rows]))
                self._sum_up(result)
            case Record():
                self._format().record(result)
                self._sum_up(result)
            case Frames():
                frames = (self._summed_up(frame) for frame in result.frames)
                self._format().frames(changed(result, frames=frames))
        if count := self._replaced.count:
            half = (
                "character of the response is" if count == 1 else "characters of the response are"
            )
            self.notice(f"{count:,} {half} half a surrogate pair, written as \\ufffd")
        return result.exit_code

    def _prints_rows(self, grid: Grid) -> bool:
        """Tell whether the rows stand for the record; `--fields` may name fields of the record."""
        paths = {column.path for column in grid.columns}
        return self.format_name in _ROWS and (self.fields is None or paths.issuperset(self.fields))

    def _sum_up(self, record: Record) -> None:
        """Say what a terminal shows of a record and a line of its columns lacks."""
        if record.summary and self.format_name in _ROWS and self.fields is None:
            self.notice(record.summary)

    def _summed_up(self, frame: Record) -> Record:
        self._sum_up(frame)
        return frame

    def notice(self, text: str, command: NextCommand | None = None) -> None:
        """Say something that is good to know; a proposed command gets a line of its own."""
        if not self.quiet:
            self._say_line(self._told(text) + self._proposal(command))

    def warning(self, text: str, command: NextCommand | None = None) -> None:
        label = self._people.paint("warning:", "caution")
        self._say_line(f"{label} {self._told(text)}{self._proposal(command)}")

    def shell_line(self, command: NextCommand | None) -> str:
        """Return the whole command as a shell takes it, or "" where there is none."""
        words = None if command is None else self.complete(command)
        if command is None or words is None:
            return ""
        from parsec_cli.next_command import shell_line

        clean = [self._redaction.text(without_keys(word)) for word in words]
        return shell_line(clean, command.stdin, self._people.readable)

    def _proposal(self, command: NextCommand | None) -> str:
        line = self.shell_line(command)
        return f"\n  {self._people.paint(line, 'command')}" if line else ""

    def error(self, error: ParsecError) -> None:
        """Say why the command failed, as the format asks: lines, or one line of JSON."""
        from parsec_cli.output.complaint import as_json, as_lines

        command = self.shell_line(error.command)
        if self.format_name in _JSON:
            self._say_line(as_json(error, command, self._redaction))
        else:
            self._say_line("\n".join(as_lines(error, command, self._people, self._redaction)))

    def log(self, text: str) -> None:
        """Write a line of the request log, with `-v` only."""
        if self.verbose:
            self._say_line(self._people.paint(self._told(text), "dim"))

    def ask(self, question: str) -> str | None:
        """Ask on stderr and return the line typed; None at end of file, which is no."""
        from parsec_cli.output.prompt import read_line

        with self._line_ended():
            self._say(self._clean(question))
            return self._answered(read_line(self.stdin))

    def ask_hidden(self, question: str) -> str | None:
        """Like `ask`, without showing what is typed."""
        from parsec_cli.output.prompt import read_hidden

        with self._line_ended():
            line = read_hidden(self.stdin, lambda: self._say(self._clean(question)))
            answer = self._answered(line)
        if answer is not None and is_terminal(self.stdin):
            self._say("\n")  # the one that was typed did not show
        return answer

    @contextmanager
    def _line_ended(self) -> Iterator[None]:
        """End the line of a question that a signal left open; it did nothing else."""
        try:
            yield
        except Stopped as stop:
            self._say("\n")
            raise type(stop)(f"{stop.message} at the question: nothing was done") from None

    def show_people(self, blocks: Sequence[Block]) -> None:
        """Draw blocks on stderr: what a question is about."""
        from parsec_cli.output.blocks import draw_blocks

        self._say(draw_blocks(blocks, self._people, self._redaction))

    def progress(self, total: int | None, label: str) -> Progress:
        """Return a progress display for a `with` block; silent with `-q`."""
        from parsec_cli.output.progress import Progress

        self._progress = Progress(
            total,
            self._redaction.text(label),
            surface=self._people,
            say=self._say_raw,
            clock=self.clock,
            silent=self.quiet,
        )
        return self._progress

    def close(self) -> None:
        """Flush both streams, so that nothing is left to fail at exit; may raise as `show` does."""
        self._people_sink.close_quietly()
        self._sink.close()

    @cached_property
    def _surface(self) -> Surface:
        return survey(self.stdout, self.environ)

    @cached_property
    def _people(self) -> Surface:
        return survey(self.stderr, self.environ)

    @cached_property
    def _sink(self) -> Sink:
        return Sink(self.stdout, "stdout")

    @cached_property
    def _people_sink(self) -> Sink:
        return Sink(self.stderr, "stderr")

    @cached_property
    def _replaced(self) -> Replaced:
        return Replaced()

    @cached_property
    def _redaction(self) -> Redaction:
        return Redaction(self.secrets, reveal_keys=self.reveal_keys)

    def _format(self) -> Format:
        name = self.format_name
        if name not in FORMATS:
            raise unknown("output format", name, list(FORMATS))
        fields = Fields(self.fields)
        sheet = Sheet(
            self._sink, self._surface, self._redaction, fields, self.headers, self._replaced
        )
        module = import_module(f"parsec_cli.output.{name}")
        return cast("Format", getattr(module, FORMATS[name])(sheet))

    def _show_text(self, result: Text) -> None:
        text = self._redaction.text(result.text)
        if self._surface.terminal:
            text = visible_lines(text)
        if result.headings and self._surface.colour:
            text = self._with_headings(text, result.headings)
        self._sink.write(text if not text or text.endswith("\n") else f"{text}\n")

    def _with_headings(self, text: str, headings: tuple[str, ...]) -> str:
        import re

        known = "|".join(map(re.escape, headings))
        return re.sub(f"(?m)^(?:{known})", lambda m: self._surface.paint(m[0], "strong"), text)

    def _noticing_none(self, listing: Listing) -> Listing:
        """Return the listing with its word for emptiness said once its pages have ended."""
        if not listing.empty or not (listing.filtered or self.format_name == "table"):
            return listing
        return changed(listing, pages=self._counted(listing))

    def _counted(self, listing: Listing) -> Iterator[Sequence[JsonObject]]:
        any_record = False
        for page in listing.pages:
            any_record = any_record or bool(page)
            yield page
        if not any_record:
            self.notice(listing.empty, listing.empty_command)

    def _answered(self, answer: str | None) -> str | None:
        if answer is None:
            self._say("\n")
        return answer

    def _clean(self, text: str) -> str:
        return self._people.readable(self._redaction.text(text))

    def _told(self, text: str) -> str:
        """Clean what may quote an answer; a question must show its word to be typed as it is."""
        return self._clean(without_keys(text))

    def _say_line(self, text: str) -> None:
        self._say(f"{text}\n")

    def _say(self, text: str) -> None:
        if self._progress:
            self._progress.make_way(text)
        else:
            self._say_raw(text)

    def _say_raw(self, text: str) -> None:
        self._people_sink.write_quietly(text)
