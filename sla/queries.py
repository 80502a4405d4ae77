"""What promises are asked: the board of what is late, the cases of a period, the audit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from core.moments import SHANGHAI, local_day
from core.people import visible
from core.permissions import Actor
from core.tables import Entry, SealRow, Ticket
from sla import terms
from sla.bulletins import Counts, Line, Period, lines, month_of
from sla.clocks import fold, shown_remaining
from sla.figures import Case, Figure, Point, by, quality
from sla.histories import histories
from sla.standards import calendar_of, policy_of
from sla.tables import BulletinRow, CaseRow, ClockRow
from sla.worktime import Mode

LISTED = 100
CASE_FIELDS = tuple(Case.__dataclass_fields__)


def clocks(session: Session, ticket: Ticket) -> Sequence[ClockRow]:
    """Every clock of a ticket, in the order they started."""
    query = select(ClockRow).where(ClockRow.ticket_id == ticket.id)
    return session.exec(query.order_by(col(ClockRow.id))).all()


def owed(session: Session, actor: Actor, metric: str) -> Sequence[tuple[ClockRow, Ticket]]:
    """The actor's unit's running promises of one kind, the next due first, with their tickets."""
    query = (
        select(ClockRow, Ticket)
        .join(Ticket, col(Ticket.id) == ClockRow.ticket_id)
        .where(visible(actor), col(ClockRow.stopped_at).is_(None), ClockRow.metric == metric)
        .where(ClockRow.department == actor.department)
        .order_by(col(ClockRow.due_at), col(ClockRow.id))
        .limit(LISTED)
    )
    return session.exec(query).all()


def oldest_due(session: Session) -> datetime | None:
    """The planned instant of the most overdue action, or None when nothing waits."""
    return session.exec(
        select(ClockRow.next_action_at)
        .where(col(ClockRow.state).in_(("running", "breached")))
        .where(col(ClockRow.next_action_at).is_not(None))
        .order_by(col(ClockRow.next_action_at))
        .limit(1)
    ).first()


def cases_due(session: Session, period: Period) -> list[Case]:
    """The cohort of a period: lead obligations whose due time lies in it."""
    rows = session.exec(
        select(CaseRow)
        .where(col(CaseRow.due_at) >= period.starts_at, col(CaseRow.due_at) < period.ends_at)
        .order_by(col(CaseRow.order_id))
    )
    return [Case(**{name: getattr(row, name) for name in CASE_FIELDS}) for row in rows]


def counts(session: Session, period: Period) -> Counts:
    """How much came in and went out."""
    within = (col(Ticket.received_at) >= period.starts_at) & (
        col(Ticket.received_at) < period.ends_at
    )
    before_start = col(Ticket.received_at) < period.starts_at
    not_closed = col(Ticket.closed_at).is_(None) | (col(Ticket.closed_at) >= period.starts_at)
    closed = (col(Ticket.closed_at) >= period.starts_at) & (col(Ticket.closed_at) < period.ends_at)
    return Counts(
        received=_number(session, within),
        closed=_number(session, closed),
        open_at_start=_number(session, before_start & not_closed),
        answered_directly=_kinds(session, period, ("ticket.answered",)).get("ticket.answered", 0),
        by_channel=_grouped(session, Ticket.channel, within),
        by_request=_grouped(session, Ticket.request, within),
        refused=_facts(session, period, "ticket.rejected", "ground"),
        warnings=_levels(session, period),
    )


def _number(session: Session, condition: ColumnElement[bool]) -> int:
    return session.exec(select(func.count()).select_from(Ticket).where(condition)).one()


def _grouped(session: Session, column: Any, condition: ColumnElement[bool]) -> dict[str, int]:
    query = select(column, func.count()).where(condition).group_by(column).order_by(column)
    return dict(session.exec(query).all())


def _between(period: Period) -> ColumnElement[bool]:
    return (col(Entry.at) >= period.starts_at) & (col(Entry.at) < period.ends_at)


def _kinds(session: Session, period: Period, kinds: Sequence[str]) -> dict[str, int]:
    query = select(Entry.kind, func.count()).where(_between(period), col(Entry.kind).in_(kinds))
    return dict(session.exec(query.group_by(Entry.kind)).all())


def _text(name: str) -> ColumnElement[str]:
    facts: Any = col(Entry.facts)  # JSONB: its operators are not in the type
    text: ColumnElement[str] = facts[name].astext
    return text


def _facts(session: Session, period: Period, kind: str, name: str) -> dict[str, int]:
    value = _text(name)
    query = select(value, func.count()).where(_between(period), Entry.kind == kind)
    return dict(session.exec(query.group_by(value).order_by(value)).all())


def _levels(session: Session, period: Period) -> dict[str, int]:
    level = _text("level")
    query = (
        select(level, func.count())
        .where(_between(period))
        .where(col(Entry.kind).in_(("clock.warned", "clock.breached", "order.escalated")))
        .where(level != "due")
    )
    return dict(session.exec(query.group_by(level).order_by(level)).all())


def trend(session: Session, period: Period) -> list[Point]:
    """Each day of the period: received, first replies, broken promises of handling."""
    received = _per_day(session, col(Ticket.received_at), period)
    replied = _per_day(session, col(Ticket.replied_at), period)
    breached = _per_day(session, col(Ticket.breached_at), period)
    days = sorted(received.keys() | replied.keys() | breached.keys())
    return [
        Point(day, received.get(day, 0), replied.get(day, 0), breached.get(day, 0)) for day in days
    ]


def _per_day(session: Session, column: Any, period: Period) -> dict[date, int]:
    day = func.date(func.timezone(SHANGHAI.key, column))
    query = (
        select(day, func.count())
        .select_from(Ticket)
        .where(column >= period.starts_at, column < period.ends_at)
        .group_by(day)
    )
    return dict(session.exec(query).all())


def bulletin(session: Session, name: str) -> BulletinRow | None:
    """The newest edition of a period's bulletin."""
    query = select(BulletinRow).where(BulletinRow.period == name)
    return session.exec(query.order_by(col(BulletinRow.edition).desc()).limit(1)).first()


def bulletins(session: Session, limit: int = 50) -> Sequence[BulletinRow]:
    """Frozen bulletins, newest first."""
    query = select(BulletinRow).order_by(col(BulletinRow.made_at).desc())
    return session.exec(query.limit(limit)).all()


def seal_before(session: Session, moment: datetime) -> SealRow | None:
    """The ledger's newest seal at `moment`: the head that a bulletin prints."""
    query = select(SealRow).where(SealRow.day < local_day(moment))
    return session.exec(query.order_by(col(SealRow.day).desc()).limit(1)).first()


def audit_clocks(session: Session, ticket: Ticket, timeline: Sequence[Entry]) -> Iterator[str]:
    """Where stored clocks are not the fold of the timeline, or not due when it makes them due."""
    yield from _audit_terms(session, ticket, timeline)
    folded = fold(timeline)
    stored = {row.id: row for row in clocks(session, ticket)}
    for key in folded.keys() | stored.keys():
        clock, row = folded.get(key), stored.get(key)
        if clock is None or row is None:
            yield f"clock {key} is not in both the timeline and the table"
            continue
        pairs = {
            "state": (clock.state, row.state),
            "due_at": (clock.due, row.due_at),
            "original_due_at": (clock.original_due, row.original_due_at),
            "level": (clock.level, row.level),
            "stopped_at": (clock.stopped, row.stopped_at),
            "on_time": (clock.on_time, row.on_time),
            "department": (clock.department, row.department),
            "order_id": (clock.order, row.order_id),
        }
        for name, (said, kept) in pairs.items():
            if said != kept:
                yield f"clock.{name} ({row.metric}) is not what the timeline says"


def _audit_terms(session: Session, ticket: Ticket, timeline: Sequence[Entry]) -> Iterator[str]:
    known = histories(timeline)
    for row in clocks(session, ticket):
        if row.id in known:
            policy = policy_of(session, row.policy, row.policy_version)
            term = terms.fold(known[row.id].steps, policy, calendar_of(session, row.calendar))
            if term.due != row.due_at:
                yield f"clock.due_at ({row.metric}) is not what its pauses and extensions make it"


@dataclass(frozen=True, slots=True)
class Left:
    """How much is left of a promise, and whether that is working time or the clock's."""

    length: timedelta
    working: bool


def left(session: Session, clock: ClockRow, now: datetime) -> Left | None:
    """What is left of a running promise as people count it; None when it has ended."""
    if clock.due_at is None or clock.stopped_at is not None or clock.state == "paused":
        return None
    policy = policy_of(session, clock.policy, clock.policy_version)
    calendar = calendar_of(session, clock.calendar)
    mode = policy.promise.mode
    length = shown_remaining(now, clock.due_at, mode, calendar)
    return Left(length, mode is not Mode.NATURAL_HOURS)


@dataclass(frozen=True, slots=True)
class Summary:
    """A period's figures for a page: all together, and unit by unit."""

    period: Period
    figures: tuple[Figure, ...]
    units: tuple[Line, ...]


def summary(session: Session, period: Period, now: datetime) -> Summary:
    """The handling figures of a period as they stand now."""
    cases = cases_due(session, period)
    units = lines(by(cases, lambda case: case.unit), now)
    return Summary(period, quality(cases, now=now), units)


def unit_line(session: Session, unit: str, now: datetime) -> Line | None:
    """One unit's figures of this month; None when nothing was due."""
    cases = [case for case in cases_due(session, month_of(local_day(now))) if case.unit == unit]
    return lines({unit: cases}, now)[0] if cases else None


def trend_between(session: Session, since: datetime, until: datetime) -> list[Point]:
    """The trend of any stretch of days, quiet days included."""
    window = Period("", local_day(since), local_day(until) + timedelta(days=1))
    known = {point.day: point for point in trend(session, window)}
    days = (window.end - window.first).days
    every = (window.first + timedelta(days=n) for n in range(days))
    return [known.get(day, Point(day, 0, 0, 0)) for day in every]
