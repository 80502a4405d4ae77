"""Deciding a review: the decision stands, or the request begins anew."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.desk import Desk
from core.tables import Ticket
from intake import reviews
from web.deps import Checked, TheHouse, TheStaff
from web.pages.ticket import Code, Text, act_on_ticket

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

    def work(desk: Desk, ticket: Ticket) -> None:
        reviews.decide(desk, ticket.id, overturn=overturn == "yes", reason=review_reason)

    return act_on_ticket(request, home, asker, number, work)
