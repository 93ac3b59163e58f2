import pytest
from output.builders import Stream

from parsec_cli.output.streams import surface_of


def test_a_dumb_terminal_is_plain():
    surface = surface_of(Stream(terminal=True), {"TERM": "dumb", "FORCE_COLOR": "1"})
    assert (surface.colour, surface.blocks, surface.moves) == (False, False, False)


def test_accessible_stops_repainting_only():
    surface = surface_of(Stream(terminal=True), {"ACCESSIBLE": "1"})
    assert (surface.colour, surface.accessible, surface.moves) == (True, True, False)


@pytest.mark.parametrize(
    ("columns", "width"), [("120", 120), ("0", 80), ("-5", 80), ("x", 80), ("", 80), ("²", 80)]
)
def test_the_width_is_that_of_columns_or_80(columns, width):
    assert surface_of(Stream(terminal=True), {"COLUMNS": columns}).width == width


def test_lines_have_no_length_limit_without_a_terminal():
    assert surface_of(Stream(), {"COLUMNS": "40"}).width is None


def test_a_missing_or_closed_stream_is_not_a_terminal():
    closed = Stream(terminal=True)
    closed.close()
    assert not surface_of(None, {}).terminal
    assert not surface_of(closed, {}).terminal


@pytest.mark.parametrize(
    ("encoding", "seen"), [("utf-8", "é日"), ("cp1252", r"é\u{65e5}"), ("ascii", r"\u{e9}\u{65e5}")]
)
def test_readable_text_can_be_encoded(encoding, seen):
    assert surface_of(Stream(encoding=encoding), {}).readable("é日") == seen
