"""What endpoints ask for: the house, who is asking, a session that reads, a checked form."""

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Request
from sqlmodel import Session
from starlette.exceptions import HTTPException

from core.database import reader
from core.desk import Office
from core.errors import Forbidden, Invalid
from core.moments import utc_now
from core.people import actor_of
from core.permissions import VISITOR, Act, Actor, business, may
from core.privacy import Keys
from core.settings import Settings
from core.tables import Staff
from notify.queries import unread_count
from web import clients, factors, security
from web.signon import SignOn

VISITOR_COOKIE = "jiesu_visitor"
PROGRAMS = ("/api/", "/open311/")
ASKED_BY_PAGES = frozenset({"/inbox/badge"})
# all that somebody may do whose first password was given to him by another
WITH_FIRST_PASSWORD = frozenset({"/me", "/me/password", "/inbox/badge"})
# and whose hats ask for a second factor that is not there yet
WITHOUT_FACTOR = WITH_FIRST_PASSWORD | {
    "/me/factor", "/me/factor/start", "/me/factor/qr.svg", "/me/factor/confirm",
}  # fmt: skip


@dataclass(frozen=True)
class House:
    """What a process holds: settings, office, limits."""

    settings: Settings
    office: Office
    limits: security.RateLimits

    @property
    def keys(self) -> Keys:
        return self.office.keys

    @cached_property
    def sign_on(self) -> SignOn | None:
        """The office's sign-on server, if it has one."""
        return SignOn.of(self.settings)


def house(request: Request) -> House:
    found: House = request.app.state.house
    return found


TheHouse = Annotated[House, Depends(house)]


@dataclass(frozen=True)
class Asker:
    """Who is asking: the actor, and the person and form token behind him."""

    actor: Actor
    csrf: str
    staff: Staff | None = None
    unread: int = 0
    # a second factor: in use, asked for by the person's hats, last shown in this session
    enrolled: bool = False
    factor_due: bool = False
    factor_at: datetime | None = None
    # the password is somebody else's, and it was the way in
    password_due: bool = False
    way: str = "password"
    # a program with a key of its own; or one whose key opens nothing
    client: clients.Known | None = None
    bad_key: bool = False

    def may(self, act: Act) -> bool:
        return may(self.actor, act)


def asker(request: Request) -> Asker:
    """The asker that the frame middleware found for this request; a program is counted."""
    found: Asker = request.state.asker
    if found.bad_key:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    if found.client is not None:
        house(request).limits.hit_client(found.actor.id, found.client.per_minute)
    return found


TheAsker = Annotated[Asker, Depends(asker)]


def find_asker(request: Request, home: House) -> Asker:
    """The program behind a key, the person behind the cookie, or a visitor with his own token."""
    key = bearer(request)
    if key is not None:
        return client_asker(home, key)
    token = request.cookies.get(security.COOKIE)
    if token:
        with Session(home.office.engine, expire_on_commit=False) as session:
            found = security.find_session(
                session,
                token,
                home.settings,
                awake=request.url.path not in ASKED_BY_PAGES,
            )
            if found is not None:
                login, staff, enrolled = found
                actor = actor_of(staff)
                unread = unread_count(session, actor.tag)
                due = not enrolled and factors.needed(staff, home.settings.second_factor_roles)
                return Asker(
                    actor,
                    login.csrf,
                    staff,
                    unread,
                    enrolled,
                    due,
                    login.factor_at,
                    password_due=staff.must_change and login.way == "password",
                    way=login.way,
                )
    seed = request.cookies.get(VISITOR_COOKIE) or secrets.token_urlsafe(16)
    request.state.visitor_seed = seed
    return Asker(VISITOR, security.visitor_csrf(home.keys, seed))


def bearer(request: Request) -> str | None:
    """The key a program shows where programs call; the upper platform's token is another thing."""
    path = request.url.path
    if not path.startswith(PROGRAMS) or path.startswith("/api/v1/relay/"):
        return None
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def client_asker(home: House, key: str) -> Asker:
    """The program of that key, or a visitor who showed a bad one."""
    with Session(home.office.engine, expire_on_commit=False) as session:
        known = clients.find_client(session, key)
    if known is None:
        return Asker(VISITOR, "", bad_key=True)
    return Asker(known.actor, "", client=known)


def staff_asker(request: Request, asker: TheAsker) -> Asker:
    """Somebody who has logged in; pages send others to the login form."""
    if asker.staff is None:
        raise HTTPException(401)
    if asker.password_due and request.url.path not in WITH_FIRST_PASSWORD:
        if request.url.path.startswith("/api/"):
            raise Forbidden("请先修改初始密码", code="password_due")
        raise HTTPException(303, headers={"Location": "/me"})
    if asker.factor_due and request.url.path not in WITHOUT_FACTOR:
        if request.url.path.startswith("/api/"):
            raise Forbidden("请先设置登录验证码", code="factor_due")
        raise HTTPException(303, headers={"Location": "/me/factor"})
    return asker


TheStaff = Annotated[Asker, Depends(staff_asker)]


def caller_asker(request: Request, asker: TheAsker) -> Asker:
    """A program with a key, or somebody who has logged in."""
    return asker if asker.client is not None else staff_asker(request, asker)


TheCaller = Annotated[Asker, Depends(caller_asker)]


def freshly(request: Request, home: TheHouse, asker: TheStaff) -> None:
    """For the most delicate acts: who has a second factor has shown it within the last minutes."""
    newest = timedelta(minutes=home.settings.step_up_minutes)
    if not asker.enrolled or (asker.factor_at and utc_now() - asker.factor_at < newest):
        return
    if request.url.path.startswith("/api/"):
        raise Forbidden("请先验证登录验证码", code="factor_stale")
    # what was sent is not kept: the page it was sent from is where to go on
    back = request.url.path.rpartition("/")[0]
    raise HTTPException(303, headers={"Location": f"/me/factor/again?next={quote(back)}"})


Fresh = Depends(freshly)


def cursor(after: str | None) -> UUID | None:
    """Where a list goes on, as the page before named it. Invalid for what is no such key."""
    try:
        return UUID(after) if after else None
    except ValueError as error:
        raise Invalid.one("after", "invalid", "翻页标记不正确") from error


def reading(home: TheHouse) -> Iterator[Session]:
    """A session that only reads."""
    with reader(home.office.engine) as session:
        yield session


TheReader = Annotated[Session, Depends(reading)]


async def checked(request: Request, asker: TheAsker) -> AsyncIterator[None]:
    """For requests that change something by cookie: the form's token must be the session's.

    A program without a session has nothing a forged page could use, and needs no token.
    """
    try:
        if asker.client is None:  # no browser sends a program's key by itself
            await _check(request, asker)
        yield
    finally:
        await request.close()  # uploads lie in temporary files that nobody else closes


Checked = Depends(checked)


async def checked_if_staff(request: Request, asker: TheAsker) -> AsyncIterator[None]:
    """For the open interface: a token only when a session cookie would lend its rights."""
    try:
        if asker.staff is not None:
            await _check(request, asker)
        yield
    finally:
        await request.close()


async def _check(request: Request, asker: Asker) -> None:
    # the browser itself says that another site's page sends this; older ones say nothing
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Forbidden("页面已过期，请刷新后重新提交", code="csrf")
    given = request.headers.get("x-csrf-token")
    if given is None and "form" in request.headers.get("content-type", ""):
        given = str((await request.form()).get("csrf", ""))
    security.check_csrf(asker.csrf, given or "")


CheckedIfStaff = Depends(checked_if_staff)


def owner(request: Request, number: str, home: TheHouse) -> Actor:
    """The complainant of ticket `number`, shown by the signed key in the link or form."""
    key = request.query_params.get("k", "")
    if not home.keys.signed(f"track:{number}", key):
        raise HTTPException(404)
    return business(number)


TheOwner = Annotated[Actor, Depends(owner)]
