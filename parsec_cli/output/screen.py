"""The only place that writes to stdout, which gets data, and stderr, which gets all messages.

A broken stderr never breaks a command; a broken stdout raises ReaderLeft or LocalFault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

from parsec_cli.errors import Interrupted, LocalFault, ParsecError, ReaderLeft, Stopped
from parsec_cli.models import JsonObject
from parsec_cli.output.format import Fields, Format
from parsec_cli.output.streams import Sink, Surface, is_terminal, surface_of
from parsec_cli.records import changed, state
from parsec_cli.redaction import Redaction
from parsec_cli.results import (
    EXTRA_FORMATS,
    FORMATS,
    Block,
    Column,
    Frames,
    Grid,
    Listing,
    Record,
    Result,
    Text,
    Tone,
)
from parsec_cli.visible import visible_lines

if TYPE_CHECKING:
    from parsec_cli.next_command import Completed, NextCommand
    from parsec_cli.output.progress import Progress

_JSON = ("json", "jsonl")
_MASKED = "**** hides a key"
_ROWS = ("tsv", "csv", "ids")


@state
class Screen:
    """What a command is shown on. `format` None means a table on a terminal, else tsv.

    `secrets` returns the keys known so far, which are masked wherever they appear. `complete`
    returns the whole of a proposed command, or None if it cannot be proposed.
    """

    stdin: TextIO | None
    stdout: TextIO | None
    stderr: TextIO | None
    environ: Mapping[str, str]
    secrets: Callable[[], Sequence[str]]
    complete: Callable[[NextCommand], Completed | None]
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
        """Whether the command may ask questions."""
        return not self.no_input and is_terminal(self.stdin) and is_terminal(self.stderr)

    @property
    def format_name(self) -> str:
        return self.format or ("table" if self._out.terminal else "tsv")

    def prefer(self, name: str) -> None:
        """Write this format off a terminal, unless another one was chosen."""
        if self.format is None and not self._out.terminal:
            self.format = name

    @property
    def shows_table(self) -> bool:
        """Whether a person sees the result as a table or a card."""
        return self.format_name == "table" and self._out.terminal

    @property
    def for_people(self) -> bool:
        """Whether a Listing is shown as its `for_people`."""
        return self.format_name == "table" and self.fields is None

    @property
    def width(self) -> int | None:
        """The columns of the terminal on stdout; None without one."""
        return self._out.width

    def check_fields(self, known: tuple[Column, ...]) -> None:
        """Check `--fields` before a change, whose result has these columns."""
        self._format.fields.check_early(known)

    def show(self, result: Result) -> int:
        """Write a result to stdout and return its exit code."""
        if isinstance(result, Text):
            self._show_text(result)
            return result.exit_code
        match result:
            case Listing(for_people=another) if another is not None and self.for_people:
                self._format.listing(another())
            case Listing(empty=empty) if empty and (result.filtered or self.format_name == "table"):
                self._format.listing(changed(result, pages=self._pages_and_notice(result)))
            case Listing():
                self._format.listing(result)
            # the rows instead of the record; `--fields` may name fields of the record
            case Record(rows=Grid() as grid) if self.format_name in _ROWS and (
                self.fields is None
                or {column.path for column in grid.columns}.issuperset(self.fields)
            ):
                self._format.listing(Listing(grid.title, grid.columns, [grid.rows]))
                self._print_summary(result)
            case Record():
                self._format.fields.check([result.value], result.columns)
                self._format.record(result)
                self._print_summary(result)
            case Frames():
                frames = map(self._print_summary, result.frames)
                try:
                    self._format.frames(changed(result, frames=frames))
                except Interrupted as stop:  # how it is meant to end
                    return stop.exit_code
        for note in self._format.notes():
            self.notice(note)
        return result.exit_code

    def _print_summary(self, record: Record) -> Record:
        """Print the part of a record that a terminal shows and rows lack."""
        if record.summary and self.format_name in _ROWS and self.fields is None:
            self.notice(record.summary)
        return record

    def notice(
        self, text: str, command: NextCommand | None = None, *, tone: Tone = "plain"
    ) -> None:
        """Print a notice, unless quiet; a proposed command gets a line of its own."""
        if not self.quiet:
            self._print_line(self._message(text, tone) + self._proposal(command))

    def warning(self, text: str, command: NextCommand | None = None) -> None:
        self._print_line(self._message(text, "caution", "warning:") + self._proposal(command))

    def alarm(self, text: str) -> None:
        """Print what a check found, even if quiet."""
        self._print_line(self._message(text, "error"))

    def shell_line(self, command: NextCommand | None) -> str:
        """Return the whole command, quoted for a shell, below comments on its placeholders."""
        whole = None if command is None else self.complete(command)
        if whole is None:
            return ""
        from parsec_cli.next_command import shell_line

        clean = [self._redaction.message(word) for word in whole.words]
        notes = whole.notes if clean == [*whole.words] else (*whole.notes, _MASKED)
        line = shell_line(clean, whole.stdin, self._err.readable)
        return "\n".join([*(f"# {note}" for note in notes), line]) if line else ""

    def _proposal(self, command: NextCommand | None) -> str:
        lines = self.shell_line(command).splitlines()
        return "".join(f"\n  {self._err.paint(line, 'command')}" for line in lines)

    def error(self, error: ParsecError) -> None:
        """Print why the command failed: one line of JSON for JSON formats, else lines of text."""
        if self.format_name in _JSON:
            from parsec_cli.output.error_document import error_document

            command = self.shell_line(error.command)
            self._print_line(error_document(error, command, self._redaction))
            return
        unclear = error.code == "outcome_unknown"
        lines = [self._message(error.message, "unclear" if unclear else "error", "error:")]
        lines += [self._err.wrapped(self._clean_message(text), "  ") for text in error.details]
        if error.hint:
            lines.append(self._message(error.hint, "hint", "hint:"))
        self._print_line("\n".join(lines) + self._proposal(error.command))

    def log(self, text: str) -> None:
        """Write a line of the request log, with `-v` only."""
        if self.verbose:
            self._print_line(self._err.paint(self._clean_message(text), "dim"))

    def ask(self, question: str, *, hidden: bool = False) -> str | None:
        """Ask on stderr; None at end of file means no. With `hidden`, typed text is not shown."""
        from parsec_cli.output.answers import read_hidden, read_line

        def ask() -> None:
            self._print(self._err.question(self._clean(question)))

        try:
            if hidden:
                answer = read_hidden(self.stdin, ask)
            else:
                ask()
                answer = read_line(self.stdin)
        except Stopped as stop:
            self._print("\n")
            raise type(stop)(f"{stop.message} at the question: nothing was changed") from None
        if answer is None or (hidden and is_terminal(self.stdin)):  # the line must be ended
            self._print("\n")
        return answer

    def show_people(self, blocks: Sequence[Block]) -> None:
        """Draw blocks on stderr, such as the details that a question refers to."""
        from parsec_cli.output.table import draw_blocks

        self._print(draw_blocks(blocks, self._err, self._redaction))

    def progress(self, total: int, label: str, heading: str = "") -> Progress:
        """Return a display for a `with` block; a terminal shows the heading, not the label."""
        from parsec_cli.output.progress import Progress

        self._progress = Progress(
            total,
            self._redaction.text(label),
            surface=self._err,
            write=self._err_sink.write_quietly,
            clock=self.clock,
            heading=self._redaction.text(heading),
            silent=self.quiet,
        )
        return self._progress

    def close(self) -> None:
        """Flush both streams, so that nothing can fail at exit; may raise as `show` does."""
        with suppress(LocalFault, ReaderLeft):
            self._err_sink.close()
        self._out_sink.close()

    @cached_property
    def _out(self) -> Surface:
        return surface_of(self.stdout, self.environ)

    @cached_property
    def _err(self) -> Surface:
        return surface_of(self.stderr, self.environ)

    @cached_property
    def _out_sink(self) -> Sink:
        return Sink(self.stdout, "stdout")

    @cached_property
    def _err_sink(self) -> Sink:
        return Sink(self.stderr, "stderr")

    @cached_property
    def _redaction(self) -> Redaction:
        return Redaction(self.secrets, reveal_keys=self.reveal_keys)

    @cached_property
    def _format(self) -> Format:
        # imported on first use: `json` must not pay for tables
        module = import_module(f"parsec_cli.output.{(FORMATS | EXTRA_FORMATS)[self.format_name]}")
        make: type[Format] = getattr(module, self.format_name.capitalize())
        return make(self._out_sink, self._out, self._redaction, Fields(self.fields), self.headers)

    def _show_text(self, result: Text) -> None:
        text = self._redaction.text(result.text)
        if self._out.terminal:
            text = visible_lines(text)
        text = self._out.highlighted(text, result.headings)
        self._out_sink.write(text if not text or text.endswith("\n") else f"{text}\n")

    def _pages_and_notice(self, listing: Listing) -> Iterator[Sequence[JsonObject]]:
        """Yield the pages; report at their end if there were no records."""
        records = 0
        for page in listing.pages:
            records += len(page)
            yield page
        if not records and listing.failure() is None:
            self.notice(listing.empty, listing.empty_command)

    def _clean(self, text: str) -> str:
        return self._err.readable(self._redaction.text(text))

    def _clean_message(self, text: str) -> str:
        """Clean text that may quote a response; a question shows the word to type unchanged."""
        return self._err.readable(self._redaction.message(text))

    def _message(self, text: str, style: str, label: str = "") -> str:
        return self._err.message(self._clean_message(text), style, label)

    def _print_line(self, text: str) -> None:
        self._print(f"{text}\n")

    def _print(self, text: str) -> None:
        if self._progress:
            self._progress.write_above(text)
            return
        if "_format" in self.__dict__:
            self._format.pause()
        self._err_sink.write_quietly(text)
