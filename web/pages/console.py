"""The operator's desk: who calls, what about, where it will go, save, next."""

import secrets
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core import ids
from core.desk import Desk
from core.errors import Invalid, NotFound, Refused
from core.people import departments
from core.permissions import Act, demand
from intake import draft, knowledge, queries, service
from intake.service import Filed
from routing import queries as routing_queries
from web import filing
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.card_words import chosen_card
from web.pages.console_preview import preview
from web.pages.forms import faults_of, form, texts
from web.rendering import page

router = APIRouter(include_in_schema=False)
RECENT = 12
CHANNELS = ("phone", "counter", "email")


@router.get("/console")
def desk(request: Request, home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """The empty form, with what came in last beside it."""
    demand(asker.actor, Act.FILE_FOR_OTHERS)
    return _page(request, home, asker, session, {}, {})


def _page(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    values: dict[str, str],
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    language = language_of(request)
    names = routing_queries.unit_names(session)
    return page(
        request,
        "console/desk.html",
        status=status,
        form=values,
        faults=faults,
        once=values.get("once") or secrets.token_hex(16),
        receipt=_receipt(request, home, asker, session, names, language),
        categories=views.category_tree(session, language),
        units=[(unit.code, unit.name) for unit in departments(session)],
        recent=[
            views.summary(ticket, names, language)
            for ticket in queries.tickets(session, asker.actor, limit=RECENT)
        ],
    )


def _receipt(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    names: dict[str, str],
    language: str,
) -> dict[str, Any] | None:
    """What to tell the caller of the ticket just saved; its code only to whom saved it."""
    saved = request.query_params.get("saved", "")
    if not ids.is_ticket_number(saved):
        return None
    try:
        ticket = queries.by_number(session, asker.actor, saved)
    except NotFound:
        # sealed, or against the operator's own unit: it is saved all the same
        return {"number": saved, "href": "", "code": ""}
    own = queries.filed_by(session, asker.actor.tag, ticket.id)
    code = service.query_code(home.keys, ticket) if own else ""
    return views.summary(ticket, names, language) | {"code": code}


@router.post("/console/preview", dependencies=[Checked])
async def shown(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """Where it would go and until when, before anything is saved."""
    values = texts(await form(request))
    return await views.in_thread(_preview, request, home, asker, values)


def _preview(request: Request, home: House, asker: Asker, values: dict[str, str]) -> Response:
    demand(asker.actor, Act.FILE_FOR_OTHERS)
    with Session(home.office.engine) as session:
        found = preview(session, home, asker, values, language_of(request))
        return page(request, "console/_preview.html", preview=found)


@router.post("/console", dependencies=[Checked])
async def save(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """Save, and the form is empty for the next caller."""
    values = texts(await form(request))
    return await views.in_thread(_save, request, home, asker, values)


def _save(request: Request, home: House, asker: Asker, values: dict[str, str]) -> Response:
    try:
        demand(asker.actor, Act.FILE_FOR_OTHERS)
        into = _into(home, asker, values.get("into", ""))
        with home.office.desk(asker.actor) as opened:
            number = _filed(opened, home, asker, values).ticket.number
    except Refused as refused:
        with Session(home.office.engine, expire_on_commit=False) as session:
            told = faults_of(request, refused)
            return _page(request, home, asker, session, values, told, 422)
    if into:
        # the browser sends the same form on, `into` with it: merging is that route's business
        return RedirectResponse(f"/tickets/{number}/merge", 307)
    return RedirectResponse(f"/console?saved={number}", 303)


def _into(home: House, asker: Asker, number: str) -> str:
    """The open ticket this call is to be joined to; Invalid before anything is filed."""
    if not number:
        return ""
    try:
        with Session(home.office.engine) as session:
            return queries.by_number(session, asker.actor, number[:40]).number
    except NotFound:
        raise Invalid.one("into", "unknown", "没有可并入的诉求件") from None


def _filed(desk: Desk, home: House, asker: Asker, values: dict[str, str]) -> Filed:
    """The ticket, and its answer when a card was chosen: both or neither."""
    wanted = draft.check(values, channels=CHANNELS, channel="phone")
    wanted = queries.with_respondent(desk.session, wanted)
    once = values.get("once", "")[:64]
    receipt = service.ReceiptKey(asker.actor.tag, once) if once else None
    card = chosen_card(values.get("card", ""))
    filed = filing.register(desk, home.settings, wanted, receipt, at_once=card is not None)
    if card is not None and not filed.repeated:
        knowledge.answer_from(desk, filed.ticket.id, *card)
    return filed
