"""How each deadline of a ticket was reached, on one page that can be printed."""

from collections.abc import Sequence
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
from sla import extensions, queries, receipts
from sla.standards import calendar_of, policy_of
from sla.tables import ClockRow
from sla.worktime import CalendarUnknown, Mode, Promise
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
    moves = _moves(session, ticket)
    return page(
        request,
        "department/deadlines.html",
        ticket=ticket,
        clocks=[
            _clock(session, row, moves.get(str(row.id), []), names, language)
            | {"blame": _blame(session, row, names, language, home.office.now())}
            for row in queries.clocks(session, ticket)
        ],
    )


def _blame(
    session: Session, row: ClockRow, names: dict[str, str], language: str, now: datetime
) -> dict[str, Any] | None:
    # only this promise runs while several have the case
    return blame.section(session, row, names, language, now) if row.metric == "resolve" else None


def _moves(session: Session, ticket: Ticket) -> dict[str, list[Entry]]:
    """Every entry that moved a due time, by clock."""
    moved: dict[str, list[Entry]] = {}
    for entry in entries(session, ticket.id, Audience.OVERSIGHT):
        if entry.kind == "clock.moved" and entry.facts["due"] != entry.facts["before"]:
            moved.setdefault(entry.facts["clock"], []).append(entry)
    return moved


def _clock(
    session: Session, row: ClockRow, moves: Sequence[Entry], names: dict[str, str], language: str
) -> dict[str, Any]:
    policy = policy_of(session, row.policy, row.policy_version)
    return {
        "metric": words.word(language, words.METRIC, row.metric),
        "unit": names.get(row.department or "", ""),
        "policy": f"{row.policy}@{row.policy_version}",
        "calendar": row.calendar,
        "length": said(policy.promise, language),
        "started_at": row.started_at,
        "due_at": row.due_at,
        "original_due_at": row.original_due_at,
        "state": row.state,
        "stopped_at": row.stopped_at,
        "legs": [_leg(leg, language) for leg in _legs(session, row, policy.promise, moves)],
    }


def _legs(
    session: Session, row: ClockRow, promise: Promise, moves: Sequence[Entry]
) -> list[receipts.Leg]:
    """The promise itself, then each extension that was granted."""
    calendar = calendar_of(session, row.calendar)
    granted = [
        Promise(Mode.WORKING_DAYS, Fraction(item.days))
        for item in extensions.of_ticket(session, row.ticket_id)
        if item.clock_id == row.id and item.state == "granted"
    ]
    instants = [row.original_due_at, *(_moment(move.facts["due"]) for move in moves)]
    legs: list[receipts.Leg] = []
    start = row.started_at
    for length, end in zip((promise, *granted), instants, strict=False):
        if end is None:
            break
        try:
            legs.append(receipts.leg(start, end, length, calendar))
        except CalendarUnknown:
            break
        start = end
    return legs


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
        "agrees": leg.agrees,
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
