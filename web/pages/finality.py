"""The office gives the final reply."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from core.desk import Desk
from core.tables import Ticket
from intake import finality
from web.deps import Checked, TheHouse, TheStaff
from web.pages.ticket import Code, act_on_ticket

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

    def work(desk: Desk, ticket: Ticket) -> None:
        finality.finalise(desk, ticket.id, ground=final_ground, text=final_text)

    return act_on_ticket(request, home, asker, number, work)
