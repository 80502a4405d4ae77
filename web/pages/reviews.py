"""Deciding a review: the decision stands, or the request begins anew."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.errors import Refused
from intake import reviews
from web.api.tickets import found
from web.deps import Checked, TheHouse, TheStaff
from web.pages.ticket import Code, Text, acted, refused_page

router = APIRouter(include_in_schema=False)


@router.post("/tickets/{number}/reviewed", dependencies=[Checked])
def decide(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    review_reason: Text = "",
    overturn: Code = "",
) -> Response:
    """By somebody who had no part in it."""
    try:
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            reviews.decide(desk, ticket.id, overturn=overturn == "yes", reason=review_reason)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return acted(number)
