"""Accounts of the staff: made by system administration, given roles by security administration."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.i18n import translate
from core.moments import utc_now
from core.people import departments
from core.permissions import VISITOR, Act, demand
from core.tables import Staff
from routing import queries as routing_queries
from web import accounts, enrolment, factors, linking, words
from web.deps import Asker, Checked, Fresh, House, TheHouse, TheReader, TheStaff, house
from web.errors import language_of, status_of
from web.pages import views
from web.pages.forms import faults_of, form, texts
from web.rendering import page

router = APIRouter(include_in_schema=False)
SHOWN = (Invalid, Conflict, Forbidden)
PAGE = 50
NEW = "new"
Short = Annotated[str, Query(max_length=60)]


@router.get("/people")
def listing(
    request: Request,
    asker: TheStaff,
    session: TheReader,
    q: Short = "",
    unit: Short = "",
    after: Short = "",
) -> Response:
    """Accounts by user name."""
    demand(asker.actor, Act.READ_ACCOUNTS)
    language, names = language_of(request), routing_queries.unit_names(session)
    rows = accounts.people(session, text=q.strip(), department=unit, after=after, limit=PAGE + 1)
    shown = rows[:PAGE]
    return page(
        request,
        "staff/people.html",
        people=[_line(row, names, language) for row in shown],
        units=_units(session),
        q=q,
        unit=unit,
        following=shown[-1].username if len(rows) > PAGE else "",
        later=bool(after),
        makes=asker.may(Act.MANAGE_PEOPLE),
    )


@router.get("/people/{username}")
def show(request: Request, asker: TheStaff, session: TheReader, username: str) -> Response:
    """One account, or the form of a new one."""
    return _page(request, asker, session, username, {}, {})


def _page(
    request: Request,
    asker: Asker,
    session: Session,
    username: str,
    values: dict[str, str],
    faults: dict[str, str],
    *,
    first: str = "",
    status: int = 200,
) -> Response:
    demand(asker.actor, Act.READ_ACCOUNTS)
    language, names = language_of(request), routing_queries.unit_names(session)
    row = None if username == NEW else accounts.find(session, username)
    if row is None and (username != NEW or not asker.may(Act.MANAGE_PEOPLE)):
        raise NotFound
    own = row is not None and str(row.id) == asker.actor.id
    return page(
        request,
        "staff/person.html",
        status=status,
        person=_line(row, names, language) if row else None,
        values={"username": "", "name": "", "department": "", "email": ""} | _given(row) | values,
        roles=[
            (role.value, words.word(language, words.ROLE, role.value)) for role in accounts.WORN
        ],
        worn=row.roles if row else [],
        units=_units(session),
        log=[_told(session, line, language) for line in accounts.events(session, staff_id=row.id)]
        if row
        else [],
        first=first,
        makes=asker.may(Act.MANAGE_PEOPLE),
        assigns=row is not None and asker.may(Act.ASSIGN_ROLES) and not own,
        own=own,
        **_ways_in(request, asker, session, row),
        faults=faults,
    )


def _ways_in(request: Request, asker: Asker, session: Session, row: Staff | None) -> dict[str, Any]:
    """What the sign-on server calls the person, and whether he has a second factor."""
    issuer = house(request).settings.oidc_issuer
    if row is None:
        return {"links": False, "linked": None, "factor": False}
    return {
        "links": issuer is not None and asker.may(Act.MANAGE_PEOPLE),
        "linked": linking.of(session, issuer, row) if issuer else None,
        "factor": factors.confirmed(session, row.id) is not None,
    }


@router.post("/people/{username}", dependencies=[Checked])
async def save(request: Request, home: TheHouse, asker: TheStaff, username: str) -> Response:
    """Make or change an account."""
    data = await form(request)
    return await views.in_thread(_save, request, home, asker, username, data)


def _save(request: Request, home: House, asker: Asker, username: str, data: FormData) -> Response:
    values = {key: value for key, value in texts(data).items() if key in FIELDS}
    if username != NEW:
        work: Callable[[Desk], Any] = lambda desk: accounts.change(desk, username, values)  # noqa: E731 - one of two
        return _do(request, home, asker, username, work, values)
    made: list[tuple[Staff, str]] = []
    refused = _do(
        request, home, asker, username, lambda desk: made.append(accounts.create(desk, values)),
        values,
    )  # fmt: skip
    return _first(request, home, asker, made) if made else refused


FIELDS = ("username", "name", "department", "email")


@router.post("/people/{username}/roles", dependencies=[Checked, Fresh])
def set_roles(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    username: str,
    roles: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies a form's default
) -> Response:
    """The hats."""
    return _do(
        request, home, asker, username, lambda desk: accounts.set_roles(desk, username, roles), {}
    )


@router.post("/people/{username}/active", dependencies=[Checked])
def set_active(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    username: str,
    active: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Open or close it; opening unlocks."""
    return _do(
        request,
        home,
        asker,
        username,
        lambda desk: accounts.set_active(desk, username, active=active == "yes"),
        {},
    )


@router.post("/people/{username}/subject", dependencies=[Checked, Fresh])
def link(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    username: str,
    subject: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Who this is on the sign-on server; empty: nobody."""
    issuer = home.settings.oidc_issuer
    if issuer is None:
        raise NotFound
    return _do(
        request,
        home,
        asker,
        username,
        lambda desk: linking.link(desk, username, issuer, subject),
        {},
    )


@router.post("/people/{username}/factor", dependencies=[Checked, Fresh])
def reset_factor(request: Request, home: TheHouse, asker: TheStaff, username: str) -> Response:
    """For somebody who lost his telephone and his recovery codes."""
    return _do(request, home, asker, username, lambda desk: enrolment.reset(desk, username), {})


@router.post("/people/{username}/password", dependencies=[Checked, Fresh])
def reset_password(request: Request, home: TheHouse, asker: TheStaff, username: str) -> Response:
    """A new first password, shown once."""
    made: list[tuple[Staff, str]] = []
    refused = _do(
        request,
        home,
        asker,
        username,
        lambda desk: made.append(accounts.reset_password(desk, username)),
        {},
    )
    return _first(request, home, asker, made) if made else refused


def _do(
    request: Request,
    home: House,
    asker: Asker,
    username: str,
    work: Callable[[Desk], Any],
    values: dict[str, str],
) -> Response:
    try:
        with home.office.desk(asker.actor) as desk:
            work(desk)
    except SHOWN as refused:
        faults, status = faults_of(request, refused), status_of(refused)
        with Session(home.office.engine, expire_on_commit=False) as session:
            return _page(request, asker, session, username, values, faults, status=status)
    return RedirectResponse(f"/people/{username}", 303)


def _first(request: Request, home: House, asker: Asker, made: list[tuple[Staff, str]]) -> Response:
    """The page with the first password on it: it is nowhere else, and never again."""
    [(row, first)] = made
    with Session(home.office.engine, expire_on_commit=False) as session:
        response = _page(request, asker, session, row.username, {}, {}, first=first)
    response.headers["Cache-Control"] = "no-store"
    return response


def _units(session: Session) -> list[tuple[str, str]]:
    return [(unit.code, unit.name) for unit in departments(session) if unit.kind != "outside"]


def _given(row: Staff | None) -> dict[str, str]:
    if row is None:
        return {}
    return {"name": row.name, "department": row.department or "", "email": row.email or ""}


def _line(row: Staff, names: dict[str, str], language: str) -> dict[str, Any]:
    return {
        "username": row.username,
        "name": row.name,
        "unit": names.get(row.department or "", ""),
        "roles": [words.word(language, words.ROLE, role) for role in row.roles],
        "active": row.active,
        "locked": row.locked_until is not None and row.locked_until > utc_now(),
        "must_change": row.must_change,
        "href": f"/people/{row.username}",
    }


def _told(session: Session, line: Any, language: str) -> dict[str, Any]:
    about = line.about.get("after")
    return {
        "at": line.at,
        "what": words.word(language, words.ACCOUNT_EVENT, line.what),
        # a failed login is nobody's act yet
        "by": translate(language, "登录前")
        if line.actor == VISITOR.tag
        else views.actor_word(session, line.actor, language, staff=True),
        "about": "、".join(words.word(language, words.ROLE, role) for role in about or ()),
    }
