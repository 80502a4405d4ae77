"""Calendars from published data: statutory holidays and make-up days, sessions, overrides."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

import holidays

from sla.worktime import (
    OFFICE,
    SHANGHAI,
    Calendar,
    CalendarUnknown,
    PromiseRefused,
    Session,
    parse_promise,
)

# years whose holidays and make-up days the State Council has announced
PUBLISHED = (2023, 2024, 2025, 2026)
# what is true of every published year: a week without work happens in none
WEEK = 7


class OverrideRefused(ValueError):
    """An administrator's day that cannot stand, with a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Override:
    """One day set by hand."""

    day: date
    working: bool
    reason: str


def working_days(years: Iterable[int]) -> Iterator[date]:
    """Every working day of the years; make-up weekends included."""
    years = sorted(years)
    known = holidays.country_holidays("CN", years=years)
    for year in years:
        day = date(year, 1, 1)
        while day.year == year:
            if known.is_working_day(day):
                yield day
            day += timedelta(days=1)


def china(
    *,
    years: Sequence[int] = PUBLISHED,
    sessions: Sequence[Session] = OFFICE,
    overrides: Sequence[Override] = (),
) -> Calendar:
    """The calendar of the published years. OverrideRefused for a day that cannot stand."""
    first, last = date(min(years), 1, 1), date(max(years), 12, 31)
    days = set(working_days(years))
    for override in overrides:
        _apply(days, override, first, last)
    _every_fortnight_works(days, first, last)
    return Calendar(
        _version(years, sessions, overrides), days, first=first, last=last, sessions=sessions
    )


def _apply(days: set[date], override: Override, first: date, last: date) -> None:
    if not override.reason.strip():
        raise OverrideRefused(f"{override.day}: an override needs its reason")
    if not first <= override.day <= last:
        raise OverrideRefused(f"{override.day}: that year's calendar is not published yet")
    if override.working == (override.day in days):
        state = "worked" if override.working else "free"
        raise OverrideRefused(f"{override.day} is {state} already; remove the override")
    (days.add if override.working else days.discard)(override.day)


def _every_fortnight_works(days: set[date], first: date, last: date) -> None:
    previous = first - timedelta(days=1)
    for day in [*sorted(days), last + timedelta(days=1)]:
        if (day - previous).days > 2 * WEEK:
            raise OverrideRefused(f"no working day between {previous} and {day}")
        previous = day


def _version(
    years: Sequence[int], sessions: Sequence[Session], overrides: Sequence[Override]
) -> str:
    plain = tuple(sessions) == OFFICE and not overrides
    return f"cn-{min(years)}-{max(years)}" + ("" if plain else f"-{_digest(sessions, overrides)}")


def _digest(sessions: Sequence[Session], overrides: Sequence[Override]) -> str:
    import hashlib  # noqa: PLC0415 - only calendars that differ from the published one need it

    text = repr((sorted(sessions), sorted((o.day, o.working, o.reason) for o in overrides)))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def duty() -> Calendar:
    """Round the clock, every day of the published years."""
    first, last = date(PUBLISHED[0], 1, 1), date(PUBLISHED[-1], 12, 31)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    whole = ((time(0), time(23, 59, 59, 999999)),)
    return Calendar("duty-24x7", days, first=first, last=last, sessions=whole)


@cache
def with_sessions(sessions: tuple[Session, ...]) -> Calendar:
    """The published calendar with other office hours, compiled once."""
    return china(sessions=sessions)


def deadline_lines(lines: Iterable[str]) -> Iterator[str]:
    """`jiesu deadline`: JSON lines {id, start, policy} to {id, deadline} or {id, error}."""
    for line in lines:
        if line.strip():
            yield json.dumps(_deadline(line), ensure_ascii=False)


def _deadline(line: str) -> Mapping[str, object]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {"id": None, "error": "line: not JSON"}
    if not isinstance(row, dict):
        return {"id": None, "error": "line: must be an object"}
    name = row.get("id")
    try:
        promise, sessions = parse_promise(row.get("policy"))
        start = _start(row.get("start"))
        deadline = with_sessions(sessions).add(start, promise)
    except PromiseRefused as refused:
        return {"id": name, "error": str(refused)}
    except (CalendarUnknown, OverflowError):
        return {"id": name, "deadline": "calendar_unknown"}
    return {"id": name, "deadline": _printed(deadline)}


def _start(value: object) -> datetime:
    try:
        start = datetime.fromisoformat(str(value))
    except ValueError:
        raise PromiseRefused("start", "must be an ISO 8601 instant") from None
    if start.tzinfo is None:
        raise PromiseRefused("start", "must carry an offset, for example +08:00")
    return start


def _printed(deadline: datetime) -> str:
    local = deadline.astimezone(SHANGHAI)
    return local.isoformat(timespec="microseconds" if local.microsecond else "seconds")
