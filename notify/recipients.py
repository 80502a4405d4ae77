"""Who the people of a plan are, in the database, and under which address each can be reached."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Select, and_, any_, func, literal, or_
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from core.people import actor_of
from core.permissions import Role, business
from core.privacy import Keys
from core.tables import Contact, Department, Staff, Ticket
from notify.addressing import Notice, Readers
from notify.plans import Person


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person and his addresses by channel; the inbox needs none."""

    person: Person
    addresses: Mapping[str, str] = field(default_factory=dict)


def find(
    session: Session,
    keys: Keys,
    ticket: Ticket,
    notices: Iterable[Notice],
    channels: Collection[str],
) -> dict[str, Recipient]:
    """Everybody the notices are for, by tag, with those of their ways that are open."""
    readers = {readers for notice in notices for readers in notice.to}
    found = [_worker(staff, channels) for staff in _staff(session, readers)]
    if any(Role.BUSINESS in one.roles for one in readers):
        found += _complainant(session, keys, ticket, channels)
    return {recipient.person.tag: recipient for recipient in found}


def _staff(session: Session, readers: Collection[Readers]) -> Iterable[Staff]:
    conditions = [_wear(one) for one in readers if one.roles - {Role.BUSINESS}]
    if not conditions:
        return ()
    query = select(Staff).where(col(Staff.active), or_(*conditions))
    return session.exec(query.order_by(col(Staff.username))).all()


def _wear(readers: Readers) -> ColumnElement[bool]:
    hats = or_(*(literal(str(role)) == any_(col(Staff.roles)) for role in sorted(readers.roles)))
    if readers.department is None:
        return hats
    if Role.HEAD in readers.roles:
        hats = or_(hats, col(Staff.username).in_(_deputies(readers.department)))
    return and_(hats, col(Staff.department) == readers.department)


def _deputies(department: str) -> Select[tuple[str]]:
    """The accounts the register names to stand in for a unit's head."""
    return sql_select(func.unnest(col(Department.deputies))).where(
        col(Department.code) == department
    )


def _worker(staff: Staff, channels: Collection[str]) -> Recipient:
    actor = actor_of(staff)
    addresses = {"email": staff.email} if staff.email and "email" in channels else {}
    ways = ("inbox", *addresses)
    person = Person(actor.tag, ways, staff.language, actor.roles, staff.department)
    return Recipient(person, addresses)


def _complainant(
    session: Session, keys: Keys, ticket: Ticket, channels: Collection[str]
) -> list[Recipient]:
    contact = session.get(Contact, ticket.id)
    if contact is None or contact.email is None or "email" not in channels:
        return []
    address = keys.open(f"email:{ticket.id}", contact.email)
    actor = business(ticket.number)
    person = Person(actor.tag, ("email",), contact.language, actor.roles)
    return [Recipient(person, {"email": address})]
