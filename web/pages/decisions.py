"""What a desk decides on a request: where it goes, answer, question, refusal, review."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.desk import Desk
from core.permissions import Act, demand
from intake import knowledge, service
from routing import service as orders
from web.api.tickets import found
from web.deps import Checked, TheHouse, TheStaff
from web.pages.card_words import chosen_card
from web.pages.ticket import Code, Text, act_on_ticket, acted

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

    def work(desk: Desk) -> None:
        demand(asker.actor, Act.DISPATCH)
        assignment = orders.Assignment(lead, task=int(task) if task.isdecimal() else None)
        ticket = found(desk.session, asker, number)
        orders.dispatch(desk, ticket.id, assignment, category=category or None)

    return acted(request, home, asker, number, work)


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

    def work(desk: Desk) -> None:
        chosen = chosen_card(card)
        ticket = found(desk.session, asker, number)
        if chosen is None:
            service.answer(desk, ticket.id, text)
        else:
            knowledge.answer_from(desk, ticket.id, *chosen)

    return acted(request, home, asker, number, work)


@router.post("/tickets/{number}/ask", dependencies=[Checked])
def ask(
    request: Request, number: str, home: TheHouse, asker: TheStaff, missing: Text = ""
) -> Response:
    """What is missing, all at once."""
    return act_on_ticket(
        request,
        home,
        asker,
        number,
        lambda desk, ticket: service.ask_info(desk, ticket.id, missing),
    )


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
    return act_on_ticket(
        request,
        home,
        asker,
        number,
        lambda desk, ticket: service.propose_refusal(desk, ticket.id, ground, reason),
    )


@router.post("/tickets/{number}/refusal", dependencies=[Checked])
def rule_refusal(
    request: Request, number: str, home: TheHouse, asker: TheStaff, agree: Code = ""
) -> Response:
    """Second person."""
    return act_on_ticket(
        request,
        home,
        asker,
        number,
        lambda desk, ticket: service.rule_on_refusal(desk, ticket.id, agree=agree == "yes"),
    )


@router.post("/tickets/{number}/review", dependencies=[Checked])
def review(
    request: Request, number: str, home: TheHouse, asker: TheStaff, approve: Code = ""
) -> Response:
    """The reply goes on, or back."""
    return act_on_ticket(
        request,
        home,
        asker,
        number,
        lambda desk, ticket: orders.review(desk, ticket.id, approve=approve == "yes"),
    )
