"""A complainant's own data: what he may ask for, what became of it, and the copy he was granted."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core.errors import NotFound, Refused
from core.i18n import translate
from core.permissions import Actor
from core.tables import Ticket
from intake import contacts, queries
from routing import queries as routing_queries
from web import security, words
from web.custody import subjects
from web.custody.copies import copy_of
from web.custody.retention import SCHEDULE
from web.custody.tables import REQUEST_KINDS, SubjectRequest
from web.deps import Checked, House, TheHouse, TheOwner, TheReader
from web.errors import language_of, status_of
from web.pages import views
from web.pages.forms import faults_of
from web.pages.subject_words import request_words
from web.rendering import page

router = APIRouter(include_in_schema=False)
Short = Annotated[str, Form(max_length=300)]
Long = Annotated[str, Form(max_length=1000)]


@router.get("/track/{number}/data")
def show(
    request: Request, number: str, owner: TheOwner, home: TheHouse, session: TheReader
) -> Response:
    """What may be asked, and what was."""
    return _page(request, home, session, owner, number, {}, {})


def _page(
    request: Request,
    home: House,
    session: Session,
    owner: Actor,
    number: str,
    values: dict[str, str],
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    ticket = queries.by_number(session, owner, number)
    rows, language = subjects.of_ticket(session, ticket.id), language_of(request)
    return page(
        request,
        "citizen/own_data.html",
        status=status,
        number=ticket.number,
        key=security.track_key(home.keys, ticket.number),
        form=dict.fromkeys(("kind", "said", "name", "phone", "email"), "") | values,
        faults=faults,
        kinds=[(kind, words.word(language, words.WISH, kind)) for kind in REQUEST_KINDS],
        requests=_lines(session, rows, language),
        copy=subjects.may_copy(rows),
    )


def _lines(session: Session, rows: Sequence[SubjectRequest], language: str) -> list[dict[str, Any]]:
    return [request_words(session, row, language) for row in rows]


@router.post("/track/{number}/data", dependencies=[Checked])
def ask(
    request: Request,
    number: str,
    owner: TheOwner,
    home: TheHouse,
    kind: Short = "",
    said: Long = "",
    name: Short = "",
    phone: Short = "",
    email: Short = "",
) -> Response:
    """Ask."""
    home.limits.hit("file", security.caller(request))
    values = {"kind": kind, "said": said, "name": name, "phone": phone, "email": email}
    try:
        right = contacts.checked(values) if kind == "correction" else None
        with home.office.desk(owner) as desk:
            ticket = queries.by_number(desk.session, owner, number)
            subjects.ask(desk, ticket.id, kind, said=said, right=right)
    except Refused as refused:
        with Session(home.office.engine, expire_on_commit=False) as session:
            faults, status = faults_of(request, refused), status_of(refused)
            return _page(request, home, session, owner, number, values, faults, status)
    key = security.track_key(home.keys, number)
    return RedirectResponse(f"/track/{number}/data?k={key}", 303)


@router.get("/track/{number}/copy")
def copy(
    request: Request, number: str, owner: TheOwner, home: TheHouse, session: TheReader
) -> Response:
    """The copy, to be read and printed."""
    ticket = _granted(session, owner, number)
    language = language_of(request)
    return page(
        request,
        "citizen/copy.html",
        copy=copy_of(
            session, home.keys, ticket, district=home.settings.district, language=language
        ),
        ticket=views.summary(ticket, routing_queries.unit_names(session), language),
        key=request.query_params["k"],
        kept_words=_kept_words(language),
    )


def _kept_words(language: str) -> dict[str, str]:
    return {kept.code: translate(language, kept.word) for kept in SCHEDULE}


@router.get("/track/{number}/copy.json")
def copy_data(
    request: Request, number: str, owner: TheOwner, home: TheHouse, session: TheReader
) -> Response:
    """The copy for machines."""
    ticket = _granted(session, owner, number)
    district = home.settings.district
    found = copy_of(session, home.keys, ticket, district=district, language=language_of(request))
    headers = {"Content-Disposition": f'attachment; filename="jiesu-{ticket.number}.json"'}
    body = json.dumps(found, ensure_ascii=False, indent=2)
    return Response(body, media_type="application/json", headers=headers)


def _granted(session: Session, owner: Actor, number: str) -> Ticket:
    ticket = queries.by_number(session, owner, number)
    if not subjects.may_copy(subjects.of_ticket(session, ticket.id)):
        raise NotFound
    return ticket
