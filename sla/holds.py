"""Cases parked for a stated ground until a review date: asked for by the lead, decided above it.

A hold ends at its review unless somebody prolongs it: what is forgotten runs on by itself.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from core import timeline
from core.desk import Desk, Office
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import HoldAsked, HoldProlonged, HoldRefused, TicketHeld, TicketResumed
from core.moments import local_day
from core.people import visible
from core.permissions import SYSTEM, Act, Actor, demand, demand_unit, may
from core.states import Status
from core.tables import Ticket
from sla.standards import standards
from sla.tables import ClockRow, HoldRow
from sla.worktime import CalendarUnknown

# domain 10(a) row 25 and 10(b): at the latest after so many days somebody looks again
MOST = timedelta(days=180)
GROUNDS = ("waiting_law", "waiting_works", "waiting_policy", "waiting_business", "force_majeure")
STANDING = ("asked", "granted")


def ask(desk: Desk, order_id: UUID, *, ground: str, review_on: date | None, reason: str) -> UUID:
    """The head of the lead unit asks for a hold. The request's id.

    Raises NotFound, Forbidden, Invalid naming the field, Conflict where the case cannot be held.
    """
    demand(desk.actor, Act.ASK_HOLD)
    ticket, clock = _of_order(desk, order_id)
    demand_unit(desk.actor, Act.ASK_HOLD, clock.department or "")
    if ground not in GROUNDS:
        raise Invalid.one("ground", "required", "请选择挂账的依据")
    if not reason.strip():
        raise Invalid.one("reason", "required", "请写明挂账的理由和下一步安排")
    review_at = _review(desk, review_on)
    if Status(ticket.status) is not Status.IN_HANDLING:
        raise Conflict("只有办理中的诉求可以挂账", code="not_in_handling")
    standing = _standing(desk.session, ticket.id)
    if standing is not None and standing.order_id == order_id:
        raise Conflict("已有一份挂账申请", code="hold_waits")
    if standing is not None:  # asked for by a lead that the case has left
        _end(desk, standing)
        desk.session.flush()
    words = timeline.write(desk, ticket, reason, field="reason")
    row = HoldRow(
        id=desk.new_id(),
        ticket_id=ticket.id,
        order_id=order_id,
        department=clock.department or "",
        ground=ground,
        review_at=review_at,
        words=words,
        asked_by=desk.actor.tag,
        asked_at=desk.now,
    )
    desk.session.add(row)
    event = HoldAsked(order_id, row.department, ground, review_at, words)
    timeline.record(desk, ticket, event)
    return row.id


def grant(desk: Desk, request_id: UUID) -> None:
    """The case is parked and its promises stand still. Conflict where it has moved on."""
    ticket, row = _asked(desk, request_id)
    if Status(ticket.status) is not Status.IN_HANDLING or ticket.lead != row.department:
        raise Conflict("诉求已不在该单位办理，不能挂账", code="hold_moved")
    if row.review_at <= desk.now:
        raise Conflict("复核日期已过，请单位重新申请", code="review_past")
    _decide(desk, row, "granted", None)
    timeline.record(desk, ticket, TicketHeld(row.ground, row.review_at))


def refuse(desk: Desk, request_id: UUID, *, reason: str) -> None:
    """The case goes on as it is, and why."""
    ticket, row = _asked(desk, request_id)
    if not reason.strip():
        raise Invalid.one("reason", "required", "请写明不同意挂账的理由")
    words = timeline.write(desk, ticket, reason, field="reason")
    _decide(desk, row, "refused", words)
    timeline.record(desk, ticket, HoldRefused(row.order_id, row.department, words))


def prolong(desk: Desk, ticket_id: UUID, *, review_on: date | None, reason: str) -> None:
    """Looked at again and still needed: a later review date, and why."""
    demand(desk.actor, Act.GRANT_HOLD)
    ticket = timeline.hold(desk, ticket_id)
    row = _granted(desk, ticket)
    review_at = _review(desk, review_on)
    if review_at <= row.review_at:
        raise Invalid.one("review_on", "range", "新的复核日期应晚于原日期")
    if not reason.strip():
        raise Invalid.one("reason", "required", "请写明继续挂账的理由")
    row.review_at = review_at
    words = timeline.write(desk, ticket, reason, field="reason")
    timeline.record(desk, ticket, HoldProlonged(row.ground, review_at, words))


def resume(desk: Desk, ticket_id: UUID) -> None:
    """The ground has fallen away: by who granted it, or by the head of the unit it was for."""
    ticket = timeline.hold(desk, ticket_id)
    if not may(desk.actor, Act.GRANT_HOLD):
        demand_unit(desk.actor, Act.ASK_HOLD, ticket.lead or "")
    _end(desk, _granted(desk, ticket))
    timeline.record(desk, ticket, TicketResumed())


def resume_due(office: Office, *, limit: int = 100) -> int:
    """Let every case run on whose review date passed unprolonged. How many."""
    with office.desk(SYSTEM) as desk:
        query = (
            select(HoldRow.ticket_id)
            .where(HoldRow.state == "granted", HoldRow.review_at <= desk.now)
            .where(col(HoldRow.ended_at).is_(None))
            .order_by(col(HoldRow.review_at))
        )
        due = desk.session.exec(query.limit(limit)).all()
    return sum(_resume_one(office, ticket_id) for ticket_id in due)


def _resume_one(office: Office, ticket_id: UUID) -> int:
    with office.desk(SYSTEM) as desk:
        ticket = timeline.hold(desk, ticket_id)
        row = _standing(desk.session, ticket_id)
        if row is None or row.state != "granted" or row.review_at > desk.now:
            return 0
        _end(desk, row)
        if Status(ticket.status) is Status.ON_HOLD:
            timeline.record(desk, ticket, TicketResumed(by="review_date"))
        return 1


def waiting(session: Session, actor: Actor) -> Sequence[tuple[HoldRow, Ticket]]:
    """Requests that wait for an answer, on tickets the actor may see, the oldest first."""
    query = (
        select(HoldRow, Ticket)
        .where(HoldRow.ticket_id == Ticket.id, HoldRow.state == "asked")
        .where(Ticket.status == Status.IN_HANDLING, visible(actor))
    )
    return session.exec(query.order_by(col(HoldRow.id)).limit(100)).all()


def of_ticket(session: Session, ticket_id: UUID) -> Sequence[HoldRow]:
    """Every hold asked for on a ticket, in order."""
    query = select(HoldRow).where(HoldRow.ticket_id == ticket_id)
    return session.exec(query.order_by(col(HoldRow.id))).all()


def _review(desk: Desk, review_on: date | None) -> datetime:
    """Close of business on the day, or on the next working day."""
    today = local_day(desk.now)
    if review_on is None or not today < review_on <= today + MOST:
        raise Invalid.one(
            "review_on", "range", "请选择明天起{most}天以内的复核日期", most=MOST.days
        )
    try:
        return standards(desk.session, desk.now).calendar.close_on_or_after(review_on)
    except CalendarUnknown as unknown:
        message = "该日期的工作日历还没有公布，请选择更早的日期"
        raise Invalid.one("review_on", "calendar", message) from unknown


def _of_order(desk: Desk, order_id: UUID) -> tuple[Ticket, ClockRow]:
    """The held ticket and the running promise of its lead order."""
    query = select(ClockRow).where(
        ClockRow.order_id == order_id,
        col(ClockRow.metric).in_(("resolve", "redo")),
        col(ClockRow.stopped_at).is_(None),
    )
    found = desk.session.exec(query).first()
    if found is None:
        raise NotFound
    ticket = timeline.hold(desk, found.ticket_id)
    desk.session.refresh(found)
    return ticket, found


def _standing(session: Session, ticket_id: UUID) -> HoldRow | None:
    query = select(HoldRow).where(HoldRow.ticket_id == ticket_id, col(HoldRow.state).in_(STANDING))
    return session.exec(query.execution_options(populate_existing=True)).first()


def _granted(desk: Desk, ticket: Ticket) -> HoldRow:
    row = _standing(desk.session, ticket.id)
    if row is None or row.state != "granted" or Status(ticket.status) is not Status.ON_HOLD:
        raise Conflict("诉求没有挂账", code="not_on_hold")
    return row


def _asked(desk: Desk, request_id: UUID) -> tuple[Ticket, HoldRow]:
    """What waits for an answer, held; nobody answers what he asked for himself."""
    demand(desk.actor, Act.GRANT_HOLD)
    ticket_id = desk.session.exec(select(HoldRow.ticket_id).where(HoldRow.id == request_id)).first()
    if ticket_id is None:
        raise NotFound
    ticket = timeline.hold(desk, ticket_id)
    row = desk.session.get_one(HoldRow, request_id, populate_existing=True)
    if row.state != "asked":
        raise Conflict("这份挂账申请已经处理过了", code="decided_before")
    if row.asked_by == desk.actor.tag:
        raise Forbidden("不能审批自己提出的挂账申请", code="second_person")
    return ticket, row


def _decide(desk: Desk, row: HoldRow, state: str, answer: UUID | None) -> None:
    row.state, row.answer = state, answer
    row.decided_by, row.decided_at = desk.actor.tag, desk.now


def _end(desk: Desk, row: HoldRow) -> None:
    row.state, row.ended_at = "ended", desk.now


def close(desk: Desk, ticket: Ticket) -> None:
    """Nothing of the ticket is parked or waits to be: it went back before dispatch, or ended."""
    row = _standing(desk.session, ticket.id)
    if row is not None:
        _end(desk, row)
