"""The limits and the calendars in force, compiled once per version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session, col, select

from sla import policies
from sla.calendars import from_body
from sla.tables import CalendarRow, PolicyRow
from sla.worktime import Calendar

OFFICE_HOURS = "office"


@dataclass(frozen=True, slots=True)
class Standards:
    """The limits and the calendars in force: what a new clock pins."""

    version: str
    limits: tuple[policies.Policy, ...]
    calendars: Mapping[str, Calendar]

    @property
    def calendar(self) -> Calendar:
        """The working calendar, where nothing names another."""
        return self.calendars[OFFICE_HOURS]

    def calendar_for(self, policy: policies.Policy) -> Calendar:
        """The calendar that a policy is counted by."""
        return self.calendars.get(policy.calendar, self.calendar)

    def policy(self, name: str) -> policies.Policy:
        return next(item for item in self.limits if item.id == name)


class NoStandards(RuntimeError):
    """No limits or no calendar are published: an installation without its district."""


def standards(session: Session, now: datetime) -> Standards:
    """What is in force at `now`; compiled once per version."""
    version = deciding(session, now)
    newest = newest_calendars(session)
    if version is None or OFFICE_HOURS not in newest:
        raise NoStandards("no promised limits or no calendar are published; run `jiesu seed`")
    compiled = {name: calendar_of(session, held) for name, held in newest.items()}
    return Standards(version, policies_of(session, version), compiled)


def deciding(session: Session, now: datetime) -> str | None:
    """The version of the limits in force."""
    return session.exec(
        select(PolicyRow.version)
        .where(PolicyRow.effective_from <= now)
        .order_by(col(PolicyRow.effective_from).desc(), col(PolicyRow.made_at).desc())
        .limit(1)
    ).first()


def newest_calendars(session: Session) -> dict[str, str]:
    """The newest version of each calendar, by the calendar's name."""
    order = (col(CalendarRow.name), col(CalendarRow.made_at).desc())
    query = select(CalendarRow.name, CalendarRow.version).ext(distinct_on(col(CalendarRow.name)))
    return dict(session.exec(query.order_by(*order)).all())


@dataclass(frozen=True)
class _Kept:
    """What was compiled for one database: versions never change."""

    limits: dict[str, tuple[policies.Policy, ...]] = field(default_factory=dict)
    by_id: dict[tuple[str, str], policies.Policy] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)


# versions are names within their database, and a process may know several
_KEPT: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def _kept(session: Session) -> _Kept:
    return _KEPT.setdefault(session.get_bind().engine, _Kept())


def policies_of(session: Session, version: str) -> tuple[policies.Policy, ...]:
    """The policies of a version."""
    kept = _kept(session).limits
    if version not in kept:
        kept[version] = policies.from_json(session.get_one(PolicyRow, version).body["policies"])
    return kept[version]


def policy_of(session: Session, name: str, version: str) -> policies.Policy:
    """One policy of a version."""
    kept = _kept(session).by_id
    if (version, name) not in kept:
        kept.update(((version, item.id), item) for item in policies_of(session, version))
    return kept[version, name]


def calendar_of(session: Session, version: str) -> Calendar:
    """The compiled calendar of a version."""
    kept = _kept(session).calendars
    if version not in kept:
        made = from_body(session.get_one(CalendarRow, version).body)
        made.version = version  # what a clock pins is the stored version's name
        kept[version] = made
    return kept[version]
