"""The unit register's use cases: add a unit, change one, and every change kept with its reason."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from core.desk import Desk
from core.errors import Conflict, Fault, Invalid, NotFound
from core.ids import row_id
from core.permissions import Act, demand
from core.tables import Department, Staff
from routing.current import register
from routing.tables import UnitChange
from routing.units import UnitKind

CODE = re.compile(r"[a-z][a-z0-9]{1,19}")
PHONE = re.compile(r"(?:0\d{2,3}-?)?\d{5,8}(?:-\d{1,5})?|1\d{2}")
RESERVED = frozenset({"new"})
SHORTEST, LONGEST, MOST = 2, 60, 60
# figures compare a unit only with its like
PEERS = ("departments", "large", "towns", "zones", "utilities", "court", "party", "outside")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A unit as somebody wants it to be; dates are local days, `closed` the first it is gone."""

    name: str
    kind: str
    peers: str = "departments"
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    duty_phone: str | None = None
    deputies: tuple[str, ...] = ()
    opened: date | None = None
    closed: date | None = None


# field of `Wanted` → column
COLUMNS = {
    "name": "name",
    "kind": "kind",
    "peers": "peers",
    "parent": "parent",
    "aliases": "aliases",
    "duty_phone": "duty_phone",
    "deputies": "deputies",
    "opened": "valid_from",
    "closed": "valid_to",
}


def wanted_of(row: Department) -> Wanted:
    """The unit as it stands."""
    kept = {name: getattr(row, column) for name, column in COLUMNS.items()}
    return Wanted(**kept | {name: tuple(kept[name]) for name in ("aliases", "deputies")})


def seen_of(session: Session, code: str) -> int:
    """The serial of the unit's newest change, 0 before the first: what a form was filled from."""
    query = select(func.max(UnitChange.serial)).where(UnitChange.unit == code)
    return session.exec(query).one() or 0


def changes_of(session: Session, code: str, limit: int = 50) -> Sequence[UnitChange]:
    """The unit's changes, the newest first."""
    query = select(UnitChange).where(UnitChange.unit == code)
    return session.exec(query.order_by(col(UnitChange.serial).desc()).limit(limit)).all()


def add(desk: Desk, code: str, wanted: Wanted, reason: str) -> Department:
    """A new unit. Invalid names the fields; Forbidden for who may not edit the rules."""
    demand(desk.actor, Act.EDIT_RULES)
    _alone(desk)
    faults = list(_faults(desk.session, code, wanted, reason))
    if not CODE.fullmatch(code) or code in RESERVED:
        faults.append(Fault("code", "form", "代码须为2至20个小写字母或数字，以字母开头"))
    elif desk.session.get(Department, code) is not None:
        faults.append(Fault("code", "taken", "已有单位使用这个代码"))
    if faults:
        raise Invalid(faults=tuple(faults))
    row = Department(code=code, name=wanted.name, kind=wanted.kind)
    desk.session.add(row)
    _put(desk, row, wanted, Wanted("", "", ""), reason)
    return row


def change(desk: Desk, code: str, wanted: Wanted, *, seen: int, reason: str) -> Department:
    """Change a unit, from what `seen` showed.

    Raises NotFound, Conflict when somebody changed it since, Invalid naming the fields.
    """
    demand(desk.actor, Act.EDIT_RULES)
    _alone(desk)
    row = desk.session.get(Department, code, populate_existing=True)
    if row is None:
        raise NotFound
    if seen != seen_of(desk.session, code):
        raise Conflict("这个单位刚被别人修改过，请核对后再保存")
    if faults := tuple(_faults(desk.session, code, wanted, reason)):
        raise Invalid(faults=faults)
    if row.name not in (wanted.name, *wanted.aliases):
        # plans and rules go on calling it by the name they were written with
        wanted = dataclasses.replace(wanted, aliases=(*wanted.aliases, row.name))
    _put(desk, row, wanted, wanted_of(row), reason)
    return row


def _alone(desk: Desk) -> None:
    """One writer at a time: names are unique across units, and serials have no gaps."""
    desk.session.execute(text("LOCK TABLE unit_change IN SHARE ROW EXCLUSIVE MODE"))


def _put(desk: Desk, row: Department, wanted: Wanted, before: Wanted, reason: str) -> None:
    old, new = dataclasses.asdict(before), dataclasses.asdict(wanted)
    changes = {
        name: [_plain(old[name]), _plain(new[name])] for name in new if old[name] != new[name]
    }
    if not changes:
        return
    for name in changes:
        value = new[name]
        setattr(row, COLUMNS[name], list(value) if isinstance(value, tuple) else value)
    desk.session.flush()
    last = desk.session.exec(select(func.max(UnitChange.serial))).one() or 0
    desk.session.add(
        UnitChange(
            id=row_id(desk.now),
            serial=last + 1,
            unit=row.code,
            changes=changes,
            reason=reason.strip(),
            at=desk.now,
            by=desk.actor.tag,
        )
    )


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _faults(session: Session, code: str, wanted: Wanted, reason: str) -> list[Fault]:
    return [
        *_name_faults(session, code, wanted),
        *_place_faults(session, code, wanted),
        *_people_faults(session, code, wanted),
        *([] if reason.strip() else [Fault("reason", "required", "请写明变更的依据或原因")]),
    ]


def _name_faults(session: Session, code: str, wanted: Wanted) -> list[Fault]:
    if not wanted.name:
        return [Fault("name", "required", "请填写单位名称")]
    found = []
    if len(wanted.aliases) > MOST:
        found.append(Fault("aliases", "too_many", "最多{limit}个别名", {"limit": MOST}))
    units = register(session)
    for name, where in ((wanted.name, "name"), *((alias, "aliases") for alias in wanted.aliases)):
        if not SHORTEST <= len(name) <= LONGEST or not any(c.isalpha() for c in name):
            found.append(Fault(where, "form", "“{name}”不能作单位的名称", {"name": name[:LONGEST]}))
        elif (known := units.resolve(name)) and known.code != code:
            message = "“{name}”已是{unit}的名称"
            found.append(Fault(where, "taken", message, {"name": name, "unit": known.name}))
    return found


def _place_faults(session: Session, code: str, wanted: Wanted) -> list[Fault]:
    found = []
    if wanted.kind not in set(UnitKind):
        found.append(Fault("kind", "choice", "请选择单位类别"))
    if wanted.peers not in PEERS:
        found.append(Fault("peers", "choice", "请选择比较组"))
    if wanted.parent:
        units = register(session)
        if session.get(Department, wanted.parent) is None:
            found.append(Fault("parent", "unknown", "没有这个上级单位"))
        elif wanted.parent == code or units.beneath(wanted.parent, code):
            found.append(Fault("parent", "circle", "上级单位不能是本单位或它的下级"))
    if wanted.opened and wanted.closed and wanted.closed <= wanted.opened:
        found.append(Fault("closed", "order", "撤销日期须晚于成立日期"))
    return found


def _people_faults(session: Session, code: str, wanted: Wanted) -> list[Fault]:
    found = []
    if wanted.duty_phone and not PHONE.fullmatch(wanted.duty_phone):
        found.append(Fault("duty_phone", "form", "请填写单位的值班电话，例如0917-3312345"))
    known = set(
        session.exec(
            select(Staff.username).where(
                col(Staff.username).in_(wanted.deputies),
                col(Staff.active),
                Staff.department == code,
            )
        )
    )
    for name in wanted.deputies:
        if name not in known:
            message = "“{name}”不是本单位在用的账号"
            found.append(Fault("deputies", "unknown", message, {"name": name[:LONGEST]}))
    return found
