"""Somebody for every hat. Names are those on office doors, never a person's."""

from sqlmodel import col, select

from core.desk import Desk
from core.permissions import Role
from core.tables import Department, Staff
from routing.units import UnitKind
from web.security import PASSWORDS

PASSWORD = "weibin-demo-2026"  # noqa: S105 - printed at the first start; for demonstrations only
MAIL = "jiesu.example"
# username, name on the door, hats, unit
DESKS: tuple[tuple[str, str, tuple[Role, ...], str | None], ...] = (
    ("operator", "热线受理员一席", (Role.OPERATOR,), "zhzx"),
    ("dispatcher", "派单审核员", (Role.DISPATCHER,), "zhzx"),
    ("dispatcher2", "派单复核员", (Role.DISPATCHER,), "zhzx"),
    ("callback", "回访员", (Role.CALLBACK,), "zhzx"),
    ("supervisor", "区政府办督办岗", (Role.OFFICE,), "qzfb"),
    ("supervisor2", "区职转营商办审核岗", (Role.OFFICE,), "qzfb"),
    ("discipline", "区纪委监委信访岗", (Role.DISCIPLINE,), "jwjw"),
    ("leader", "区领导席", (Role.LEADER,), None),
    ("assessor", "考核分析员", (Role.ASSESSOR,), None),
    ("editor", "知识库编辑", (Role.EDITOR,), "zhzx"),
    ("watcher", "特约监督员席", (Role.WATCHER,), None),
    ("sysadmin", "系统管理员", (Role.SYSADMIN,), None),
    ("secadmin", "安全管理员", (Role.SECADMIN,), None),
    ("auditor", "审计管理员", (Role.AUDITOR,), None),
    ("privacy", "个人信息保护专员", (Role.PRIVACY,), None),
)
LOGINS: tuple[tuple[str, str], ...] = (
    ("operator", "热线受理员 hotline operator"),
    ("dispatcher", "派单审核员 dispatcher"),
    ("xzspj", "区行政审批局承办人 department (any unit code works)"),
    ("xzspj.head", "区行政审批局分管领导 unit head"),
    ("supervisor", "区政府办督办岗 supervisor"),
    ("callback", "回访员 call-back desk"),
)
WITH_STAFF = (UnitKind.DEPARTMENT, UnitKind.TOWN, UnitKind.ZONE, UnitKind.COURT, UnitKind.PARTY)


def seed_people(desk: Desk) -> None:
    """The desks of the hotline and the office, a handler and a head for every unit."""
    # one hash for all: it is one password, and a hundred hashes would cost a start its seconds
    password = PASSWORDS.hash(PASSWORD)
    units = desk.session.exec(
        select(Department)
        .where(col(Department.kind).in_(WITH_STAFF))
        .order_by(col(Department.code))
    ).all()
    known = {unit.code for unit in units}
    rows = [
        (name, door, roles, unit if unit in known else None) for name, door, roles, unit in DESKS
    ]
    for unit in units:
        rows.append((unit.code, f"{unit.name}承办人", (Role.LIAISON, Role.HANDLER), unit.code))
        rows.append((f"{unit.code}.head", f"{unit.name}分管领导", (Role.HEAD,), unit.code))
    for name, door, roles, department in rows:
        desk.session.add(
            Staff(
                id=desk.new_id(),
                username=name,
                name=door,
                password=password,
                department=department,
                roles=[role.value for role in roles],
                email=f"{name}@{MAIL}",
                created_at=desk.now,
            )
        )
