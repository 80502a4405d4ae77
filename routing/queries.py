"""What the department side reads: boards, orders, units, the order's audit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, tuple_
from sqlmodel import Session, col, select

from core.events import decode
from core.people import visible
from core.permissions import Actor
from core.states import ORDER_ENDED, ORDER_OPEN, ORDER_STEPS, OrderStatus, Status, advance_order
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


def open_orders_of(session: Session, unit: str) -> int:
    """How many orders stand open at a unit."""
    query = select(func.count()).where(
        WorkOrder.department == unit, col(WorkOrder.status).in_(ORDER_OPEN)
    )
    return session.exec(query).one()


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


def open_units(session: Session, day: date) -> list[Department]:
    """The units that exist on a day, by kind and name."""
    alive = col(Department.valid_to).is_(None) | (col(Department.valid_to) > day)
    query = select(Department).where(alive)
    return list(session.exec(query.order_by(col(Department.kind), col(Department.name))))


def words(session: Session, word_id: UUID | str | None) -> Words | None:
    """The text an entry points to, unless it was erased."""
    return session.get(Words, UUID(str(word_id))) if word_id else None


def plan(session: Session, day: date | None = None) -> PlanRow | None:
    """The plan in force on a day; without one the newest, though it may only begin tomorrow."""
    query = select(PlanRow).order_by(
        col(PlanRow.effective_from).desc(), col(PlanRow.imported_at).desc()
    )
    if day is not None:
        query = query.where(PlanRow.effective_from <= day)
    return session.exec(query.limit(1)).first()


def plans(session: Session) -> Sequence[PlanRow]:
    """Every version of the plan, the newest first."""
    order = (col(PlanRow.effective_from).desc(), col(PlanRow.imported_at).desc())
    return session.exec(select(PlanRow).order_by(*order)).all()


def open_on_task(session: Session, actor: Actor, version: str, number: int) -> int:
    """How many open tickets this person may see were last routed to the task of that plan."""
    plan_named = col(Entry.facts)["plan"].astext
    newest = (
        select(plan_named)
        .where(
            Entry.ticket_id == Ticket.id,
            Entry.kind == "ticket.routed",
            plan_named.is_not(None),
        )
        .order_by(col(Entry.number).desc())
        .limit(1)
        .correlate(Ticket)
        .scalar_subquery()
    )
    query = (
        select(func.count())
        .select_from(Ticket)
        .where(Ticket.task == number, col(Ticket.closed_at).is_(None), visible(actor))
        .where(newest == version)
    )
    return session.exec(query).one()


def tasks(session: Session, version: str) -> Sequence[TaskRow]:
    """The tasks of a plan's version, in order."""
    query = select(TaskRow).where(TaskRow.plan == version)
    return session.exec(query.order_by(col(TaskRow.number))).all()


def task(session: Session, number: int | None, version: str | None) -> TaskRow | None:
    """One task of one version of the plan."""
    if number is None or version is None:
        return None
    return session.get(TaskRow, (version, number))


def task_of(session: Session, ticket: Ticket) -> TaskRow | None:
    """The ticket's task as the plan stood by which it was routed, whatever plan came later."""
    return task(session, ticket.task, plan_of(session, ticket.id))


def plan_of(session: Session, ticket_id: UUID) -> str | None:
    """The plan's version in the ticket's newest routing that names one."""
    version = col(Entry.facts)["plan"].astext
    query = (
        select(version)
        .where(Entry.ticket_id == ticket_id, Entry.kind == "ticket.routed", version.is_not(None))
        .order_by(col(Entry.number).desc())
        .limit(1)
    )
    return session.exec(query).first()


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
