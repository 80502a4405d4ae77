"""What a desk decides on a request: where it goes, answer, question, refusal, review."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.errors import Refused
from core.permissions import Act, demand
from intake import knowledge, service
from routing import service as orders
from web.api.tickets import found
from web.deps import Checked, TheHouse, TheStaff
from web.pages.card_words import chosen_card
from web.pages.ticket import Code, Text, acted, refused_page

router = APIRouter(include_in_schema=False)


@router.post("/tickets/{number}/dispatch", dependencies=[Checked])
def dispatch(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    lead: Code = "",
    category: Code = "",
    task: Code = "",
) -> Response:
    """A dispatcher decides."""
    try:
        demand(asker.actor, Act.DISPATCH)
        assignment = orders.Assignment(lead, task=int(task) if task.isdecimal() else None)
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            orders.dispatch(desk, ticket.id, assignment, category=category or None)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return acted(number)


@router.post("/tickets/{number}/answer", dependencies=[Checked])
def answer(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    text: Text = "",
    card: Code = "",
) -> Response:
    """Answered at once, in the desk's own words or in a knowledge card's."""
    try:
        chosen = chosen_card(card)
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            if chosen is None:
                service.answer(desk, ticket.id, text)
            else:
                knowledge.answer_from(desk, ticket.id, *chosen)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return acted(number)


@router.post("/tickets/{number}/ask", dependencies=[Checked])
def ask(
    request: Request, number: str, home: TheHouse, asker: TheStaff, missing: Text = ""
) -> Response:
    """What is missing, all at once."""
    try:
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            service.ask_info(desk, ticket.id, missing)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return acted(number)


@router.post("/tickets/{number}/refuse", dependencies=[Checked])
def refuse(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    ground: Code = "RJ09",
    reason: Text = "",
) -> Response:
    """First person."""
    try:
        with home.office.desk(asker.actor) as desk:
            service.propose_refusal(desk, found(desk.session, asker, number).id, ground, reason)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return acted(number)


@router.post("/tickets/{number}/refusal", dependencies=[Checked])
def rule_refusal(
    request: Request, number: str, home: TheHouse, asker: TheStaff, agree: Code = ""
) -> Response:
    """Second person."""
    try:
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            service.rule_on_refusal(desk, ticket.id, agree=agree == "yes")
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return acted(number)


@router.post("/tickets/{number}/review", dependencies=[Checked])
def review(
    request: Request, number: str, home: TheHouse, asker: TheStaff, approve: Code = ""
) -> Response:
    """The reply goes on, or back."""
    try:
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            orders.review(desk, ticket.id, approve=approve == "yes")
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return acted(number)
