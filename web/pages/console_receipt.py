"""What an operator tells the caller of a request that is not for his own eyes any more."""

from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session, select

from core import ids
from core.errors import NotFound
from core.permissions import Actor
from core.tables import Entry, Ticket
from intake import service
from routing import queries as routing_queries
from web.deps import TheHouse, TheReader, TheStaff
from web.rendering import page

router = APIRouter(include_in_schema=False)
# as long as the caller may still be on the line, or call back the same day
TOLD = timedelta(hours=24)


@router.get("/console/receipt/{number}")
def receipt(
    request: Request, number: str, home: TheHouse, asker: TheStaff, session: TheReader
) -> Response:
    """Number, code, who answers, until when: nothing of what was said."""
    ticket = filed_by(session, asker.actor, number, home.office.now())
    if ticket is None:
        raise NotFound
    return page(
        request,
        "console/receipt.html",
        number=ticket.number,
        query_code=service.query_code(home.keys, ticket),
        lead_name=routing_queries.unit_name(session, ticket.lead),
        due_at=ticket.due_at,
    )


def filed_by(session: Session, actor: Actor, number: str, now: datetime) -> Ticket | None:
    """The ticket, if this person himself took it in within the day."""
    query = (
        select(Ticket)
        .join(Entry, Entry.ticket_id == Ticket.id)  # type: ignore[arg-type] # a column's comparison
        .where(Ticket.number == ids.normal_number(number), Entry.number == 1)
        .where(Entry.actor == actor.tag, Entry.at >= now - TOLD)
    )
    return session.exec(query).first()
