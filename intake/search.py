"""Finding tickets: by number, code, telephone, company and words, with filters, page by page."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import union_all
from sqlmodel import Session, col, or_, select

from core import ids
from core.people import told_apart, visible
from core.permissions import Act, Actor, may
from core.privacy import Keys
from core.tables import Contact, Ticket
from intake.grams import IDEOGRAPH, grams, words
from intake.identity import check_phone
from intake.tables import TicketText

PHONE = re.compile(r"\+?[0-9][0-9 -]{5,18}[0-9]")
TAIL = re.compile(r"[0-9]{4}")
CODE = re.compile(r"[0-9A-Za-z]{18}")
PAIR = 2
WRITTEN = (Ticket.title, Ticket.content, Ticket.company_name)


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for; empty parts ask for nothing."""

    text: str = ""
    status: str = ""
    lead: str = ""
    channel: str = ""
    request: str = ""
    since: datetime | None = None
    until: datetime | None = None
    late: bool = False

    @property
    def too_short(self) -> bool:
        """Whether there is text, but nothing in it to look for."""
        return bool(self.text.strip()) and not words(self.text)


def find(
    session: Session,
    actor: Actor,
    keys: Keys,
    sought: Sought,
    *,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Ticket]:
    """Tickets the actor may see, the newest first, from `before` down."""
    query = select(Ticket).where(visible(actor), *_filters(sought))
    if sought.text.strip():
        query = query.where(*_text(actor, keys, sought.text.strip()))
        number = Ticket.number == ids.normal_number(sought.text)
        query = query.where(or_(told_apart(actor), number))
    if before is not None:
        query = query.where(col(Ticket.id) < before)
    return list(session.exec(query.order_by(col(Ticket.id).desc()).limit(limit)))


def chosen(actor: Actor, sought: Sought) -> list[Any]:
    """The conditions of a list without its words: what the actor may see, and the filters."""
    return [visible(actor), *_filters(sought)]


def _filters(sought: Sought) -> list[Any]:
    found: list[Any] = []
    for column, value in (
        (Ticket.status, sought.status),
        (Ticket.lead, sought.lead),
        (Ticket.channel, sought.channel),
        (Ticket.request, sought.request),
    ):
        if value:
            found.append(column == value)
    if sought.since is not None:
        found.append(col(Ticket.received_at) >= sought.since)
    if sought.until is not None:
        found.append(col(Ticket.received_at) < sought.until)
    if sought.late:
        found.append(col(Ticket.breached_at).is_not(None))
    return found


def _text(actor: Actor, keys: Keys, text: str) -> list[Any]:
    """Words of the request; without ideographs also the number, the code, the telephone.

    Each way finds ids by its own index: joined by OR they would read every ticket.
    """
    ways: list[Any] = [select(Ticket.id).where(Ticket.number == ids.normal_number(text))]
    if words(text):
        ways.append(select(TicketText.ticket_id).where(_paired(text)))
    if CODE.fullmatch(text):
        ways.append(select(Ticket.id).where(Ticket.uscc == text.upper()))
    if may(actor, Act.UNMASK):  # who may see a number may look for one
        ways += _phones(keys, text)
    # a page is full long before every ticket with the right pairs was looked at once more
    return [col(Ticket.id).in_(union_all(*ways)), *_as_written(text)]


def _paired(text: str) -> Any:
    return col(TicketText.grams).contains(grams(text))


def _as_written(text: str) -> list[Any]:
    """A word of more than two ideographs must stand as it is written."""
    whole = [word for word in words(text) if IDEOGRAPH.match(word) and len(word) > PAIR]
    return [or_(*(col(c).contains(word, autoescape=True) for c in WRITTEN)) for word in whole]


def _phones(keys: Keys, text: str) -> list[Any]:
    if TAIL.fullmatch(text):
        return [select(Contact.ticket_id).where(Contact.phone_tail == text)]
    phone = check_phone(text) if PHONE.fullmatch(text) else None
    if phone is None or phone.normal is None:
        return []
    indexes = keys.blinds("phone", phone.normal)
    return [select(Contact.ticket_id).where(col(Contact.phone_index).in_(indexes))]
