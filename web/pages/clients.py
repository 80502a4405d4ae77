"""Programs outside and their keys: a page of security administration."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core.desk import Desk
from core.errors import Conflict, Invalid, NotFound
from core.i18n import translate
from core.moments import utc_now
from core.permissions import Act, Scope, demand
from web import clients, words
from web.deps import Asker, Checked, Fresh, House, TheHouse, TheReader, TheStaff
from web.errors import language_of, status_of
from web.pages import views
from web.pages.forms import faults_of
from web.rendering import page
from web.tables import ApiClient, ApiClientEvent, ApiKey

router = APIRouter(include_in_schema=False)
SHOWN = (Invalid, Conflict)
NEW = "new"
FRESH = {"name": "", "owner": "", "per_minute": "120", "days": "365", "overlap": "7"}
Short = Annotated[str, Form(max_length=200)]
Chosen = Annotated[list[str], Form()]


@router.get("/clients")
def listing(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """Every program with leave, and those that had it."""
    demand(asker.actor, Act.READ_ACCOUNTS)
    language = language_of(request)
    return page(
        request,
        "staff/clients.html",
        clients=[_line(session, row, language) for row in clients.clients(session)],
        makes=asker.may(Act.MANAGE_CLIENTS),
    )


@router.get("/clients/{client}")
def show(request: Request, asker: TheStaff, session: TheReader, client: str) -> Response:
    """One program, or the form of a new one."""
    return _page(request, asker, session, client, {}, {})


@router.post("/clients/{client}", dependencies=[Checked, Fresh])
def save(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    client: str,
    name: Short = "",
    owner: Short = "",
    per_minute: Short = "",
    days: Short = "",
    scopes: Chosen = [],  # noqa: B006 - FastAPI copies a form's default
) -> Response:
    """Give leave, or change it."""
    values = {"name": name, "owner": owner, "per_minute": per_minute, "days": days}
    if client != NEW:
        work: Callable[[Desk], Any] = lambda desk: clients.change(  # noqa: E731 - one of two
            desk, _id(client), values, scopes
        )
    else:
        work = lambda desk: clients.create(desk, values, scopes)  # noqa: E731 - the other
    return _do(request, home, asker, client, work, values | {"scopes": scopes})


@router.post("/clients/{client}/rotate", dependencies=[Checked, Fresh])
def rotate(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    client: str,
    days: Short = "",
    overlap: Short = "",
) -> Response:
    """A new key, shown once; the old one goes on for a while."""
    values = {"days": days, "overlap": overlap}
    work = lambda desk: clients.rotate(desk, _id(client), values)  # noqa: E731 - one call below
    return _do(request, home, asker, client, work, values)


@router.post("/clients/{client}/keys/{prefix}/revoke", dependencies=[Checked, Fresh])
def revoke_key(
    request: Request, home: TheHouse, asker: TheStaff, client: str, prefix: str
) -> Response:
    """One key opens nothing any more."""
    work = lambda desk: clients.revoke_key(desk, _id(client), prefix)  # noqa: E731 - as above
    return _do(request, home, asker, client, work, {})


@router.post("/clients/{client}/revoke", dependencies=[Checked, Fresh])
def revoke(request: Request, home: TheHouse, asker: TheStaff, client: str) -> Response:
    """The program is shut out."""
    work = lambda desk: clients.revoke(desk, _id(client))  # noqa: E731 - as above
    return _do(request, home, asker, client, work, {})


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error


def _do(
    request: Request,
    home: House,
    asker: Asker,
    client: str,
    work: Callable[[Desk], Any],
    values: dict[str, Any],
) -> Response:
    try:
        with home.office.desk(asker.actor) as desk:
            made = work(desk)
    except SHOWN as refused:
        faults, status = faults_of(request, refused), status_of(refused)
        with Session(home.office.engine, expire_on_commit=False) as session:
            return _page(request, asker, session, client, values, faults, status=status)
    if not isinstance(made, tuple):
        return RedirectResponse(f"/clients/{client}", 303)
    row, key = made
    # the page with the key on it: it is nowhere else, and never again
    with Session(home.office.engine, expire_on_commit=False) as session:
        return _page(request, asker, session, str(row.id), {}, {}, key=key)


def _page(
    request: Request,
    asker: Asker,
    session: Session,
    client: str,
    values: dict[str, Any],
    faults: dict[str, str],
    *,
    key: str = "",
    status: int = 200,
) -> Response:
    demand(asker.actor, Act.READ_ACCOUNTS)
    if client == NEW:
        demand(asker.actor, Act.MANAGE_CLIENTS)
    language = language_of(request)
    row = None if client == NEW else clients.find(session, _id(client))
    response = page(
        request,
        "staff/client.html",
        status=status,
        client=_line(session, row, language) if row else None,
        values=FRESH | _given(row) | values,
        scopes=[(s.value, words.word(language, words.SCOPE, s.value)) for s in Scope],
        overlaps=[(days, translate(language, "{days}天", days=days)) for days in clients.OVERLAPS],
        keys=[_key(one) for one in clients.keys(session, row.id)] if row else [],
        log=[_told(session, one, language) for one in clients.events(session, row.id)]
        if row
        else [],
        key=key,
        makes=asker.may(Act.MANAGE_CLIENTS),
        faults=faults,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _given(row: ApiClient | None) -> dict[str, Any]:
    if row is None:
        return {"scopes": []}
    given = {"name": row.name, "owner": row.owner, "per_minute": str(row.per_minute)}
    return {**given, "scopes": row.scopes}


def _line(session: Session, row: ApiClient, language: str) -> dict[str, Any]:
    held = clients.keys(session, row.id)
    return {
        "name": row.name,
        "owner": row.owner,
        "scopes": [words.word(language, words.SCOPE, scope) for scope in row.scopes],
        "per_minute": row.per_minute,
        "revoked": row.revoked_at is not None,
        "keyed": any(clients.alive(key, utc_now()) for key in held),
        "used_at": max((key.used_at for key in held if key.used_at), default=None),
        "href": f"/clients/{row.id}",
    }


def _key(row: ApiKey) -> dict[str, Any]:
    return {
        "prefix": row.prefix,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "used_at": row.used_at,
        "alive": clients.alive(row, utc_now()),
        "revoked": row.revoked_at is not None,
    }


def _told(session: Session, line: ApiClientEvent, language: str) -> dict[str, Any]:
    about = [words.word(language, words.SCOPE, scope) for scope in line.about.get("scopes", ())]
    return {
        "at": line.at,
        "what": words.word(language, words.CLIENT_EVENT, line.what),
        "by": views.actor_word(session, line.actor, language, staff=True),
        "about": "、".join([*about, *([line.about["prefix"]] if "prefix" in line.about else [])]),
    }
