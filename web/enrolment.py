"""A second factor: begun, confirmed, renewed, given up; reset by security administration."""

from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.moments import utc_now
from core.permissions import Act, demand
from core.tables import Staff
from web import factors
from web.accounts import end_sessions, locked, own
from web.security import hash_token, log_account
from web.tables import LoginSession, SecondFactor


def start(desk: Desk) -> None:
    """A fresh secret for one's telephone; nothing asks for it before it is confirmed."""
    staff = own(desk)
    row = factors.find(desk.session, staff.id, held=True)
    if row is not None and row.confirmed_at is not None:
        raise Conflict("登录验证码已启用", code="factor_on")
    secret = factors.sealed(desk.keys, staff.id, factors.new_secret())
    if row is None:
        desk.session.add(
            SecondFactor(staff_id=staff.id, secret=secret, codes=[], started_at=utc_now())
        )
    else:
        row.secret, row.started_at, row.last_step = secret, utc_now(), 0


def confirm(desk: Desk, code: str, token: str) -> list[str]:
    """The telephone shows the right code: it counts from now on. The recovery codes, once."""
    staff = own(desk)
    row = factors.find(desk.session, staff.id, held=True)
    if row is None or row.confirmed_at is not None:
        raise Conflict("请重新开始设置", code="factor_state")
    if factors.take(desk.keys, row, code, utc_now()) != "totp":
        raise Invalid.one("code", "wrong", "验证码不正确，请核对手机时间后重试")
    row.confirmed_at = utc_now()
    end_sessions(desk, staff.id, keep=token)
    login = desk.session.get(LoginSession, hash_token(token))
    if login is not None:
        login.factor_at = utc_now()
    log_account(desk, staff, "factor_on")
    return factors.new_codes(desk.keys, row)


def renew_codes(desk: Desk) -> list[str]:
    """Ten other recovery codes, shown once; who asks has just shown his factor."""
    staff = own(desk)
    row = _confirmed(desk, staff)
    log_account(desk, staff, "factor_codes")
    return factors.new_codes(desk.keys, row)


def give_up(desk: Desk) -> None:
    """Without it from now on; who asks has just shown it, and hats that need it ask anew."""
    staff = own(desk)
    desk.session.delete(_confirmed(desk, staff))
    log_account(desk, staff, "factor_off")


def reset(desk: Desk, username: str) -> Staff:
    """For somebody who lost it: by security administration, never one's own."""
    demand(desk.actor, Act.ASSIGN_ROLES)
    staff = locked(desk, username)
    if str(staff.id) == desk.actor.id:
        raise Forbidden("不能重置自己的登录验证码", code="second_person")
    desk.session.delete(_confirmed(desk, staff))
    staff.failures, staff.locked_until = 0, None
    end_sessions(desk, staff.id)
    log_account(desk, staff, "factor_reset")
    return staff


def _confirmed(desk: Desk, staff: Staff) -> SecondFactor:
    row = factors.confirmed(desk.session, staff.id, held=True)
    if row is None:
        raise NotFound
    return row
