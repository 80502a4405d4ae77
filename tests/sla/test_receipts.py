"""The receipt of a deadline counts again what the clock counted, and says when it does not agree."""

from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.moments import SHANGHAI
from sla import receipts
from sla.calendars import china
from sla.receipts import Day
from sla.worktime import Mode, Promise

CALENDAR = china()
FIRST = datetime(2023, 2, 1, tzinfo=SHANGHAI)
STARTS = st.integers(0, 3 * 365 * 86_400).map(lambda seconds: FIRST + timedelta(seconds=seconds))


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)


def counted(leg):
    return [line for line in leg.days if line.number]


@given(STARTS, st.integers(1, 40))
def test_a_promise_of_working_days_counts_just_as_many_and_ends_with_the_last(start, n) -> None:
    promise = Promise(Mode.WORKING_DAYS, Fraction(n))
    due = CALENDAR.add(start, promise)
    leg = receipts.leg(start, due, promise, CALENDAR)
    assert leg.agrees
    assert [line.number for line in counted(leg)] == list(range(1, n + 1))
    assert leg.days[0].kind is Day.RECEIVED
    assert leg.days[-1].number == n
    assert leg.days[-1].day == due.astimezone(SHANGHAI).date()
    days = [line.day for line in leg.days]
    assert days == [days[0] + timedelta(days=k) for k in range(len(days))]


@given(STARTS, st.integers(1, 60))
def test_a_promise_of_calendar_days_counts_every_day_and_rolls_on(start, n) -> None:
    promise = Promise(Mode.NATURAL_DAYS, Fraction(n))
    due = CALENDAR.add(start, promise)
    leg = receipts.leg(start, due, promise, CALENDAR)
    assert leg.agrees
    assert len(counted(leg)) == n
    assert all(line.kind is Day.ROLLED for line in leg.days[n + 1 :])


@given(STARTS, st.integers(1, 80))
def test_stretches_of_a_promise_of_hours_add_up_to_it(start, n) -> None:
    promise = Promise(Mode.WORKING_HOURS, Fraction(n))
    due = CALENDAR.add(start, promise)
    leg = receipts.leg(start, due, promise, CALENDAR)
    assert leg.agrees
    assert leg.hours[-1].total == timedelta(hours=n)
    assert leg.hours[-1].end == due


def test_the_spring_festival_of_2026_is_counted_out_by_hand() -> None:
    # received on Thursday the 12th; the 14th and the 28th are Saturdays on which offices work
    start, promise = at(2026, 2, 12, 10), Promise(Mode.WORKING_DAYS, Fraction(3))
    leg = receipts.leg(start, CALENDAR.add(start, promise), promise, CALENDAR)
    kinds = {line.day: line.kind for line in leg.days}
    assert kinds[date(2026, 2, 13)] is Day.COUNTED
    assert kinds[date(2026, 2, 14)] is Day.MADE_UP
    assert kinds[date(2026, 2, 17)] is Day.HOLIDAY
    assert kinds[date(2026, 2, 22)] is Day.WEEKEND
    assert leg.end == at(2026, 2, 24, 17)


def test_a_due_time_that_the_calendar_does_not_give_is_told() -> None:
    start, promise = at(2026, 3, 2, 10), Promise(Mode.WORKING_DAYS, Fraction(2))
    due = CALENDAR.add(start, promise)
    assert receipts.leg(start, due, promise, CALENDAR).agrees
    assert not receipts.leg(start, due + timedelta(days=1), promise, CALENDAR).agrees


@pytest.mark.parametrize(("lines", "printed"), [(0, 0), (60, 60), (61, 61), (200, 61)])
def test_the_middle_of_a_long_receipt_is_left_out(lines: int, printed: int) -> None:
    found = receipts.shown([*range(lines)])
    assert len(found) == printed
    assert (None in found) == (lines > 60)
