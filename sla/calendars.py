"""Calendars from published data: statutory holidays and make-up days, sessions, overrides."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import cache, lru_cache
from typing import Any

import holidays

from sla.worktime import (
    OFFICE,
    Calendar,
    CalendarUnknown,
    PromiseRefused,
    Session,
    parse_promise,
)

# years whose holidays and make-up days the State Council has announced
PUBLISHED = (2023, 2024, 2025, 2026)
DAY = timedelta(days=1)
WEEK = 7
WHOLE_DAY: tuple[Session, ...] = ((time(), time()),)
# printed as the law counts it today: the zone's own name would bring 1990's summer time back
EAST_8 = timezone(timedelta(hours=8))


class OverrideRefused(ValueError):
    """An administrator's day that cannot stand, with a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Override:
    """One day set by hand."""

    day: date
    working: bool
    reason: str


@cache
def _published(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """The working days of a year, make-up weekends included, and its statutory days off."""
    known = holidays.country_holidays("CN", years=year)
    first = date(year, 1, 1)
    days = [first + n * DAY for n in range((date(year + 1, 1, 1) - first).days)]
    return (
        frozenset(day for day in days if known.is_working_day(day)),
        frozenset(day for day in days if day in known),
    )


def working_days(years: Iterable[int]) -> Iterator[date]:
    """Every working day of the years in order; make-up weekends included."""
    for year in sorted(years):
        yield from sorted(_published(year)[0])


def china(
    *,
    years: Sequence[int] = PUBLISHED,
    sessions: Sequence[Session] = OFFICE,
    overrides: Sequence[Override] = (),
) -> Calendar:
    """The calendar of published years. OverrideRefused for a day or a year that cannot stand."""
    _years_follow(years)
    first, last = date(min(years), 1, 1), date(max(years), 12, 31)
    days = set(working_days(years))
    workless = _workless_weeks(days, overrides)
    for override in overrides:
        _apply(days, override, first, last)
    emptied = _workless_weeks(days, overrides) - workless
    if emptied:
        raise OverrideRefused(
            f"the week of {min(emptied)} is left without a working day; keep one in it worked"
        )
    return Calendar(
        _version(years, sessions, overrides), days, first=first, last=last, sessions=sessions
    )


def _years_follow(years: Sequence[int]) -> None:
    if not years or sorted(years) != list(range(min(years), max(years) + 1)):
        raise OverrideRefused("the years of a calendar follow one another without a gap")
    if not set(years) <= set(PUBLISHED):
        raise OverrideRefused(
            f"published are {PUBLISHED[0]} to {PUBLISHED[-1]}; later years wait for the State "
            "Council's notice"
        )


def _apply(days: set[date], override: Override, first: date, last: date) -> None:
    day = override.day
    if not override.reason.strip():
        raise OverrideRefused(f"{day}: an override needs its reason")
    if not first <= day <= last:
        raise OverrideRefused(f"{day}: that year's calendar is not published yet")
    if override.working and day in _published(day.year)[1]:
        raise OverrideRefused(f"{day} is a published holiday; choose another day to work")
    if override.working == (day in days):
        state = "worked" if override.working else "free"
        raise OverrideRefused(f"{day} is {state} already; remove the override")
    (days.add if override.working else days.discard)(day)


def _workless_weeks(days: set[date], overrides: Sequence[Override]) -> set[date]:
    # long holidays leave weeks without work; only those that somebody makes by hand are refused
    mondays = {override.day - override.day.weekday() * DAY for override in overrides}
    return {day for day in mondays if not any(day + n * DAY in days for n in range(WEEK))}


def _version(
    years: Sequence[int], sessions: Sequence[Session], overrides: Sequence[Override]
) -> str:
    plain = tuple(sessions) == OFFICE and not overrides
    return f"cn-{min(years)}-{max(years)}" + ("" if plain else f"-{_digest(sessions, overrides)}")


def _digest(sessions: Sequence[Session], overrides: Sequence[Override]) -> str:
    text = repr((sorted(sessions), sorted((o.day, o.working, o.reason) for o in overrides)))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def duty() -> Calendar:
    """Round the clock, every day of the published years."""
    first, last = date(PUBLISHED[0], 1, 1), date(PUBLISHED[-1], 12, 31)
    days = [first + n * DAY for n in range((last - first).days + 1)]
    version = f"duty-{first.year}-{last.year}"
    return Calendar(version, days, first=first, last=last, sessions=WHOLE_DAY)


@lru_cache(maxsize=256)
def with_sessions(sessions: tuple[Session, ...]) -> Calendar:
    """The published calendar with other office hours, compiled once."""
    return china(sessions=sessions)


def deadline_lines(lines: Iterable[str]) -> Iterator[str]:
    """`jiesu deadline`: JSON lines {id, start, policy} to {id, deadline} or {id, error}."""
    for line in lines:
        text = line.strip().removeprefix("\ufeff")
        if text:
            yield _json(_deadline(text))


def _deadline(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return {"id": None, "error": "line: not JSON"}
    if not isinstance(row, dict):
        return {"id": None, "error": "line: must be an object {id, start, policy}"}
    name = row.get("id")
    try:
        start = _start(row.get("start"))
        promise, sessions = parse_promise(row.get("policy"))
        # printing may leave the years that a datetime can hold, too
        return {"id": name, "deadline": _printed(with_sessions(sessions).add(start, promise))}
    except PromiseRefused as refused:
        return {"id": name, "error": str(refused)}
    except (CalendarUnknown, OverflowError):
        return {"id": name, "deadline": "calendar_unknown"}


def _start(value: object) -> datetime:
    try:
        start = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        start = None
    if start is None:
        raise PromiseRefused("start", "must be an ISO 8601 instant: 2026-11-02T09:30:00+08:00")
    if start.tzinfo is None:
        raise PromiseRefused("start", "must carry an offset, for example +08:00")
    return start


def _printed(deadline: datetime) -> str:
    local = deadline.astimezone(EAST_8)
    return local.isoformat(timespec="microseconds" if local.microsecond else "seconds")


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _json(value: dict[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair in an id: only escapes can carry it
        return json.dumps(value)
    return text
