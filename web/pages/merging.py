"""Requests on one matter, joined and parted on the ticket's page."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core.errors import Invalid, NotFound, Refused
from core.tables import Ticket
from intake import merging
from web.api.tickets import found
from web.deps import Asker, Checked, TheHouse, TheStaff
from web.pages.ticket import refused_page

router = APIRouter(include_in_schema=False)
Number = Annotated[str, Form(max_length=60)]


@router.post("/tickets/{number}/merge", dependencies=[Checked])
def merge(
    request: Request, number: str, home: TheHouse, asker: TheStaff, into: Number = ""
) -> Response:
    """Join it to the ticket named."""
    try:
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            merging.merge(desk, ticket.id, _named(desk.session, asker, into).id)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return RedirectResponse(f"/tickets/{number}", 303)


@router.post("/tickets/{number}/unmerge", dependencies=[Checked])
def unmerge(request: Request, number: str, home: TheHouse, asker: TheStaff) -> Response:
    """Its own way again."""
    try:
        with home.office.desk(asker.actor) as desk:
            merging.unmerge(desk, found(desk.session, asker, number).id)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return RedirectResponse(f"/tickets/{number}", 303)


def _named(session: Session, asker: Asker, number: str) -> Ticket:
    try:
        return found(session, asker, number)
    except NotFound as missing:
        raise Invalid.one("into", "unknown", "没有这个编号的诉求件") from missing
