"""Holds, supervision orders, talks and reminders on the pages of those they concern."""

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from core.desk import Desk
from core.errors import Invalid, NotFound
from core.moments import SHANGHAI
from core.permissions import Act, demand
from core.tables import Ticket
from routing import queries as routing_queries
from sla import holds, supervision
from sla.tables import SupervisionRow
from web import words
from web.api.tickets import found
from web.deps import Checked, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages.department import act_on
from web.pages.forms import chosen_day
from web.pages.pressing import demand_words
from web.pages.ticket import act_on_ticket
from web.rendering import page

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=5000)]
Code = Annotated[str, Form(max_length=60)]
PAGE = 30
NUMBER = re.compile(r"([0-9]{4})-([0-9]{1,7})")


@router.post("/orders/{order}/hold", dependencies=[Checked])
def ask_hold(
    request: Request,
    order: UUID,
    home: TheHouse,
    asker: TheStaff,
    ground: Code = "",
    review_on: Code = "",
    reason: Text = "",
) -> Response:
    """Park the case until a day."""

    def work(desk: Desk) -> None:
        holds.ask(desk, order, ground=ground, review_on=chosen_day(review_on), reason=reason)

    return act_on(request, home, asker, order, work, form="hold")


@router.post("/orders/{order}/hold/{wanted}", dependencies=[Checked])
def decide_on_hold(
    request: Request,
    order: UUID,
    wanted: UUID,
    home: TheHouse,
    asker: TheStaff,
    grant: Code = "",
    reason: Text = "",
) -> Response:
    """Parked, or not and why."""

    def work(desk: Desk) -> None:
        if grant:
            holds.grant(desk, wanted)
        else:
            holds.refuse(desk, wanted, reason=reason)

    return act_on(request, home, asker, order, work, form="hold")


@router.post("/tickets/{number}/hold", dependencies=[Checked])
def go_on(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    prolong: Code = "",
    review_on: Code = "",
    reason: Text = "",
) -> Response:
    """Handling goes on, or the hold does."""

    def work(desk: Desk, ticket: Ticket) -> None:
        if prolong:
            holds.prolong(desk, ticket.id, review_on=chosen_day(review_on), reason=reason)
        else:
            holds.resume(desk, ticket.id)

    return act_on_ticket(request, home, asker, number, work, form="hold")


@router.post("/orders/{order}/supervision", dependencies=[Checked])
def supervise(
    request: Request,
    order: UUID,
    home: TheHouse,
    asker: TheStaff,
    level: Code = "red",
    ground: Code = "late",
    demanded: Text = "",
) -> Response:
    """A numbered demand."""

    def work(desk: Desk) -> None:
        supervision.issue(desk, order, level=level, ground=ground, demanded=demanded)

    return act_on(request, home, asker, order, work, form="supervision")


@router.post("/orders/{order}/talk", dependencies=[Checked])
def talk(
    request: Request,
    order: UUID,
    home: TheHouse,
    asker: TheStaff,
    held_at: Code = "",
    notes: Text = "",
) -> Response:
    """A talk, put on record."""

    def work(desk: Desk) -> None:
        supervision.talk(desk, order, held_at=chosen_moment(held_at), notes=notes)

    return act_on(request, home, asker, order, work, form="talk")


@router.post("/orders/{order}/supervision/{demand_id}", dependencies=[Checked])
def settle(
    request: Request,
    order: UUID,
    demand_id: UUID,
    home: TheHouse,
    asker: TheStaff,
    act: Code = "",
    level: Code = "",
    text: Text = "",
) -> Response:
    """Answer, judge, raise or lift a demand."""

    def work(desk: Desk) -> None:
        match act:
            case "answer":
                supervision.answer(desk, demand_id, text)
            case "enough" | "again":
                supervision.judge(desk, demand_id, enough=act == "enough", remark=text)
            case "raise":
                supervision.raise_level(desk, demand_id, level=level, demanded=text)
            case "lift":
                supervision.lift(desk, demand_id, reason=text)
            case _:
                raise NotFound

    return act_on(request, home, asker, order, work, form="supervision")


@router.get("/supervision")
def listing(
    request: Request,
    asker: TheStaff,
    session: TheReader,
    state: str = "",
    level: str = "",
    before: str = "",
) -> Response:
    """Supervision orders, the newest first."""
    demand(asker.actor, Act.READ_TICKETS)
    language, names = language_of(request), routing_queries.unit_names(session)
    state = state if state in words.SUPERVISION_STATE else ""
    level = level if level in words.SUPERVISION else ""
    rows = supervision.listed(
        session, asker.actor, state=state, level=level, before=_before(before), limit=PAGE + 1
    )
    shown = rows[:PAGE]
    following = f"{shown[-1][0].year}-{shown[-1][0].serial}" if len(rows) > PAGE else ""
    return page(
        request,
        "oversight/supervision.html",
        rows=[demand_words(row, ticket, names, language) for row, ticket in shown],
        state=state,
        level=level,
        following=following,
        later=bool(before),
        states=words.options(language, words.SUPERVISION_STATE),
        levels=words.options(language, words.SUPERVISION),
    )


@router.get("/supervision/{demand_id}")
def paper(request: Request, demand_id: UUID, asker: TheStaff, session: TheReader) -> Response:
    """One supervision order as a sheet of paper."""
    row = session.get(SupervisionRow, demand_id)
    ticket = session.get(Ticket, row.ticket_id) if row else None
    if row is None or ticket is None:
        raise NotFound
    found(session, asker, ticket.number)  # for whoever may see its ticket
    names = routing_queries.unit_names(session)
    return page(
        request,
        "oversight/supervision_order.html",
        d=demand_words(row, ticket, names, language_of(request), session),
        ticket=ticket,
    )


def _before(text: str) -> tuple[int, int] | None:
    found = NUMBER.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def chosen_moment(text: str) -> datetime:
    """The instant of a local date-time field. Invalid for what is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        raise Invalid.one("held_at", "required", "请选择约谈的时间") from None
