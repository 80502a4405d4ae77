"""The dispatcher's page: what waits for a person."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.permissions import Act, demand
from core.states import Status
from intake import queries as intake_queries
from intake import reviews
from routing import queries
from sla import extensions, holds
from web.deps import TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.department import order_line
from web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/triage")
def triage(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """What waits for a person: undecided, returned, replies to review."""
    demand(asker.actor, Act.DISPATCH)
    language, names = language_of(request), queries.unit_names(session)
    undecided = [
        views.summary(ticket, names, language)
        for status in (Status.SUBMITTED, Status.ACCEPTED)
        for ticket in intake_queries.tickets(session, asker.actor, status=status, limit=100)
    ]
    return page(
        request,
        "oversight/triage.html",
        undecided=undecided,
        reviews=[
            views.summary(ticket, names, language)
            for ticket in reviews.undecided(session, asker.actor)
        ],
        extensions=[
            views.summary(ticket, names, language)
            for _, ticket in extensions.waiting(session, asker.actor)
        ],
        returns=[
            order_line(line.order, line.ticket, names, language)
            for line in queries.returns_waiting(session, asker.actor)
        ],
        replies=[
            order_line(line.order, line.ticket, names, language)
            for line in queries.replies_waiting(session, asker.actor)
        ],
        holds=[
            views.summary(ticket, names, language)
            for _, ticket in holds.waiting(session, asker.actor)
        ]
        if asker.may(Act.GRANT_HOLD)
        else [],
    )
