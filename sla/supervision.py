"""Supervision orders: a numbered demand on a work order, answered in time, judged, listed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import Session, col, func, select

from core import timeline
from core.database import alone
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from core.events import (
    OrderReminded,
    SupervisionAnswered,
    SupervisionIssued,
    SupervisionJudged,
    SupervisionLifted,
    TalkHeld,
)
from core.moments import local_day
from core.people import visible
from core.permissions import Act, Actor, demand, demand_unit
from core.tables import Ticket
from sla.tables import SUPERVISION_LEVELS, ClockRow, SupervisionRow, TalkRow

METRIC = "supervision_reply"
STANDING = ("open", "answered")
# what may be pressed for: the promises of handling, and of taking an order on
PRESSED = ("resolve", "redo", "sign", "co_reply", "first_contact")
GROUNDS = ("late", "redone", "ladder", "quality", "conduct", "other")


def issue(desk: Desk, order_id: UUID, *, level: str, ground: str, demanded: str = "") -> UUID:
    """A supervisor's numbered demand. Its id. Conflict while another stands on the order."""
    demand(desk.actor, Act.SUPERVISE)
    if level not in SUPERVISION_LEVELS:
        raise Invalid.one("level", "required", "请选择督办级别")
    if ground not in GROUNDS:
        raise Invalid.one("ground", "required", "请选择督办事由")
    ticket, department = _pressed(desk, order_id)
    words = timeline.write(desk, ticket, demanded, field="demand") if demanded.strip() else None
    return put(desk, ticket, order_id, department, level, ground, words=words)


def put(
    desk: Desk,
    ticket: Ticket,
    order_id: UUID,
    department: str,
    level: str,
    ground: str,
    *,
    words: UUID | None = None,
    cause: UUID | None = None,
) -> UUID:
    """Issue on a held ticket: by a person, or by a rung of the ladder."""
    if _standing(desk.session, order_id) is not None:
        raise Conflict("该承办单已有未办结的督办单", code="supervision_stands")
    year = local_day(desk.now).year
    row = SupervisionRow(
        id=desk.new_id(),
        year=year,
        serial=_next_serial(desk.session, year),
        ticket_id=ticket.id,
        order_id=order_id,
        department=department,
        level=level,
        ground=ground,
        words=words,
        issued_by=desk.actor.tag,
        issued_at=desk.now,
    )
    desk.session.add(row)
    desk.session.flush()
    event = SupervisionIssued(
        row.id, order_id, department, level, ground, row.year, row.serial, words
    )
    timeline.record(desk, ticket, event, cause=cause)
    return row.id


def press(
    desk: Desk,
    ticket: Ticket,
    order_id: UUID,
    department: str,
    level: str,
    ground: str,
    *,
    cause: UUID,
) -> None:
    """Make sure that a demand of at least this level stands: a rung of the ladder."""
    row = _standing(desk.session, order_id)
    if row is not None:
        if _rank(level) <= _rank(row.level):
            return
        close_with(desk, ticket, order_id, cause=cause)
    put(desk, ticket, order_id, department, level, ground, cause=cause)


def promised(desk: Desk, supervision_id: UUID, due: datetime | None) -> None:
    """Until when the unit must have answered."""
    desk.session.get_one(SupervisionRow, supervision_id).due_at = due


def raise_level(desk: Desk, supervision_id: UUID, *, level: str, demanded: str) -> UUID:
    """A higher demand takes the place of one that did not help. The new one's id."""
    ticket, row = _held(desk, supervision_id, Act.SUPERVISE)
    _in_state(row, *STANDING)
    if level not in SUPERVISION_LEVELS or _rank(level) <= _rank(row.level):
        raise Invalid.one("level", "range", "请选择更高的督办级别")
    _close(desk, row, "closed")
    event = SupervisionLifted(row.id, row.order_id, row.department, None)
    timeline.record(desk, ticket, event)
    words = timeline.write(desk, ticket, demanded, field="demand") if demanded.strip() else None
    return put(desk, ticket, row.order_id, row.department, level, row.ground, words=words)


def answer(desk: Desk, supervision_id: UUID, text: str) -> None:
    """The head of the unit says what was done about it."""
    ticket, row = _held(desk, supervision_id, Act.ANSWER_SUPERVISION)
    demand_unit(desk.actor, Act.ANSWER_SUPERVISION, row.department)
    _in_state(row, "open")
    if not text.strip():
        raise Invalid.one("answer", "required", "请写明采取的措施和完成时间")
    row.answer = timeline.write(desk, ticket, text, field="answer")
    row.state, row.answered_by, row.answered_at = "answered", desk.actor.tag, desk.now
    event = SupervisionAnswered(row.id, row.order_id, row.department, row.answer)
    timeline.record(desk, ticket, event)


def judge(desk: Desk, supervision_id: UUID, *, enough: bool, remark: str = "") -> None:
    """Content with the answer, or another round with a clock of its own."""
    ticket, row = _held(desk, supervision_id, Act.SUPERVISE)
    _in_state(row, "answered")
    if row.answered_by == desk.actor.tag:
        raise Forbidden("不能审定自己的回复", code="second_person")
    if not enough and not remark.strip():
        raise Invalid.one("remark", "required", "请写明还需要补充什么")
    words = timeline.write(desk, ticket, remark, field="remark") if remark.strip() else None
    if enough:
        _close(desk, row, "closed")
    else:
        row.state, row.rounds = "open", row.rounds + 1
    event = SupervisionJudged(row.id, row.order_id, row.department, enough, words)
    timeline.record(desk, ticket, event)


def lift(desk: Desk, supervision_id: UUID, *, reason: str) -> None:
    """The demand falls away, and why."""
    ticket, row = _held(desk, supervision_id, Act.SUPERVISE)
    _in_state(row, *STANDING)
    if not reason.strip():
        raise Invalid.one("reason", "required", "请写明撤销督办的理由")
    _close(desk, row, "lifted")
    words = timeline.write(desk, ticket, reason, field="reason")
    event = SupervisionLifted(row.id, row.order_id, row.department, words)
    timeline.record(desk, ticket, event)


def talk(desk: Desk, order_id: UUID, *, held_at: datetime, notes: str) -> UUID:
    """A talk with the head of the unit, put on record. Its id."""
    demand(desk.actor, Act.SUPERVISE)
    if held_at > desk.now:
        raise Invalid.one("held_at", "future", "约谈时间不能晚于现在")
    if not notes.strip():
        raise Invalid.one("notes", "required", "请写明约谈的内容和整改要求")
    ticket, department = _pressed(desk, order_id)
    if held_at < ticket.received_at:
        raise Invalid.one("held_at", "early", "约谈时间不能早于收到诉求的时间")
    standing = _standing(desk.session, order_id)
    row = TalkRow(
        id=desk.new_id(),
        ticket_id=ticket.id,
        order_id=order_id,
        department=department,
        supervision_id=standing.id if standing else None,
        held_at=held_at,
        words=timeline.write(desk, ticket, notes, field="notes"),
        recorded_by=desk.actor.tag,
        recorded_at=desk.now,
    )
    desk.session.add(row)
    event = TalkHeld(order_id, department, held_at, row.words, row.supervision_id)
    timeline.record(desk, ticket, event)
    return row.id


def remind(desk: Desk, clock_id: UUID) -> None:
    """Ask the unit to get on with a promise; once a day is enough."""
    demand(desk.actor, Act.SUPERVISE)
    found = desk.session.get(ClockRow, clock_id)
    if found is None:
        raise NotFound
    ticket = timeline.hold(desk, found.ticket_id)
    desk.session.refresh(found)
    if found.stopped_at is not None or found.state == "paused":
        raise Conflict("时限已停止计时，无需催办", code="not_running")
    if found.order_id is None or found.department is None:
        raise Conflict("该时限不属于承办单位", code="no_unit")
    last = timeline.last(desk, ticket, OrderReminded.kind)
    again = last is not None and last.facts["department"] == found.department
    if last is not None and again and local_day(last.at) == local_day(desk.now):
        raise Conflict("今天已经催办过", code="reminded_today")
    timeline.record(desk, ticket, OrderReminded(found.order_id, found.department, found.due_at))


def remind_all(desk: Desk, clock_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Remind of many; what was refused, by clock: its message. The rest was done."""
    refused: dict[UUID, str] = {}
    # in one order everywhere, so that two who remind at once cannot wait for each other
    tickets = select(ClockRow.id, ClockRow.ticket_id).where(col(ClockRow.id).in_(clock_ids))
    for clock_id, _ in sorted(desk.session.exec(tickets), key=lambda pair: str(pair[1])):
        try:
            remind(desk, clock_id)
        except Refused as no:
            refused[clock_id] = no.message
    return refused


def close_with(desk: Desk, ticket: Ticket, order_id: UUID, *, cause: UUID) -> None:
    """The work order ended without it: a demand on it has nothing left to press for."""
    row = _standing(desk.session, order_id)
    if row is not None:
        _close(desk, row, "lifted")
        event = SupervisionLifted(row.id, row.order_id, row.department, None)
        timeline.record(desk, ticket, event, cause=cause)


def of_ticket(session: Session, ticket_id: UUID) -> Sequence[SupervisionRow]:
    """Every supervision order on a ticket, in order."""
    query = select(SupervisionRow).where(SupervisionRow.ticket_id == ticket_id)
    return session.exec(query.order_by(col(SupervisionRow.id))).all()


def standing(session: Session, ticket_id: UUID) -> Sequence[SupervisionRow]:
    """The demands on a ticket that are not settled."""
    return [row for row in of_ticket(session, ticket_id) if row.state in STANDING]


def standing_on(session: Session, orders: Iterable[UUID]) -> dict[UUID, SupervisionRow]:
    """The demand that stands on each of these work orders, where one does."""
    query = select(SupervisionRow).where(
        col(SupervisionRow.order_id).in_(set(orders)), col(SupervisionRow.state).in_(STANDING)
    )
    return {row.order_id: row for row in session.exec(query)}


def waiting_for(session: Session, department: str) -> int:
    """How many demands the unit has not answered."""
    query = select(func.count()).where(
        SupervisionRow.department == department, SupervisionRow.state == "open"
    )
    return session.exec(query).one()


def talks(session: Session, ticket_id: UUID) -> Sequence[TalkRow]:
    """Every talk about a ticket, in order."""
    query = select(TalkRow).where(TalkRow.ticket_id == ticket_id)
    return session.exec(query.order_by(col(TalkRow.id))).all()


def listed(
    session: Session,
    actor: Actor,
    *,
    state: str = "",
    level: str = "",
    before: tuple[int, int] | None = None,
    limit: int = 50,
) -> Sequence[tuple[SupervisionRow, Ticket]]:
    """Supervision orders on tickets the actor may see, the newest first.

    `before` is the (year, serial) that the page before ended with.
    """
    query = (
        select(SupervisionRow, Ticket)
        .where(SupervisionRow.ticket_id == Ticket.id)
        .where(visible(actor))
    )
    if state:
        query = query.where(SupervisionRow.state == state)
    if level:
        query = query.where(SupervisionRow.level == level)
    if before is not None:
        number = tuple_(col(SupervisionRow.year), col(SupervisionRow.serial))
        query = query.where(number < before)
    order = (col(SupervisionRow.year).desc(), col(SupervisionRow.serial).desc())
    return session.exec(query.order_by(*order).limit(limit)).all()


def _rank(level: str) -> int:
    return SUPERVISION_LEVELS.index(level)


def _pressed(desk: Desk, order_id: UUID) -> tuple[Ticket, str]:
    """The held ticket of an order that still owes something, and its department."""
    query = select(ClockRow).where(
        ClockRow.order_id == order_id,
        col(ClockRow.metric).in_(PRESSED),
        col(ClockRow.stopped_at).is_(None),
    )
    clock = desk.session.exec(query).first()
    if clock is None:
        raise Conflict("该承办单没有在办的时限，无需督办", code="nothing_owed")
    ticket = timeline.hold(desk, clock.ticket_id)
    desk.session.refresh(clock)
    if clock.stopped_at is not None or clock.order_id != order_id or not clock.department:
        raise Conflict("该承办单没有在办的时限，无需督办", code="nothing_owed")
    return ticket, clock.department


def _standing(session: Session, order_id: UUID) -> SupervisionRow | None:
    query = select(SupervisionRow).where(
        SupervisionRow.order_id == order_id, col(SupervisionRow.state).in_(STANDING)
    )
    return session.exec(query).first()


def _next_serial(session: Session, year: int) -> int:
    # numbers of official papers have no gaps: whoever issues waits for the one before, until
    # its transaction ends. A sweep takes its tickets before this, so nobody waits in a circle
    alone(session, f"supervision:{year}")
    highest = select(func.max(SupervisionRow.serial)).where(SupervisionRow.year == year)
    return (session.exec(highest).one() or 0) + 1


def _held(desk: Desk, supervision_id: UUID, act: Act) -> tuple[Ticket, SupervisionRow]:
    demand(desk.actor, act)
    query = select(SupervisionRow.ticket_id).where(SupervisionRow.id == supervision_id)
    ticket_id = desk.session.exec(query).first()
    if ticket_id is None:
        raise NotFound
    ticket = timeline.hold(desk, ticket_id)
    return ticket, desk.session.get_one(SupervisionRow, supervision_id, populate_existing=True)


def _in_state(row: SupervisionRow, *states: str) -> None:
    if row.state not in states:
        raise Conflict("督办单已不在这一步", code="wrong_step")


def _close(desk: Desk, row: SupervisionRow, state: str) -> None:
    row.state, row.closed_by, row.closed_at = state, desk.actor.tag, desk.now
    desk.session.flush()
