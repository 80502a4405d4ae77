"""Calendars from published data: statutory holidays and make-up days, sessions, overrides."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    parse_sessions,
)

# years whose holidays and make-up days the State Council has announced
PUBLISHED = (2023, 2024, 2025, 2026)
DAY = timedelta(days=1)
WEEK = 7
SATURDAY = 5
WHOLE_DAY: tuple[Session, ...] = ((time(), time()),)
# printed as the law counts it today: the zone's own name would bring 1990's summer time back
EAST_8 = timezone(timedelta(hours=8))


# days off by the national rules on holidays, whatever a year's notice arranges around them
FIXED = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))


class OverrideRefused(ValueError):
    """An administrator's day that cannot stand, with a sentence that says what to do.

    `code` is stable; screens have their own words for it.
    """

    def __init__(self, code: str, message: str, day: date | None = None) -> None:
        self.code, self.day = code, day
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Override:
    """One day set by hand."""

    day: date
    working: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A year's arrangement of holidays as announced, entered by hand from its source."""

    year: int
    off: tuple[date, ...]  # working weekdays that are free, and the statutory days
    worked: tuple[date, ...]  # weekends that are worked instead
    source: str


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


def working_days(years: Iterable[int], notices: Sequence[Notice] = ()) -> Iterator[date]:
    """Every working day of the years in order; make-up weekends included."""
    by_hand = {notice.year: notice for notice in notices}
    for year in sorted(years):
        yield from _by_notice(by_hand[year]) if year in by_hand else sorted(_published(year)[0])


def _by_notice(notice: Notice) -> Iterator[date]:
    first = date(notice.year, 1, 1)
    for n in range((date(notice.year + 1, 1, 1) - first).days):
        day = first + n * DAY
        if day in notice.worked or (day.weekday() < SATURDAY and day not in notice.off):
            yield day


def check_notice(notice: Notice) -> None:
    """OverrideRefused where an arrangement of holidays cannot be what was announced."""
    if notice.year in PUBLISHED:
        raise OverrideRefused("known_year", f"{notice.year} comes with the program")
    if not notice.source.strip():
        raise OverrideRefused("no_source", "name the notice that the days were taken from")
    for day in (*notice.off, *notice.worked):
        if day.year != notice.year:
            raise OverrideRefused("other_year", f"{day} is not in {notice.year}", day)
    for day in notice.worked:
        if day.weekday() < SATURDAY or day in notice.off:
            raise OverrideRefused("not_weekend", f"{day} is no weekend to be worked", day)
    for month, number in FIXED:
        day = date(notice.year, month, number)
        if day not in notice.off:
            raise OverrideRefused("statutory", f"{day} is a statutory holiday", day)


def china(
    *,
    years: Sequence[int] = PUBLISHED,
    sessions: Sequence[Session] = OFFICE,
    overrides: Sequence[Override] = (),
    notices: Sequence[Notice] = (),
) -> Calendar:
    """The calendar of published years. OverrideRefused for a day or a year that cannot stand."""
    for notice in notices:
        check_notice(notice)
    _years_follow(years, notices)
    first, last = date(min(years), 1, 1), date(max(years), 12, 31)
    days = set(working_days(years, notices))
    workless = _workless_weeks(days, overrides)
    for override in overrides:
        _apply(days, override, first, last, notices)
    emptied = _workless_weeks(days, overrides) - workless
    if emptied:
        raise OverrideRefused(
            "empty_week",
            f"the week of {min(emptied)} is left without a working day; keep one in it worked",
            min(emptied),
        )
    version = _version(years, sessions, overrides, notices)
    return Calendar(version, days, first=first, last=last, sessions=sessions)


def _years_follow(years: Sequence[int], notices: Sequence[Notice]) -> None:
    if not years or sorted(years) != list(range(min(years), max(years) + 1)):
        raise OverrideRefused("gap", "the years of a calendar follow one another without a gap")
    if not set(years) <= {*PUBLISHED, *(notice.year for notice in notices)}:
        raise OverrideRefused(
            "unpublished",
            f"published are {PUBLISHED[0]} to {PUBLISHED[-1]}; later years wait for the State "
            "Council's notice",
        )


def _apply(
    days: set[date], override: Override, first: date, last: date, notices: Sequence[Notice]
) -> None:
    day = override.day
    if not override.reason.strip():
        raise OverrideRefused("no_reason", f"{day}: an override needs its reason", day)
    if not first <= day <= last:
        raise OverrideRefused("unpublished", f"{day}: that year's calendar is not published", day)
    if override.working and day in _holidays(day.year, notices):
        message = f"{day} is a published holiday; choose another day to work"
        raise OverrideRefused("holiday", message, day)
    if override.working == (day in days):
        state = "worked" if override.working else "free"
        raise OverrideRefused("already", f"{day} is {state} already; remove the override", day)
    (days.add if override.working else days.discard)(day)


def _holidays(year: int, notices: Sequence[Notice]) -> Iterable[date]:
    by_hand = next((notice.off for notice in notices if notice.year == year), None)
    return _published(year)[1] if by_hand is None else by_hand


def _workless_weeks(days: set[date], overrides: Sequence[Override]) -> set[date]:
    # long holidays leave weeks without work; only those that somebody makes by hand are refused
    mondays = {override.day - override.day.weekday() * DAY for override in overrides}
    return {day for day in mondays if not any(day + n * DAY in days for n in range(WEEK))}


def _version(
    years: Sequence[int],
    sessions: Sequence[Session],
    overrides: Sequence[Override],
    notices: Sequence[Notice],
) -> str:
    plain = tuple(sessions) == OFFICE and not overrides and not notices
    name = f"cn-{min(years)}-{max(years)}"
    return name if plain else f"{name}-{_digest(sessions, overrides, notices)}"


def _digest(
    sessions: Sequence[Session], overrides: Sequence[Override], notices: Sequence[Notice]
) -> str:
    days = sorted((o.day, o.working, o.reason) for o in overrides)
    parts: tuple[Any, ...] = (sorted(sessions), days)
    if notices:
        parts = (*parts, sorted((n.year, n.off, n.worked, n.source) for n in notices))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


def from_body(body: Mapping[str, Any]) -> Calendar:
    """The calendar of a stored version: {years, sessions, overrides, notices?} or {kind: duty}.

    OverrideRefused or PromiseRefused where it cannot stand.
    """
    if body.get("kind") == "duty":
        return duty(tuple(body["years"]))
    return china(
        years=tuple(body["years"]),
        sessions=parse_sessions(body["sessions"]),
        overrides=[
            Override(date.fromisoformat(item["day"]), item["working"], item["reason"])
            for item in body["overrides"]
        ],
        notices=[
            Notice(
                item["year"],
                tuple(date.fromisoformat(day) for day in item["off"]),
                tuple(date.fromisoformat(day) for day in item["worked"]),
                item["source"],
            )
            for item in body.get("notices", ())
        ],
    )


def duty(years: Sequence[int] = PUBLISHED) -> Calendar:
    """Round the clock, every day of the years."""
    first, last = date(min(years), 1, 1), date(max(years), 12, 31)
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
