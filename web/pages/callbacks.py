"""The call-back desk: who is to be asked, ringing him, what he said or that nobody answered."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from core.desk import Desk
from core.errors import Refused
from core.permissions import Act, demand
from core.tables import Ticket
from intake import callbacks, closing, contacts
from intake.callbacks import Tries
from routing import queries
from web.api.tickets import found
from web.deps import Checked, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.forms import three_answers
from web.pages.ticket import Code, act_on_ticket, clear, refused_page, ticket_page
from web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/callbacks")
def show(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """Tickets whose complainant has not answered yet, oldest first; those tried enough apart."""
    demand(asker.actor, Act.CALL_BACK)
    language, names = language_of(request), queries.unit_names(session)
    rows = callbacks.waiting(session, asker.actor)
    tried = callbacks.tries(session, [row.id for row in rows])
    enough = {row.id for row in rows if tried.get(row.id, Tries()).enough}
    return page(
        request,
        "oversight/callbacks.html",
        tickets=[views.summary(row, names, language) for row in rows if row.id not in enough],
        tried=[views.summary(row, names, language) for row in rows if row.id in enough],
    )


@router.post("/tickets/{number}/callback", dependencies=[Checked])
def answer(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    contacted: Annotated[str, Form()] = "",
    solved: Annotated[str, Form()] = "",
    grade: Annotated[str, Form(max_length=2)] = "",
    comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """What the business said."""

    def work(desk: Desk, ticket: Ticket) -> None:
        answers = three_answers(contacted, solved, grade)
        closing.answer_callback(desk, ticket.id, **answers, comment=comment.strip())

    return act_on_ticket(request, home, asker, number, work)


@router.post("/tickets/{number}/attempt", dependencies=[Checked])
def attempt(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    channel: Code = "",
    result: Code = "",
) -> Response:
    """Nobody answered, and how."""

    def work(desk: Desk, ticket: Ticket) -> None:
        quiet = home.settings.quiet
        callbacks.attempt(desk, ticket.id, channel=channel, result=result, quiet=quiet)

    return act_on_ticket(request, home, asker, number, work)


@router.post("/tickets/{number}/dial", dependencies=[Checked])
def dial(request: Request, number: str, home: TheHouse, asker: TheStaff) -> Response:
    """The telephone to ring, for this one look; it stands on the timeline who took it."""
    try:
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            row = callbacks.dial(desk, ticket.id, quiet=home.settings.quiet)
            said = contacts.opened(home.keys, row)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    with Session(home.office.engine, expire_on_commit=False) as session:
        return ticket_page(request, home, asker, session, number, {}, contact=clear(said))
