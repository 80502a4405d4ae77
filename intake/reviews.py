"""Review of a refusal or a final reply: asked by the complainant, decided by somebody apart."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from core import timeline
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, TransitionRefused
from core.events import (
    RefusalDeclined,
    RefusalProposed,
    ReviewAsked,
    ReviewOverturned,
    ReviewUpheld,
    TicketFinalised,
    TicketRejected,
)
from core.people import visible
from core.permissions import Act, Actor, demand
from core.states import Status
from core.tables import Entry, Ticket

# what may be looked at again, and by whom not: whoever did one of PART
REVIEWED = (TicketRejected.kind, TicketFinalised.kind)
PART = (RefusalProposed.kind, RefusalDeclined.kind, *REVIEWED)
STORY = (*REVIEWED, ReviewAsked.kind, ReviewUpheld.kind, ReviewOverturned.kind)
ENDED = (Status.REJECTED, Status.FINAL)
LISTED = 200


def ask(desk: Desk, ticket_id: UUID, *, reason: str, window: timedelta) -> None:
    """The complainant asks, once for each decision and within `window` of it.

    Invalid without a reason; TransitionRefused when there is nothing to review, or too late.
    """
    demand(desk.actor, Act.FOLLOW_OWN)
    if not reason.strip():
        raise Invalid.one("review", "required", "请写明申请复核的理由")
    ticket = timeline.hold(desk, ticket_id)
    if desk.actor.id != ticket.number:
        raise Forbidden
    desk.flush()
    if asked(desk.session, ticket) is not None:
        raise Conflict("已经申请过复核，不能重复申请", code="asked_before")
    if not open_for(ticket, desk.now, window):
        raise TransitionRefused("没有可以复核的决定，或已超过申请期限", code="window_passed")
    words = timeline.write(desk, ticket, reason, field="review")
    timeline.record(desk, ticket, ReviewAsked(words))


def decide(desk: Desk, ticket_id: UUID, *, overturn: bool, reason: str) -> None:
    """The decision stands, or the request begins anew. Forbidden to whoever had a part in it."""
    demand(desk.actor, Act.APPROVE_REFUSAL)
    if not reason.strip():
        raise Invalid.one("review_reason", "required", "请写明复核的理由")
    ticket = timeline.hold(desk, ticket_id)
    desk.flush()
    if waiting(desk.session, ticket) is None:
        raise Conflict("没有待决定的复核申请", code="no_review")
    if involved(desk.session, desk.actor, ticket):
        raise Forbidden("复核须由没有参与原决定的人员作出", code="took_part")
    words = timeline.write(desk, ticket, reason, field="review_reason")
    timeline.record(desk, ticket, ReviewOverturned(words) if overturn else ReviewUpheld(words))


def open_for(ticket: Ticket, now: datetime, window: timedelta) -> bool:
    """Whether a review may still be asked for, were it not asked before."""
    at = ticket.closed_at if ticket.status in ENDED else None
    return at is not None and now <= at + window


def involved(session: Session, actor: Actor, ticket: Ticket) -> bool:
    """Whether the actor had a part in what is reviewed, or in another decision of its kind."""
    query = select(Entry.number).where(Entry.ticket_id == ticket.id, Entry.actor == actor.tag)
    return session.exec(query.where(col(Entry.kind).in_(PART)).limit(1)).first() is not None


def asked(session: Session, ticket: Ticket) -> Entry | None:
    """The review asked for since the newest decision, be it decided or not."""
    story = _story(session, ticket)
    newest = next((entry for entry in story if entry.kind in (*REVIEWED, ReviewAsked.kind)), None)
    return newest if newest and newest.kind == ReviewAsked.kind else None


def waiting(session: Session, ticket: Ticket) -> Entry | None:
    """The review that nobody has decided yet."""
    newest = next(iter(_story(session, ticket)), None)
    return newest if newest and newest.kind == ReviewAsked.kind else None


def undecided(session: Session, actor: Actor) -> Sequence[Ticket]:
    """Tickets whose review waits for a decision, the oldest request first."""
    newest = (
        select(Entry.kind)
        .where(Entry.ticket_id == Ticket.id, col(Entry.kind).in_(STORY))
        .order_by(col(Entry.number).desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(Ticket).where(visible(actor), col(Ticket.status).in_(ENDED))
    query = query.where(newest == ReviewAsked.kind)
    return session.exec(query.order_by(col(Ticket.closed_at)).limit(LISTED)).all()


def _story(session: Session, ticket: Ticket) -> list[Entry]:
    """What was decided, asked and reviewed, the newest first."""
    query = select(Entry).where(Entry.ticket_id == ticket.id, col(Entry.kind).in_(STORY))
    return list(session.exec(query.order_by(col(Entry.number).desc())))
