"""Working time: a calendar compiled to prefix sums, and the four ways of counting a promise.

Aware UTC instants in and out; the calendar's own days are Shanghai's. Beyond the published
years the answer is CalendarUnknown, never a guess from weekdays.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Session = tuple[time, time]
OFFICE: tuple[Session, ...] = ((time(9), time(12)), (time(13), time(17)))
DAY = timedelta(days=1)
LONGEST = 100_000  # hours or days: past this a promise is a slip of the pen


class CalendarUnknown(Exception):
    """The answer lies outside the published years."""


class PromiseRefused(ValueError):
    """A promise that cannot be counted; `field` names the part at fault."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(f"{field}: {message}")


class Mode(StrEnum):
    """How a promise is counted."""

    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"
    NATURAL_HOURS = "natural_hours"
    NATURAL_DAYS = "natural_days"


HOURS = frozenset({Mode.WORKING_HOURS, Mode.NATURAL_HOURS})


@dataclass(frozen=True, slots=True)
class Promise:
    """How long: `n` hours may be a fraction, `n` days may not."""

    mode: Mode
    n: Fraction

    def __post_init__(self) -> None:
        if not 0 < self.n <= LONGEST:
            raise PromiseRefused("n", f"must be more than 0 and at most {LONGEST}")
        if self.mode not in HOURS and self.n.denominator != 1:
            raise PromiseRefused("n", "days are counted whole")

    @property
    def seconds(self) -> int:
        """The length of an hour promise, to the second."""
        return round(self.n * 3600)

    def __str__(self) -> str:
        return f"{self.mode}:{self.n}"


def check_sessions(sessions: Sequence[Session]) -> tuple[Session, ...]:
    """The sessions in order. PromiseRefused when empty, inverted or overlapping."""
    ordered = tuple(sorted(sessions))
    if not ordered:
        raise PromiseRefused("sessions", "a working day needs at least one session")
    if any(start >= end for start, end in ordered):
        raise PromiseRefused("sessions", "a session must end after it starts, on the same day")
    if any(first[1] > second[0] for first, second in pairwise(ordered)):
        raise PromiseRefused("sessions", "sessions must not overlap")
    return ordered


class Calendar:
    """Working days of published years, compiled: `add` and `elapsed` are searches.

    `days` are the working days; `first` and `last` bound the published years. Seconds since
    1970 (UTC) inside, so that searching compares whole numbers.
    """

    def __init__(
        self,
        version: str,
        days: Iterable[date],
        *,
        first: date,
        last: date,
        sessions: Sequence[Session] = OFFICE,
        zone: tzinfo = SHANGHAI,
    ) -> None:
        self.version, self.zone, self.first, self.last = version, zone, first, last
        self.sessions = check_sessions(sessions)
        self.days = sorted(day for day in days if first <= day <= last)
        self.working = frozenset(self.days)
        self.opens = self._seconds(first)
        self.closes = self._seconds(last + DAY)
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.before: list[int] = []  # working seconds before each session
        total = 0
        for day in self.days:
            for start, end in self.sessions:
                self.starts.append(self._seconds(day, start))
                self.ends.append(self._seconds(day, end))
                self.before.append(total)
                total += self.ends[-1] - self.starts[-1]
        self.total = total
        self.closing = [self._seconds(day, self.sessions[-1][1]) for day in self.days]
        self.after = [start + length for start, length in self._lengths()]
        self._day_index = {day: index for index, day in enumerate(self.days)}

    def _lengths(self) -> Iterable[tuple[int, int]]:
        return (
            (before, end - start)
            for before, start, end in zip(self.before, self.starts, self.ends, strict=True)
        )

    def _seconds(self, day: date, at: time = time()) -> int:
        return int((datetime.combine(day, at, self.zone) - EPOCH).total_seconds())

    def is_working(self, day: date) -> bool:
        """Whether the day is worked: make-up days are, statutory holidays are not."""
        if not self.first <= day <= self.last:
            raise CalendarUnknown(day.isoformat())
        return day in self.working

    def add(self, start: datetime, promise: Promise) -> datetime:
        """The deadline of a promise given at `start`. CalendarUnknown past the published years."""
        match promise.mode:
            case Mode.WORKING_HOURS:
                return self._instant(self._add_working(_stamp(start), promise.seconds))
            case Mode.WORKING_DAYS:
                return self._instant(self._add_days(start, int(promise.n)))
            case Mode.NATURAL_HOURS:
                return start.astimezone(UTC) + timedelta(seconds=promise.seconds)
            case Mode.NATURAL_DAYS:
                return self._instant(self._add_natural_days(start, int(promise.n)))

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two instants; negative when `end` comes first."""
        return timedelta(seconds=self._worked(_stamp(end)) - self._worked(_stamp(start)))

    def add_working(self, start: datetime, length: timedelta) -> datetime:
        """`start` plus working time; none at all leaves `start` where it is."""
        if length <= timedelta():
            return start
        return self._instant(self._add_working(_stamp(start), length.total_seconds()))

    def next_opening(self, moment: datetime) -> datetime:
        """`moment` if it is inside a session, else the start of the next one."""
        stamp = _stamp(moment)
        self._known(stamp)
        index = bisect_right(self.ends, stamp)
        if index == len(self.starts):
            raise CalendarUnknown(moment.isoformat())
        return self._instant(max(stamp, self.starts[index]))

    def _known(self, stamp: float) -> None:
        if not self.opens <= stamp <= self.closes:
            raise CalendarUnknown(self._instant(stamp).isoformat())

    def _worked(self, stamp: float) -> float:
        self._known(stamp)
        index = bisect_right(self.starts, stamp) - 1
        if index < 0:
            return 0
        return self.before[index] + min(stamp, self.ends[index]) - self.starts[index]

    def _add_working(self, stamp: float, length: float) -> float:
        wanted = self._worked(stamp) + length
        # the first session that reaches the sum: an end that coincides with a session's end
        # is that end, not the next start
        index = bisect_left(self.after, wanted)
        if index == len(self.after):
            raise CalendarUnknown(f"{length} working seconds from {self._instant(stamp)}")
        return self.starts[index] + wanted - self.before[index]

    def _add_days(self, start: datetime, n: int) -> float:
        day = start.astimezone(self.zone).date()
        if not self.first <= day <= self.last:
            raise CalendarUnknown(day.isoformat())
        # the day of receipt never counts, whatever the hour and whether or not it is worked
        index = bisect_right(self.days, day) + n - 1
        if index >= len(self.days):
            raise CalendarUnknown(f"{n} working days from {day}")
        return self.closing[index]

    def _add_natural_days(self, start: datetime, n: int) -> float:
        day = start.astimezone(self.zone).date() + n * DAY
        if not self.first <= day <= self.last:
            raise CalendarUnknown(day.isoformat())
        index = bisect_left(self.days, day)
        if index == len(self.days):
            raise CalendarUnknown(f"no working day from {day} on")
        return self.closing[index]

    @staticmethod
    def _instant(stamp: float) -> datetime:
        return EPOCH + timedelta(seconds=stamp)


def _stamp(moment: datetime) -> float:
    # exact: a float of seconds since 1970 keeps microseconds until the year 2255
    return (moment - EPOCH) / timedelta(seconds=1)


def parse_promise(value: object) -> tuple[Promise, tuple[Session, ...]]:
    """A Promise and its sessions from {type, n, sessions?}. PromiseRefused names the field."""
    if not isinstance(value, Mapping):
        raise PromiseRefused("policy", "must be an object")
    try:
        mode = Mode(str(value.get("type")))
    except ValueError:
        known = ", ".join(Mode)
        raise PromiseRefused("policy.type", f"must be one of {known}") from None
    n = value.get("n")
    if isinstance(n, bool) or not isinstance(n, int | float):
        raise PromiseRefused("policy.n", "must be a number")
    if n != n or n in (float("inf"), float("-inf")):  # noqa: PLR0124 - the one number unlike itself
        raise PromiseRefused("policy.n", "must be a finite number")
    sessions = value.get("sessions")
    return Promise(mode, Fraction(n).limit_denominator(3600)), parse_sessions(sessions)


def parse_sessions(value: object) -> tuple[Session, ...]:
    """Sessions from [["09:00", "12:00"], …]; absent means the office's."""
    if value is None:
        return OFFICE
    if not isinstance(value, list | tuple):
        raise PromiseRefused("policy.sessions", 'must be a list of ["09:00", "12:00"] pairs')
    found: list[Session] = []
    for pair in value:
        try:
            start, end = (time.fromisoformat(str(part)) for part in pair)
        except (TypeError, ValueError):
            raise PromiseRefused(
                "policy.sessions", f'not a ["09:00", "12:00"] pair: {pair!r}'
            ) from None
        found.append((start, end))
    return check_sessions(found)
