"""Passwords, login sessions, CSRF, signed links, rate limits, headers."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import limits.storage
import limits.strategies
from fastapi import Request
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from redis.exceptions import RedisError
from sqlmodel import Session, col, select

from core import logs
from core.desk import Desk
from core.errors import Forbidden, Refused, TooMany
from core.moments import utc_now
from core.privacy import Keys
from core.tables import Staff
from web.tables import LoginSession

# OWASP's smallest memory for Argon2id: sixteen logins at once stay under a third of a GiB
PASSWORDS = PasswordHash((Argon2Hasher(memory_cost=19 * 1024, time_cost=2, parallelism=1),))
COOKIE = "jiesu_session"
IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
FAILURES = 5
LOCKED = timedelta(minutes=30)
SEEN_STEP = timedelta(minutes=1)

LIMITS = {
    "file": limits.parse("30/minute"),
    "track": limits.parse("20/minute"),
    "login": limits.parse("20/minute"),
}
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
}


class LoginFailed(Refused):
    """Wrong name or password, or locked for a while; which of them is not told."""

    code = "login_failed"
    message = "用户名或密码不正确，或账号已暂时锁定"


@dataclass(frozen=True, slots=True)
class Login:
    """A fresh session: the cookie's value and the form token that goes with it."""

    token: str
    csrf: str


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


# verified when the user name is unknown, so that both answers take as long
NOBODY = PASSWORDS.hash(secrets.token_hex(16))


def log_in(desk: Desk, username: str, password: str) -> Login | None:
    """A session for the person, or None; failures are counted and lock the account for a while."""
    staff = desk.session.exec(
        select(Staff).where(Staff.username == username, col(Staff.active)).with_for_update()
    ).first()
    right = PASSWORDS.verify(password, staff.password if staff else NOBODY)
    now = utc_now()
    if staff is None or (staff.locked_until and staff.locked_until > now):
        return None
    if not right:
        staff.failures += 1
        if staff.failures >= FAILURES:
            staff.locked_until, staff.failures = now + LOCKED, 0
        return None
    staff.failures, staff.locked_until = 0, None
    return _open_session(desk, staff, now)


def _open_session(desk: Desk, staff: Staff, now: datetime) -> Login:
    login = Login(secrets.token_urlsafe(32), secrets.token_urlsafe(24))
    desk.session.add(
        LoginSession(
            token=hash_token(login.token),
            staff_id=staff.id,
            csrf=login.csrf,
            created_at=now,
            seen_at=now,
        )
    )
    return login


def find_session(
    session: Session, token: str, *, awake: bool = True
) -> tuple[LoginSession, Staff] | None:
    """The live session behind a cookie and its person; seen anew at most once a minute.

    `awake` is false for what a page asks by itself: a badge must not keep an empty chair logged in.
    Logins live by real time, whatever a demonstration does with the system's.
    """
    found = session.exec(
        select(LoginSession, Staff)
        .where(LoginSession.token == hash_token(token), LoginSession.staff_id == Staff.id)
        .where(col(Staff.active))
    ).first()
    if found is None:
        return None
    login, staff = found
    at = utc_now()
    if at - login.seen_at > IDLE or at - login.created_at > LONGEST:
        session.delete(login)
        session.commit()
        return None
    if awake and at - login.seen_at > SEEN_STEP:
        login.seen_at = at
        session.commit()
    return login, staff


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
        """Count one use; TooMany past the limit. A dead Redis never stops a complaint."""
        if self.limiter is None:
            return
        try:
            allowed = self.limiter.hit(LIMITS[name], name, who)
        except RedisError:
            logs.get("security").warning("rate_limits_unavailable", limit=name)
            return
        if not allowed:
            raise TooMany


def caller(request: Request) -> str:
    """Whom a limit counts: the peer's address (uvicorn has resolved trusted proxies)."""
    return request.client.host if request.client else "unknown"
