"""Logging in for programs that act as a member of staff."""

from fastapi import APIRouter, Request, Response

from core.permissions import VISITOR
from web import security
from web.api.schemas import WRONG, LoginIn, LoginOut
from web.deps import Checked, House, TheHouse

router = APIRouter(prefix="/api/v1", tags=["session"], responses=WRONG)


@router.post("/session", status_code=201)
def log_in(body: LoginIn, request: Request, response: Response, home: TheHouse) -> LoginOut:
    """Open a session: the cookie comes back, with the token for changing calls."""
    home.limits.hit("login", security.caller(request))
    with home.office.desk(VISITOR) as desk:
        login = security.log_in(desk, body.username, body.password)
        if isinstance(login, security.Challenge):
            login = security.answer(desk, login.token, body.code)
    if login is None:  # raised after the commit, so that the failure is counted
        raise security.LoginFailed
    keep(request, response, login.token)
    return LoginOut(csrf=login.csrf)


@router.delete("/session", status_code=204, dependencies=[Checked])
def log_out(request: Request, response: Response, home: TheHouse) -> None:
    """End the session."""
    with home.office.desk(VISITOR) as desk:
        security.log_out(desk, request.cookies.get(security.COOKIE, ""))
    response.delete_cookie(security.COOKIE)


def keep(request: Request, response: Response, token: str) -> None:
    """Set the session cookie, for this site only and out of scripts' reach."""
    home: House = request.app.state.house
    response.set_cookie(
        security.COOKIE,
        token,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        max_age=home.settings.session_hours * 3600,
    )
