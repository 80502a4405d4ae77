"""The rulebook, register and plan in force, compiled once per version of book and register."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from core.tables import Department
from routing.rulebook import compile_book, rules_from
from routing.rules import Duty, Rulebook
from routing.tables import RulebookRow, TaskRow, UnitChange
from routing.units import Register, Unit, UnitKind


@dataclass(frozen=True, slots=True, eq=False)  # one object a version: known by identity
class InForce:
    """What decides now, and the plan it stands on."""

    book: Rulebook
    register: Register
    plan: str


_COMPILED: dict[tuple[str, datetime, str], InForce] = {}
KEPT = 8


def in_force(session: Session, now: datetime) -> InForce | None:
    """The newest published book that is effective at `now`; None before the first."""
    row = session.exec(
        select(
            RulebookRow.version, RulebookRow.created_at, newest_change(), col(RulebookRow.digest)
        )
        .where(col(RulebookRow.effective_from) <= now, _deciding(now))
        .order_by(col(RulebookRow.effective_from).desc(), col(RulebookRow.version).desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    # a book that was withdrawn, changed and published again has the same name and another digest
    key = (row[0], row[1], f"{row[2] or ''}{row[3] or ''}")
    if key not in _COMPILED:
        while len(_COMPILED) >= KEPT:
            _COMPILED.pop(next(iter(_COMPILED)))
        _COMPILED[key] = compiled(session, session.get_one(RulebookRow, row[0]))
    return _COMPILED[key]


def newest_change() -> Any:
    """The id of the register's last change, in the same query: a change takes effect at once."""
    last = select(func.max(UnitChange.serial)).scalar_subquery()
    return select(UnitChange.id).where(col(UnitChange.serial) == last).scalar_subquery()


def _deciding(now: datetime) -> ColumnElement[bool]:
    """A retired book still answers for the time in which it decided."""
    then = and_(col(RulebookRow.state) == "retired", col(RulebookRow.effective_until) > now)
    return or_(col(RulebookRow.state) == "published", then)


def compiled(session: Session, row: RulebookRow) -> InForce:
    """A stored book over the register as it stands. RulebookRefused when its rows are no rules."""
    units = register(session)
    duties = {
        task.number: Duty(
            task.number,
            codes(units, task.leads),
            codes(units, task.supports),
            task.supports_scope or "",
            codes(units, task.coordinates),
        )
        for task in session.exec(select(TaskRow).where(TaskRow.plan == row.plan))
    }
    book = compile_book(
        row.version,
        rules_from(row.body["rules"], units),
        duties,
        conflict_unit=row.body["conflict_unit"],
        second_unit=row.body["second_unit"],
        routes=row.body["routes"],
    )
    return InForce(book, units, row.plan)


def codes(units: Register, names: list[str]) -> tuple[str, ...]:
    """Unit codes of names; a name nobody knows stays what it is."""
    found = ((units.resolve(name), name) for name in names)
    return tuple(unit.code if unit else name for unit, name in found)


def register(session: Session) -> Register:
    """The unit register as stored."""
    rows = session.exec(select(Department).order_by(col(Department.code))).all()
    return _register(
        tuple(
            Unit(
                code=row.code,
                name=row.name,
                aliases=tuple(row.aliases),
                kind=UnitKind(row.kind),
                parent=row.parent or "",
                group=row.peers,
                opened=row.valid_from,
                closed=row.valid_to,
            )
            for row in rows
        )
    )


@lru_cache(maxsize=4)
def _register(units: tuple[Unit, ...]) -> Register:
    return Register(units)
