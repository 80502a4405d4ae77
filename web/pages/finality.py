"""The office gives the final reply."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from core.errors import Refused
from intake import finality
from web.api.tickets import found
from web.deps import Checked, TheHouse, TheStaff
from web.pages.ticket import Code, acted, refused_page

router = APIRouter(include_in_schema=False)


@router.post("/tickets/{number}/finalise", dependencies=[Checked])
def finalise(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    final_ground: Code = "",
    final_text: Annotated[str, Form(max_length=5000)] = "",
) -> Response:
    """Ended for good."""
    try:
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            finality.finalise(desk, ticket.id, ground=final_ground, text=final_text)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return acted(number)
