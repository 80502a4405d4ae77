"""Who sees which rows, and finding people and units."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import Session, col, select

from core.permissions import ACCUSING, UNIT_ROLES, Act, Actor, Role, may
from core.tables import Department, Staff, Ticket


def visible(actor: Actor) -> ColumnElement[bool]:
    """The one condition that every query over tickets carries.

    A unit reads what it has an order on, never what accuses it; sealed tickets only those
    who may read sealed ones; administrators and visitors read none.
    """
    if Role.SYSTEM in actor.roles:
        return true()
    if actor.kind in {"business", "client"}:
        return col(Ticket.number) == actor.id if actor.kind == "business" else false()
    if not may(actor, Act.READ_TICKETS):
        return false()
    if may(actor, Act.READ_SEALED):
        return true()
    if actor.roles & UNIT_ROLES:
        return _of_unit(actor.department or "")
    return col(Ticket.confidential).is_(False)


def _of_unit(department: str) -> ColumnElement[bool]:
    return and_(
        col(Ticket.units).contains([department]),
        or_(
            col(Ticket.respondent).is_(None),
            col(Ticket.respondent) != department,
            col(Ticket.request).not_in(ACCUSING),
        ),
    )


def departments(session: Session) -> Sequence[Department]:
    """Every unit, by kind and name."""
    return session.exec(
        select(Department).order_by(col(Department.kind), col(Department.name))
    ).all()


def staff_with(session: Session, role: Role, department: str | None = None) -> Sequence[Staff]:
    """The active people who wear a hat, in one unit or anywhere."""
    query = select(Staff).where(col(Staff.active), col(Staff.roles).contains([role.value]))
    if department is not None:
        query = query.where(Staff.department == department)
    return session.exec(query.order_by(col(Staff.username))).all()


def actor_of(staff: Staff) -> Actor:
    """The actor a logged-in person is."""
    roles = frozenset(Role(role) for role in staff.roles)
    return Actor("staff", str(staff.id), roles, staff.department)
