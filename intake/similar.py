"""Requests that look like one another: the same complainant again, about the same thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from core.people import visible
from core.permissions import Actor
from core.states import OPEN
from core.tables import Contact, Ticket

WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a request is looked up by; an empty side finds nothing."""

    phone_index: bytes | None = None
    uscc: str | None = None
    category: str | None = None
    respondent: str | None = None


def likeness_of(session: Session, ticket: Ticket) -> Likeness:
    """What a stored ticket is looked up by."""
    contact = session.get(Contact, ticket.id)
    phone = contact.phone_index if contact else None
    return Likeness(phone, ticket.uscc, ticket.category, ticket.respondent)


def similar(
    session: Session,
    actor: Actor,
    like: Likeness,
    *,
    now: datetime,
    window: timedelta = WINDOW,
    but: UUID | None = None,
    limit: int = 5,
) -> Sequence[Ticket]:
    """Open tickets inside the window that the actor may see, newest first.

    The same telephone or credit code, and the same category or unit complained of.
    """
    who, what = _who(like), _what(like)
    if not who or not what:
        return ()
    query = (
        select(Ticket)
        .join(Contact, col(Contact.ticket_id) == Ticket.id, isouter=True)
        .where(or_(*who), or_(*what), visible(actor))
        .where(col(Ticket.status).in_(OPEN), Ticket.received_at >= now - window)
    )
    if but is not None:
        query = query.where(Ticket.id != but)
    return session.exec(query.order_by(col(Ticket.id).desc()).limit(limit)).all()


def _who(like: Likeness) -> list[ColumnElement[bool]]:
    found = []
    if like.phone_index is not None:
        found.append(col(Contact.phone_index) == like.phone_index)
    if like.uscc is not None:
        found.append(col(Ticket.uscc) == like.uscc)
    return found


def _what(like: Likeness) -> list[ColumnElement[bool]]:
    found = []
    if like.category is not None:
        found.append(col(Ticket.category) == like.category)
    if like.respondent is not None:
        found.append(col(Ticket.respondent) == like.respondent)
    return found
