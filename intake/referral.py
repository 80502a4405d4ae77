"""Passing a request on to the body that is competent, with a coded ground.

An emergency goes at once by whoever takes it in; every other ground is proposed by one person
and decided by a second one, as a refusal is.
"""

from uuid import UUID

from sqlmodel import Session, col, select

from core import timeline
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid
from core.events import ReferralDeclined, ReferralProposed, TicketReferred
from core.permissions import Act, demand
from core.states import Status
from core.tables import Department, Entry, Ticket

AT_ONCE = "RJ01"
GROUNDS = ("RJ01", "RJ02", "RJ02J", "RJ03", "RJ10", "RJ12")


def propose(desk: Desk, ticket_id: UUID, *, ground: str, target: str, reason: str) -> None:
    """First person: the ground, the competent body's code, and why. An emergency goes at once.

    Invalid for an unknown ground or body, or without a reason.
    """
    demand(desk.actor, Act.PROPOSE_REFUSAL)
    if ground not in GROUNDS:
        raise Invalid.one("referral", "unknown", "请选择转送依据")
    if desk.session.get(Department, target) is None:
        raise Invalid.one("target", "unknown", "没有这个单位，请从列表中选择")
    if not reason.strip():
        raise Invalid.one("why", "required", "请写明转送的理由")
    ticket = timeline.hold(desk, ticket_id)
    if waiting(desk.session, ticket) is not None:
        raise Conflict("已有转送意见等待第二人审核", code="proposed_before")
    words = timeline.write(desk, ticket, reason, field="why")
    if ground == AT_ONCE:
        timeline.record(desk, ticket, TicketReferred(ground, target))
    else:
        timeline.record(desk, ticket, ReferralProposed(ground, target, words))


def rule(desk: Desk, ticket_id: UUID, *, agree: bool) -> None:
    """Second person: nobody approves what he proposed. Conflict when nothing waits."""
    demand(desk.actor, Act.APPROVE_REFUSAL)
    ticket = timeline.hold(desk, ticket_id)
    proposal = waiting(desk.session, ticket)
    if proposal is None:
        raise Conflict("没有待审核的转送意见", code="no_proposal")
    if not agree:
        timeline.record(desk, ticket, ReferralDeclined())
        return
    if proposal.actor == desk.actor.tag:
        raise Forbidden("转送须由提出人以外的第二人审核", code="same_person")
    facts = proposal.facts
    timeline.record(desk, ticket, TicketReferred(facts["ground"], facts["target"]))


def waiting(session: Session, ticket: Ticket) -> Entry | None:
    """The proposal that nobody has decided on yet."""
    if Status(ticket.status) not in {Status.SUBMITTED, Status.ACCEPTED}:
        return None
    newest = session.exec(
        select(Entry)
        .where(Entry.ticket_id == ticket.id)
        .where(col(Entry.kind).in_((ReferralProposed.kind, ReferralDeclined.kind)))
        .order_by(col(Entry.number).desc())
        .limit(1)
    ).first()
    return newest if newest and newest.kind == ReferralProposed.kind else None
