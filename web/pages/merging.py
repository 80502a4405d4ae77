"""Requests on one matter, joined and parted on the ticket's page."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from core.errors import Invalid, NotFound
from core.tables import Ticket
from intake import merging
from web.api.tickets import found
from web.deps import Asker, Checked, TheHouse, TheStaff
from web.pages.ticket import act_on_ticket

router = APIRouter(include_in_schema=False)
Number = Annotated[str, Form(max_length=60)]


@router.post("/tickets/{number}/merge", dependencies=[Checked])
def merge(
    request: Request, number: str, home: TheHouse, asker: TheStaff, into: Number = ""
) -> Response:
    """Join it to the ticket named."""
    return act_on_ticket(
        request,
        home,
        asker,
        number,
        lambda desk, ticket: merging.merge(desk, ticket.id, _named(desk.session, asker, into).id),
    )


@router.post("/tickets/{number}/unmerge", dependencies=[Checked])
def unmerge(request: Request, number: str, home: TheHouse, asker: TheStaff) -> Response:
    """Its own way again."""
    return act_on_ticket(
        request, home, asker, number, lambda desk, ticket: merging.unmerge(desk, ticket.id)
    )


def _named(session: Session, asker: Asker, number: str) -> Ticket:
    try:
        return found(session, asker, number)
    except NotFound as missing:
        raise Invalid.one("into", "unknown", "没有这个编号的诉求件") from missing
