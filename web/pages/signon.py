"""In by the office's own sign-on server, and out of it again."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from core.errors import NotFound, Refused
from core.i18n import translate
from core.moments import utc_now
from core.permissions import SYSTEM
from web import factors, linking, security
from web.api.session import keep
from web.deps import House, TheHouse
from web.errors import language_of, status_of
from web.rendering import page
from web.signon import AWAY, SignOn

router = APIRouter(include_in_schema=False, prefix="/login/sso")
COOKIE, PATH = "jiesu_sign_on", "/login/sso"


def server(home: House) -> SignOn:
    """The sign-on server; NotFound where there is none."""
    if home.sign_on is None:
        raise NotFound
    return home.sign_on


@router.get("")
def depart(request: Request, home: TheHouse) -> Response:
    """Off to the sign-on server. A link, not a form: the content policy lets forms go nowhere."""
    try:
        way = server(home).depart(home.keys)
    except NotFound:
        raise
    except Refused as refused:
        return told(request, home, refused)
    response = RedirectResponse(way.url, 303)
    response.set_cookie(
        COOKIE,
        way.cookie,
        max_age=int(AWAY.total_seconds()),
        path=PATH,
        httponly=True,
        samesite="lax",  # the return is a link from another site
        secure=request.url.scheme == "https",
    )
    return response


@router.get("/back")
def arrive(request: Request, home: TheHouse) -> Response:
    """Back from it. Whatever happens, the journey's cookie has served."""
    home.limits.hit("login", security.caller(request))
    there = server(home)
    try:
        answer = {name: value[:4000] for name, value in request.query_params.items()}
        claims = there.arrive(home.keys, request.cookies.get(COOKIE, ""), answer)
        response = _in(request, home, claims)
    except Refused as refused:
        response = told(request, home, refused)
    response.delete_cookie(COOKIE, path=PATH)
    return response


def _in(request: Request, home: House, claims: dict[str, object]) -> Response:
    """A session, or the question for the second factor of who has one."""
    with home.office.desk(SYSTEM) as desk:
        staff, now = linking.person(desk, home.settings, claims), utc_now()
        if factors.confirmed(desk.session, staff.id) is not None:
            asked = security.challenge(desk.keys, staff, now, way="oidc", right=True)
            return page(request, "staff/login_code.html", token=asked.token)
        login = security.open_session(desk, staff, now, way="oidc")
    response = RedirectResponse("/home", 303)
    keep(request, response, login.token)
    return response


@router.get("/out")
def out(request: Request, home: TheHouse) -> Response:
    """Out of this house; the link ends the session on the server too."""
    try:
        url = server(home).end_url()
    except NotFound:
        raise
    except Refused:
        url = ""  # one is out here in any case
    return page(request, "staff/logged_out.html", url=url)


def told(request: Request, home: House, refused: Refused) -> Response:
    """The login form, saying why it did not go that way."""
    error = translate(language_of(request), refused.message, **refused.params)
    status = status_of(refused)
    sso = home.sign_on is not None
    return page(request, "staff/login.html", status=status, username="", error=error, sign_on=sso)
