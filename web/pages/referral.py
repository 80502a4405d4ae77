"""Passing a request on to the competent body: proposed by one, decided by another."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from intake import referral as referrals
from web.deps import Checked, TheHouse, TheStaff
from web.pages.ticket import act_on_ticket

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Form(max_length=60)]


@router.post("/tickets/{number}/refer", dependencies=[Checked])
def refer(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    referral: Code = "",
    target: Code = "",
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """First person; an emergency goes at once."""
    return act_on_ticket(
        request,
        home,
        asker,
        number,
        lambda desk, ticket: referrals.propose(
            desk, ticket.id, ground=referral, target=target, reason=why
        ),
    )


@router.post("/tickets/{number}/referral", dependencies=[Checked])
def rule(
    request: Request, number: str, home: TheHouse, asker: TheStaff, agree: Code = ""
) -> Response:
    """Second person."""
    return act_on_ticket(
        request,
        home,
        asker,
        number,
        lambda desk, ticket: referrals.rule(desk, ticket.id, agree=agree == "yes"),
    )
