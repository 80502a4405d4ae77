"""The call-back desk's tries: when it may ring, who may, and when it has tried enough.

Three tries on two days are enough (the reference's 10(b)); silence then ends as every silence does,
with the call-back's own promise: nobody loses the days he has to answer by himself.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Date, cast
from sqlmodel import Session, col, func, select

from core import timeline
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, TransitionRefused
from core.events import (
    CallbackAttempted,
    ContactMade,
    IdentityUnmasked,
    OrderReplied,
    OrderSigned,
    ReplyApproved,
    TicketAnswered,
)
from core.moments import Hours, within
from core.people import sealed, visible
from core.permissions import Act, Actor, demand, may
from core.states import Status
from core.tables import Contact, Entry, Ticket

CHANNELS = ("phone", "sms", "visit")
RESULTS = ("no_answer", "busy", "switched_off", "wrong_number", "declined", "later")
TRIES, DAYS = 3, 2
LISTED = 200
URGENT = ("critical", "urgent")
# who did one of these has handled the case, and asks nobody whether he did it well; a redo is not
# among them: the complainant's own answer orders it, whoever wrote that down
HANDLING = tuple(
    event.kind for event in (OrderSigned, ContactMade, OrderReplied, ReplyApproved, TicketAnswered)
)


@dataclass(frozen=True, slots=True)
class Tries:
    """How often the complainant was tried without success, and on how many days."""

    count: int = 0
    days: int = 0

    @property
    def enough(self) -> bool:
        """Whether nobody has to try again."""
        return self.count >= TRIES and self.days >= DAYS


def attempt(desk: Desk, ticket_id: UUID, *, channel: str, result: str, quiet: Hours | None) -> None:
    """The call-back desk tried and did not get through.

    Invalid for an unknown channel or result; Conflict in the quiet hours, unless it is urgent.
    """
    demand(desk.actor, Act.CALL_BACK)
    if channel not in CHANNELS:
        raise Invalid.one("channel", "unknown", "请选择回访方式")
    if result not in RESULTS:
        raise Invalid.one("result", "unknown", "请选择未接通的情形")
    ticket = timeline.hold(desk, ticket_id)
    _may_ring(desk, ticket, quiet)
    timeline.record(desk, ticket, CallbackAttempted(result, channel))


def dial(desk: Desk, ticket_id: UUID, *, quiet: Hours | None) -> Contact | None:
    """Whom to ring, written down as every look at a contact is. Forbidden for a sealed identity."""
    demand(desk.actor, Act.CALL_BACK)
    ticket = timeline.hold(desk, ticket_id)
    if sealed(ticket) and not may(desk.actor, Act.READ_SEALED):
        raise Forbidden
    if Status(ticket.status) is not Status.CALLBACK:
        raise TransitionRefused("此件不在回访环节", code="not_in_callback")
    _may_ring(desk, ticket, quiet)
    words = timeline.write(desk, ticket, "回访")
    timeline.record(desk, ticket, IdentityUnmasked(str(words)))
    return desk.session.get(Contact, ticket.id)


def apart(desk: Desk, ticket: Ticket) -> None:
    """Forbidden to whoever had a hand in the case: he would ask how well he did himself."""
    had = desk.session.exec(
        select(Entry.number)
        .where(Entry.ticket_id == ticket.id, Entry.actor == desk.actor.tag)
        .where(col(Entry.kind).in_(HANDLING))
        .limit(1)
    ).first()
    if had is not None:
        raise Forbidden("回访须由没有经办过此件的人员进行", code="handled_it")


def _may_ring(desk: Desk, ticket: Ticket, quiet: Hours | None) -> None:
    apart(desk, ticket)
    if quiet is not None and ticket.urgency not in URGENT and within(desk.now, quiet):
        raise Conflict("现在是免打扰时段，请在时段外回访", code="quiet_hours")


def waiting(session: Session, actor: Actor) -> Sequence[Ticket]:
    """Tickets whose complainant has not answered yet, oldest first."""
    query = select(Ticket).where(visible(actor), Ticket.status == Status.CALLBACK)
    return session.exec(query.order_by(col(Ticket.id)).limit(LISTED)).all()


def tries(session: Session, ids: Collection[UUID]) -> Mapping[UUID, Tries]:
    """The tries since the newest reply passed review: a redo is asked about anew."""
    reply = (
        select(Entry.ticket_id, func.max(Entry.number).label("number"))
        .where(col(Entry.ticket_id).in_(ids), Entry.kind == ReplyApproved.kind)
        .group_by(col(Entry.ticket_id))
        .subquery()
    )
    day = cast(func.timezone("Asia/Shanghai", Entry.at), Date)
    rows = session.exec(
        select(Entry.ticket_id, func.count(), func.count(func.distinct(day)))
        .outerjoin(reply, reply.c.ticket_id == Entry.ticket_id)
        .where(col(Entry.ticket_id).in_(ids), Entry.kind == CallbackAttempted.kind)
        .where(col(Entry.number) > func.coalesce(reply.c.number, 0))
        .group_by(col(Entry.ticket_id))
    )
    return {ticket: Tries(count, days) for ticket, count, days in rows}
