"""Retry-After in every form: a wait of at least 0.1 s, or None, and never an exception."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime, formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.steady import STEADY

from parsec_cli.api.retry import SHORTEST_WAIT, retry_after

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("1", 1), ("1.5", 1.5), (" 2 ", 2), (".5", 0.5), ("1.", 1), ("86400", 86400)),
        *(("5, 5", 5), ("1, 20", 20), ("2.5, -1, 0", 2.5)),
        *((text, 0.1) for text in ("0", "0.05", "-5", "-0", "-" + "9" * 5000, "0" * 5000 + "1")),
    ],
)
def test_numbers_are_seconds_and_at_least_a_tenth(text, seconds):
    assert retry_after(text, NOW) == seconds


@pytest.mark.parametrize("text", ["9" * 5000, "9" * 18, "1" + "0" * 400])
def test_an_absurdly_long_number_is_a_very_long_wait(text):
    assert retry_after(text, NOW) > 1e15


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", " ", "soon", "inf", "-inf", "nan", "1e9", "1e999", "1_000", "0x10", "1,5"),
        *("1; 2", "+5", "--5", "1.2.3", ".", "-", "-.", "٣", "²", "\xff", "1\x00", "NaN"),
        *("1, soon", ", ", ", 1"),
        *("Mon, 99 Foo 2026 25:61:61 GMT", "Mon", "GMT", "2026-09-21T14:13:27Z"),
    ],
)
def test_junk_and_an_absent_header_give_none(text):
    assert retry_after(text, NOW) is None


@pytest.mark.parametrize("ending", ["GMT", "+0000", "-0000"])
@pytest.mark.parametrize(("distance", "wait"), [(7, 7), (0, 0.1), (-3600, 0.1), (86_400, 86_400)])
def test_dates_count_from_now_even_without_a_known_zone(ending, distance, wait):
    text = formatdate(NOW + distance).replace("-0000", ending)
    assert retry_after(text, NOW) == wait


def test_a_date_in_another_zone_is_converted():
    assert retry_after("Mon, 21 Sep 2026 16:13:27 +0200", NOW) == 7


ANY_TEXT = st.text(max_size=60) | st.from_regex(r"[-+0-9.,: A-Za-z]{0,40}", fullmatch=True)


@STEADY
@given(ANY_TEXT)
def test_random_text_raises_nothing_and_waits_at_least_a_tenth(text):
    wait = retry_after(text, NOW)
    assert wait is None or (math.isfinite(wait) and wait >= SHORTEST_WAIT)


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda n: timezone(timedelta(minutes=n)))


@STEADY
@given(st.datetimes(datetime(1900, 1, 1), datetime(2400, 1, 1), timezones=ZONES))  # noqa: DTZ001
def test_every_valid_date_is_understood(moment):
    wait = retry_after(format_datetime(moment.replace(microsecond=0)), NOW)
    assert wait is not None
    assert wait >= SHORTEST_WAIT
