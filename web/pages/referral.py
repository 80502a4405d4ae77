"""Passing a request on to the competent body: proposed by one, decided by another."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.errors import Refused
from intake import referral as referrals
from web.api.tickets import found
from web.deps import Checked, TheHouse, TheStaff
from web.pages.ticket import refused_page

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
    try:
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            referrals.propose(desk, ticket.id, ground=referral, target=target, reason=why)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return RedirectResponse(f"/tickets/{number}", 303)


@router.post("/tickets/{number}/referral", dependencies=[Checked])
def rule(
    request: Request, number: str, home: TheHouse, asker: TheStaff, agree: Code = ""
) -> Response:
    """Second person."""
    try:
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            referrals.rule(desk, ticket.id, agree=agree == "yes")
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return RedirectResponse(f"/tickets/{number}", 303)
