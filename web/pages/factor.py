"""One's second factor on the screen: a square code, ten recovery codes, and showing it again."""

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core.errors import Conflict, Invalid, NotFound
from web import enrolment, factors, security
from web.deps import Asker, Checked, Fresh, House, TheHouse, TheReader, TheStaff
from web.errors import status_of
from web.pages.forms import faults_of
from web.rendering import page

router = APIRouter(include_in_schema=False, prefix="/me/factor")
Code = Annotated[str, Form(max_length=60)]
Next = Annotated[str, Query(max_length=200)]


@router.get("")
def show(request: Request, home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """Where one stands: nothing yet, a code to scan, or in use."""
    return _page(request, home, asker, session, {})


def _page(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    faults: dict[str, str],
    *,
    codes: tuple[str, ...] = (),
    status: int = 200,
) -> Response:
    assert asker.staff is not None
    row = factors.find(session, asker.staff.id)
    begun = row is not None and row.confirmed_at is None
    return page(
        request,
        "staff/factor.html",
        status=status,
        since=row.confirmed_at if row else None,
        left=len(row.codes) if row else 0,
        secret=_grouped(factors.opened(home.keys, row)) if row and begun else "",
        due=asker.factor_due,
        codes=codes,
        faults=faults,
    )


def _grouped(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


@router.get("/qr.svg")
def square(home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """The square code of a factor that is not confirmed yet; afterwards nobody sees it again."""
    assert asker.staff is not None
    row = factors.find(session, asker.staff.id)
    if row is None or row.confirmed_at is not None:
        raise NotFound
    address = factors.address(home.keys, row, asker.staff, f"接诉 {home.settings.district}")
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff"
    )
    return Response(drawn.getvalue(), media_type="image/svg+xml")


@router.post("/start", dependencies=[Checked])
def start(home: TheHouse, asker: TheStaff) -> Response:
    """Begin, or begin anew."""
    with home.office.desk(asker.actor) as desk:
        enrolment.start(desk)
    return RedirectResponse("/me/factor", 303)


@router.post("/confirm", dependencies=[Checked])
def confirm(request: Request, home: TheHouse, asker: TheStaff, code: Code = "") -> Response:
    """The first code."""
    home.limits.hit("login", security.caller(request))
    token = request.cookies.get(security.COOKIE, "")
    made: tuple[str, ...] = ()
    faults, status = {}, 200
    try:
        with home.office.desk(asker.actor) as desk:
            made = tuple(enrolment.confirm(desk, code, token))
    except (Invalid, Conflict) as refused:
        faults, status = faults_of(request, refused), status_of(refused)
    with Session(home.office.engine, expire_on_commit=False) as session:
        return _page(request, home, asker, session, faults, codes=made, status=status)


@router.post("/codes", dependencies=[Checked, Fresh])
def renew(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """Other recovery codes."""
    with home.office.desk(asker.actor) as desk:
        made = tuple(enrolment.renew_codes(desk))
    with Session(home.office.engine, expire_on_commit=False) as session:
        return _page(request, home, asker, session, {}, codes=made)


@router.post("/off", dependencies=[Checked, Fresh])
def give_up(home: TheHouse, asker: TheStaff) -> Response:
    """Without it."""
    with home.office.desk(asker.actor) as desk:
        enrolment.give_up(desk)
    return RedirectResponse("/me/factor", 303)


@router.get("/again")
def ask_again(request: Request, asker: TheStaff, next: Next = "/me") -> Response:  # noqa: A002 - the word in the address
    """The question before a delicate act."""
    if not asker.enrolled:
        raise NotFound
    return page(request, "staff/factor_again.html", back=inside(next), faults={})


@router.post("/again", dependencies=[Checked])
def again(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    code: Code = "",
    back: Annotated[str, Form(max_length=200)] = "/me",
) -> Response:
    """The answer; then back to the page one came from."""
    assert asker.staff is not None
    home.limits.hit("login", security.caller(request))
    token = request.cookies.get(security.COOKIE, "")
    with home.office.desk(asker.actor) as desk:
        right = security.step_up(desk, asker.staff.id, token, code)
    if right:
        return RedirectResponse(inside(back), 303)
    wrong = Invalid.one("code", "wrong", "验证码不正确或已用过，请用下一个；多次错误会锁定账号")
    faults = faults_of(request, wrong)
    return page(request, "staff/factor_again.html", status=422, back=inside(back), faults=faults)


def inside(path: str) -> str:
    """A path of our own, whatever somebody wrote into a link."""
    own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if own else "/me"
