"""Who sees which rows, and finding people and units."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import ColumnElement, Select, and_, false, not_, or_, text, true
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from core.permissions import ACCUSING, UNIT_ROLES, Act, Actor, Role, may
from core.states import ORDER_OPEN, OrderStatus
from core.tables import FILED_BY_CLIENT, Department, Entry, Staff, Ticket

# an order that still binds its unit
HELD = frozenset({*ORDER_OPEN, OrderStatus.REPLIED, OrderStatus.DONE})


class Obligation(Protocol):
    """What must be known of a work order here."""

    department: str
    status: str


def visible(actor: Actor) -> ColumnElement[bool]:
    """The one condition that every query over tickets carries.

    A unit reads what it has an order on; sealed tickets only those who may read sealed ones;
    a program what it filed itself; administrators and visitors none. Nobody reads what accuses
    his own unit or one above it, but the discipline commission.
    """
    if Role.SYSTEM in actor.roles:
        return true()
    if actor.kind == "business":
        return col(Ticket.number) == actor.id
    if actor.kind == "client":
        return filed_by_client(actor)
    if not may(actor, Act.READ_TICKETS):
        return false()
    if actor.department is None or Role.DISCIPLINE in actor.roles:
        return _by_hat(actor)
    return and_(_by_hat(actor), _not_against(actor.department))


def filed_by_client(actor: Actor) -> ColumnElement[bool]:
    """What a program filed itself, if it has leave to follow that."""
    if not may(actor, Act.FOLLOW_OWN):
        return false()
    own = sql_select(col(Entry.ticket_id)).where(
        text(FILED_BY_CLIENT), col(Entry.actor) == actor.tag
    )
    return col(Ticket.id).in_(own)


def _by_hat(actor: Actor) -> ColumnElement[bool]:
    if may(actor, Act.READ_SEALED):
        return true()
    if actor.roles & UNIT_ROLES:
        return col(Ticket.units).contains([actor.department or ""])
    return col(Ticket.confidential).is_(False)


def _not_against(department: str) -> ColumnElement[bool]:
    """What does not accuse the unit, nor one it stands under: whatever hat its people wear."""
    return or_(
        col(Ticket.respondent).is_(None),
        col(Ticket.request).not_in(ACCUSING),
        and_(
            col(Ticket.respondent) != department,
            col(Ticket.respondent).not_in(line_above(department)),
        ),
    )


def may_unmask(actor: Actor, ticket: Ticket, orders: Iterable[Obligation]) -> bool:
    """Whether he may read who complained, once he has said why.

    Who handles it has to reach the complainant: unless the identity is sealed, or the order is
    no longer his unit's.
    """
    if may(actor, Act.UNMASK):
        return True
    mine = any(row.department == actor.department and row.status in HELD for row in orders)
    return may(actor, Act.UNMASK_OWN) and mine and not sealed(ticket)


def sealed(ticket: Ticket) -> bool:
    """Whether those who handle it may not learn who it comes from: asked for, or a report."""
    return ticket.confidential or ticket.request == "report"


def sealed_rows() -> ColumnElement[bool]:
    """The same as a condition."""
    return or_(col(Ticket.confidential).is_(True), col(Ticket.request) == "report")


def told_apart(actor: Actor) -> ColumnElement[bool]:
    """The tickets that he may find by who sent them: a sealed one would give itself away."""
    return true() if may(actor, Act.READ_SEALED) else ~sealed_rows()


def public_rows() -> ColumnElement[bool]:
    """What anybody may know the bare course of: nothing sealed, nothing that accuses a unit."""
    accuses = and_(col(Ticket.respondent).is_not(None), col(Ticket.request).in_(ACCUSING))
    return and_(not_(sealed_rows()), not_(accuses))


def may_identify(actor: Actor, ticket: Ticket) -> bool:
    """Whether he may read which company it comes from."""
    return not sealed(ticket) or may(actor, Act.READ_SEALED)


def recused(session: Session, actor: Actor, ticket: Ticket) -> bool:
    """Whether it accuses the actor's own unit or one above it: then he touches nothing of it."""
    if actor.department is None or Role.DISCIPLINE in actor.roles:
        return False
    if ticket.respondent is None or ticket.request not in ACCUSING:
        return False
    return ticket.respondent in session.execute(line_above(actor.department)).scalars().all()


def line_above(department: str) -> Select[tuple[str]]:
    """The unit and every unit it stands under."""
    line = (
        sql_select(col(Department.code), col(Department.parent))
        .where(col(Department.code) == department)
        .cte("line", recursive=True)
    )
    above = sql_select(col(Department.code), col(Department.parent)).join(
        line, col(Department.code) == line.c.parent
    )
    return sql_select(line.union(above).c.code)


def line_below(session: Session, department: str) -> frozenset[str]:
    """The unit and every unit under it."""
    line = (
        sql_select(col(Department.code))
        .where(col(Department.code) == department)
        .cte("below", recursive=True)
    )
    under = sql_select(col(Department.code)).join(line, col(Department.parent) == line.c.code)
    return frozenset(session.scalars(sql_select(line.union(under).c.code)))


def departments(session: Session) -> Sequence[Department]:
    """Every unit, by kind and name."""
    return session.exec(
        select(Department).order_by(col(Department.kind), col(Department.name))
    ).all()


def actor_of(staff: Staff) -> Actor:
    """The actor a logged-in person is."""
    roles = frozenset(Role(role) for role in staff.roles)
    return Actor("staff", str(staff.id), roles, staff.department)
