"""The deadline receipt: how a due time was reached, day by day, so that anybody can check it.

Every leg says what was promised and counts it out again from the calendar the clock pinned; a
receipt whose count ends elsewhere than the stored due time says so itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from sla.terms import arithmetic
from sla.worktime import DAY, Calendar, Mode, Promise

Line = TypeVar("Line")
# a promise of a year has more days than anybody reads: the middle is left out
LONGEST = 60


class Day(StrEnum):
    """What a day is to a promise of days."""

    RECEIVED = "received"  # never counts, whatever the hour
    COUNTED = "counted"
    MADE_UP = "made_up"  # a weekend on which offices work
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    ROLLED = "rolled"  # counted out, but the promise ends on the next working day


@dataclass(frozen=True, slots=True)
class Counted:
    """One day of a promise of days; `number` is its place, 0 where it does not count."""

    day: date
    kind: Day
    number: int = 0


@dataclass(frozen=True, slots=True)
class Worked:
    """One stretch of a promise of hours: from, to, and how much has come together."""

    start: datetime
    end: datetime
    total: timedelta


@dataclass(frozen=True, slots=True)
class Leg:
    """From an instant, a promise, to an instant. `agrees` says whether the count ends there."""

    start: datetime
    end: datetime
    promise: Promise
    days: tuple[Counted, ...] = ()
    hours: tuple[Worked, ...] = ()
    agrees: bool = True

    @property
    def shortened(self) -> int:
        """How many lines a page leaves out."""
        return max(0, len(self.days) + len(self.hours) - LONGEST)


def leg(start: datetime, end: datetime, promise: Promise, calendar: Calendar) -> Leg:
    """A promise counted out. CalendarUnknown beyond the published years."""
    agrees = calendar.add(start, promise) == end
    if promise.mode in (Mode.WORKING_DAYS, Mode.NATURAL_DAYS):
        days = tuple(_days(start, end, promise, calendar))
        return Leg(start, end, promise, days=days, agrees=agrees)
    if promise.mode is Mode.NATURAL_HOURS:
        return Leg(start, end, promise, hours=(Worked(start, end, end - start),), agrees=agrees)
    hours = tuple(
        Worked(line.start, line.end, line.total) for line in arithmetic(start, end, calendar)
    )
    return Leg(start, end, promise, hours=hours, agrees=agrees)


def _days(
    start: datetime, end: datetime, promise: Promise, calendar: Calendar
) -> Iterator[Counted]:
    first = start.astimezone(calendar.zone).date()
    last = end.astimezone(calendar.zone).date()
    yield Counted(first, Day.RECEIVED)
    number, day = 0, first
    natural = promise.mode is Mode.NATURAL_DAYS
    while day < last:
        day += DAY
        kind = _kind(day, calendar)
        if natural and number >= promise.n:
            yield Counted(day, Day.ROLLED)
        elif natural or kind in (Day.COUNTED, Day.MADE_UP):
            number += 1
            yield Counted(day, Day.COUNTED if natural else kind, number)
        else:
            yield Counted(day, kind)


def _kind(day: date, calendar: Calendar) -> Day:
    weekend = day.isoweekday() > 5
    if calendar.is_working(day):
        return Day.MADE_UP if weekend else Day.COUNTED
    return Day.WEEKEND if weekend else Day.HOLIDAY


def shown(lines: Sequence[Line]) -> list[Line | None]:
    """The lines to print; None stands for those left out in the middle."""
    if len(lines) <= LONGEST:
        return list(lines)
    half = LONGEST // 2
    return [*lines[:half], None, *lines[-half:]]
