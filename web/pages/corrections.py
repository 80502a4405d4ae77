"""Putting a bad rating right: the contact, the answer, what the business then said to the desk."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from core.desk import Desk
from core.tables import Ticket
from intake import corrections
from web.deps import Checked, TheHouse, TheStaff
from web.pages.forms import three_answers
from web.pages.ticket import Code, Text, act_on_ticket

router = APIRouter(include_in_schema=False)


@router.post("/tickets/{number}/correction", dependencies=[Checked])
def answer(
    request: Request, number: str, home: TheHouse, asker: TheStaff, correction: Text = ""
) -> Response:
    """What was put right."""

    def work(desk: Desk, ticket: Ticket) -> None:
        corrections.answer(desk, ticket.id, correction)

    return act_on_ticket(request, home, asker, number, work)


@router.post("/tickets/{number}/correction/contact", dependencies=[Checked])
def contact(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    correction_channel: Code = "",
    correction_reached: Code = "",
) -> Response:
    """Spoken with, or tried."""

    def work(desk: Desk, ticket: Ticket) -> None:
        reached = correction_reached == "yes"
        corrections.contact(desk, ticket.id, channel=correction_channel, reached=reached)

    return act_on_ticket(request, home, asker, number, work)


@router.post("/tickets/{number}/correction/rating", dependencies=[Checked])
def rate(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    solved: Annotated[str, Form()] = "",
    grade: Annotated[str, Form(max_length=2)] = "",
    comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """What the business said to the call-back desk."""

    def work(desk: Desk, ticket: Ticket) -> None:
        said = three_answers("", solved, grade)
        corrections.rate(
            desk, ticket.id, solved=said["solved"], grade=said["grade"], comment=comment.strip()
        )

    return act_on_ticket(request, home, asker, number, work)
