"""How each deadline of a ticket was reached, on one page that can be printed."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from core.events import Audience
from core.i18n import N_, translate
from core.tables import Entry, Ticket
from core.timeline import entries
from routing import queries as routing_queries
from sla import queries, receipts, terms
from sla.histories import histories
from sla.standards import calendar_of, policy_of
from sla.tables import ClockRow
from sla.worktime import Calendar, CalendarUnknown, Mode, Promise
from web import words
from web.api.tickets import found
from web.deps import TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import blame
from web.rendering import page

router = APIRouter(include_in_schema=False)
LENGTH = {
    Mode.WORKING_DAYS: N_("{n}个工作日"),
    Mode.WORKING_HOURS: N_("{n}个工作小时"),
    Mode.NATURAL_DAYS: N_("{n}个自然日"),
    Mode.NATURAL_HOURS: N_("{n}小时"),
}
GIVEN = N_("上级时限前1个工作日")
DAY = {
    receipts.Day.RECEIVED: N_("起算日，不计"),
    receipts.Day.COUNTED: N_("计入"),
    receipts.Day.MADE_UP: N_("调休上班，计入"),
    receipts.Day.WEEKEND: N_("周末，不计"),
    receipts.Day.HOLIDAY: N_("节假日，不计"),
    receipts.Day.ROLLED: N_("最后一日不上班，顺延"),
}


@router.get("/tickets/{number}/deadlines")
def deadlines(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, number: str
) -> Response:
    """Every promise of the ticket: what was promised, and how the days were counted."""
    ticket = found(session, asker, number)
    language = language_of(request)
    names = routing_queries.unit_names(session)
    lines = _by_clock(session, ticket)
    return page(
        request,
        "department/deadlines.html",
        ticket=ticket,
        clocks=[
            _clock(session, row, lines.get(str(row.id), []), names, language)
            | {"blame": _blame(session, row, names, language, home.office.now())}
            for row in queries.clocks(session, ticket)
        ],
    )


def _blame(
    session: Session, row: ClockRow, names: dict[str, str], language: str, now: datetime
) -> dict[str, Any] | None:
    # only this promise runs while several have the case
    return blame.section(session, row, names, language, now) if row.metric == "resolve" else None


def _by_clock(session: Session, ticket: Ticket) -> dict[str, list[Entry]]:
    """What happened to every promise, in order."""
    found: dict[str, list[Entry]] = {}
    for entry in entries(session, ticket.id, Audience.OVERSIGHT):
        if "clock" in entry.facts:
            found.setdefault(entry.facts["clock"], []).append(entry)
    return found


def _clock(
    session: Session, row: ClockRow, lines: Sequence[Entry], names: dict[str, str], language: str
) -> dict[str, Any]:
    policy = policy_of(session, row.policy, row.policy_version)
    return {
        "metric": words.word(language, words.METRIC, row.metric),
        "unit": names.get(row.department or "", ""),
        "policy": f"{row.policy}@{row.policy_version}",
        "calendar": row.calendar,
        "length": translate(language, GIVEN) if _given(lines) else said(policy.promise, language),
        "started_at": row.started_at,
        "due_at": row.due_at,
        "original_due_at": row.original_due_at,
        "state": row.state,
        "stopped_at": row.stopped_at,
        "agrees": _agrees(session, row, lines),
        "legs": list(_legs(session, row, lines, language)),
    }


def _given(lines: Sequence[Entry]) -> bool:
    """Whether the due time follows a limit from outside: there is nothing to count out."""
    return bool(lines) and bool(lines[0].facts.get("given"))


def _agrees(session: Session, row: ClockRow, lines: Sequence[Entry]) -> bool:
    """Whether the whole, counted again from the timeline, ends where the promise says it does."""
    history = histories(lines)[row.id]
    policy = policy_of(session, row.policy, row.policy_version)
    return terms.fold(history.steps, policy, calendar_of(session, row.calendar)).due == row.due_at


def _legs(
    session: Session, row: ClockRow, lines: Sequence[Entry], language: str
) -> Iterator[dict[str, Any]]:
    """The promise itself, then each extension, pause and recount that moved it."""
    counted, calendar = _counted_by(session, lines[0], row)
    asked, paused, start = 0, None, row.started_at
    for entry in lines:
        facts, leg = entry.facts, None
        match entry.kind, facts.get("ground"):
            case "clock.started", _ if not facts.get("given"):
                leg = _counted(start, _moment(facts["due"]), counted, calendar)
                yield from _told(translate(language, "逐日计算"), leg, language)
            case "clock.extension_asked", _:
                asked = facts["days"]
            case "clock.paused", _:
                paused = entry.at
            case "clock.moved", "extension":
                by = Promise(Mode.WORKING_DAYS, Fraction(asked))
                leg = _counted(_moment(facts["before"]), _moment(facts["due"]), by, calendar)
                title = translate(language, "延期 {length}", length=said(by, language))
                yield from _told(title, leg, language)
            case "clock.moved", "resumed" if paused is not None:
                yield _given_back(paused, entry, calendar, language)
            case "clock.moved", "recounted" | "settled":
                counted, calendar = _counted_by(session, entry, row)
                leg = _counted(start, _moment(facts["due"]), counted, calendar)
                yield from _told(translate(language, "按新标准重算"), leg, language)


def _counted_by(session: Session, entry: Entry, row: ClockRow) -> tuple[Promise, Calendar]:
    """The promise and the calendar that a fact names, else those of the row."""
    name, _, version = (entry.facts.get("policy") or "").rpartition("@")
    policy = policy_of(session, name or row.policy, version or row.policy_version)
    return policy.promise, calendar_of(session, entry.facts.get("calendar") or row.calendar)


def _counted(
    start: datetime | None, end: datetime | None, length: Promise, calendar: Calendar
) -> receipts.Leg | None:
    try:
        return receipts.leg(start, end, length, calendar) if start and end else None
    except CalendarUnknown:
        return None


def _told(title: str, leg: receipts.Leg | None, language: str) -> Iterator[dict[str, Any]]:
    if leg is not None:
        yield {"title": title, "pause": None, **_leg(leg, language)}


def _given_back(
    paused: datetime, entry: Entry, calendar: Calendar, language: str
) -> dict[str, Any]:
    return {
        "title": translate(language, "挂账顺延"),
        "pause": {
            "since": paused,
            "until": entry.at,
            "worked": calendar.elapsed(paused, entry.at),
            "due": _moment(entry.facts["due"]),
        },
        "days": [],
        "hours": [],
        "left_out": 0,
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def said(promise: Promise, language: str) -> str:
    """「5个工作日」"""
    n = int(promise.n) if promise.n.denominator == 1 else float(promise.n)
    return translate(language, LENGTH[promise.mode], n=n)


def _leg(leg: receipts.Leg, language: str) -> dict[str, Any]:
    return {
        "start": leg.start,
        "end": leg.end,
        "length": said(leg.promise, language),
        "days": [
            line
            and {
                "day": line.day,
                "word": translate(language, DAY[line.kind]),
                "number": line.number,
            }
            for line in receipts.shown(leg.days)
        ],
        "hours": receipts.shown(leg.hours),
        "left_out": leg.shortened,
    }
