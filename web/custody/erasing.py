"""Destroying who complained: overwritten, not hidden. Facts stay, and the ledger with them."""

import hashlib
import hmac
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col, select

from core import timeline
from core.desk import Desk
from core.events import DataErased
from core.numbers import find
from core.tables import Contact, Ticket, Words
from intake import contacts
from intake.grams import grams
from intake.tables import Attachment, TicketText
from notify.tables import Letter
from web.custody.tables import ContactAmendment, SubjectRequest, WordsVersion

GONE = "［已删除］"
NAME_LEAST = 2  # a single sign stands in too many words
WAITING = ("queued", "failed", "sending")


def erase(desk: Desk, ticket: Ticket, *, why: str) -> DataErased:
    """Everything by which the complainant can be known. The ticket must be held."""
    contact = desk.session.get(Contact, ticket.id)
    names = _names(desk, contact)
    words = _redact_words(desk, ticket, names, why) + _redact_ticket(desk, ticket, names, why)
    if contact is not None:
        contacts.destroy(desk, contact)
    files = _forget(desk, ticket.id)
    event = DataErased(why, words, files)
    timeline.record(desk, ticket, event)
    return event


def _names(desk: Desk, contact: Contact | None) -> tuple[str, ...]:
    name = contacts.opened(desk.keys, contact).name
    return (name,) if len(name) >= NAME_LEAST else ()


def redacted(text: str, names: Iterable[str]) -> tuple[str, int]:
    """`text` without personal numbers and these names; how many were taken out."""
    parts, last, count = [], 0, 0
    for found in find(text):
        parts += [text[last : found.start], GONE]
        last, count = found.end, count + 1
    said = "".join((*parts, text[last:]))
    for name in names:
        count += said.count(name)
        said = said.replace(name, GONE)
    return said, count


def _redact_words(desk: Desk, ticket: Ticket, names: tuple[str, ...], why: str) -> int:
    """A new version of every text that names somebody, under the id that facts know."""
    changed = 0
    for row in desk.session.exec(select(Words).where(Words.ticket_id == ticket.id)).all():
        body, one = redacted(row.body, names)
        internal, other = redacted(row.internal or "", names)
        if one + other:
            old = f"{row.body}\0{row.internal or ''}"
            _version(desk, ticket.id, f"words:{row.id}", why, old, one + other)
            row.body, row.internal = body, internal if row.internal is not None else None
            changed += 1
    return changed


def _redact_ticket(desk: Desk, ticket: Ticket, names: tuple[str, ...], why: str) -> int:
    changed = 0
    for column in ("title", "content", "company_name"):
        text = getattr(ticket, column)
        said, count = redacted(text or "", names)
        if count:
            _version(desk, ticket.id, f"ticket.{column}", why, text, count)
            setattr(ticket, column, said)
            changed += 1
    row = desk.session.get(TicketText, ticket.id)
    if changed and row is not None:
        row.grams = grams(ticket.title, ticket.content, ticket.company_name)
    return changed


def _version(desk: Desk, ticket_id: UUID, source: str, why: str, old: str, found: int) -> None:
    # keyed, so that nobody can try guesses of what was there against it
    digest = hmac.new(desk.keys.ledger, old.encode(), hashlib.sha256).hexdigest()
    desk.session.add(
        WordsVersion(
            id=desk.new_id(), ticket_id=ticket_id, source=source, why=why, digest=digest,
            found=found, at=desk.now,
        )
    )  # fmt: skip


def _forget(desk: Desk, ticket_id: UUID) -> int:
    """Files, earlier contacts, wishes, addresses of letters. How many files there were."""
    session = desk.session
    gone = delete(Attachment).where(col(Attachment.ticket_id) == ticket_id)
    files = len(session.execute(gone.returning(col(Attachment.id))).all())
    session.execute(delete(ContactAmendment).where(col(ContactAmendment.ticket_id) == ticket_id))
    session.execute(
        update(SubjectRequest)
        .where(col(SubjectRequest.ticket_id) == ticket_id, col(SubjectRequest.kind) != "erasure")
        .values(wish=None)
    )
    of_ticket = col(Letter.ticket_id) == ticket_id
    session.execute(
        update(Letter).where(of_ticket, col(Letter.state).in_(WAITING)).values(state="dead")
    )
    session.execute(update(Letter).where(of_ticket).values(address=None))
    return files
