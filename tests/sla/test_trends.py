"""Trends: steps that add up to the days they are made of, and rises that chance does not explain."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.figures import Point
from sla.trends import at_least, rises, series

FIRST, END = date(2026, 10, 1), date(2026, 12, 1)
days = st.dates(FIRST - timedelta(days=10), END + timedelta(days=10))
points = st.lists(st.builds(Point, days, *[st.integers(0, 50)] * 3), max_size=40)


@given(points, st.sampled_from(["day", "week", "month"]))
def test_steps_add_up_to_their_days(found, step):
    inside = [point for point in found if FIRST <= point.day < END]
    made = series(found, step, FIRST, END)
    assert sum(point.received for point in made) == sum(point.received for point in inside)
    assert sum(point.breached for point in made) == sum(point.breached for point in inside)
    starts = [point.day for point in made]
    assert starts == sorted(set(starts))


def test_quiet_steps_are_zero_and_weeks_begin_on_monday():
    made = series(
        [Point(date(2026, 10, 9), 3, 2, 1)], "week", date(2026, 10, 1), date(2026, 10, 19)
    )
    assert made == (
        Point(date(2026, 9, 28), 0, 0, 0),
        Point(date(2026, 10, 5), 3, 2, 1),
        Point(date(2026, 10, 12), 0, 0, 0),
    )
    assert [point.day for point in series([], "month", FIRST, END)] == [FIRST, date(2026, 11, 1)]
    assert len(series([], "day", FIRST, END)) == 61


@pytest.mark.parametrize(
    ("count", "of", "share", "expected"),
    [
        (0, 10, 0.5, 1.0),
        (10, 10, 0.5, 0.5**10),
        (8, 10, 0.5, 56 / 1024),
        (1, 1, 1.0, 1.0),
        (1, 1, 0.0, 0.0),
    ],
)
def test_the_tail_of_the_binomial(count, of, share, expected):
    assert at_least(count, of, share) == pytest.approx(expected)


@given(st.integers(200, 500), st.floats(0.2, 0.8))
def test_the_curve_joins_the_exact_sum_where_it_takes_over(of, share):
    from sla.trends import _normal_tail

    count = int(of * share) + 10
    assert _normal_tail(count, of, share) == pytest.approx(at_least(count, of, share), abs=0.01)


def test_only_what_chance_does_not_explain_has_risen():
    now = {"power": 40, "water": 22, "tiny": 4, "steady": 100}
    before = {"power": 10, "water": 18, "steady": 100}
    found = rises(now, before)
    assert [rise.name for rise in found] == ["power"]
    assert (found[0].now, found[0].before, str(found[0].change)) == (40, 10, "300.00")


def test_when_everything_grows_alike_nothing_has_risen():
    assert rises({"a": 200, "b": 100}, {"a": 100, "b": 50}) == ()
    assert rises({}, {}) == ()
