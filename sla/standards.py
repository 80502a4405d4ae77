"""The limits and the calendar in force, compiled once per version."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlmodel import Session, col, select

from sla import policies
from sla.calendars import Override, china
from sla.tables import CalendarRow, PolicyRow
from sla.worktime import Calendar, parse_sessions


@dataclass(frozen=True, slots=True)
class Standards:
    """The limits and the calendar in force: what a new clock pins."""

    version: str
    limits: tuple[policies.Policy, ...]
    calendar: Calendar

    def policy(self, name: str) -> policies.Policy:
        return next(item for item in self.limits if item.id == name)


class NoStandards(RuntimeError):
    """No limits or no calendar are published: an installation without its district."""


def standards(session: Session, now: datetime) -> Standards:
    """What is in force at `now`; compiled once per version."""
    version = session.exec(
        select(PolicyRow.version)
        .where(PolicyRow.effective_from <= now)
        .order_by(col(PolicyRow.effective_from).desc(), col(PolicyRow.version).desc())
        .limit(1)
    ).first()
    name = session.exec(
        select(CalendarRow.version)
        .order_by(col(CalendarRow.made_at).desc(), col(CalendarRow.version).desc())
        .limit(1)
    ).first()
    if version is None or name is None:
        raise NoStandards("no promised limits or no calendar are published; run `jiesu seed`")
    return Standards(version, policies_of(session, version), calendar_of(session, name))


_POLICIES: dict[str, tuple[policies.Policy, ...]] = {}


def policies_of(session: Session, version: str) -> tuple[policies.Policy, ...]:
    """The policies of a version; versions never change, so they are kept."""
    if version not in _POLICIES:
        _POLICIES[version] = policies.from_json(
            session.get_one(PolicyRow, version).body["policies"]
        )
    return _POLICIES[version]


def policy_of(session: Session, name: str, version: str) -> policies.Policy:
    """One policy of a version."""
    return next(item for item in policies_of(session, version) if item.id == name)


def calendar_of(session: Session, version: str) -> Calendar:
    """The compiled calendar of a version."""
    body = session.get_one(CalendarRow, version).body
    overrides = tuple((item["day"], item["working"], item["reason"]) for item in body["overrides"])
    sessions = tuple(tuple(pair) for pair in body["sessions"])
    return _compiled(tuple(body["years"]), sessions, overrides)


@lru_cache(maxsize=16)
def _compiled(
    years: tuple[int, ...],
    sessions: tuple[tuple[str, ...], ...],
    overrides: tuple[tuple[str, bool, str], ...],
) -> Calendar:
    days = [
        Override(datetime.fromisoformat(day).date(), working, reason)
        for day, working, reason in overrides
    ]
    return china(years=years, sessions=parse_sessions(sessions), overrides=days)
