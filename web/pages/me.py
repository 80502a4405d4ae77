"""One's own account: password, language, where one is logged in."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core.errors import Conflict, Forbidden, Invalid
from web import accounts, security, words
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of, status_of
from web.pages.forms import faults_of
from web.rendering import page

router = APIRouter(include_in_schema=False)
SHOWN = (Invalid, Conflict, Forbidden)
Word = Annotated[str, Form(max_length=200)]


@router.get("/me")
def show(request: Request, asker: TheStaff, session: TheReader, done: str = "") -> Response:
    """The account."""
    return _page(request, asker, session, {}, done=done)


def _page(
    request: Request,
    asker: Asker,
    session: Session,
    faults: dict[str, str],
    *,
    done: str = "",
    status: int = 200,
) -> Response:
    assert asker.staff is not None
    language, token = language_of(request), request.cookies.get(security.COOKIE, "")
    mine = security.hash_token(token)
    return page(
        request,
        "staff/me.html",
        status=status,
        person=asker.staff,
        roles=[words.word(language, words.ROLE, role) for role in asker.staff.roles],
        sessions=[
            {
                "since": login.created_at,
                "seen": login.seen_at,
                "this": login.token == mine,
                "handle": accounts.handle_of(login),
            }
            for login in accounts.sessions(session, asker.staff.id)
        ],
        password_due=asker.password_due,
        factor=asker.enrolled,
        done=done,
        faults=faults,
    )


@router.post("/me/password", dependencies=[Checked])
def change_password(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    old: Word = "",
    password: Word = "",
    again: Word = "",
) -> Response:
    """Another password."""
    token = request.cookies.get(security.COOKIE, "")
    try:
        if password != again:
            raise Invalid.one("again", "differs", "两次输入的新密码不一致")
        with home.office.desk(asker.actor) as desk:
            accounts.change_password(desk, old, password, keep=token)
    except SHOWN as refused:
        return _refused(request, home, asker, refused)
    return RedirectResponse("/me?done=password", 303)


@router.post("/me", dependencies=[Checked])
def change(
    request: Request, home: TheHouse, asker: TheStaff, language: Word = "zh", email: Word = ""
) -> Response:
    """Language and address for letters."""
    try:
        with home.office.desk(asker.actor) as desk:
            accounts.set_own(desk, language=language, email=email)
    except SHOWN as refused:
        return _refused(request, home, asker, refused)
    return RedirectResponse("/me?done=saved", 303)


@router.post("/me/sessions", dependencies=[Checked])
def end_others(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """Out everywhere else."""
    with home.office.desk(asker.actor) as desk:
        accounts.end_others(desk, request.cookies.get(security.COOKIE, ""))
    return RedirectResponse("/me?done=sessions", 303)


@router.post("/me/sessions/{handle}", dependencies=[Checked])
def end_one(handle: str, home: TheHouse, asker: TheStaff) -> Response:
    """Out in one other place."""
    with home.office.desk(asker.actor) as desk:
        accounts.end_one(desk, handle)
    return RedirectResponse("/me?done=sessions", 303)


def _refused(
    request: Request, home: House, asker: Asker, refused: Invalid | Conflict | Forbidden
) -> Response:
    faults, status = faults_of(request, refused), status_of(refused)
    with Session(home.office.engine, expire_on_commit=False) as session:
        return _page(request, asker, session, faults, status=status)
