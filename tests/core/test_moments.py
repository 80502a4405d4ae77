"""Aware instants inside, Shanghai at the edge, one reader of the system clock."""

import ast
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core import moments

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "intake", "routing", "sla", "notify", "web")
zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
# hypothesis takes naive bounds and adds the zone itself
FIRST, LAST = datetime(1992, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - see above
instants = st.datetimes(FIRST, LAST, timezones=zones)
days = st.dates(date(1992, 1, 1), date(2200, 1, 1))
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}
CLOCK_OWNERS = {"datetime", "date", "time"}


@given(instants)
def test_an_instant_in_any_zone_is_the_same_instant_in_utc(instant):
    assert moments.aware(instant) == instant
    assert moments.aware(instant).tzinfo is UTC


@given(st.datetimes())
def test_a_naive_time_is_refused(naive):
    with pytest.raises(ValueError, match="naive"):
        moments.aware(naive)
    with pytest.raises(ValueError, match="naive"):
        moments.local_day(naive)


@given(instants)
def test_every_instant_lies_in_its_shanghai_day(instant):
    day = moments.local_day(instant)
    assert moments.day_start(day) <= instant < moments.day_end(day)


@given(days)
def test_days_follow_each_other_without_a_gap(day):
    assert moments.day_end(day) == moments.day_start(day + timedelta(days=1))
    assert moments.day_end(day) - moments.day_start(day) == timedelta(days=1)


def test_the_day_turns_at_midnight_in_shanghai():
    before = datetime(2026, 11, 18, 15, 59, 59, 999999, tzinfo=UTC)
    assert moments.local_day(before) == date(2026, 11, 18)
    assert moments.local_day(before + timedelta(microseconds=1)) == date(2026, 11, 19)


@given(instants, st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_moved_clock_runs_at_its_distance(instant, offset):
    assert moments.shifted(lambda: instant, offset)() == instant + offset


def test_the_system_clock_is_aware():
    assert moments.utc_now().tzinfo is UTC


def test_nobody_else_reads_the_system_clock():
    readers = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Attribute(value=ast.Name(id=owner), attr=name) if (
                        owner in CLOCK_OWNERS and name in CLOCKS
                    ):
                        readers.add(str(path.relative_to(ROOT)))
                    case _:
                        pass
    assert readers == {"core/moments.py"}


@given(instants, st.times(), st.times())
def test_hours_of_the_day_and_the_rest_of_the_day_share_no_instant_and_miss_none(
    instant, begin, end
):
    assume(begin != end)
    assert moments.within(instant, (begin, end)) is not moments.within(instant, (end, begin))


def test_hours_may_go_across_midnight():
    night = (time(21), time(8))
    at = {hour: datetime(2026, 11, 18, hour, tzinfo=moments.SHANGHAI) for hour in (7, 8, 20, 21)}
    assert [moments.within(at[hour], night) for hour in (7, 8, 20, 21)] == [
        True,
        False,
        False,
        True,
    ]
