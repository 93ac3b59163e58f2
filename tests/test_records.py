"""Records behave as frozen dataclasses do, and cost less to define."""

from __future__ import annotations

import pytest

from parsec_cli.records import changed, record, state


@record
class Point:
    x: int
    y: int
    name: str = "origin"

    @property
    def sum(self) -> int:
        return self.x + self.y


@record
class Other:
    x: int
    y: int
    name: str = "origin"


def test_values_by_position_and_by_name_make_equal_records():
    assert Point(1, 2) == Point(1, y=2) == Point(y=2, x=1) == Point(1, 2, "origin")
    assert (Point(1, 2).sum, Point(1, 2).name) == (3, "origin")


def test_records_are_equal_by_value_and_kind():
    assert Point(1, 2) != Point(1, 3)
    assert Point(1, 2) != Other(1, 2)
    assert len({Point(1, 2), Point(1, 2), Point(2, 1)}) == 2


def test_a_record_is_shown_with_its_values():
    assert repr(Point(1, 2)) == "Point(x=1, y=2, name='origin')"


def test_methods_of_the_class_are_kept():
    @record
    class Hidden:
        value: str

        def __repr__(self) -> str:
            return "Hidden"

    assert repr(Hidden("secret")) == "Hidden"


@pytest.mark.parametrize(
    "make",
    [
        Point,
        lambda: Point(1),
        lambda: Point(1, 2, "a", 4),
        lambda: Point(1, 2, x=1),
        lambda: Point(1, 2, colour="red"),
        lambda: Point(1, colour="red"),
    ],
)
def test_values_that_do_not_fit_are_refused(make):
    with pytest.raises(TypeError, match="Point"):
        make()


def test_nothing_can_be_assigned_or_deleted():
    point = Point(1, 2)
    with pytest.raises(AttributeError, match="frozen"):
        point.x = 5
    with pytest.raises(AttributeError, match="frozen"):
        del point.x
    assert point == Point(1, 2)


def test_changed_returns_a_copy():
    point = Point(1, 2)
    assert changed(point, y=5) == Point(1, 5)
    assert point == Point(1, 2)


def test_a_record_matches_by_position():
    match Point(1, 2):
        case Point(x, y, name):
            assert (x, y, name) == (1, 2, "origin")
        case _:
            pytest.fail("no match")


@state
class Tally:
    """What a state looks like."""

    done: int
    failed: int = 0


def test_a_state_is_made_like_a_record_and_may_change():
    tally, other = Tally(1), Tally(1)
    tally.done += 1
    assert (tally.done, tally.failed, other.done) == (2, 0, 1)
    assert Tally(1) != Tally(1)
    with pytest.raises(TypeError, match="Tally"):
        Tally()
