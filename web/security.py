"""Passwords, login sessions, CSRF, signed links, rate limits, headers."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import limits.storage
import limits.strategies
from fastapi import Request
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from redis.exceptions import RedisError
from sqlalchemy import delete
from sqlmodel import Session, col, select

from core import logs
from core.desk import Desk
from core.errors import Forbidden, Refused, TooMany, Unavailable
from core.moments import utc_now
from core.privacy import Keys
from core.settings import Settings
from core.tables import Staff
from web import factors
from web.tables import AccountEvent, LoginSession, SecondFactor

# OWASP's smallest memory for Argon2id: sixteen logins at once stay under a third of a GiB
PASSWORDS = PasswordHash((Argon2Hasher(memory_cost=19 * 1024, time_cost=2, parallelism=1),))
COOKIE = "jiesu_session"
FAILURES = 5
LOCKED = timedelta(minutes=30)
SEEN_STEP = timedelta(minutes=1)
OVER, BEGUN = timedelta(days=4), timedelta(days=1)
CHALLENGE, CHALLENGED = "login.challenge", timedelta(minutes=5)

LIMITS = {
    "file": limits.parse("30/minute"),
    "track": limits.parse("20/minute"),
    # guesses at one ticket's code, from wherever they come
    "ticket": limits.parse("60/hour"),
    "login": limits.parse("20/minute"),
    # what anybody may read, from one address
    "open311": limits.parse("120/minute"),
}
# these doors are closed while nobody counts
CLOSED_WITHOUT = frozenset({"login"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",  # for browsers older than frame-ancestors
}


class LoginFailed(Refused):
    """Wrong name or password, or locked for a while; which of them is not told."""

    code = "login_failed"
    message = "用户名、密码或验证码不正确，或账号已暂时锁定"


@dataclass(frozen=True, slots=True)
class Login:
    """A fresh session: the cookie's value and the form token that goes with it."""

    token: str
    csrf: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """A login half done: the second factor is asked for. Says nothing about the first."""

    token: str


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


# verified when the user name is unknown, so that both answers take as long
NOBODY = PASSWORDS.hash(secrets.token_hex(16))


def log_in(desk: Desk, username: str, password: str) -> Login | Challenge | None:
    """A session for the person, the question for his second factor, or None.

    Failures are counted and lock the account for a while. Whoever has a second factor is asked
    for it whether the password was right or not: which of the two was wrong stays untold.
    """
    staff = desk.session.exec(
        select(Staff).where(Staff.username == username, col(Staff.active)).with_for_update()
    ).first()
    right = PASSWORDS.verify(password, staff.password if staff else NOBODY)
    now = utc_now()
    if staff is None:
        return None
    right = right and not _locked(staff, now)
    if not right and not _locked(staff, now):
        _fail(desk, staff, now)
    if factors.confirmed(desk.session, staff.id) is not None:
        return challenge(desk.keys, staff, now, way="password", right=right)
    if not right:
        return None
    staff.failures, staff.locked_until = 0, None
    return open_session(desk, staff, now)


def challenge(keys: Keys, staff: Staff, now: datetime, *, way: str, right: bool) -> Challenge:
    """The question for a second factor, sealed: its bearer cannot read what is in it."""
    told = json.dumps([str(staff.id), now.isoformat(), way, "+" if right else "-"])
    return Challenge(base64.urlsafe_b64encode(keys.seal(CHALLENGE, told)).decode())


def answer(desk: Desk, token: str, code: str) -> Login | None:
    """The session of whom a challenge was made for, if everything so far and the code are right."""
    now = utc_now()
    asked = _asked(desk.keys, token, now)
    if asked is None:
        return None
    staff_id, way, right = asked
    query = select(Staff).where(Staff.id == staff_id, col(Staff.active)).with_for_update()
    staff = desk.session.exec(query).first()
    if staff is None or not right or _locked(staff, now):
        return None
    row = factors.confirmed(desk.session, staff.id, held=True)
    if row is None or not _taken(desk, staff, row, code, now):
        return None
    staff.failures, staff.locked_until = 0, None
    return open_session(desk, staff, now, way=way, factor=True)


def step_up(desk: Desk, staff_id: UUID, token: str, code: str) -> bool:
    """Show the second factor once more, in a session that is open. Failures lock here too."""
    now = utc_now()
    query = select(Staff).where(Staff.id == staff_id, col(Staff.active)).with_for_update()
    staff = desk.session.exec(query.execution_options(populate_existing=True)).first()
    row = factors.confirmed(desk.session, staff_id, held=True)
    login = desk.session.get(LoginSession, hash_token(token))
    if staff is None or row is None or login is None or _locked(staff, now):
        return False
    if not _taken(desk, staff, row, code, now):
        return False
    staff.failures, login.factor_at = 0, now
    return True


def _taken(desk: Desk, staff: Staff, row: SecondFactor, code: str, now: datetime) -> bool:
    kind = factors.take(desk.keys, row, code, now)
    if not kind:
        _fail(desk, staff, now)
    elif kind == "recovery":
        log_account(desk, staff, "recovery_used", left=len(row.codes))
    return bool(kind)


def _asked(keys: Keys, token: str, now: datetime) -> tuple[UUID, str, bool] | None:
    """Whom a challenge was made for, and whether all was right so far; None when it is stale."""
    try:
        staff_id, at, way, right = json.loads(keys.open(CHALLENGE, base64.urlsafe_b64decode(token)))
    except (ValueError, UnicodeError):
        return None
    if now - datetime.fromisoformat(at) > CHALLENGED:
        return None
    return UUID(staff_id), way, right == "+"


def _locked(staff: Staff, now: datetime) -> bool:
    return staff.locked_until is not None and staff.locked_until > now


def _fail(desk: Desk, staff: Staff, now: datetime) -> None:
    staff.failures += 1
    if staff.failures >= FAILURES:
        staff.locked_until, staff.failures = now + LOCKED, 0
        log_account(desk, staff, "locked")


def log_account(desk: Desk, staff: Staff, what: str, **about: Any) -> None:
    """A line about an account that nobody takes back."""
    desk.session.add(
        AccountEvent(
            id=desk.new_id(),
            staff_id=staff.id,
            username=staff.username,
            what=what,
            about=about,
            actor=desk.actor.tag,
            at=desk.now,
        )
    )


def open_session(
    desk: Desk, staff: Staff, now: datetime, *, way: str = "password", factor: bool = False
) -> Login:
    """A session for somebody who has shown who he is."""
    login = Login(secrets.token_urlsafe(32), secrets.token_urlsafe(24))
    desk.session.add(
        LoginSession(
            token=hash_token(login.token),
            staff_id=staff.id,
            csrf=login.csrf,
            created_at=now,
            seen_at=now,
            factor_at=now if factor else None,
            way=way,
        )
    )
    return login


def find_session(
    session: Session, token: str, settings: Settings, *, awake: bool = True
) -> tuple[LoginSession, Staff, bool] | None:
    """The live session behind a cookie, its person, and whether he has a second factor in use.

    Seen anew at most once a minute.

    `awake` is false for what a page asks by itself: a badge must not keep an empty chair logged in.
    Logins live by real time, whatever a demonstration does with the system's.
    """
    found = session.exec(
        select(LoginSession, Staff, col(SecondFactor.confirmed_at).is_not(None))
        .join(Staff, col(LoginSession.staff_id) == Staff.id)
        .join(SecondFactor, col(SecondFactor.staff_id) == Staff.id, isouter=True)
        .where(LoginSession.token == hash_token(token))
        .where(col(Staff.active))
    ).first()
    if found is None:
        return None
    login, staff, enrolled = found
    at = utc_now()
    idle = timedelta(minutes=settings.session_idle_minutes)
    longest = timedelta(hours=settings.session_hours)
    if at - login.seen_at > idle or at - login.created_at > longest:
        session.delete(login)
        session.commit()
        return None
    if awake and at - login.seen_at > SEEN_STEP:
        login.seen_at = at
        session.commit()
    return login, staff, enrolled


def prune(session: Session) -> None:
    """Forget logins that are over by any setting, and factors that were only begun."""
    at = utc_now()
    session.execute(delete(LoginSession).where(col(LoginSession.created_at) < at - OVER))
    begun = delete(SecondFactor).where(
        col(SecondFactor.confirmed_at).is_(None), col(SecondFactor.started_at) < at - BEGUN
    )
    session.execute(begun)


def log_out(desk: Desk, token: str) -> None:
    """End one session."""
    login = desk.session.get(LoginSession, hash_token(token))
    if login is not None:
        desk.session.delete(login)


def visitor_csrf(keys: Keys, seed: str) -> str:
    """The form token of somebody without a session, bound to his own random cookie."""
    return keys.sign(f"csrf:{seed}")


def check_csrf(expected: str, given: str) -> None:
    """Forbidden unless the form carries the token of its own session."""
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        raise Forbidden("页面已过期，请刷新后重新提交", code="csrf")


def track_key(keys: Keys, number: str) -> str:
    """The signature that opens one ticket's own page."""
    return keys.sign(f"track:{number}")


class RateLimits:
    """Sliding windows in Redis, shared by all processes."""

    def __init__(self, redis_url: str | None, switch: Literal["on", "off"]) -> None:
        self.limiter: limits.strategies.SlidingWindowCounterRateLimiter | None = None
        if redis_url and switch == "on":
            # the embedded server's socket: a scheme redis-py knows by another name
            address = f"redis+{redis_url}" if redis_url.startswith("unix://") else redis_url
            storage = limits.storage.storage_from_string(address)
            self.limiter = limits.strategies.SlidingWindowCounterRateLimiter(storage)

    def hit(self, name: str, who: str) -> None:
        """Count one use; TooMany past the limit.

        A dead Redis never stops a complaint, but it closes the doors that are guessed at: to
        try passwords without being counted would be an invitation.
        """
        self._count(LIMITS[name], name, who)

    def hit_client(self, who: str, per_minute: int) -> None:
        """Count one call of a program; TooMany past its own limit."""
        self._count(limits.RateLimitItemPerMinute(per_minute), "client", who)

    def _count(self, limit: limits.RateLimitItem, name: str, who: str) -> None:
        if self.limiter is None:
            return
        try:
            allowed = self.limiter.hit(limit, name, who[:100])
        except RedisError:
            logs.get("security").warning("rate_limits_unavailable", limit=name)
            if name in CLOSED_WITHOUT:
                raise Unavailable from None
            return
        if not allowed:
            raise TooMany


def caller(request: Request) -> str:
    """Whom a limit counts: the peer's address (uvicorn has resolved trusted proxies)."""
    return request.client.host if request.client else "unknown"
