"""A review in words: what the business may still ask for, and what waits to be decided."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from core.numbers import masked
from core.permissions import Act
from core.tables import Ticket
from intake import reviews
from routing import queries
from web.deps import Asker


def waiting_review(session: Session, ticket: Ticket, asker: Asker) -> dict[str, Any] | None:
    """Why a review is asked for, and whether this reader may decide it; None when none waits."""
    entry = reviews.waiting(session, ticket) if ticket.status in reviews.ENDED else None
    if entry is None:
        return None
    text = queries.words(session, entry.facts["text"])
    return {
        "reason": masked(text.body) if text else "",
        "can_decide": asker.may(Act.APPROVE_REFUSAL)
        and not reviews.involved(session, asker.actor, ticket),
    }


def may_ask(session: Session, ticket: Ticket, now: datetime, window: timedelta) -> bool:
    """Whether the business may ask for a review now."""
    return reviews.open_for(ticket, now, window) and reviews.asked(session, ticket) is None
