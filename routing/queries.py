"""What the department side reads: boards, orders, units, the order's audit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from core.events import decode
from core.people import visible
from core.permissions import Actor
from core.states import ORDER_ENDED, ORDER_STEPS, OrderStatus, Status, advance_order
from core.tables import Department, Entry, Staff, Ticket, Words
from routing.tables import PartnerRequest, PlanRow, TaskRow, WorkOrder


@dataclass(frozen=True, slots=True)
class BoardLine:
    """An order as its unit sees it in the list, beside its ticket."""

    order: WorkOrder
    ticket: Ticket


def board(
    session: Session,
    actor: Actor,
    *,
    department: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Sequence[BoardLine]:
    """Open orders of a unit (or of all the actor may see) by next deadline."""
    query = (
        select(WorkOrder, Ticket)
        .join(Ticket, col(Ticket.id) == WorkOrder.ticket_id)
        .where(col(WorkOrder.status).not_in(ORDER_ENDED), visible(actor))
    )
    if department is not None:
        query = query.where(WorkOrder.department == department)
    if after is not None:
        query = query.where(tuple_(col(WorkOrder.due_at), col(WorkOrder.id)) > after)
    rows = session.exec(query.order_by(col(WorkOrder.due_at), col(WorkOrder.id)).limit(limit))
    return [BoardLine(order, ticket) for order, ticket in rows]


def orders(session: Session, ticket_id: UUID) -> Sequence[WorkOrder]:
    """All orders of a ticket, in the order they were issued."""
    query = select(WorkOrder).where(WorkOrder.ticket_id == ticket_id)
    return session.exec(query.order_by(col(WorkOrder.id))).all()


def partner_requests(session: Session, ticket_id: UUID) -> Sequence[PartnerRequest]:
    """What bodies outside were asked about a ticket, in order."""
    query = select(PartnerRequest).where(PartnerRequest.ticket_id == ticket_id)
    return session.exec(query.order_by(col(PartnerRequest.id))).all()


def hands(session: Session, unit: str) -> list[tuple[str, str]]:
    """Whom a unit may hand an order to inside: its desks and its people, as (key, name)."""
    desks = session.exec(
        select(Department.code, Department.name)
        .where(Department.parent == unit, col(Department.valid_to).is_(None))
        .order_by(col(Department.code))
    ).all()
    units = [unit, *(code for code, _ in desks)]
    people = session.exec(
        select(Staff.id, Staff.name)
        .where(col(Staff.department).in_(units), col(Staff.active))
        .order_by(col(Staff.username))
    ).all()
    return [(f"staff:{key}", name) for key, name in people] + [
        (f"unit:{code}", name) for code, name in desks
    ]


def returns_waiting(session: Session, actor: Actor, limit: int = 50) -> Sequence[BoardLine]:
    """Orders whose unit asked to hand them back, oldest first."""
    return _lines(session, actor, col(WorkOrder.status) == OrderStatus.RETURN_REVIEW, limit)


def replies_waiting(session: Session, actor: Actor, limit: int = 50) -> Sequence[BoardLine]:
    """Lead orders whose reply waits for review, oldest first."""
    waiting = (col(WorkOrder.part) == "lead") & (col(Ticket.status) == Status.REPLY_REVIEW)
    return _lines(session, actor, waiting & (col(WorkOrder.status) == OrderStatus.REPLIED), limit)


def _lines(session: Session, actor: Actor, condition: object, limit: int) -> Sequence[BoardLine]:
    query = (
        select(WorkOrder, Ticket)
        .join(Ticket, col(Ticket.id) == WorkOrder.ticket_id)
        .where(condition, visible(actor))  # type: ignore[arg-type] # any SQL condition
        .order_by(col(WorkOrder.id))
        .limit(limit)
    )
    return [BoardLine(order, ticket) for order, ticket in session.exec(query)]


def unit_name(session: Session, code: str | None) -> str | None:
    """What the district calls a unit."""
    if code is None:
        return None
    return session.exec(select(Department.name).where(Department.code == code)).first() or code


def unit_names(session: Session) -> dict[str, str]:
    """Every unit's name by code: some hundred rows, read once a page."""
    return dict(session.exec(select(Department.code, Department.name)).all())


def words(session: Session, word_id: UUID | str | None) -> Words | None:
    """The text an entry points to, unless it was erased."""
    return session.get(Words, UUID(str(word_id))) if word_id else None


def plan(session: Session) -> PlanRow | None:
    """The plan in force: the newest one."""
    query = select(PlanRow).order_by(
        col(PlanRow.effective_from).desc(), col(PlanRow.version).desc()
    )
    return session.exec(query.limit(1)).first()


def tasks(session: Session, version: str) -> Sequence[TaskRow]:
    """The tasks of a plan's version, in order."""
    query = select(TaskRow).where(TaskRow.plan == version)
    return session.exec(query.order_by(col(TaskRow.number))).all()


def task(session: Session, number: int | None) -> TaskRow | None:
    """One task of the plan in force."""
    current = plan(session)
    if number is None or current is None:
        return None
    return session.get(TaskRow, (current.version, number))


def audit_orders(session: Session, ticket: Ticket, timeline: Sequence[Entry]) -> Iterator[str]:
    """What the stored orders say against the fold of the timeline."""
    folded: dict[UUID, OrderStatus] = {}
    for entry in timeline:
        if entry.kind in ORDER_STEPS:
            order = getattr(decode(entry.kind, entry.facts), "order", None)
            if order is not None:
                status = folded.get(order, OrderStatus.NEW)
                folded[order] = advance_order(status, entry.kind)
    stored = {order.id: order for order in orders(session, ticket.id)}
    for order_id in folded.keys() | stored.keys():
        row = stored.get(order_id)
        if row is None or row.status != folded.get(order_id):
            yield f"order {order_id} is not in the state the timeline says"


def staff_name(session: Session, key: str) -> str | None:
    """The name on a person's door."""
    try:
        return session.exec(select(Staff.name).where(Staff.id == UUID(key))).first()
    except ValueError:
        return None
