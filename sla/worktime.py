"""Working time: a calendar compiled to prefix sums, and the four ways of counting a promise.

Aware UTC instants in and out; the calendar's own days are Shanghai's. Beyond the published
years the answer is CalendarUnknown, never a guess from weekdays.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# from the first time to the second of one day; a second of 00:00 is that day's midnight, 24:00
Session = tuple[time, time]
OFFICE: tuple[Session, ...] = ((time(9), time(12)), (time(13), time(17)))
DAY = timedelta(days=1)
SECOND = 1_000_000  # microseconds: whole numbers, so that sums are exact
WHOLE_DAY = 24 * 3600


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
    """How long: `n` hours may be a fraction, `n` days may not. Nothing is no promise."""

    mode: Mode
    n: Fraction
    micros: int = field(init=False, repr=False, compare=False)  # of hours, to the second

    def __post_init__(self) -> None:
        if self.n <= 0:
            raise PromiseRefused("n", "must be more than 0")
        if self.mode not in HOURS and self.n.denominator != 1:
            raise PromiseRefused("n", "days are counted whole")
        seconds = round(self.n * 3600)
        if not seconds:
            raise PromiseRefused("n", "must be at least a second")
        object.__setattr__(self, "micros", seconds * SECOND)

    def __str__(self) -> str:
        return f"{self.mode}:{self.n}"


def _into_day(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


def _bounds(session: Session) -> tuple[int, int]:
    return _into_day(session[0]), _into_day(session[1]) or WHOLE_DAY


def check_sessions(sessions: Sequence[Session]) -> tuple[Session, ...]:
    """The sessions in order. PromiseRefused when empty, inverted or overlapping."""
    ordered = tuple(sorted(sessions, key=_bounds))
    if not ordered:
        raise PromiseRefused("sessions", "a working day needs at least one session")
    bounds = [_bounds(session) for session in ordered]
    if any(start >= end for start, end in bounds):
        raise PromiseRefused("sessions", "a session must end after it starts, on the same day")
    if any(first[1] > second[0] for first, second in pairwise(bounds)):
        raise PromiseRefused("sessions", "sessions must not overlap")
    return ordered


class Calendar:
    """Working days of published years, compiled: `add` and `elapsed` are searches.

    `days` are the working days; `first` and `last` bound the published years. Microseconds
    since 1970 (UTC) inside, so that searching compares whole numbers.
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
        self.days = sorted({day for day in days if first <= day <= last})
        self._working = frozenset(self.days)
        self._opens, self._closes = self._midnight(first), self._midnight(last + DAY)
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._before: list[int] = []  # working time before each session
        self._after: list[int] = []  # and after it
        self._compile()
        count = len(self.sessions)
        self._opening = self._starts[::count]
        self._closing = self._ends[count - 1 :: count]

    def _compile(self) -> None:
        total = 0
        for day in self.days:
            midnight = self._midnight(day)
            for start, end in map(_bounds, self.sessions):
                self._starts.append(midnight + start * SECOND)
                self._ends.append(midnight + end * SECOND)
                self._before.append(total)
                total += (end - start) * SECOND
                self._after.append(total)

    def _midnight(self, day: date) -> int:
        return _stamp(datetime.combine(day, time(), self.zone))

    def is_working(self, day: date) -> bool:
        """Whether the day is worked: make-up days are, statutory holidays are not."""
        if not self.first <= day <= self.last:
            raise CalendarUnknown(day.isoformat())
        return day in self._working

    def add(self, start: datetime, promise: Promise) -> datetime:
        """The deadline of a promise given at `start`. CalendarUnknown past the published years."""
        try:
            match promise.mode:
                case Mode.WORKING_HOURS:
                    return self._reach(self._worked(_stamp(start)) + promise.micros)
                case Mode.WORKING_DAYS:
                    return self._close_after(self._day(start), int(promise.n))
                case Mode.NATURAL_HOURS:
                    return _instant(_stamp(start) + promise.micros)
                case Mode.NATURAL_DAYS:
                    return self.close_on_or_after(self._day(start) + int(promise.n) * DAY)
        except OverflowError:
            raise CalendarUnknown(f"{promise} from {start.isoformat()}") from None

    def back(self, due: datetime, promise: Promise) -> datetime:
        """The last instant at which all of the promise still lies before `due`."""
        match promise.mode:
            case Mode.WORKING_HOURS:
                return self._reach_last(self._worked(_stamp(due)) - promise.micros)
            case Mode.WORKING_DAYS:
                index = bisect_right(self._opening, _stamp(due)) - int(promise.n)
                if index < 0:
                    raise CalendarUnknown(f"{promise} before {due.isoformat()}")
                return _instant(self._opening[index])
            case Mode.NATURAL_HOURS:
                return _instant(_stamp(due) - promise.micros)
            case Mode.NATURAL_DAYS:
                return due - int(promise.n) * DAY

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two instants; negative when `end` comes first."""
        return timedelta(microseconds=self._worked(_stamp(end)) - self._worked(_stamp(start)))

    def remaining(self, now: datetime, due: datetime) -> timedelta:
        """Working time that is left; negative when it is overdrawn."""
        return self.elapsed(now, due)

    def add_working(self, start: datetime, length: timedelta) -> datetime:
        """`start` plus working time; none at all leaves `start` where it is."""
        if length <= timedelta():
            return start
        return self._reach(self._worked(_stamp(start)) + _micros(length))

    def next_opening(self, moment: datetime) -> datetime:
        """`moment` if it is inside a session, else the start of the next one."""
        stamp = self._known(_stamp(moment))
        index = bisect_right(self._ends, stamp)
        if index == len(self._starts):
            raise CalendarUnknown(moment.isoformat())
        return _instant(max(stamp, self._starts[index]))

    def close_on_or_after(self, day: date) -> datetime:
        """Close of business on the day, or on the next working day if it is not one."""
        if not self.first <= day <= self.last:
            raise CalendarUnknown(day.isoformat())
        return self._close_after(day - DAY, 1)

    def spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of working time between two instants, in order."""
        low, high = self._known(_stamp(start)), self._known(_stamp(end))
        for index in range(bisect_right(self._ends, low), bisect_left(self._starts, high)):
            yield (
                _instant(max(low, self._starts[index])),
                _instant(min(high, self._ends[index])),
            )

    def _known(self, stamp: int) -> int:
        if not self._opens <= stamp <= self._closes:
            raise CalendarUnknown(_instant(stamp).isoformat())
        return stamp

    def _worked(self, stamp: int) -> int:
        index = bisect_right(self._starts, self._known(stamp)) - 1
        if index < 0:
            return 0
        return self._before[index] + min(stamp, self._ends[index]) - self._starts[index]

    def _reach(self, wanted: int) -> datetime:
        # the first session that reaches the sum: an end that coincides with a session's end
        # is that end, not the next start
        index = bisect_left(self._after, wanted)
        if index == len(self._after):
            raise CalendarUnknown(f"more working time than the years to {self.last} have")
        return _instant(self._starts[index] + wanted - self._before[index])

    def _reach_last(self, wanted: int) -> datetime:
        index = bisect_right(self._before, wanted) - 1
        if index < 0:
            raise CalendarUnknown(f"more working time than the years from {self.first} have")
        return _instant(self._starts[index] + wanted - self._before[index])

    def _close_after(self, day: date, n: int) -> datetime:
        # the day of receipt never counts, whatever the hour and whether or not it is worked, so
        # the eve of the published years is known well enough
        index = bisect_right(self.days, day) + n - 1
        if day < self.first - DAY or index >= len(self.days):
            raise CalendarUnknown(f"working day {n} after {day}")
        return _instant(self._closing[index])

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()


def _micros(length: timedelta) -> int:
    return (length.days * WHOLE_DAY + length.seconds) * SECOND + length.microseconds


def _stamp(moment: datetime) -> int:
    return _micros(moment - EPOCH)


def _instant(stamp: int) -> datetime:
    return EPOCH + timedelta(microseconds=stamp)


def parse_promise(value: object) -> tuple[Promise, tuple[Session, ...]]:
    """A Promise and its sessions from {type, n, sessions?}. PromiseRefused names the field."""
    if not isinstance(value, Mapping):
        raise PromiseRefused("policy", "must be an object {type, n, sessions?}")
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in set(Mode):
        raise PromiseRefused("policy.type", f"must be one of {', '.join(Mode)}")
    try:
        return Promise(Mode(kind), _number(value.get("n"))), parse_sessions(value.get("sessions"))
    except PromiseRefused as refused:
        raise PromiseRefused(f"policy.{refused.field}", refused.message) from None


def _number(n: object) -> Fraction:
    if isinstance(n, bool) or not isinstance(n, int | float):
        raise PromiseRefused("n", "must be a number")
    try:
        return Fraction(str(n))  # as written: 0.1 is a tenth
    except ValueError:
        raise PromiseRefused("n", "must be a finite number") from None


def parse_sessions(value: object) -> tuple[Session, ...]:
    """Sessions from [["09:00", "12:00"], …]; absent means the office's."""
    if value is None:
        return OFFICE
    if not isinstance(value, list | tuple):
        raise PromiseRefused("sessions", 'must be a list of ["09:00", "12:00"] pairs')
    return check_sessions([_session(pair) for pair in value])


CLOCK_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
MIDNIGHT = "24:00"  # a day's end; its beginning is 00:00


def _session(pair: object) -> Session:
    if isinstance(pair, list | tuple) and len(pair) == 2:
        start, end = _time(pair[0]), time() if pair[1] == MIDNIGHT else _time(pair[1])
        if start is not None and end is not None and (end != time() or pair[1] == MIDNIGHT):
            return start, end
    raise PromiseRefused("sessions", f'not a ["09:00", "12:00"] pair: {pair!r}'[:120])


def _time(part: object) -> time | None:
    found = CLOCK_TIME.fullmatch(part) if isinstance(part, str) else None
    if found is None:
        return None
    hour, minute, second = (int(figure or 0) for figure in found.groups())
    return time(hour, minute, second)


def sessions_text(sessions: Sequence[Session]) -> list[list[str]]:
    """Sessions as JSON, the form that parse_sessions reads."""
    return [
        [start.isoformat(), MIDNIGHT if end == time() else end.isoformat()]
        for start, end in sessions
    ]
