"""Who a sign-on subject is here: linked by an administrator or by a name, hats by mapping only."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from core.desk import Desk
from core.errors import Conflict, Invalid, NotFound, Refused
from core.moments import utc_now
from core.permissions import Act, Role, demand, separated
from core.settings import Settings
from core.tables import Staff
from web.accounts import UNIT_HATS, WORN, end_sessions, locked
from web.security import log_account
from web.tables import SignOnSubject

LONGEST = 255


class NotLinked(Refused):
    """Somebody is who he says, but nobody here knows him by that."""

    code = "not_linked"
    message = "统一认证账号尚未关联本系统，请把这个标识告诉系统管理员：{subject}"


def person(desk: Desk, settings: Settings, claims: Mapping[str, Any]) -> Staff:
    """The account of these claims, with the hats its groups bring where that is set up."""
    issuer, subject = str(settings.oidc_issuer), str(claims["sub"])[:LONGEST]
    row = desk.session.get(SignOnSubject, (issuer, subject))
    if row is None:
        staff = _by_name(desk, settings, claims, subject)
        _add(desk, staff, issuer, subject)
    else:
        staff = desk.session.get_one(Staff, row.staff_id, with_for_update=True)
    if not staff.active:
        raise NotLinked(params={"subject": subject})
    _dress(desk, settings, staff, claims)
    return staff


def _by_name(desk: Desk, settings: Settings, claims: Mapping[str, Any], subject: str) -> Staff:
    """The account that a trusted claim names, if the installation trusts one."""
    claim = settings.oidc_username_claim
    name = claims.get(claim) if claim else None
    if isinstance(name, str) and not (
        claim == "email" and claims.get("email_verified") is not True
    ):
        wanted = select(Staff).where(Staff.username == name.strip().lower()).with_for_update()
        staff = desk.session.exec(wanted).first()
        if staff is not None and of(desk.session, str(settings.oidc_issuer), staff) is None:
            return staff
    raise NotLinked(params={"subject": subject})


def of(session: Session, issuer: str, staff: Staff) -> SignOnSubject | None:
    """What the server calls this person."""
    return session.exec(
        select(SignOnSubject).where(
            SignOnSubject.issuer == issuer, col(SignOnSubject.staff_id) == staff.id
        )
    ).first()


def link(desk: Desk, username: str, issuer: str, subject: str) -> None:
    """By system administration: this subject is that account; empty takes the link away."""
    demand(desk.actor, Act.MANAGE_PEOPLE)
    staff, subject = locked(desk, username), subject.strip()
    if len(subject) > LONGEST or not subject.isprintable():
        raise Invalid.one("subject", "form", "标识不正确")
    before = of(desk.session, issuer, staff)
    if before is not None:
        desk.session.delete(before)
        desk.session.flush()
        end_sessions(desk, staff.id)
        log_account(desk, staff, "unlinked")
    elif not subject:
        raise NotFound
    if subject:
        if desk.session.get(SignOnSubject, (issuer, subject)) is not None:
            raise Conflict("这个标识已关联其他账号", code="subject_taken")
        _add(desk, staff, issuer, subject)


def _add(desk: Desk, staff: Staff, issuer: str, subject: str) -> None:
    desk.session.add(
        SignOnSubject(
            issuer=issuer,
            subject=subject,
            staff_id=staff.id,
            linked_at=utc_now(),
            linked_by=desk.actor.tag,
        )
    )
    log_account(desk, staff, "linked")


def _dress(desk: Desk, settings: Settings, staff: Staff, claims: Mapping[str, Any]) -> None:
    """The hats of the groups. Without a mapping in the settings a token brings none."""
    if not settings.oidc_role_claim or not settings.oidc_role_map:
        return
    groups = claims.get(settings.oidc_role_claim)
    named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    mapped = role_map(settings.oidc_role_map)
    hats = frozenset(mapped[group] for group in named if group in mapped)
    if staff.department is None:
        hats -= UNIT_HATS
    if not separated(hats):
        raise NotLinked("统一认证给出的角色不能由同一人担任，请联系系统管理员")
    after = sorted(role.value for role in hats)
    if after != sorted(staff.roles):
        log_account(desk, staff, "roles", before=staff.roles, after=after)
        staff.roles = after
        end_sessions(desk, staff.id)


def role_map(setting: str) -> Mapping[str, Role]:
    """`group=role, group=role` as a table. ValueError for what is no role people may wear."""
    found: dict[str, Role] = {}
    for pair in filter(None, (part.strip() for part in setting.split(","))):
        group, _, role = pair.rpartition("=")
        if not group or Role(role.strip()) not in WORN:
            raise ValueError(f"not group=role: {pair}")
        found[group.strip()] = Role(role.strip())
    return found
