"""Accounts of the staff: made, named, given roles, locked and unlocked; passwords by rule.

System administration makes and closes accounts, security administration gives roles, and both
leave a line that neither can take back: graded protection keeps the three administrations apart.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, or_, select

from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.moments import utc_now
from core.permissions import Act, Role, demand, separated
from core.tables import Department, Staff
from web.security import PASSWORDS, hash_token, log_account
from web.tables import AccountEvent, LoginSession

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,38}[a-z0-9]")
ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
SHORTEST, LONGEST = 10, 128
CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")
CLASSES_NEEDED = 3
# hats of people outside the house, and of programs: nobody logs in with them
WORN = tuple(
    role
    for role in Role
    if role
    not in {Role.BUSINESS, Role.VISITOR, Role.CLIENT, Role.PARTNER, Role.SYSTEM, Role.WATCHER}
)
UNIT_HATS = frozenset({Role.LIAISON, Role.HANDLER, Role.HEAD})
# no 0 and O, no 1 and l: a first password is read out and typed
LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def check_password(password: str, username: str) -> None:
    """Whether a password may be one. Invalid says what it lacks."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid.one(
            "password", "length", "密码须为{least}至{most}个字符", least=SHORTEST, most=LONGEST
        )
    if sum(bool(re.search(kind, password)) for kind in CLASSES) < CLASSES_NEEDED:
        message = "密码须包含大写字母、小写字母、数字、符号中的三种"
        raise Invalid.one("password", "classes", message)
    if username.lower() in password.lower():
        raise Invalid.one("password", "username", "密码不能包含用户名")
    if len(set(password)) < SHORTEST // 2:
        raise Invalid.one("password", "simple", "密码过于简单，请减少重复的字符")


def change_password(desk: Desk, old: str, new: str, *, keep: str = "") -> None:
    """One's own password. Every other session of the person ends; `keep` is this one's token."""
    staff = own(desk)
    if not PASSWORDS.verify(old, staff.password):
        raise Invalid.one("old", "wrong", "原密码不正确")
    check_password(new, staff.username)
    if PASSWORDS.verify(new, staff.password):
        raise Invalid.one("password", "same", "新密码不能与原密码相同")
    staff.password, staff.must_change, staff.password_at = PASSWORDS.hash(new), False, utc_now()
    end_sessions(desk, staff.id, keep=keep)
    log_account(desk, staff, "password_changed")


def set_own(desk: Desk, *, language: str, email: str) -> None:
    """Language and address for letters."""
    staff = own(desk)
    staff.language = language if language in {"zh", "en"} else "zh"
    staff.email = _address(email)


def create(desk: Desk, values: Mapping[str, str]) -> tuple[Staff, str]:
    """A new account without any role yet, and its first password, shown once."""
    demand(desk.actor, Act.MANAGE_PEOPLE)
    username = values.get("username", "").strip().lower()
    if not USERNAME.fullmatch(username):
        message = "用户名须为3至40个小写字母、数字或._-，首尾为字母或数字"
        raise Invalid.one("username", "form", message)
    if find(desk.session, username) is not None:
        raise Conflict("用户名已被使用", code="username_taken")
    first = first_password()
    row = Staff(
        id=desk.new_id(),
        username=username,
        name=_name(values),
        password=PASSWORDS.hash(first),
        department=_unit(desk.session, values.get("department", "")),
        roles=[],
        email=_address(values.get("email", "")),
        must_change=True,
        created_at=desk.now,
    )
    try:
        with desk.session.begin_nested():
            desk.session.add(row)
    except IntegrityError as taken:  # by somebody at the same moment
        raise Conflict("用户名已被使用", code="username_taken") from taken
    log_account(desk, row, "created", department=row.department)
    return row, first


def change(desk: Desk, username: str, values: Mapping[str, str]) -> Staff:
    """Name on the door, unit and address. A person in another unit loses the unit's hats."""
    row = _held(desk, username)
    before, row.department = row.department, _unit(desk.session, values.get("department", ""))
    row.name, row.email = _name(values), _address(values.get("email", ""))
    if before != row.department:
        row.roles = [role for role in row.roles if Role(role) not in UNIT_HATS]
        end_sessions(desk, row.id)
    log_account(desk, row, "changed", before=before, department=row.department)
    return row


def set_roles(desk: Desk, username: str, roles: Sequence[str]) -> Staff:
    """The hats of a person, by security administration alone; never one's own."""
    demand(desk.actor, Act.ASSIGN_ROLES)
    row = locked(desk, username)
    if str(row.id) == desk.actor.id:
        raise Forbidden("不能给自己分配角色", code="second_person")
    chosen = frozenset(Role(role) for role in roles if role in {role.value for role in WORN})
    if len(chosen) != len(set(roles)):
        raise Invalid.one("roles", "unknown", "选择的内容不正确")
    if not separated(chosen):
        raise Invalid.one("roles", "separated", "系统、安全、审计三类管理员不能由同一人担任")
    if chosen & UNIT_HATS and row.department is None:
        raise Invalid.one("roles", "unit", "单位角色须先填写所在单位")
    before, row.roles = row.roles, sorted(role.value for role in chosen)
    # an open session would go on with the old hats
    end_sessions(desk, row.id)
    log_account(desk, row, "roles", before=before, after=row.roles)
    return row


def set_active(desk: Desk, username: str, *, active: bool) -> Staff:
    """Closed accounts log in nowhere; what their people did stays theirs."""
    row = _held(desk, username)
    if str(row.id) == desk.actor.id:
        raise Forbidden("不能停用自己的账号", code="own_account")
    row.active, row.failures, row.locked_until = active, 0, None
    if not active:
        end_sessions(desk, row.id)
    log_account(desk, row, "opened" if active else "closed")
    return row


def reset_password(desk: Desk, username: str) -> tuple[Staff, str]:
    """A new first password, shown once; it must be changed at the next login."""
    row = _held(desk, username)
    first = first_password()
    row.password, row.must_change = PASSWORDS.hash(first), True
    row.failures, row.locked_until = 0, None
    end_sessions(desk, row.id)
    log_account(desk, row, "password_reset")
    return row, first


def close_published(desk: Desk, password: str) -> int:
    """Give every account that opens with this published password an unknown one. How many."""
    demand(desk.actor, Act.MANAGE_PEOPLE)
    rows = desk.session.exec(select(Staff).order_by(col(Staff.username))).all()
    # the seed hashes its password once for all: each different hash is tried once
    opens = {kept: PASSWORDS.verify(password, kept) for kept in {row.password for row in rows}}
    found = [row for row in rows if opens[row.password]]
    for row in found:
        # a hash of nothing anybody knows; a reset makes the first password
        row.password, row.must_change = PASSWORDS.hash(secrets.token_urlsafe(24)), True
        end_sessions(desk, row.id)
        log_account(desk, row, "password_reset")
    return len(found)


def first_password() -> str:
    """Four groups of four, to be read out."""
    while True:
        groups = ("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
        made = "-".join(groups)
        if all(re.search(kind, made) for kind in CLASSES):
            return made


def find(session: Session, username: str) -> Staff | None:
    """The account of that name."""
    return session.exec(select(Staff).where(Staff.username == username)).first()


def people(
    session: Session, *, text: str = "", department: str = "", after: str = "", limit: int = 50
) -> Sequence[Staff]:
    """Accounts by user name, from `after` on."""
    query = select(Staff).where(col(Staff.username) > after)
    if text:
        query = query.where(
            or_(
                col(Staff.username).contains(text, autoescape=True),
                col(Staff.name).contains(text, autoescape=True),
            )
        )
    if department:
        query = query.where(Staff.department == department)
    return session.exec(query.order_by(col(Staff.username)).limit(limit)).all()


def sessions(session: Session, staff_id: UUID) -> Sequence[LoginSession]:
    """Where a person is logged in, the newest first."""
    query = select(LoginSession).where(LoginSession.staff_id == staff_id)
    return session.exec(query.order_by(col(LoginSession.seen_at).desc())).all()


def end_one(desk: Desk, handle: str) -> None:
    """Log oneself out in one place, named by the beginning of its token's hash."""
    staff = own(desk)
    for login in sessions(desk.session, staff.id):
        if handle_of(login) == handle:
            desk.session.delete(login)
            log_account(desk, staff, "sessions_ended")
            return
    raise NotFound


def handle_of(login: LoginSession) -> str:
    """What a session is called on its person's page: nothing that opens it."""
    return login.token.hex()[:16]


def end_others(desk: Desk, token: str) -> None:
    """Log oneself out everywhere else."""
    staff = own(desk)
    end_sessions(desk, staff.id, keep=token)
    log_account(desk, staff, "sessions_ended")


def events(
    session: Session, *, staff_id: UUID | None = None, before: UUID | None = None, limit: int = 50
) -> Sequence[AccountEvent]:
    """What was done to accounts, the newest first."""
    query = select(AccountEvent)
    if staff_id is not None:
        query = query.where(AccountEvent.staff_id == staff_id)
    if before is not None:
        query = query.where(col(AccountEvent.id) < before)
    return session.exec(query.order_by(col(AccountEvent.id).desc()).limit(limit)).all()


def own(desk: Desk) -> Staff:
    row = desk.session.get(Staff, UUID(desk.actor.id)) if desk.actor.kind == "staff" else None
    if row is None:
        raise Forbidden
    return row


def _held(desk: Desk, username: str) -> Staff:
    demand(desk.actor, Act.MANAGE_PEOPLE)
    return locked(desk, username)


def locked(desk: Desk, username: str) -> Staff:
    query = select(Staff).where(Staff.username == username).with_for_update()
    row = desk.session.exec(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound
    return row


def _name(values: Mapping[str, str]) -> str:
    name = values.get("name", "").strip()
    if not 1 <= len(name) <= 60 or any(ord(letter) < 32 for letter in name):
        raise Invalid.one("name", "required", "请填写岗位名称")
    return name


def _unit(session: Session, code: str) -> str | None:
    if not code:
        return None
    if session.get(Department, code) is None:
        raise Invalid.one("department", "unknown", "没有这个单位")
    return code


def _address(email: str) -> str | None:
    email = email.strip()
    if email and not ADDRESS.fullmatch(email):
        raise Invalid.one("email", "form", "邮箱地址不正确")
    return email or None


def end_sessions(desk: Desk, staff_id: UUID, *, keep: str = "") -> None:
    ended = delete(LoginSession).where(col(LoginSession.staff_id) == staff_id)
    if keep:
        ended = ended.where(col(LoginSession.token) != hash_token(keep))
    desk.session.execute(ended)
