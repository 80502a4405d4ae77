"""Working time: worked by hand, against a slow walk through the days, and by its laws."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sla.calendars import china, duty
from sla.worktime import (
    OFFICE,
    SHANGHAI,
    Calendar,
    CalendarUnknown,
    Mode,
    Promise,
    PromiseRefused,
    parse_promise,
    parse_sessions,
    sessions_text,
)

CHINA = china()
LATE_LUNCH = china(sessions=parse_sessions([["09:00", "12:00"], ["13:30", "18:00"]]))


def at(text: str) -> datetime:
    return datetime.strptime(
        text, "%Y-%m-%d %H:%M:%S" if text.count(":") == 2 else "%Y-%m-%d %H:%M"
    ).replace(tzinfo=SHANGHAI)


def promise(kind: str, n: float | Fraction) -> Promise:
    return Promise(Mode(kind), Fraction(n))


def due(start: str, kind: str, n: float, calendar: Calendar = CHINA) -> datetime:
    return calendar.add(at(start), promise(kind, n))


# worked by hand; 2026: Spring Festival 15-23 February, make-up Saturdays 14 and 28 February;
# National Day 1-7 October, make-up Sunday 20 September and Saturday 10 October; 2 November a Monday
@pytest.mark.parametrize(
    ("start", "kind", "n", "expected"),
    [
        # inside a session, across lunch, across the evening
        ("2026-11-02 09:00", "working_hours", 1, "2026-11-02 10:00"),
        ("2026-11-02 09:17:43", "working_hours", 1, "2026-11-02 10:17:43"),
        ("2026-11-02 11:00", "working_hours", 2, "2026-11-02 14:00"),
        ("2026-11-02 16:30", "working_hours", 1, "2026-11-03 09:30"),
        ("2026-11-02 11:00", "working_hours", 0.25, "2026-11-02 11:15"),
        # an end that coincides with a session's end is that end
        ("2026-11-02 09:00", "working_hours", 3, "2026-11-02 12:00"),
        ("2026-11-02 09:00", "working_hours", 7, "2026-11-02 17:00"),
        ("2026-11-02 12:00", "working_hours", 4, "2026-11-02 17:00"),
        ("2026-11-02 16:00", "working_hours", 1, "2026-11-02 17:00"),
        # received outside sessions: counting begins with the next one
        ("2026-11-02 07:00", "working_hours", 1, "2026-11-02 10:00"),
        ("2026-11-02 12:30", "working_hours", 1, "2026-11-02 14:00"),
        ("2026-11-02 17:00", "working_hours", 1, "2026-11-03 10:00"),
        ("2026-11-06 22:00", "working_hours", 1, "2026-11-09 10:00"),
        # a make-up Saturday is worked, a festival is not
        ("2026-02-13 16:00", "working_hours", 2, "2026-02-14 10:00"),
        ("2026-02-14 16:00", "working_hours", 2, "2026-02-24 10:00"),
        # the day of receipt never counts, whatever the hour
        ("2026-11-02 00:00", "working_days", 1, "2026-11-03 17:00"),
        ("2026-11-02 08:59", "working_days", 1, "2026-11-03 17:00"),
        ("2026-11-02 23:59:59", "working_days", 1, "2026-11-03 17:00"),
        ("2026-11-06 10:00", "working_days", 1, "2026-11-09 17:00"),
        ("2026-11-07 10:00", "working_days", 1, "2026-11-09 17:00"),  # received on a Saturday
        ("2026-11-08 10:00", "working_days", 5, "2026-11-13 17:00"),
        ("2026-02-13 10:00", "working_days", 1, "2026-02-14 17:00"),  # make-up Saturday counts
        ("2026-02-13 10:00", "working_days", 2, "2026-02-24 17:00"),
        ("2026-02-18 10:00", "working_days", 5, "2026-02-28 17:00"),
        ("2026-09-30 10:00", "working_days", 3, "2026-10-10 17:00"),
        # clock hours run through everything
        ("2026-09-30 16:00", "natural_hours", 24, "2026-10-01 16:00"),
        ("2026-11-02 10:00:05", "natural_hours", 0.25, "2026-11-02 10:15:05"),
        ("2026-12-31 20:00", "natural_hours", 24, "2027-01-01 20:00"),  # needs no calendar
        # calendar days roll off what is not worked, to close of business
        ("2026-11-02 10:00", "natural_days", 1, "2026-11-03 17:00"),
        ("2026-11-02 23:59", "natural_days", 4, "2026-11-06 17:00"),
        ("2026-11-02 10:00", "natural_days", 5, "2026-11-09 17:00"),
        ("2026-09-01 10:00", "natural_days", 30, "2026-10-08 17:00"),
        ("2026-02-01 10:00", "natural_days", 13, "2026-02-14 17:00"),  # a make-up Saturday stands
        ("2026-02-01 10:00", "natural_days", 14, "2026-02-24 17:00"),
    ],
)
def test_deadlines_worked_by_hand(start, kind, n, expected):
    assert due(start, kind, n) == at(expected)


def test_the_instant_counts_and_not_the_offset_it_is_written_with():
    elsewhere = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)  # Tuesday 04:00 in Shanghai
    assert CHINA.add(elsewhere, promise("working_days", 1)) == at("2026-11-04 17:00")
    assert CHINA.add(elsewhere, promise("working_hours", 1)) == at("2026-11-03 10:00")
    assert CHINA.add(elsewhere, promise("working_hours", 1)).tzinfo is UTC


def test_a_naive_instant_is_a_bug_and_says_so():
    with pytest.raises(TypeError):
        CHINA.add(datetime(2026, 11, 2, 10), promise("working_hours", 1))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    ("start", "kind", "n", "expected"),
    [
        # the last published second is still an answer
        ("2026-12-31 16:00", "working_hours", 1, "2026-12-31 17:00"),
        ("2026-12-30 10:00", "working_days", 1, "2026-12-31 17:00"),
        ("2026-12-30 10:00", "natural_days", 1, "2026-12-31 17:00"),
        # and so is the first: a day of receipt that never counts need not be known
        ("2023-01-01 00:00", "working_hours", 1, "2023-01-03 10:00"),
        ("2022-12-31 10:00", "working_days", 1, "2023-01-03 17:00"),
        ("2022-12-01 10:00", "natural_days", 33, "2023-01-03 17:00"),
    ],
)
def test_the_edges_of_the_published_years_are_known(start, kind, n, expected):
    assert due(start, kind, n) == at(expected)


@pytest.mark.parametrize(
    ("start", "kind", "n"),
    [
        ("2026-12-31 16:00", "working_hours", 1.001),
        ("2026-12-31 17:00", "working_hours", 0.5),
        ("2027-01-04 10:00", "working_hours", 1),
        ("2022-12-31 23:59:59", "working_hours", 1),
        ("2022-12-30 10:00", "working_days", 1),
        ("2026-12-31 10:00", "working_days", 1),
        ("2026-12-01 10:00", "working_days", 500),
        ("2027-02-01 10:00", "working_days", 1),
        ("2026-12-31 10:00", "natural_days", 1),
        ("2022-12-01 10:00", "natural_days", 30),
        ("2026-12-31 10:00", "natural_days", 10**12),
        ("2026-12-31 10:00", "natural_hours", 10**12),
        ("2026-12-31 10:00", "working_hours", 10**30),
    ],
)
def test_beyond_the_published_years_nothing_is_guessed(start, kind, n):
    with pytest.raises(CalendarUnknown):
        due(start, kind, n)


def test_elapsed_time_that_leaves_the_published_years_is_unknown():
    inside, end = at("2026-12-31 16:00"), at("2027-01-01 00:00")
    assert CHINA.elapsed(inside, end) == timedelta(hours=1)
    for outside in (at("2027-01-01 00:00:01"), at("2022-12-31 23:59:59")):
        with pytest.raises(CalendarUnknown):
            CHINA.elapsed(inside, outside)
        with pytest.raises(CalendarUnknown):
            CHINA.elapsed(outside, inside)
    with pytest.raises(CalendarUnknown):
        CHINA.is_working(date(2027, 1, 1))
    with pytest.raises(CalendarUnknown):
        CHINA.next_opening(at("2026-12-31 17:00"))


def test_what_is_left_is_negative_once_it_is_overdrawn():
    assert CHINA.remaining(at("2026-11-06 16:00"), at("2026-11-09 10:00")) == timedelta(hours=2)
    assert CHINA.remaining(at("2026-11-09 10:00"), at("2026-11-06 16:00")) == -timedelta(hours=2)


def test_other_sessions_close_at_their_own_hour():
    assert due("2026-11-02 12:00", "working_hours", 1, LATE_LUNCH) == at("2026-11-02 14:30")
    assert due("2026-11-02 12:00", "working_days", 1, LATE_LUNCH) == at("2026-11-03 18:00")


def test_round_the_clock_working_hours_are_clock_hours():
    start = at("2026-09-30 16:00:01")
    assert duty().add(start, promise("working_hours", 200)) == start + timedelta(hours=200)
    assert duty().elapsed(start, start + timedelta(days=9)) == timedelta(days=9)


# --- laws ---------------------------------------------------------------------------------

LOW, HIGH = at("2023-01-01 00:00"), at("2026-12-31 23:59")
moments = st.integers(0, int((HIGH - LOW).total_seconds())).map(
    lambda s: (LOW + timedelta(seconds=s)).astimezone(UTC)
)
early = st.integers(0, 900 * 86400).map(lambda s: (LOW + timedelta(seconds=s)).astimezone(UTC))
lengths = st.integers(1, 1500 * 3600).map(lambda seconds: Fraction(seconds, 3600))
calendars = st.sampled_from([CHINA, LATE_LUNCH, duty()])


def walk(calendar: Calendar, start: datetime, wanted: Promise) -> datetime:
    """The same, a day at a time: slow, plain, and written without looking at the calendar's sums."""
    day = start.astimezone(SHANGHAI).date()
    closes = calendar.sessions[-1][1]
    if wanted.mode is Mode.WORKING_DAYS:
        left = int(wanted.n)
        while left:
            day += timedelta(days=1)
            left -= calendar.is_working(day)
    elif wanted.mode is Mode.NATURAL_DAYS:
        day += timedelta(days=int(wanted.n))
        while not calendar.is_working(day):
            day += timedelta(days=1)
    else:
        left = timedelta(hours=float(wanted.n))
        while True:
            for begin, end in calendar.sessions if calendar.is_working(day) else ():
                opens = max(datetime.combine(day, begin, SHANGHAI), start)
                shuts = datetime.combine(day, end, SHANGHAI)
                if opens < shuts and left <= shuts - opens:
                    return opens + left
                left -= max(shuts - opens, timedelta())
            day += timedelta(days=1)
    return datetime.combine(day, closes, SHANGHAI)


@given(early, st.sampled_from([Mode.WORKING_DAYS, Mode.NATURAL_DAYS]), st.integers(1, 120))
def test_days_agree_with_a_walk_through_the_days(start, mode, n):
    wanted = Promise(mode, Fraction(n))
    for calendar in (CHINA, LATE_LUNCH):
        assert calendar.add(start, wanted) == walk(calendar, start, wanted)


@given(early, st.integers(1, 4 * 400))
def test_hours_agree_with_a_walk_through_the_days(start, quarters):
    wanted = Promise(Mode.WORKING_HOURS, Fraction(quarters, 4))
    for calendar in (CHINA, LATE_LUNCH):
        assert calendar.add(start, wanted) == walk(calendar, start, wanted)


@given(calendars, early, lengths)
def test_adding_then_measuring_gives_the_length_back(calendar, start, n):
    wanted = Promise(Mode.WORKING_HOURS, n)
    end = calendar.add(start, wanted)
    assert calendar.elapsed(start, end) == timedelta(microseconds=wanted.micros)
    assert calendar.add_working(start, calendar.elapsed(start, end)) == end


@given(calendars, early, lengths, lengths)
def test_adding_twice_is_adding_the_sum(calendar, start, one, other):
    assume(one + other <= 1500)
    together = calendar.add(start, Promise(Mode.WORKING_HOURS, one + other))
    first = calendar.add(start, Promise(Mode.WORKING_HOURS, one))
    assert calendar.add(first, Promise(Mode.WORKING_HOURS, other)) == together


@given(calendars, moments, moments, moments)
def test_elapsed_is_additive_and_never_runs_backwards(calendar, one, two, three):
    assert calendar.elapsed(one, two) + calendar.elapsed(two, three) == calendar.elapsed(one, three)
    assert (calendar.elapsed(one, two) >= timedelta()) or two < one
    assert abs(calendar.elapsed(one, two)) <= abs(two - one)


@given(st.sampled_from(Mode), early, st.integers(0, 10**6), st.integers(1, 60), st.integers(0, 60))
def test_a_deadline_never_comes_earlier_for_a_later_start_or_a_longer_promise(
    mode, start, later, n, more
):
    here = CHINA.add(start, Promise(mode, Fraction(n)))
    assert CHINA.add(start + timedelta(seconds=later), Promise(mode, Fraction(n))) >= here
    assert CHINA.add(start, Promise(mode, Fraction(n + more))) >= here
    assert here > start


@given(calendars, early, lengths)
def test_working_spans_cover_exactly_what_has_elapsed(calendar, start, n):
    assume(n < 300)
    end = calendar.add(start, Promise(Mode.WORKING_HOURS, n))
    spans = list(calendar.spans(start, end))
    assert sum((stop - begin for begin, stop in spans), timedelta()) == calendar.elapsed(start, end)
    assert all(begin < stop for begin, stop in spans)
    assert spans == sorted(spans)


@given(early, st.sampled_from(Mode), st.integers(1, 40))
def test_counting_back_leaves_all_of_the_promise(start, mode, n):
    wanted = Promise(mode, Fraction(n))
    end = CHINA.close_on_or_after((start + timedelta(days=60)).astimezone(SHANGHAI).date())
    point = CHINA.back(end, wanted)
    assert point < end
    if mode is Mode.WORKING_HOURS:
        assert CHINA.elapsed(point, end) == timedelta(hours=n)
        assert CHINA.elapsed(point + timedelta(seconds=1), end) < timedelta(hours=n)
    if mode is Mode.WORKING_DAYS:
        assert CHINA.elapsed(point, end) == n * timedelta(hours=7)


def test_one_working_day_left_begins_as_the_last_day_opens():
    one = promise("working_days", 1)
    assert CHINA.back(at("2026-11-09 17:00"), one) == at("2026-11-09 09:00")
    assert CHINA.back(at("2026-02-24 17:00"), promise("working_days", 2)) == at("2026-02-14 09:00")
    assert CHINA.back(at("2026-11-09 17:00"), promise("working_hours", 7)) == at("2026-11-09 09:00")
    for kind in ("working_days", "working_hours"):
        with pytest.raises(CalendarUnknown):
            CHINA.back(at("2023-01-04 10:00"), promise(kind, 100))


@given(st.integers(0, 86399), st.integers(1, 21 * 60))
def test_a_make_up_day_equals_an_ordinary_working_day(second, minutes):
    # Saturday 14 February 2026 is worked; move the same hours to an ordinary Monday
    make_up = datetime.combine(date(2026, 2, 14), time(), SHANGHAI) + timedelta(seconds=second)
    monday = datetime.combine(date(2026, 11, 2), time(), SHANGHAI) + timedelta(seconds=second)
    length = timedelta(minutes=minutes)
    assume(CHINA.elapsed(monday, at("2026-11-02 23:59:59")) >= length)
    assert (
        CHINA.add_working(make_up, length) - make_up == CHINA.add_working(monday, length) - monday
    )


def test_no_length_at_all_leaves_the_start_where_it_is():
    sunday = at("2026-11-08 10:00")
    assert CHINA.add_working(sunday, timedelta()) == sunday
    assert CHINA.next_opening(sunday) == at("2026-11-09 09:00")
    assert CHINA.next_opening(at("2026-11-09 12:00")) == at("2026-11-09 13:00")
    assert CHINA.next_opening(at("2026-11-09 11:00")) == at("2026-11-09 11:00")


# --- what a promise may be -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        (None, "policy"),
        ([], "policy"),
        ({}, "policy.type"),
        ({"type": "working_weeks", "n": 1}, "policy.type"),
        ({"type": ["working_days"], "n": 1}, "policy.type"),
        ({"type": "working_days"}, "policy.n"),
        ({"type": "working_days", "n": 0}, "policy.n"),
        ({"type": "working_hours", "n": 0}, "policy.n"),
        ({"type": "working_hours", "n": -0.5}, "policy.n"),
        ({"type": "working_days", "n": 1.5}, "policy.n"),
        ({"type": "natural_days", "n": 0.5}, "policy.n"),
        ({"type": "working_hours", "n": 0.0001}, "policy.n"),
        ({"type": "working_hours", "n": "4"}, "policy.n"),
        ({"type": "working_hours", "n": True}, "policy.n"),
        ({"type": "working_hours", "n": float("nan")}, "policy.n"),
        ({"type": "working_hours", "n": float("inf")}, "policy.n"),
        ({"type": "working_hours", "n": 1, "sessions": []}, "policy.sessions"),
        ({"type": "working_hours", "n": 1, "sessions": "09:00-17:00"}, "policy.sessions"),
        ({"type": "working_hours", "n": 1, "sessions": [["12:00", "09:00"]]}, "policy.sessions"),
        ({"type": "working_hours", "n": 1, "sessions": [["09:00", "09:00"]]}, "policy.sessions"),
        ({"type": "working_hours", "n": 1, "sessions": [["09:00"]]}, "policy.sessions"),
        ({"type": "working_hours", "n": 1, "sessions": [[9, 12]]}, "policy.sessions"),
        ({"type": "working_hours", "n": 1, "sessions": [["09:00Z", "12:00Z"]]}, "policy.sessions"),
        ({"type": "working_hours", "n": 1, "sessions": [["09:00", "25:00"]]}, "policy.sessions"),
        ({"type": "working_hours", "n": 1, "sessions": [["24:00", "24:00"]]}, "policy.sessions"),
        ({"type": "working_hours", "n": 1, "sessions": [["09:00", "00:00"]]}, "policy.sessions"),
        (
            {"type": "working_hours", "n": 1, "sessions": [["09:00", "13:00"], ["12:59", "17:00"]]},
            "policy.sessions",
        ),
    ],
)
def test_a_promise_that_cannot_be_counted_names_its_field(policy, field):
    with pytest.raises(PromiseRefused) as refused:
        parse_promise(policy)
    assert refused.value.field == field
    assert refused.value.message


def test_a_promise_is_read_as_it_is_written():
    found, sessions = parse_promise({"type": "working_hours", "n": 0.1})
    assert (found.mode, found.n, sessions) == (Mode.WORKING_HOURS, Fraction(1, 10), OFFICE)
    assert parse_promise({"type": "working_days", "n": 3.0})[0] == promise("working_days", 3)
    assert str(found) == "working_hours:1/10"


def test_sessions_are_put_in_order_and_may_touch_and_end_at_midnight():
    found = parse_sessions([["13:00", "24:00"], ["9:00", "13:00"]])
    assert found == ((time(9), time(13)), (time(13), time(0)))
    assert parse_sessions(sessions_text(found)) == found
    night = china(sessions=found)
    assert night.add(at("2026-11-02 09:00"), promise("working_hours", 15)) == at("2026-11-03 00:00")
    assert night.add(at("2026-11-02 09:00"), promise("working_days", 1)) == at("2026-11-04 00:00")


def test_a_calendar_of_another_zone_counts_its_own_days_across_summer_time():
    from zoneinfo import ZoneInfo

    berlin = ZoneInfo("Europe/Berlin")
    days = [date(2026, 3, 27), date(2026, 3, 30)]
    calendar = Calendar("x", days, first=date(2026, 1, 1), last=date(2026, 12, 31), zone=berlin)
    friday = datetime(2026, 3, 27, 16, tzinfo=berlin)
    assert calendar.add(friday, promise("working_hours", 2)) == datetime(
        2026, 3, 30, 10, tzinfo=berlin
    )
