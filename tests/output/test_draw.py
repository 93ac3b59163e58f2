import pytest
from output.builders import Stream

from parsec_cli.output.draw import bar_line, rendered
from parsec_cli.output.streams import surface_of
from parsec_cli.results import Bar


def draw(bar, encoding="utf-8", **environ):
    environ = {"COLUMNS": "80", "NO_COLOR": "1"} | environ
    surface = surface_of(Stream(terminal=True, encoding=encoding), environ)
    return rendered(bar_line(bar, surface), surface, whole=True).rstrip("\n")


def test_a_bar_shows_share_and_numbers():
    assert draw(Bar("pool", 600, 1000), COLUMNS="52") == (
        "pool  ████████░░░░░░  60.0 %  600 of 1,000, 400 free"
    )


def test_a_bar_shows_the_smallest_used_and_free_shares():
    assert draw(Bar("p", 10, 10_000)).count("█") == 1
    assert "░  <0.1 %" in draw(Bar("p", 1, 10_000))
    assert "░" in draw(Bar("p", 9_999, 10_000))
    assert "99.9 %" in draw(Bar("p", 99_999, 100_000))


def test_an_exceeded_total_fills_the_bar_and_shows_the_excess():
    text = draw(Bar("pool", 1050, 1000))
    assert "░" not in text
    assert text.endswith("105.0 %  1,050 of 1,000, over by 50")


def test_an_empty_pool_is_full():
    assert draw(Bar("pool", 0, 0)).endswith("█  100.0 %  0 of 0, 0 free")


@pytest.mark.parametrize(
    ("used", "code"), [(0, None), (79, "32"), (80, "33"), (89, "33"), (90, "31"), (120, "31")]
)
def test_colour_follows_the_thresholds(used, code):
    text = draw(Bar("pool", used, 100), NO_COLOR="", TERM="xterm")
    assert (f"\x1b[{code}m█" in text) == (code is not None)


@pytest.mark.parametrize("how", [{"encoding": "ascii"}, {"encoding": "cp1252"}, {"TERM": "dumb"}])
def test_without_block_characters_it_is_ascii(how):
    text = draw(Bar("pool", 50, 100), **how)
    assert text == f"pool  [{'#' * 19}{'-' * 19}]  50.0 %  50 of 100, 50 free"


def test_an_accessible_bar_is_a_sentence():
    assert draw(Bar("pool", 600, 1000), ACCESSIBLE="1") == (
        "pool: 600 of 1,000 used, 60.0 percent, 400 free"
    )


@pytest.mark.parametrize("columns", ["1", "5", "20", "39"])
def test_without_room_for_a_bar_the_numbers_stay(columns):
    assert draw(Bar("pool", 1, 4), COLUMNS=columns) == "pool  25.0 %  1 of 4, 3 free"
