"""More hands on a ticket: call in, reassign, hand on inside the unit, ask a body outside."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core import permissions
from core.desk import Desk
from core.errors import Refused
from core.tables import Ticket
from routing import cooperation, queries
from sla import extensions
from web.deps import Checked, House, TheHouse, TheReader, TheStaff
from web.pages import teamwork
from web.pages.department import act_on
from web.pages.forms import faults_of
from web.pages.ticket import act_on_ticket
from web.rendering import page

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=5000)]
Code = Annotated[str, Form(max_length=60)]


@router.post("/tickets/{number}/call-in", dependencies=[Checked])
def call_in(
    request: Request, number: str, home: TheHouse, asker: TheStaff, unit: Code = ""
) -> Response:
    """One more co-handler."""
    return act_on_ticket(
        request,
        home,
        asker,
        number,
        lambda desk, ticket: cooperation.call_in(desk, ticket.id, unit),
    )


@router.post("/orders/{order}/call-off", dependencies=[Checked])
def call_off(request: Request, order: UUID, home: TheHouse, asker: TheStaff) -> Response:
    """A co-handler is not needed."""
    return act_on(request, home, asker, order, lambda desk: cooperation.call_off(desk, order))


@router.post("/orders/{order}/reassign", dependencies=[Checked])
def reassign(
    request: Request,
    order: UUID,
    home: TheHouse,
    asker: TheStaff,
    lead: Code = "",
    reason: Text = "",
) -> Response:
    """Another unit leads from here."""
    return act_on(
        request,
        home,
        asker,
        order,
        lambda desk: cooperation.reassign(desk, order, new_lead=lead, reason=reason),
    )


@router.post("/orders/{order}/extension", dependencies=[Checked])
def ask_extension(
    request: Request,
    order: UUID,
    home: TheHouse,
    asker: TheStaff,
    days: Code = "",
    reason: Text = "",
) -> Response:
    """More working days, before the promise is due."""
    wanted = int(days) if days.isascii() and days.isdigit() else 0
    return act_on(
        request,
        home,
        asker,
        order,
        lambda desk: extensions.ask(desk, order, days=wanted, reason=reason),
    )


@router.post("/orders/{order}/extension/{wanted}", dependencies=[Checked])
def decide_on_extension(
    request: Request,
    order: UUID,
    wanted: UUID,
    home: TheHouse,
    asker: TheStaff,
    grant: Code = "",
    refusal: Text = "",
) -> Response:
    """Granted, or not and why."""

    def work(desk: Desk) -> None:
        if grant:
            extensions.grant(desk, wanted)
        else:
            extensions.refuse(desk, wanted, reason=refusal)

    return act_on(request, home, asker, order, work)


@router.post("/orders/{order}/assign", dependencies=[Checked])
def assign(
    request: Request, order: UUID, home: TheHouse, asker: TheStaff, to: Code = ""
) -> Response:
    """`staff:<id>` or `unit:<code>`: who in the unit handles it."""
    kind, _, key = to.partition(":")
    return act_on(
        request,
        home,
        asker,
        order,
        lambda desk: cooperation.assign(
            desk,
            order,
            staff=_uuid(key) if kind == "staff" else None,
            unit=key if kind == "unit" else None,
        ),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@router.post("/orders/{order}/partner", dependencies=[Checked])
def ask_partner(
    request: Request,
    order: UUID,
    home: TheHouse,
    asker: TheStaff,
    partner: Code = "",
    question: Text = "",
) -> Response:
    """A body outside is asked for its part."""
    return act_on(
        request,
        home,
        asker,
        order,
        lambda desk: cooperation.ask_partner(desk, order, partner=partner, question=question),
    )


@router.get("/partner/{token}")
def partner(request: Request, token: str, home: TheHouse, session: TheReader) -> Response:
    """What a body outside was asked; nothing of who complained."""
    return _partner_page(request, home, session, token, {})


def _partner_page(
    request: Request,
    home: House,
    session: Session,
    token: str,
    faults: dict[str, str],
    status: int = 200,
    text: str = "",
) -> Response:
    row = cooperation.partner_request(session, home.keys, token, home.office.now())
    names = queries.unit_names(session)
    ticket = session.get_one(Ticket, row.ticket_id)
    return page(
        request,
        "department/partner.html",
        status=status,
        faults=faults,
        token=token,
        text=text,
        asked=teamwork.asked(session, row, names)
        | {"number": ticket.number, "lead": names.get(ticket.lead or "", "")},
    )


@router.post("/partner/{token}", dependencies=[Checked])
def answer_partner(request: Request, token: str, home: TheHouse, text: Text = "") -> Response:
    """Its answer, once."""
    with Session(home.office.engine) as session:
        row = cooperation.partner_request(session, home.keys, token, home.office.now())
        actor = permissions.partner(row.partner)
    try:
        with home.office.desk(actor) as desk:
            cooperation.answer_partner(desk, token, text)
    except Refused as refused:
        with Session(home.office.engine) as session:
            faults = faults_of(request, refused)
            return _partner_page(request, home, session, token, faults, 422, text)
    return RedirectResponse(f"/partner/{token}", 303)
