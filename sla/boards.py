"""The supervisor's board: what is late, what comes next, how it stands by unit and by rung."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy import case as sql_case
from sqlmodel import Session, col, func, select

from core.events import OrderReminded
from core.moments import SHANGHAI, local_day
from core.people import visible
from core.permissions import Actor
from core.tables import Entry, Ticket
from sla.tables import ClockRow

HANDLING = ("resolve", "redo")
SHOWN = (*HANDLING, "sign", "supervision_reply")


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A running promise beside its ticket."""

    clock: ClockRow
    ticket: Ticket


def board(
    session: Session,
    actor: Actor,
    *,
    late: bool | None = None,
    department: str | None = None,
    level: str | None = None,
    limit: int = 50,
) -> Sequence[ClockLine]:
    """Promises of handling that have not ended, the most urgent first."""
    query = (
        select(ClockRow, Ticket)
        .join(Ticket, col(Ticket.id) == ClockRow.ticket_id)
        .where(col(ClockRow.stopped_at).is_(None), col(ClockRow.metric).in_(SHOWN))
        .where(visible(actor))
    )
    if late is not None:
        query = query.where(ClockRow.state == ("breached" if late else "running"))
    if department:
        query = query.where(ClockRow.department == department)
    if level:
        query = query.where(ClockRow.level == level)
    rows = session.exec(query.order_by(col(ClockRow.due_at), col(ClockRow.id)).limit(limit))
    return [ClockLine(clock, ticket) for clock, ticket in rows]


@dataclass(frozen=True, slots=True)
class Rungs:
    """How many promises of handling of one unit stand on each rung; `none`: none has fired."""

    unit: str
    steps: dict[str, int]
    late: int
    paused: int


def rungs(session: Session) -> list[Rungs]:
    """Every unit that owes something, the one with most late promises first. Numbers alone."""
    late = _count(col(ClockRow.state) == "breached")
    paused = _count(col(ClockRow.state) == "paused")
    columns: Any = (ClockRow.department, ClockRow.level, func.count(), late, paused)
    query = (
        select(*columns)  # five columns: the typed forms end at four
        .where(col(ClockRow.stopped_at).is_(None), col(ClockRow.metric).in_(HANDLING))
        .where(col(ClockRow.department).is_not(None))
        .group_by(ClockRow.department, ClockRow.level)
    )
    found: dict[str, Rungs] = {}
    for unit, level, number, over, still in session.exec(query):
        before = found.get(unit, Rungs(unit, {}, 0, 0))
        steps = before.steps | {level or "none": number}
        found[unit] = Rungs(unit, steps, before.late + over, before.paused + still)
    return sorted(found.values(), key=lambda line: (-line.late, line.unit))


def reminded_today(
    session: Session, tickets: Iterable[UUID], now: datetime
) -> set[tuple[UUID, str]]:
    """Which of these tickets' units were reminded today, as (ticket, unit)."""
    midnight = datetime.combine(local_day(now), datetime.min.time(), SHANGHAI)
    query = select(Entry).where(
        col(Entry.ticket_id).in_(set(tickets)),
        Entry.kind == OrderReminded.kind,
        col(Entry.at) >= midnight,
        col(Entry.at) < midnight + timedelta(days=1),
    )
    return {(entry.ticket_id, entry.facts["department"]) for entry in session.exec(query)}


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand now, in numbers."""

    open: int
    late: int
    warned: int
    unsigned: int
    triage: int
    review: int


def standing(session: Session) -> Standing:
    """Open tickets and running promises, counted."""
    states = dict(
        session.exec(
            select(Ticket.status, func.count())
            .where(col(Ticket.closed_at).is_(None))
            .group_by(Ticket.status)
        ).all()
    )
    late, warned, unsigned = session.exec(
        select(
            _count((col(ClockRow.state) == "breached") & col(ClockRow.metric).in_(HANDLING)),
            _count(
                (col(ClockRow.state) == "running")
                & (col(ClockRow.level) == "blue")
                & col(ClockRow.metric).in_(HANDLING)
            ),
            _count(col(ClockRow.metric) == "sign"),
        ).where(col(ClockRow.stopped_at).is_(None))
    ).one()
    return Standing(
        open=sum(states.values()),
        late=late,
        warned=warned,
        unsigned=unsigned,
        triage=states.get("submitted", 0) + states.get("accepted", 0),
        review=states.get("reply_review", 0),
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(sql_case((condition, 1)))
