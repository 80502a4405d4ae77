"""More time for a promise: asked for by the unit before it is due, granted by somebody else."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from uuid import UUID

from sqlmodel import Session, col, func, select

from core import timeline
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import ExtensionAsked, ExtensionRefused
from core.people import visible
from core.permissions import Act, Actor, demand, demand_unit, may
from core.tables import Ticket
from sla import moves
from sla.histories import EXTENSION
from sla.standards import calendar_of
from sla.tables import ClockRow, ExtensionRow
from sla.terms import DEFAULT, Term, TermRefused, check_extension
from sla.worktime import CalendarUnknown, Mode, Promise

METRICS = ("resolve", "redo")
# what the dispatcher may grant; longer ones are the office's, and longer still is a hold
SHORT = int(DEFAULT.each.n)
MOST = 15
LONG = replace(DEFAULT, each=Promise(Mode.WORKING_DAYS, Fraction(MOST)))


def ask(desk: Desk, order_id: UUID, *, days: int, reason: str) -> UUID:
    """The head of the unit asks for more working days. The request's id.

    Raises NotFound, Forbidden, Invalid naming the field, Conflict when it is too late, too often,
    or another request waits.
    """
    demand(desk.actor, Act.ASK_EXTENSION)
    clock_id = _clock_of(desk.session, order_id)
    ticket, clock = _held(desk, clock_id)
    demand_unit(desk.actor, Act.ASK_EXTENSION, clock.department or "")
    if not 1 <= days <= MOST:
        raise Invalid.one("days", "range", "请填写1至{most}个工作日", most=MOST)
    if not reason.strip():
        raise Invalid.one("reason", "required", "请写明延期的原因和需要的时间")
    if _waiting(desk.session, clock.id, order_id):
        raise Conflict("已有一份延期申请等待审批", code="extension_waits")
    _check(desk, clock, days)
    assert clock.due_at is not None and clock.department is not None  # noqa: PT018 - checked above
    words = timeline.write(desk, ticket, reason, field="reason")
    event = ExtensionAsked(clock.id, clock.metric, order_id, clock.department, days, words)
    row = ExtensionRow(
        id=desk.new_id(),
        clock_id=clock.id,
        ticket_id=ticket.id,
        order_id=order_id,
        department=clock.department,
        days=days,
        words=words,
        due_at=clock.due_at,
        asked_by=desk.actor.tag,
        asked_at=desk.now,
    )
    desk.session.add(row)
    timeline.record(desk, ticket, event)
    return row.id


def grant(desk: Desk, request_id: UUID) -> None:
    """The promise moves. Conflict once it is due, or where that year's calendar is unknown."""
    ticket, clock, row = _asked(desk, request_id)
    if clock.order_id != row.order_id:
        raise Conflict("诉求已改派，原单位的延期申请不再有效", code="extension_moved")
    if clock.due_at is None or clock.state != "running" or desk.now > clock.due_at:
        raise Conflict("期限已过或已停止计时，不能再批准延期", code="extension_late")
    calendar = calendar_of(desk.session, clock.calendar)
    try:
        due = calendar.add(clock.due_at, Promise(Mode.WORKING_DAYS, Fraction(row.days)))
    except CalendarUnknown as unknown:
        raise Conflict("延期后的日期还没有公布日历，暂不能批准") from unknown
    _decide(desk, row, "granted", None)
    moves.move(desk, ticket, clock, due, EXTENSION)


def refuse(desk: Desk, request_id: UUID, *, reason: str) -> None:
    """The promise stays as it is, and why."""
    ticket, clock, row = _asked(desk, request_id)
    if not reason.strip():
        raise Invalid.one("reason", "required", "请写明不同意延期的理由")
    words = timeline.write(desk, ticket, reason, field="reason")
    _decide(desk, row, "refused", words)
    event = ExtensionRefused(clock.id, clock.metric, row.order_id, row.department, words)
    timeline.record(desk, ticket, event)


def waiting(session: Session, actor: Actor) -> Sequence[tuple[ExtensionRow, Ticket]]:
    """Requests that wait for an answer, on tickets the actor may see, the next due first."""
    query = (
        select(ExtensionRow, Ticket)
        .where(ExtensionRow.ticket_id == Ticket.id, ExtensionRow.state == "asked")
        .where(ExtensionRow.clock_id == ClockRow.id, ExtensionRow.order_id == ClockRow.order_id)
        .where(col(ClockRow.stopped_at).is_(None))
        .where(visible(actor))
    )
    order = (col(ExtensionRow.due_at), col(ExtensionRow.id))
    return session.exec(query.order_by(*order).limit(100)).all()


def of_ticket(session: Session, ticket_id: UUID) -> Sequence[ExtensionRow]:
    """Every request on a ticket, in order."""
    query = select(ExtensionRow).where(ExtensionRow.ticket_id == ticket_id)
    return session.exec(query.order_by(col(ExtensionRow.id))).all()


def _clock_of(session: Session, order_id: UUID) -> UUID:
    query = select(ClockRow.id).where(
        ClockRow.order_id == order_id,
        col(ClockRow.metric).in_(METRICS),
        col(ClockRow.stopped_at).is_(None),
    )
    found = session.exec(query).first()
    if found is None:
        raise NotFound
    return found


def _held(desk: Desk, clock_id: UUID) -> tuple[Ticket, ClockRow]:
    """The ticket first, then its clock: the one order of locks."""
    ticket_id = desk.session.exec(select(ClockRow.ticket_id).where(ClockRow.id == clock_id)).one()
    ticket = timeline.hold(desk, ticket_id)
    return ticket, desk.session.get_one(ClockRow, clock_id, populate_existing=True)


def _check(desk: Desk, clock: ClockRow, days: int) -> None:
    granted = select(func.count()).where(
        ExtensionRow.clock_id == clock.id, ExtensionRow.state == "granted"
    )
    term = Term(
        clock.policy,
        clock.calendar,
        started=clock.started_at,
        due=clock.due_at,
        state=clock.state,
        extensions=desk.session.exec(granted).one(),
    )
    calendar = calendar_of(desk.session, clock.calendar)
    try:
        by = Promise(Mode.WORKING_DAYS, Fraction(days))
        check_extension(term, desk.now, by, calendar, allowance=LONG)
    except TermRefused as refused:
        raise Conflict(refused.message, code=refused.code, params=refused.params) from refused


def _waiting(session: Session, clock_id: UUID, order_id: UUID) -> bool:
    """Whether this order has a request open; one of an earlier lead's binds nobody."""
    query = select(ExtensionRow.id).where(
        ExtensionRow.clock_id == clock_id,
        ExtensionRow.order_id == order_id,
        ExtensionRow.state == "asked",
    )
    return session.exec(query).first() is not None


def _asked(desk: Desk, request_id: UUID) -> tuple[Ticket, ClockRow, ExtensionRow]:
    """What waits for an answer, held; nobody answers what he asked for himself."""
    demand(desk.actor, Act.GRANT_EXTENSION)
    clock_id = desk.session.exec(
        select(ExtensionRow.clock_id).where(ExtensionRow.id == request_id)
    ).first()
    if clock_id is None:
        raise NotFound
    ticket, clock = _held(desk, clock_id)
    row = desk.session.get_one(ExtensionRow, request_id, populate_existing=True)
    if row.state != "asked":
        raise Conflict("这份延期申请已经处理过了", code="decided_before")
    if row.asked_by == desk.actor.tag:
        raise Forbidden("不能审批自己提出的延期申请", code="second_person")
    if row.days > SHORT and not may(desk.actor, Act.GRANT_LONG_EXTENSION):
        message = "超过{most}个工作日的延期由区政府办审批"
        raise Forbidden(message, code="long_extension", params={"most": SHORT})
    return ticket, clock, row


def _decide(desk: Desk, row: ExtensionRow, state: str, answer: UUID | None) -> None:
    row.state, row.answer = state, answer
    row.decided_by, row.decided_at = desk.actor.tag, desk.now
