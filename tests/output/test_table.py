# ruff: noqa: RUF001 -- foreign letters are what is tested
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from output.builders import (
    BUILDER_KEY,
    OWN_COLOURS,
    USER_COLUMNS,
    Shown,
    listing,
    record,
    safe_user,
    show,
    states,
    user,
)

from parsec_cli.errors import Interrupted, ServerFault
from parsec_cli.results import Bar, Card, Column, Frames, Grid, Line, Listing, Record

USERS = [
    user("alice", 1, qps_limit=25, linked_exchanges=["polymarket", "kalshi"]),
    safe_user("bob", 2, qps_limit=0),
    user(None, 3, tier=None),
]


def at(width, **more):
    return {"terminal": True, "environ": {"COLUMNS": str(width), "NO_COLOR": "1"} | more}


def test_a_wide_terminal_shows_all_columns():
    assert show(listing(USERS), **at(130)).out == (
        "EXTERNAL ID  CUSTOMER ID                           QPS  TIER"
        "  EXCHANGES          WALLET  CREATED            ESCROW\n"
        "alice        02f00e9f-82bd-5340-ad0b-a60a3c79706c   25  pro "
        "  polymarket,kalshi  –       2026-03-01 08:00Z  no\n"
        "bob          cf20f87b-0e42-5928-86d5-05b03dc2f444    0  pro "
        "  –                  safe    2026-03-01 08:00Z  no\n"
        "–            4516bb51-51f9-51a7-9784-b288cc10fd8a    –  –   "
        "  –                  –       2026-03-01 08:00Z  no\n"
    )


def test_the_least_important_columns_go_first_when_it_is_narrow():
    assert show(listing(USERS), **at(64)).out == (
        "EXTERNAL ID  CUSTOMER ID                           QPS  TIER\n"
        "alice        02f00e9f-82bd-5340-ad0b-a60a3c79706c   25  pro\n"
        "bob          cf20f87b-0e42-5928-86d5-05b03dc2f444    0  pro\n"
        "–            4516bb51-51f9-51a7-9784-b288cc10fd8a    –  –\n"
    )


@pytest.mark.parametrize("width", [1, 5, 40])
def test_an_absurd_width_gives_plain_lines_with_whole_values(width):
    lines = show(listing(USERS), **at(width)).out.splitlines()
    assert lines[0].split("  ")[:3] == ["alice", USERS[0]["customer_id"], "25"]
    assert len(lines) == 3


@given(
    width=st.sampled_from([1, 5, 40, 60, 80, 100, 200]),
    ids=st.lists(st.text(min_size=1, max_size=50), min_size=1, max_size=5),
)
def test_ids_are_never_shortened(width, ids):
    users = [user(name, number) for number, name in enumerate(ids)]
    text = show(listing(users), secrets=list, **at(width)).out
    from parsec_cli.visible import visible_value

    for one in users:
        assert visible_value(one["external_id"]) in text
        assert one["customer_id"] in text


def test_one_very_long_id_affects_only_its_own_line():
    users = [user("alice", 1, qps_limit=1), user("x" * 300, 2), user("bob", 3, tier="max")]
    assert show(listing(users), **at(64)).out.splitlines()[1:] == [
        "alice        02f00e9f-82bd-5340-ad0b-a60a3c79706c    1  pro",
        "x" * 300 + "  cf20f87b-0e42-5928-86d5-05b03dc2f444  –",
        "bob          4516bb51-51f9-51a7-9784-b288cc10fd8a    –  max",
    ]


@pytest.mark.parametrize("length", [25, 36, 37, 300])
def test_an_id_that_leaves_no_room_for_the_other_id_affects_only_its_own_line(length):
    users = [user("alice", 1), user("x" * length, 2), user("bob", 3, tier="max")]
    assert show(listing(users), **at(60)).out.splitlines() == [
        "EXTERNAL ID  CUSTOMER ID                           QPS  TIER",
        "alice        02f00e9f-82bd-5340-ad0b-a60a3c79706c    –  pro",
        "x" * length + "  cf20f87b-0e42-5928-86d5-05b03dc2f444  –",
        "bob          4516bb51-51f9-51a7-9784-b288cc10fd8a    –  max",
    ]


def test_a_column_that_is_never_shortened_narrows_to_what_most_of_its_cells_need():
    columns = (Column("check", "check", rank=0), Column("detail", "detail", rank=0))
    details = ["a" * 40, "b" * 41, "c" * 60]
    rows = [{"check": name, "detail": text} for name, text in zip("xyz", details, strict=True)]
    shown = show(Listing("rows", columns, [rows]), **at(60))
    assert shown.out.splitlines() == [
        "CHECK  DETAIL",
        "x      " + "a" * 40,
        "y      " + "b" * 41,
        "z  " + "c" * 60,
    ]


def test_later_pages_keep_the_widths_of_the_first():
    more = [user("a-longer-name-than-before", 2, tier="platinum-plus-extra")]
    shown = show(listing([user("alice", 1)], more), **at(80))
    assert shown.out.splitlines()[2] == (
        "a-longer-name-than-before  cf20f87b-0e42-5928-86d5-05b03dc2f444  –"
    )


def test_text_that_grew_on_a_later_page_is_shortened():
    shown = show(listing([user("alice", 1)], [user("bob", 2, tier="platinum")]), **at(64))
    assert shown.out.splitlines()[2].endswith("  –  pla…")


def test_a_number_is_never_shortened():
    shown = show(listing([user("a", 1)], [user("b", 2, qps_limit=123456789)]), **at(200))
    assert "123,456,789" in shown.out


def test_long_text_takes_only_the_remaining_room():
    columns = (Column("a", "a"), Column("b", "b", rank=1))
    rows = [{"a": "x", "b": "w" * 100}]
    shown = show(Listing("rows", columns, [rows]), **at(60))
    assert shown.out.splitlines()[1] == "x  " + "w" * 56 + "…"


def test_off_a_terminal_nothing_is_shortened_or_dropped():
    tier = "t" * 100
    text = show(listing([user("alice", 1, tier=tier)]), "table", environ={"COLUMNS": "40"}).out
    assert tier in text
    assert "ESCROW" in text


@pytest.mark.parametrize("name", ["日本語ユーザー", "❤\ufe0fx", "한국", "می\u200cخواهم", "éé"])
def test_wide_characters_stay_aligned(name):
    from rich.cells import cell_len

    lines = show(listing([user(name, 1), user("alice", 2)]), **at(100)).out.splitlines()
    places = {cell_len(line[: re.search("[0-9a-f]{8}-", line).start()]) for line in lines[1:]}
    assert len(places) == 1


def test_an_empty_text_differs_from_none():
    text = show(listing([user("", 1), user(None, 2)]), **at(200)).out
    assert [line.split()[0] for line in text.splitlines()[1:]] == ['""', "–"]


def test_an_empty_listing_is_reported_on_stderr_for_tables_unless_quiet():
    shown = show(listing([], empty="no users"), **at(80))
    assert (shown.out, shown.err) == ("", "no users\n")
    assert show(listing([], empty="no users"), "tsv").err == ""
    assert show(listing([], empty="no users"), "table", quiet=True).err == ""
    assert show(listing(USERS, empty="no users"), **at(80)).err == ""


@pytest.mark.parametrize("failure", [None, ServerFault("gone")])
def test_closing_blocks_follow_the_table_even_if_it_is_incomplete(failure):
    closing = (Line("3 users"),)
    shown = show(listing(USERS, closing=lambda: closing, failure=lambda: failure), **at(80))
    assert shown.out.endswith("\n3 users\n")


def test_headers_can_be_left_out():
    assert "EXTERNAL" not in show(listing(USERS), headers=False, **at(80)).out


def test_colour_is_used_only_for_emphasis():
    text = show(listing(USERS), terminal=True, environ={"COLUMNS": "64", "TERM": "xterm"}).out
    assert text.splitlines()[0] == (
        "\x1b[2mEXTERNAL ID\x1b[0m  \x1b[2mCUSTOMER ID\x1b[0m                           "
        "\x1b[2mQPS\x1b[0m  \x1b[2mTIER\x1b[0m"
    )
    assert OWN_COLOURS.sub("", text) == show(listing(USERS), **at(64)).out


def test_characters_that_cannot_be_encoded_are_escaped_and_stay_aligned():
    users = [user("日本", 1), user("alice", 2)]
    lines = show(listing(users), encoding="cp1252", **at(80)).out.splitlines()
    assert lines[1].startswith(r"\u{65e5}\u{672c}  02f00e9f")
    assert lines[2].startswith("alice             cf20f87b")


def test_a_record_without_blocks_is_a_card_of_its_columns():
    assert show(record(USERS[1]), **at(80)).out == (
        "external id  bob\n"
        "customer id  cf20f87b-0e42-5928-86d5-05b03dc2f444\n"
        "qps          0\n"
        "tier         pro\n"
        "exchanges    –\n"
        "wallet       safe\n"
        "created      2026-03-01 08:00Z\n"
        "escrow       no\n"
    )


def test_blank_lines_separate_blocks():
    blocks = (
        Line("2 users"),
        Bar("pool", 1, 2),
        Card((("tier", "pro"), ("note", "")), title="usage"),
        Grid(USER_COLUMNS[:3], USERS[:2], title="most"),
    )
    assert show(Record({}, (), blocks), **at(60)).out == (
        "2 users\n"
        "pool  ███████████████░░░░░░░░░░░░░░░░  50.0%  1 of 2, 1 free\n"
        "\n"
        "usage\n"
        "  tier  pro\n"
        "  note  –\n"
        "\n"
        "most\n"
        "EXTERNAL ID  CUSTOMER ID                           QPS\n"
        "alice        02f00e9f-82bd-5340-ad0b-a60a3c79706c   25\n"
        "bob          cf20f87b-0e42-5928-86d5-05b03dc2f444    0\n"
    )


def test_a_grid_that_does_not_fit_is_plain_lines():
    shown = show(Record({}, (), (Grid(USER_COLUMNS[:3], USERS[:1]),)), **at(20))
    assert shown.out == "alice  02f00e9f-82bd-5340-ad0b-a60a3c79706c  25\n"


def test_with_fields_a_record_is_shown_as_a_card():
    value = Record(USERS[0], USER_COLUMNS, (Line("long story"),))
    assert show(value, fields=("tier",), **at(80)).out == "tier  pro\n"


def test_a_card_masks_by_label_and_by_value():
    card = Card((("api key", "pk_live_0123456789"), ("note", BUILDER_KEY)))
    assert show(Record({}, (), (card,)), **at(80)).out == (
        "api key  pk_live_****6789\nnote     pk_live_****Y_42\n"
    )


def test_frames_replace_each_other_on_a_terminal():
    frames = Frames(iter([Record({"n": 1}, (Column("n", "n"),)), Record({}, (), (Line("x"),))]))
    text = show(frames, **at(80)).out
    assert states(text) == ["n  1", "x"]
    assert text.startswith("\x1b[?25l")
    assert text.endswith("\x1b[?25h")


def test_a_frame_replaces_all_lines_of_the_previous_one():
    frames = Frames(iter([Record({}, (), (Line("x" * 25),)), Record({}, (), (Line("y"),))]))
    assert "\x1b[1A\x1b[2K" * 2 + "y" in show(frames, **at(10)).out


@pytest.mark.parametrize("plain", [{"TERM": "dumb"}, {"ACCESSIBLE": "1"}])
def test_frames_follow_each_other_without_redrawing(plain):
    frames = Frames(iter([Record({}, (), (Line("x"),)), Record({}, (), (Line("y"),))]))
    assert show(frames, **at(80, **plain)).out == "x\ny\n"


COLOURED = {"terminal": True, "environ": {"COLUMNS": "80", "TERM": "xterm"}}


def drawn(*blocks, **how):
    return show(Record({}, (), blocks), **(how or at(60))).out


def test_a_line_may_have_parts_of_different_tones():
    line = Line((("2 failed", "bad"), (" · ", "dim"), ("1 unknown", "unknown")))
    assert drawn(line) == "2 failed · 1 unknown\n"
    assert drawn(line, **COLOURED) == (
        "\x1b[31m2 failed\x1b[0m\x1b[2m · \x1b[0m\x1b[35m1 unknown\x1b[0m\n"
    )


def test_prose_breaks_between_words_and_a_command_does_not():
    text = "one two three four five six seven"
    assert drawn(Line(text), Line(text, "command"), **at(20)) == (
        f"one two three four\nfive six seven\n{text}\n"
    )
    assert drawn(Line(f"  {text}"), **at(20)) == "  one two three four\n    five six seven\n"


def test_a_word_that_is_too_long_stays_whole():
    assert drawn(Line(f"see {'x' * 30} here"), **at(20)) == f"see\n{'x' * 30}\nhere\n"


def test_a_line_with_wide_characters_breaks_in_time():
    from rich.cells import cell_len

    assert all(cell_len(line) <= 20 for line in drawn(Line("日本 " * 10), **at(20)).splitlines())


def test_the_values_of_a_card_continue_below_themselves():
    card = Card(
        (("limit", (("50 QPS · 2% of the pool", "plain"),)), ("", (("2.00 USDC", "warning"),))),
        title="user_002",
        aside="staging · host",
    )
    assert drawn(card, **at(23)) == (
        "user_002\nstaging · host\n  limit  50 QPS · 2% of\n         the pool\n         2.00 USDC\n"
    )
    assert drawn(card, **at(40)).splitlines()[0] == f"user_002{' ' * 18}staging · host"
    assert drawn(card, **at(200)).splitlines()[0] == f"user_002{' ' * 78}staging · host"
    assert "\x1b[33m2.00 USDC\x1b[0m" in drawn(card, **COLOURED)


def test_the_title_of_a_card_shows_its_blanks():
    assert drawn(Card((("a", "b"),), title="user ")).startswith("user\\u{20}\n")


def test_a_card_masks_values_that_have_parts():
    card = Card((("api key", (("pk_live_0123", "plain"), ("456789", "strong"))),))
    assert drawn(card) == "api key  pk_live_****6789\n"


OUTCOMES = Column("outcome", "OUTCOME", "outcome", rank=0)


def test_outcomes_have_their_colours_in_every_row():
    words = ["applied", "failed", "unknown", "unchanged", "not_attempted", "whatever"]
    codes = ["32", "31", "35", "2", "33", None]
    rows = [{"outcome": word} for word in words * 10]
    lines = show(Listing("rows", (OUTCOMES,), [rows]), **COLOURED).out.splitlines()[1:]
    assert lines == [
        f"\x1b[{code}m{word}\x1b[0m" if code else word
        for word, code in zip(words * 10, codes * 10, strict=True)
    ]


def test_rows_may_have_a_tone_of_their_own():
    columns = (Column("a", "a"), OUTCOMES)
    rows = [{"a": "x", "outcome": "ok"}, {"a": None, "outcome": "ok"}] * 30
    grid = Grid(columns, rows, tones=("bad", "plain") * 30, header=False)
    red = "\x1b[31mx\x1b[0m  \x1b[31mok\x1b[0m"
    plain = "\x1b[2m–\x1b[0m  \x1b[32mok\x1b[0m"
    assert drawn(grid, **COLOURED).splitlines() == [red, plain] * 30
    listed = Listing("rows", columns, [rows], tone=lambda row: "bad" if row["a"] else "plain")
    assert show(listed, **COLOURED).out.splitlines()[1:] == [red, plain] * 30


def test_a_grid_may_be_indented():
    columns = (Column("a", "a"), Column("n", "n", "number"))
    rows = [{"a": "x", "n": 1000}] * 60
    lines = drawn(Grid(columns, rows, indent=True)).splitlines()
    assert lines == ["  A      N", *["  x  1,000"] * 60]
    assert drawn(Grid(columns, rows[:1], indent=True), **at(4)) == "  x  1,000\n"


def test_cells_of_words_percentages_and_bars():
    columns = (
        Column("w", "w", "words"),
        Column("p", "p", "percent"),
        Column("d", "d", "date"),
        Column("s", "s", "time"),
        Column("b", "", "bar"),
    )
    row = {"w": "10 → 50", "p": 42.2, "d": "2026-01-05T12:00:00Z", "s": 0, "b": 0.5}
    assert drawn(Grid(columns, [row])).splitlines() == [
        "W            P  D           S",
        "10 → 50  42.2%  2026-01-05  1970-01-01 00:00Z  ██████",
    ]
    assert show(record({"d": row["d"]}, rows=Grid(columns, [row])), "tsv").out.startswith(
        "10 → 50\t42.2\t2026-01-05T12:00:00Z\t1970-01-01T00:00:00Z\t"
    )


def test_a_column_that_is_the_same_in_every_row_gives_way_first():
    same = [user("alice", 1, linked_exchanges=["kalshi"]), user("bob", 2)]
    header = show(listing(same), **at(66)).out.splitlines()[0]
    assert header.split("  ")[-1] == "EXCHANGES"
    assert "TIER" not in header
    assert "TIER" in show(listing(same), **at(200)).out
    assert "TIER" in show(listing(same[:1]), **at(66)).out


def test_a_limit_that_is_the_same_in_every_row_stays():
    same = [user("alice", 1, tier="free"), user("bob", 2)]
    assert show(listing(same), **at(58)).out.splitlines()[0].endswith("QPS")


def test_with_accessible_the_rows_are_sentences_of_all_columns():
    text = show(listing(USERS[:1]), **at(200, ACCESSIBLE="1")).out
    assert text == (
        "external id: alice; customer id: 02f00e9f-82bd-5340-ad0b-a60a3c79706c; qps: 25; tier: pro;"
        " exchanges: polymarket,kalshi; wallet: none; created: 2026-03-01 08:00Z; escrow: no\n"
    )
    columns = (Column("a", "a"), Column("b", "", "bar"))
    assert drawn(Grid(columns, [{"a": "x", "b": 1}]), **at(60, ACCESSIBLE="1")) == "a: x\n"
    card = Card((("tier", "pro"), ("", "free")))
    assert drawn(card, **at(60, ACCESSIBLE="1")) == "tier:  pro\n       free\n"


def test_the_sentence_of_a_row_is_one_line_in_the_tone_of_its_outcome():
    columns = (Column("a", "a"), Column("outcome", "outcome", "outcome"), Column("b", "b"))
    rows = [{"a": "x", "outcome": "failed", "b": "c" * 50}, {"a": "y", "outcome": "odd", "b": "d"}]
    environ = {"COLUMNS": "60", "TERM": "xterm", "ACCESSIBLE": "1"}
    shown = show(Listing("rows", columns, [rows]), terminal=True, environ=environ).out
    assert shown == (
        f"\x1b[31ma: x; outcome: failed; b: {'c' * 50}\x1b[0m\na: y; outcome: odd; b: d\n"
    )


def test_own_characters_that_cannot_be_encoded_are_replaced_and_data_is_not():
    blocks = (
        Line("10 → 50 (−1) · `a→b` … –"),
        Card((("limit", (("10 → 50", "plain"),)), ("name", "a→b"), ("none", ""))),
        Grid((Column("w", "w", "words"), Column("d", "d")), [{"w": "10 → 50", "d": "a→b"}]),
    )
    shown = show(Record({}, (), blocks), encoding="ascii", **at(60)).out
    assert shown == (
        "10 -> 50 (-1) - `a\\u{2192}b` ... -\n\n"
        "limit  10 -> 50\nname   a\\u{2192}b\nnone   -\n\n"
        "W         D\n10 -> 50  a\\u{2192}b\n"
    )


def test_prose_has_several_lines_within_its_column():
    columns = (Column("a", "a", rank=0), Column("p", "p", "prose", rank=0))
    rows = [{"a": "first", "p": "one two three four five six"}, {"a": "next", "p": "x"}]
    assert show(Listing("rows", columns, [rows]), **at(30)).out.splitlines() == [
        "A      P",
        "first  one two three four five",
        "       six",
        "next   x",
    ]
    assert "five six\n" in show(Listing("rows", columns, [rows]), "table").out


def test_text_on_stderr_ends_the_display_that_is_redrawn():
    def frames():
        yield Record({}, (), (Line("one"),))
        shown.screen.notice("retrying")
        yield Record({}, (), (Line("two"),))

    shown = Shown(**at(80))
    assert shown.screen.show(Frames(frames())) == 0
    assert states(shown.out) == ["one", "two"]
    assert shown.out.count("\x1b[?25h") == 2
    assert shown.err == "retrying\n"


@pytest.mark.parametrize("form", ["table", "json"])
def test_ctrl_c_ends_frames_quietly(form):
    def frames():
        yield Record({"n": 1}, (Column("n", "n"),))
        raise Interrupted("interrupted")

    shown = Shown(format=form, **at(80))
    assert shown.screen.show(Frames(frames())) == 130
    assert shown.err == ""
    assert form == "json" or shown.out.endswith("\n\x1b[?25h")


def test_a_frame_never_exceeds_the_height_of_the_terminal():
    lines = tuple(Line(str(number)) for number in range(100))
    first = states(show(Frames(iter([Record({}, (), lines)])), **at(80)).out)[0].split("\n")
    assert (len(first), first[-2], first[-1].strip()) == (24, "22", "...")
