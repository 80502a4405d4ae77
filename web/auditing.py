"""The audit: every cached column held against the fold of the timeline it claims to be."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from core.database import reader
from core.desk import Office
from core.errors import TransitionRefused
from core.projection import differences, replay
from core.states import OPEN, Status
from core.tables import Entry, Ticket
from routing.queries import audit_orders
from sla.queries import audit_clocks
from web.custody import record

BATCH = 200


def audit(office: Office) -> Iterator[str]:
    """One line for each difference, with the ticket's number."""
    with reader(office.engine) as session:
        for number in record.verify(session, office.keys.ledger):
            yield f"custody record {number} is not what was written"
        last = None
        while True:
            query = select(Ticket).order_by(col(Ticket.id)).limit(BATCH)
            tickets = session.exec(query if last is None else query.where(Ticket.id > last)).all()
            if not tickets:
                return
            for ticket in tickets:
                for line in _one(session, ticket):
                    yield f"{ticket.number}: {line}"
            last = tickets[-1].id
            session.expunge_all()


def _one(session: Session, ticket: Ticket) -> Iterator[str]:
    timeline = session.exec(
        select(Entry).where(Entry.ticket_id == ticket.id).order_by(col(Entry.number))
    ).all()
    if not timeline:
        yield "has no entry"
        return
    try:
        for name in differences(ticket, replay(ticket, timeline)):
            yield f"ticket.{name} is not what the timeline says"
        yield from audit_orders(session, ticket, timeline)
        yield from audit_clocks(session, ticket, timeline)
    except TransitionRefused:
        yield "has a timeline with a step its state did not allow"
    if Status(ticket.status) in OPEN - {Status.SUBMITTED, Status.NEED_INFO, Status.ANSWERED}:
        routed = ticket.lead is not None or ticket.status == Status.ACCEPTED
        if not routed:
            yield "is open and dispatched without a lead"
