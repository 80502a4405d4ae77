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
from routing import drafts, versions
from routing.amendments import amendment
from routing.cells import cells_of
from routing.current import compiled
from routing.rules import lead_of
from routing.tables import RuleProposal

ADOPTED, DISMISSED = "adopted", "dismissed"
WHY = "{count}件实际改派，按规则修改建议调整"


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


def adopt(desk: Desk, proposal_id: UUID, *, reason: str = "") -> tuple[str, str]:
    """Put the change into the newest draft, or a new one: the draft's version and its rule.

    Nothing decides differently until a second person publishes that draft.
    """
    proposal = _decided(desk, proposal_id, ADOPTED, reason)
    row = drafts.newest(desk.session) or drafts.start(desk)
    book = compiled(desk.session, row)
    leads = {rule.id: lead_of(rule, book.book) for rule in book.book.rules}
    made = amendment(
        versions.rules_of(row),
        lambda rule: leads.get(rule["id"], ""),
        category=proposal.category,
        sent_to=proposal.sent_to,
        went_to=proposal.went_to,
        reason=WHY.format(count=proposal.seen) + (f"；{reason.strip()}" if reason.strip() else ""),
    )
    for rule in made.changed:
        row = drafts.change(desk, row.version, row.revision, rule["id"], cells_of(rule))
    for rule in made.added:
        row = drafts.add(desk, row.version, row.revision, cells_of(rule))
    return row.version, made.rule


def dismiss(desk: Desk, proposal_id: UUID, *, reason: str) -> None:
    """The rules stay as they are, and why."""
    if not reason.strip():
        raise Invalid.one("reason", "required", "请写明不采纳的理由")
    _decided(desk, proposal_id, DISMISSED, reason)


def _decided(desk: Desk, proposal_id: UUID, state: str, reason: str) -> RuleProposal:
    demand(desk.actor, Act.EDIT_RULES)
    row = desk.session.get(RuleProposal, proposal_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.state != "open":
        raise Conflict("这条建议已经处理过了", code="decided_before")
    row.state, row.reason = state, reason.strip() or None
    row.decided_by, row.decided_at = desk.actor.tag, desk.now
    return row
