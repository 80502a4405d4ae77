"""The dispatcher's pages: triage and call-backs."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.errors import Refused
from core.permissions import Act, demand
from core.states import Status
from intake import closing
from intake import queries as intake_queries
from routing import queries
from sla import extensions, holds
from web.api.tickets import found
from web.deps import Checked, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.department import order_line
from web.pages.forms import chosen_grade, yes
from web.pages.ticket import refused_page
from web.rendering import page

router = APIRouter(include_in_schema=False)
TREND_DAYS = 45


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


@router.get("/callbacks")
def callbacks(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """Tickets whose complainant has not answered yet, oldest first."""
    demand(asker.actor, Act.CALL_BACK)
    language, names = language_of(request), queries.unit_names(session)
    rows = intake_queries.tickets(session, asker.actor, status=Status.CALLBACK, limit=200)
    tickets = [views.summary(ticket, names, language) for ticket in reversed(rows)]
    return page(request, "oversight/callbacks.html", tickets=tickets)


@router.post("/tickets/{number}/callback", dependencies=[Checked])
def call_back(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    contacted: Annotated[str, Form()] = "",
    solved: Annotated[str, Form()] = "",
    grade: Annotated[str, Form(max_length=2)] = "",
    comment: Annotated[str, Form(max_length=2000)] = "",
    missed: Annotated[str, Form()] = "",
) -> Response:
    """What the business said on the telephone, or that nobody answered."""
    given = {"contacted": contacted, "solved": solved}
    try:
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            if missed:
                closing.attempt(desk, ticket.id, "no_answer")
            else:
                closing.answer_callback(
                    desk,
                    ticket.id,
                    contacted=yes(given, "contacted"),
                    solved=yes(given, "solved"),
                    grade=chosen_grade(grade),
                    comment=comment.strip(),
                )
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return RedirectResponse(f"/tickets/{number}", 303)
