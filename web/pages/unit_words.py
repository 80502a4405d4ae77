"""Units in words: their codes, a unit as lists show it, a change of the register."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlmodel import Session

from core.i18n import N_, translate
from core.tables import Department
from routing import unit_register
from routing.tables import UnitChange
from web import words
from web.pages import views

KIND = {
    "department": N_("部门"),
    "town": N_("镇街"),
    "zone": N_("园区"),
    "party": N_("党群机关"),
    "court": N_("法院"),
    "outside": N_("区外单位"),
}
PEERS = {
    "departments": N_("一般部门"),
    "large": N_("办件量大的部门"),
    "towns": N_("镇街"),
    "zones": N_("园区"),
    "utilities": N_("公用企业"),
    "court": N_("法院"),
    "party": N_("党群机关"),
    "outside": N_("区外单位"),
}
FIELD = {
    "name": N_("单位名称"),
    "kind": N_("类别"),
    "peers": N_("比较组"),
    "parent": N_("上级单位"),
    "aliases": N_("别名"),
    "duty_phone": N_("值班电话"),
    "deputies": N_("代理人"),
    "opened": N_("成立日期"),
    "closed": N_("撤销日期"),
}


def open_on(row: Department, today: date) -> bool:
    """Whether the unit exists on a day."""
    return (row.valid_from is None or row.valid_from <= today) and (
        row.valid_to is None or today < row.valid_to
    )


def line(row: Department, names: Mapping[str, str], today: date, language: str) -> dict[str, Any]:
    """A unit as pages show it."""
    return {
        "code": row.code,
        "name": row.name,
        "kind": words.word(language, KIND, row.kind),
        "peers": words.word(language, PEERS, row.peers),
        "parent": row.parent,
        "parent_name": names.get(row.parent or "", ""),
        "aliases": row.aliases,
        "duty_phone": row.duty_phone,
        "deputies": row.deputies,
        "opened": row.valid_from,
        "closed": row.valid_to,
        "open": open_on(row, today),
    }


def changes(
    session: Session, code: str, names: Mapping[str, str], language: str
) -> list[dict[str, Any]]:
    """The unit's changes, the newest first, each field before and after."""
    return [
        {
            "at": row.at,
            "by": views.actor_word(session, row.by, language, staff=True),
            "reason": row.reason,
            "fields": _fields(row, names, language),
        }
        for row in unit_register.changes_of(session, code)
    ]


def _fields(row: UnitChange, names: Mapping[str, str], language: str) -> list[dict[str, str]]:
    tables = {"kind": KIND, "peers": PEERS}

    def said(name: str, value: Any) -> str:
        if name in tables and value:
            return words.word(language, tables[name], value)
        return names.get(value, value) if name == "parent" and value else plain(value)

    return [
        {
            "name": translate(language, FIELD[name]),
            "before": said(name, before),
            "after": said(name, after),
        }
        for name, (before, after) in row.changes.items()
    ]


def plain(value: Any) -> str:
    """A field as its form shows it."""
    if isinstance(value, (tuple, list)):
        return "、".join(value)
    return str(value) if value is not None else ""
