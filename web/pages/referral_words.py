"""A referral that waits for a second person, in words."""

from typing import Any

from sqlmodel import Session

from core.permissions import Act
from core.tables import Ticket
from intake.referral import waiting
from routing import queries
from web import words
from web.deps import Asker


def waiting_referral(
    session: Session, ticket: Ticket, asker: Asker, names: dict[str, str], language: str
) -> dict[str, Any] | None:
    """What was proposed, and whether this reader may decide on it; None when nothing waits."""
    proposal = waiting(session, ticket)
    if proposal is None:
        return None
    facts = proposal.facts
    text = queries.words(session, facts["text"]) if facts["text"] else None
    return {
        "ground": words.ground(language, facts["ground"]),
        "target": names.get(facts["target"], facts["target"]),
        "reason": text.body if text else "",
        "can_rule": asker.may(Act.APPROVE_REFUSAL) and proposal.actor != asker.actor.tag,
    }
