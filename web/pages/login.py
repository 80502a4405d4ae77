"""Staff come in and go out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.i18n import translate
from core.permissions import VISITOR, Act
from web import security
from web.api.session import keep
from web.deps import Asker, Checked, House, TheAsker, TheHouse
from web.errors import language_of
from web.rendering import page

router = APIRouter(include_in_schema=False)
HOMES: tuple[tuple[Act, str], ...] = (
    (Act.FILE_FOR_OTHERS, "/console"),
    (Act.CALL_BACK, "/callbacks"),
    (Act.FIGURES_UNIT, "/board"),
    (Act.FIGURES_ALL, "/oversight"),
    (Act.EDIT_CARDS, "/knowledge"),
)


def home_of(asker: Asker) -> str:
    """Where a person's work begins."""
    if asker.may(Act.PUBLISH_BULLETIN):
        return "/oversight"
    if asker.may(Act.DISPATCH):
        return "/triage"
    return next((path for act, path in HOMES if asker.may(act)), "/inbox")


@router.get("/login")
def form(request: Request, home: TheHouse, asker: TheAsker) -> Response:
    """The login form, or straight on for who is in already."""
    if asker.staff is not None:
        return RedirectResponse(home_of(asker), 303)
    return page(
        request, "staff/login.html", username="", error="", sign_on=home.sign_on is not None
    )


@router.post("/login", dependencies=[Checked])
def log_in(
    request: Request,
    home: TheHouse,
    username: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Open a session."""
    home.limits.hit("login", security.caller(request))
    with home.office.desk(VISITOR) as desk:
        login = security.log_in(desk, username.strip(), password)
    if isinstance(login, security.Challenge):
        return page(request, "staff/login_code.html", token=login.token)
    return _in(request, home, login, username)


@router.post("/login/code", dependencies=[Checked])
def answer(
    request: Request,
    home: TheHouse,
    token: Annotated[str, Form(max_length=600)] = "",
    code: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """The second step. Whatever was wrong, in this one or before it, the answer is the same."""
    home.limits.hit("login", security.caller(request))
    with home.office.desk(VISITOR) as desk:
        login = security.answer(desk, token, code)
    return _in(request, home, login, "")


def _in(request: Request, home: House, login: security.Login | None, username: str) -> Response:
    if login is None:
        error = translate(language_of(request), security.LoginFailed.message)
        return page(
            request,
            "staff/login.html",
            status=401,
            username=username,
            error=error,
            sign_on=home.sign_on is not None,
        )
    response = RedirectResponse("/home", 303)
    keep(request, response, login.token)
    return response


@router.get("/home")
def start(asker: TheAsker) -> Response:
    """The place where the person's work begins."""
    return RedirectResponse(home_of(asker) if asker.staff else "/login", 303)


@router.post("/logout", dependencies=[Checked])
def log_out(request: Request, home: TheHouse, asker: TheAsker) -> Response:
    """End the session; who came by the sign-on server is told how to end that one too."""
    with home.office.desk(VISITOR) as desk:
        security.log_out(desk, request.cookies.get(security.COOKIE, ""))
    elsewhere = asker.way == "oidc" and home.sign_on is not None
    response = RedirectResponse("/login/sso/out" if elsewhere else "/", 303)
    response.delete_cookie(security.COOKIE)
    return response
