"""What the business side reads: lists, one ticket by its number, categories, units named."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, or_, select

from core import ids
from core.errors import Invalid, NotFound
from core.people import filed_by_client, public_rows, visible
from core.permissions import Actor
from core.tables import Contact, Department, Ticket
from intake.data import CAUTIONS
from intake.draft import Draft
from intake.open311 import Asked
from intake.tables import Attachment, CategoryRow, Receipt


def tickets(
    session: Session,
    actor: Actor,
    *,
    after: UUID | None = None,
    limit: int = 50,
    status: str | None = None,
) -> Sequence[Ticket]:
    """Tickets the actor may see, newest first. Ids are ordered in time, so they are the key."""
    query = select(Ticket).where(visible(actor))
    if after is not None:
        query = query.where(Ticket.id < after)
    if status is not None:
        query = query.where(Ticket.status == status)
    return session.exec(query.order_by(col(Ticket.id).desc()).limit(limit)).all()


def by_number(session: Session, actor: Actor, number: str) -> Ticket:
    """The ticket with this public number, or NotFound: also when it is not for these eyes."""
    query = select(Ticket).where(Ticket.number == ids.normal_number(number), visible(actor))
    ticket = session.exec(query).first()
    if ticket is None:
        raise NotFound
    return ticket


def published(session: Session, actor: Actor, asked: Asked) -> list[tuple[Ticket, bool]]:
    """What the public may know of, newest first, and whether this very program filed it."""
    query = select(Ticket, filed_by_client(actor)).where(public_rows(), _undoubted())
    for wanted in _wanted(asked):
        query = query.where(wanted)
    newest = query.order_by(col(Ticket.received_at).desc(), col(Ticket.id).desc())
    rows = session.execute(newest.limit(asked.limit).offset(asked.offset)).all()
    return [(ticket, bool(own)) for ticket, own in rows]


def _undoubted() -> ColumnElement[bool]:
    """Nothing that raised an alarm, nor what only a person may decide on."""
    plain = or_(col(Ticket.category).is_(None), col(Ticket.category).not_in(CAUTIONS))
    return and_(col(Ticket.caution).is_(None), plain)


def _wanted(asked: Asked) -> Iterator[ColumnElement[bool]]:
    if asked.numbers:
        yield col(Ticket.number).in_(asked.numbers)
    if asked.services:
        yield col(Ticket.category).in_(asked.services)
    if asked.statuses:
        yield col(Ticket.status).in_(asked.statuses)
    for column, since, until in (
        (col(Ticket.received_at), asked.since, asked.until),
        (col(Ticket.updated_at), asked.changed_since, asked.changed_until),
    ):
        if since is not None:
            yield column >= since
        if until is not None:
            yield column <= until


def open_category(session: Session, code: str) -> CategoryRow:
    """The category somebody can file under. NotFound."""
    row = session.get(CategoryRow, code)
    if row is None or not row.open or row.parent is None:
        raise NotFound
    return row


def recent_of(
    session: Session, actor: Actor, category: str, *, but: UUID | None, limit: int = 100
) -> Sequence[Ticket]:
    """The newest dispatched tickets of a category that the actor may see."""
    query = select(Ticket).where(
        Ticket.category == category, col(Ticket.lead).is_not(None), visible(actor)
    )
    if but is not None:
        query = query.where(Ticket.id != but)
    return session.exec(query.order_by(col(Ticket.id).desc()).limit(limit)).all()


def categories(session: Session) -> Sequence[CategoryRow]:
    """The open categories, parents before their children."""
    return session.exec(
        select(CategoryRow).where(col(CategoryRow.open)).order_by(col(CategoryRow.position))
    ).all()


def attachments(session: Session, ticket_id: UUID) -> Sequence[Attachment]:
    """The files of a ticket, in order."""
    query = select(Attachment).where(Attachment.ticket_id == ticket_id)
    return session.exec(query.order_by(col(Attachment.id))).all()


def contact(session: Session, ticket_id: UUID) -> Contact | None:
    """The sealed contact of a ticket, unless it was erased."""
    return session.get(Contact, ticket_id)


def with_respondent(session: Session, draft: Draft) -> Draft:
    """The draft with the unit complained of as its code. Invalid when nobody knows the unit."""
    if draft.respondent is None:
        return draft
    named = draft.respondent
    code = session.exec(
        select(Department.code).where(
            or_(
                Department.code == named,
                Department.name == named,
                col(Department.aliases).contains([named]),
            )
        )
    ).first()
    if code is None:
        raise Invalid.one("respondent", "unknown", "没有这个被反映单位，请从列表中选择或写入正文")
    return replace(draft, respondent=code)


def same_phone(
    session: Session, actor: Actor, indexes: Sequence[bytes], limit: int = 10
) -> Sequence[Ticket]:
    """Earlier tickets of the same caller, newest first."""
    query = (
        select(Ticket)
        .join(Contact, col(Contact.ticket_id) == Ticket.id)
        .where(col(Contact.phone_index).in_(indexes), visible(actor))
    )
    return session.exec(query.order_by(col(Ticket.id).desc()).limit(limit)).all()


def filed_by(session: Session, caller: str, ticket_id: UUID) -> bool:
    """Whether this caller handed the ticket in himself, with a key of his own."""
    query = select(Receipt.key).where(Receipt.ticket_id == ticket_id, Receipt.caller == caller)
    return session.exec(query.limit(1)).first() is not None
