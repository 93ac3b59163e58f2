import pytest
from hypothesis import given
from hypothesis import strategies as st
from output.builders import Stream

from parsec_cli.output.draw import bar_line, rendered, small_bar, sparkline
from parsec_cli.output.streams import surface_of
from parsec_cli.results import Bar


def draw(bar, encoding="utf-8", **environ):
    environ = {"COLUMNS": "80", "NO_COLOR": "1"} | environ
    surface = surface_of(Stream(terminal=True, encoding=encoding), environ)
    return rendered(bar_line(bar, surface), surface).rstrip("\n")


def test_a_bar_shows_share_and_numbers():
    assert draw(Bar("pool", 600, 1000), COLUMNS="52") == (
        "pool  █████████░░░░░░  60.0%  600 of 1,000, 400 free"
    )


def test_a_bar_shows_the_smallest_used_and_free_shares():
    assert draw(Bar("p", 10, 10_000)).count("█") == 1
    assert "░  <0.1%" in draw(Bar("p", 1, 10_000))
    assert "░" in draw(Bar("p", 9_999, 10_000))
    assert "99.9%" in draw(Bar("p", 99_999, 100_000))


def test_an_exceeded_total_fills_the_bar_and_shows_the_excess():
    text = draw(Bar("pool", 1050, 1000))
    assert "░" not in text
    assert text.endswith("105.0%  1,050 of 1,000, over by 50")


def test_an_empty_pool_is_full():
    assert draw(Bar("pool", 0, 0)).endswith("█  100.0%  0 of 0, 0 free")


@pytest.mark.parametrize(
    ("used", "code"), [(0, None), (74, "32"), (75, "33"), (89, "33"), (90, "31"), (120, "31")]
)
def test_colour_follows_the_thresholds(used, code):
    text = draw(Bar("pool", used, 100), NO_COLOR="", TERM="xterm")
    assert (f"\x1b[{code}m█" in text) == (code is not None)


@pytest.mark.parametrize("how", [{"encoding": "ascii"}, {"encoding": "cp1252"}, {"TERM": "dumb"}])
def test_without_block_characters_it_is_ascii(how):
    text = draw(Bar("pool", 50, 100), **how)
    assert text == f"pool  [{'#' * 19}{'-' * 19}]  50.0%  50 of 100, 50 free"


def test_an_accessible_bar_is_a_sentence():
    assert draw(Bar("pool", 600, 1000), ACCESSIBLE="1") == ("pool: 60.0%, 600 of 1,000, 400 free")


def test_without_room_for_the_figures_they_go_below_the_bar():
    text = "{percent}   1,055 of 2,500 allocated, 1,445 free, 12 users"
    assert draw(Bar("QPS pool", 1055, 2500, text=text), COLUMNS="60").splitlines() == [
        "QPS pool  ████████████████░░░░░░░░░░░░░░░░░░░░░░░░  42.2%",
        "  1,055 of 2,500 allocated, 1,445 free, 12 users",
    ]
    assert draw(Bar("QPS pool", 1055, 2500, text=text), COLUMNS="30").splitlines() == [
        "QPS pool  █████░░░░░░░░  42.2%",
        "  1,055 of 2,500 allocated,",
        "    1,445 free, 12 users",
    ]


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        ("22", ["pool  25.0%  1 of 4, 3", "free"]),
        ("8", ["pool  25.0%  1 of 4, 3 free"]),
        ("1", ["pool  25.0%  1 of 4, 3 free"]),
    ],
)
def test_without_room_for_a_bar_the_numbers_stay(columns, lines):
    assert draw(Bar("pool", 1, 4), COLUMNS=columns).splitlines() == lines


def test_the_text_of_a_bar_may_contain_the_share_anywhere():
    bar = Bar("Pool", 1005, 2500, text="1,055 → 1,005 of 2,500 ({percent})")
    assert draw(bar, COLUMNS="60") == "Pool  ████████░░░░░░░░░░░░░░  1,055 → 1,005 of 2,500 (40.2%)"
    assert draw(bar, ACCESSIBLE="1") == "Pool: 1,055 → 1,005 of 2,500 (40.2%)"


@given(st.integers(1, 3_000), st.integers(0, 3_300), st.integers(0, 3_300))
def test_a_bar_never_shrinks_and_only_a_full_total_is_full(total, one, other):
    less, more = (draw(Bar("p", used, total), COLUMNS="200") for used in sorted((one, other)))
    assert less.count("█") <= more.count("█")
    for used, text in ((min(one, other), less), (max(one, other), more)):
        assert ("  100.0%" in text) == (used == total)
        assert ("░" in text) == (used < total)


def test_a_sparkline_shows_the_earlier_values():
    text = draw(Bar("pool", 300, 1000, earlier=(None, 100, 200, 100)))
    assert "░   ▁▄▁█  30.0%" in text
    assert "▁" not in draw(Bar("pool", 300, 1000, earlier=(100, 200)), TERM="dumb")
    assert "▁" not in draw(Bar("pool", 300, 1000, earlier=(100, 200)), ACCESSIBLE="1")


def test_a_sparkline_does_not_exaggerate_small_changes():
    assert sparkline((500, 501, 500), 10_000) == "▁▁▁"
    assert sparkline((500, 1000, 1500), 10_000) == "▁▄█"
    assert sparkline((0, 0), 0) == "▁▁"


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, ""), (0.001, "▌"), (0.125, "█▌"), (0.5, "█" * 6), (1, "█" * 12)]
)
def test_a_small_bar_is_exact_to_half_a_cell(share, drawn):
    surface = surface_of(Stream(terminal=True), {"COLUMNS": "80"})
    assert small_bar(share, surface) == drawn


def test_a_small_bar_is_ascii_on_a_dumb_terminal():
    surface = surface_of(Stream(terminal=True), {"COLUMNS": "80", "TERM": "dumb"})
    assert (small_bar(0.125, surface), small_bar(1, surface)) == ("##", "#" * 12)
