"""A correction of a bad rating in words, and what its reader may do about it."""

from typing import Any

from sqlmodel import Session

from core.permissions import Act
from core.states import Status
from core.tables import Ticket
from intake import corrections
from web import words
from web.deps import Asker

SEEN = (Status.CLOSED, Status.IN_HANDLING, Status.ON_HOLD)


def correction(
    session: Session, ticket: Ticket, asker: Asker, names: dict[str, str], language: str
) -> dict[str, Any] | None:
    """How far it is; None when there is nothing to put right."""
    if ticket.grade is None or ticket.status not in SEEN:
        return None
    found = corrections.standing(session, ticket)
    if found is None:
        return None
    closed, open_ = Status(ticket.status) is Status.CLOSED, found.state == "open"
    mine = open_ and corrections.may_answer(asker.actor, found)
    return {
        "grade": words.grade(language, found.grade),
        "unit": names.get(found.unit or "", found.unit or ""),
        "answered": not open_,
        "redoing": open_ and not closed,
        "can_answer": mine and closed,
        "can_contact": mine,
        "can_rate": closed and not open_ and asker.may(Act.CALL_BACK),
    }


def may_rate_again(session: Session, ticket: Ticket) -> bool:
    """Whether the business may say what it thinks of what was put right."""
    if ticket.grade is None or Status(ticket.status) is not Status.CLOSED:
        return False
    found = corrections.standing(session, ticket)
    return found is not None and found.state == "answered"
