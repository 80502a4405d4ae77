"""Open requests that a call may be about: same telephone or company, or nearly the same words."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, or_, select

from core.people import told_apart, visible
from core.permissions import Actor
from core.states import OPEN, Status
from core.tables import Contact, Ticket
from intake.draft import RAW_LIMIT
from intake.suggest.likeness import alike

# what has its answer is not joined any more: the caller would wait for nothing
JOINABLE = OPEN - {Status.ANSWERED, Status.CALLBACK}
# the newest open ones that are read for their words
READ = 100
SHOWN = 3
# less in common is the same subject, not the same matter
LEAST = 0.2


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of the caller and his matter so far."""

    phone_indexes: tuple[bytes, ...] = ()
    uscc: str = ""
    company: str = ""
    text: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Likely:
    """An open request, and why it may be the same: share of words in per cent."""

    ticket: Ticket
    same_phone: bool
    same_company: bool
    percent: int

    @property
    def weight(self) -> int:
        return self.percent + 40 * self.same_phone + 20 * self.same_company


def likely(session: Session, actor: Actor, call: Call) -> list[Likely]:
    """Up to three open requests the actor may see, the likeliest first."""
    phoned = _phoned(session, actor, call)
    firm = _of_company(session, actor, call)
    rows = {row.id: row for row in (*phoned, *firm, *_of_category(session, actor, call))}
    words = dict(_words(call, rows))
    found = [
        Likely(row, row in phoned, row in firm, round(100 * words.get(row.id, 0.0)))
        for row in rows.values()
    ]
    kept = [one for one in found if one.same_phone or one.percent >= 100 * LEAST]
    return sorted(kept, key=lambda one: (one.weight, one.ticket.id), reverse=True)[:SHOWN]


def _words(call: Call, rows: dict[UUID, Ticket]) -> list[tuple[UUID, float]]:
    texts = ((key, f"{row.title}\n{row.content}") for key, row in rows.items())
    return alike(call.text[:RAW_LIMIT], texts, len(rows)) if call.text.strip() else []


def _open(actor: Actor, *conditions: Any) -> Any:
    query = select(Ticket).where(visible(actor), col(Ticket.status).in_(JOINABLE), *conditions)
    return query.order_by(col(Ticket.id).desc()).limit(READ)


def _phoned(session: Session, actor: Actor, call: Call) -> list[Ticket]:
    if not call.phone_indexes:
        return []
    same = select(Contact.ticket_id).where(col(Contact.phone_index).in_(call.phone_indexes))
    return list(session.exec(_open(actor, col(Ticket.id).in_(same))))


def _of_company(session: Session, actor: Actor, call: Call) -> list[Ticket]:
    ways = []
    if call.uscc:
        ways.append(col(Ticket.uscc) == call.uscc)
    elif call.company:
        ways.append(col(Ticket.company_name) == call.company)
    return list(session.exec(_open(actor, or_(*ways), told_apart(actor)))) if ways else []


def _of_category(session: Session, actor: Actor, call: Call) -> list[Ticket]:
    if not call.category:
        return []
    return list(session.exec(_open(actor, col(Ticket.category) == call.category)))
