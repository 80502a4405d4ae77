"""Everything that is held of a person on one ticket: as data, and as a page to be printed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from core import timeline
from core.events import Audience
from core.i18n import N_, translate
from core.privacy import Keys
from core.tables import Contact, Entry, Staff, Ticket, Words
from intake import contacts
from intake import queries as intake_queries
from notify.tables import Letter
from routing import queries as routing_queries
from web.custody import subjects
from web.custody.retention import periods
from web.custody.tables import ContactAmendment

# what the law wants told besides the data themselves
BASIS = N_("《中华人民共和国个人信息保护法》第十三条第一款第三项：为履行法定职责所必需")
PURPOSE = N_("受理、办理、回访、考核企业诉求")
RIGHTS = N_("查阅、复制、更正、补充、删除，要求解释说明，对处理结果投诉、举报或起诉")


def copy_of(
    session: Session, keys: Keys, ticket: Ticket, *, district: str, language: str
) -> dict[str, Any]:
    """The copy. Only its owner gets it, and only after it was granted."""
    entries = timeline.entries(session, ticket.id, Audience.PARTIES)
    said = contacts.opened(keys, session.get(Contact, ticket.id))
    return {
        "handler": district,
        "basis": translate(language, BASIS),
        "purpose": translate(language, PURPOSE),
        "rights": translate(language, RIGHTS),
        "number": ticket.number,
        "received_at": ticket.received_at.isoformat(),
        "contact": {"name": said.name, "phone": said.phone, "email": said.email},
        "company": {"name": ticket.company_name, "uscc": ticket.uscc},
        "request": _request(ticket),
        "words": _words(session, entries),
        "files": _files(session, ticket),
        "timeline": [{"kind": entry.kind, "at": entry.at.isoformat()} for entry in entries],
        "handled_by": _units(session, ticket),
        "read_by": _reads(session, ticket),
        "letters": _letters(session, ticket),
        "corrections": _corrections(session, ticket),
        "requests": [
            {"kind": row.kind, "at": row.asked_at.isoformat(), "state": row.state}
            for row in subjects.of_ticket(session, ticket.id)
        ],
        "kept": periods(session),
    }


def _request(ticket: Ticket) -> dict[str, Any]:
    names = ("title", "content", "request", "channel", "category", "place", "anonymous")
    return {name: getattr(ticket, name) for name in (*names, "confidential", "status")}


def _words(session: Session, entries: Sequence[Entry]) -> list[dict[str, str]]:
    """What was written to him or by him: the words his own timeline points to."""
    found = []
    for entry in entries:
        for name in ("text", "comment"):
            word_id = entry.facts.get(name)
            row = routing_queries.words(session, word_id) if word_id else None
            if row is not None:
                found.append({"kind": entry.kind, "at": entry.at.isoformat(), "text": row.body})
    return found + _replies(session, entries)


def _replies(session: Session, entries: Sequence[Entry]) -> list[dict[str, str]]:
    approved = [entry for entry in entries if entry.kind == "ticket.reply_approved"]
    rows = [(entry, session.get(Words, entry.facts["reply"])) for entry in approved]
    return [
        {"kind": entry.kind, "at": entry.at.isoformat(), "text": row.body}
        for entry, row in rows
        if row is not None
    ]


def _files(session: Session, ticket: Ticket) -> list[dict[str, Any]]:
    rows = intake_queries.attachments(session, ticket.id)
    return [{"name": row.name, "size": row.size, "sha256": row.sha256} for row in rows]


def _units(session: Session, ticket: Ticket) -> list[str]:
    names = routing_queries.unit_names(session)
    return [names.get(code, code) for code in ticket.units]


def _reads(session: Session, ticket: Ticket) -> list[dict[str, str]]:
    """Which office read the contact in clear, and when; never which of its people."""
    names = routing_queries.unit_names(session)
    query = select(Entry.actor, Entry.at).where(
        Entry.ticket_id == ticket.id, Entry.kind == "ticket.unmasked"
    )
    reads = session.exec(query.order_by(col(Entry.number))).all()
    readers = {UUID(actor.partition(":")[2]) for actor, _ in reads if actor.startswith("staff:")}
    staff = session.exec(select(Staff).where(col(Staff.id).in_(readers)))
    units = {str(row.id): row.department or "" for row in staff}
    return [
        {"unit": names.get(units.get(actor.partition(":")[2], ""), ""), "at": at.isoformat()}
        for actor, at in reads
    ]


def _letters(session: Session, ticket: Ticket) -> list[dict[str, str]]:
    query = select(Letter).where(
        Letter.ticket_id == ticket.id, Letter.recipient == f"business:{ticket.number}"
    )
    return [
        {"kind": row.kind, "channel": row.channel, "at": row.created_at.isoformat()}
        for row in session.exec(query.order_by(col(Letter.id)))
    ]


def _corrections(session: Session, ticket: Ticket) -> list[str]:
    query = select(ContactAmendment.amended_at).where(ContactAmendment.ticket_id == ticket.id)
    return [at.isoformat() for at in session.exec(query.order_by(col(ContactAmendment.id)))]
