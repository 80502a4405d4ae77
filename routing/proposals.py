"""What practice teaches the rules: returns upheld and cases moved, gathered for the next book."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from core.desk import Desk
from core.errors import Conflict, Invalid, NotFound
from core.permissions import Act, demand
from core.tables import Ticket
from routing.tables import RuleProposal

ADOPTED, DISMISSED = "adopted", "dismissed"


def notice(desk: Desk, ticket: Ticket, *, sent_to: str, went_to: str) -> None:
    """Count one case that went elsewhere than the rules had sent it.

    A case kept from the unit it complains of says nothing about the rule, nor does one that
    has no category.
    """
    if ticket.category is None or ticket.respondent in {sent_to, went_to} - {""}:
        return
    fresh = insert(RuleProposal).values(
        id=desk.new_id(),
        category=ticket.category,
        sent_to=sent_to,
        went_to=went_to,
        state="open",
        seen=1,
        ticket_id=ticket.id,
        first_at=desk.now,
        last_at=desk.now,
    )
    desk.flush()
    desk.session.execute(
        fresh.on_conflict_do_update(
            index_elements=["category", "sent_to", "went_to"],
            index_where=text("state = 'open'"),
            set_={
                "seen": RuleProposal.__table__.c.seen + 1,  # type: ignore[attr-defined] # sqlmodel's table
                "ticket_id": ticket.id,
                "last_at": desk.now,
            },
        )
    )


def listed(session: Session, *, state: str = "open", limit: int = 100) -> Sequence[RuleProposal]:
    """Proposals of a state, those seen most often first."""
    query = select(RuleProposal).where(RuleProposal.state == state)
    order = (col(RuleProposal.seen).desc(), col(RuleProposal.id))
    return session.exec(query.order_by(*order).limit(limit)).all()


def decide_on(desk: Desk, proposal_id: UUID, *, state: str, reason: str) -> RuleProposal:
    """An editor took the change into a draft, or says why the rules stay as they are."""
    demand(desk.actor, Act.EDIT_RULES)
    if state not in {ADOPTED, DISMISSED}:
        raise Invalid.one("state", "unknown", "请选择采纳或不采纳")
    if state == DISMISSED and not reason.strip():
        raise Invalid.one("reason", "required", "请写明不采纳的理由")
    row = desk.session.get(RuleProposal, proposal_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.state != "open":
        raise Conflict("这条建议已经处理过了", code="decided_before")
    row.state, row.reason = state, reason.strip() or None
    row.decided_by, row.decided_at = desk.actor.tag, desk.now
    return row
