"""Drafts of limits and calendars: begun from what is in force, changed step by step, published.

Whoever saves says which revision he saw. Nobody publishes what he changed himself.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from core import jobs
from core.database import alone
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.moments import SHANGHAI, local_day
from core.permissions import Act, demand
from sla import limits, recounting
from sla.calendars import from_body
from sla.limits import Body
from sla.standards import deciding, newest_calendars
from sla.tables import CalendarRow, PolicyRow, StandardDraft
from sla.worktime import Calendar

LONGEST_NOTE = 500


def start(desk: Desk, *, note: str) -> StandardDraft:
    """A new draft of what is in force. Invalid without a word on what it is for."""
    demand(desk.actor, Act.EDIT_RULES)
    if not note.strip():
        raise Invalid.one("note", "required", "请写明这次修改的目的和依据")
    row = StandardDraft(
        id=desk.new_id(),
        note=note.strip()[:LONGEST_NOTE],
        body=in_force(desk.session, desk.now),
        edited_by=[desk.actor.tag],
        made_by=desk.actor.tag,
        made_at=desk.now,
    )
    desk.session.add(row)
    _log(desk, row, "start", {})
    return row


def in_force(session: Session, now: datetime) -> Body:
    """The stored bodies that decide now: {policies, calendars}."""
    version = deciding(session, now)
    if version is None:
        raise NotFound
    return {
        "policies": session.get_one(PolicyRow, version).body["policies"],
        "calendars": {
            name: session.get_one(CalendarRow, held).body
            for name, held in sorted(newest_calendars(session).items())
        },
    }


def get(session: Session, draft_id: UUID) -> StandardDraft:
    """The draft. NotFound."""
    row = session.get(StandardDraft, draft_id)
    if row is None:
        raise NotFound
    return row


def drafts(session: Session, limit: int = 50) -> Sequence[StandardDraft]:
    """Every draft, the newest first."""
    query = select(StandardDraft).order_by(col(StandardDraft.made_at).desc())
    return session.exec(query.limit(limit)).all()


def set_policy(
    desk: Desk, draft_id: UUID, seen: int, policy_id: str, values: Mapping[str, Any]
) -> StandardDraft:
    """One promise as it is to be; an empty id adds one. Invalid names each field at fault."""
    row = _held(desk, draft_id, seen)
    body = copy.deepcopy(row.body)
    changed = limits.with_policy(body, policy_id, values)
    return _write(desk, row, body, "policy", {"policy": changed})


def drop_policy(desk: Desk, draft_id: UUID, seen: int, policy_id: str) -> StandardDraft:
    """A promise less; the general one of its kind stays."""
    row = _held(desk, draft_id, seen)
    body = copy.deepcopy(row.body)
    limits.without_policy(body, policy_id)
    return _write(desk, row, body, "drop", {"policy": policy_id})


def set_sessions(desk: Desk, draft_id: UUID, seen: int, calendar: str, text: str) -> StandardDraft:
    """Office hours of a calendar, written as 09:00-12:00 13:00-17:00."""
    row = _held(desk, draft_id, seen)
    body = copy.deepcopy(row.body)
    limits.set_sessions(body, calendar, text)
    return _write(desk, row, body, "sessions", {"calendar": calendar})


def set_day(
    desk: Desk,
    draft_id: UUID,
    seen: int,
    calendar: str,
    *,
    day: date | None,
    working: bool,
    reason: str,
) -> StandardDraft:
    """One day worked or free by decision of the district, with its reason."""
    row = _held(desk, draft_id, seen)
    body = copy.deepcopy(row.body)
    limits.set_day(body, calendar, day, working=working, reason=reason)
    return _write(desk, row, body, "day", {"calendar": calendar, "day": str(day)})


def drop_day(desk: Desk, draft_id: UUID, seen: int, calendar: str, day: str) -> StandardDraft:
    """The day is again as published."""
    row = _held(desk, draft_id, seen)
    body = copy.deepcopy(row.body)
    limits.drop_day(body, calendar, day)
    return _write(desk, row, body, "drop_day", {"calendar": calendar, "day": day})


def set_year(
    desk: Desk, draft_id: UUID, seen: int, *, year: int, off: str, worked: str, source: str
) -> StandardDraft:
    """A year's announced holidays, for every calendar."""
    row = _held(desk, draft_id, seen)
    body = copy.deepcopy(row.body)
    limits.set_year(body, year, off, worked, source)
    return _write(desk, row, body, "year", {"year": year})


def add_window(desk: Desk, draft_id: UUID, seen: int) -> StandardDraft:
    """A calendar of window hours beside the office's."""
    row = _held(desk, draft_id, seen)
    body = copy.deepcopy(row.body)
    limits.add_window(body)
    return _write(desk, row, body, "window", {})


def discard(desk: Desk, draft_id: UUID) -> None:
    """Laid aside; it stays on record."""
    row = _held(desk, draft_id, None)
    row.state = "discarded"
    _log(desk, row, "discard", {})


@dataclass(frozen=True, slots=True)
class Published:
    """What came of a publication: the new version of the limits, if any, and the recount's job."""

    version: str | None
    calendars: tuple[str, ...]
    recount: UUID | None


def publish(
    desk: Desk, draft_id: UUID, seen: int, *, effective_on: date | None, recount: bool
) -> Published:
    """In force from a day on, by a second person. Running promises follow where that is chosen.

    Conflict where nothing differs; Forbidden to whoever changed the draft.
    """
    demand(desk.actor, Act.PUBLISH_RULES)
    row = _held(desk, draft_id, seen, act=Act.PUBLISH_RULES)
    if desk.actor.tag in row.edited_by:
        raise Forbidden("不能发布自己修改过的草案，请由另一人发布", code="second_person")
    effective = _effective(desk, effective_on)
    before = in_force(desk.session, desk.now)
    if row.body == before:
        raise Conflict("草案与现行标准没有差别", code="no_difference")
    if recount and effective > desk.now:
        raise Invalid.one("recount", "later", "将来生效的标准不能立即重算，请选择今天生效")
    version = _new_limits(desk, row, before, effective)
    calendars = _new_calendars(desk, row, before)
    row.state, row.published_by, row.published_at = "published", desk.actor.tag, desk.now
    row.effective_from = effective
    _log(desk, row, "publish", {"version": version, "calendars": list(calendars)})
    desk.session.flush()
    job = recounting.ask(desk, row.id, dry=False) if recount else None
    return Published(version, calendars, job)


def _effective(desk: Desk, on: date | None) -> datetime:
    today = local_day(desk.now)
    day = on or today
    if day < today:
        raise Invalid.one("effective_on", "past", "生效日期不能早于今天")
    if day > today + timedelta(days=366):
        raise Invalid.one("effective_on", "range", "生效日期不能晚于一年以后")
    return desk.now if day == today else datetime.combine(day, time(), SHANGHAI)


def _new_limits(desk: Desk, row: StandardDraft, before: Body, effective: datetime) -> str | None:
    if row.body["policies"] == before["policies"]:
        return None
    # two who publish at once wait for each other here, and take different numbers
    alone(desk.session, "limits")
    day = local_day(desk.now).isoformat()
    taken = select(func.count()).where(col(PolicyRow.version).startswith(f"limits-{day}"))
    version = f"limits-{day}-{desk.session.exec(taken).one() + 1}"
    desk.session.add(
        PolicyRow(
            version=version,
            body={"policies": row.body["policies"]},
            effective_from=effective,
            made_at=desk.now,
            made_by=desk.actor.tag,
        )
    )
    return version


def _new_calendars(desk: Desk, row: StandardDraft, before: Body) -> tuple[str, ...]:
    made: list[str] = []
    for name, body in row.body["calendars"].items():
        if body == before["calendars"].get(name):
            continue
        version = _calendar_version(desk, name, from_body(body))
        desk.session.add(
            CalendarRow(
                version=version, name=name, body=body, made_at=desk.now, made_by=desk.actor.tag
            )
        )
        made.append(version)
    return tuple(made)


def _calendar_version(desk: Desk, name: str, calendar: Calendar) -> str:
    # what was in force before may come back: a version of its own, for the newest one counts
    version = f"window-{calendar.version}" if name == "window" else calendar.version
    taken = select(func.count()).where(col(CalendarRow.version).startswith(version))
    number = desk.session.exec(taken).one()
    return f"{version}.{number + 1}" if number else version


def newest_dry_run(session: Session, draft: StandardDraft) -> Mapping[str, Any] | None:
    """What the last finished dry run of this revision found."""
    args = {"draft": str(draft.id), "dry": True}
    row = jobs.newest(session, recounting.KIND, args)
    return None if row is None or row.result is None else {**row.result, "at": row.ended_at}


def _held(
    desk: Desk, draft_id: UUID, seen: int | None, *, act: Act = Act.EDIT_RULES
) -> StandardDraft:
    demand(desk.actor, act)
    query = select(StandardDraft).where(StandardDraft.id == draft_id).with_for_update()
    row = desk.session.exec(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound
    if row.state != "draft":
        raise Conflict("草案已发布或已放弃，不能再修改", code="not_a_draft")
    if seen is not None and seen != row.revision:
        raise Conflict("草案已被别人修改，请刷新后重试", code="stale")
    return row


def _write(
    desk: Desk, row: StandardDraft, body: Body, what: str, about: Mapping[str, Any]
) -> StandardDraft:
    limits.check(body)
    if body == row.body:
        return row
    row.body, row.revision = body, row.revision + 1
    if desk.actor.tag not in row.edited_by:
        row.edited_by = [*row.edited_by, desk.actor.tag]
    _log(desk, row, what, about)
    return row


def _log(desk: Desk, row: StandardDraft, what: str, about: Mapping[str, Any]) -> None:
    line = {"at": desk.now.isoformat(), "by": desk.actor.tag, "what": what, **about}
    row.log = [*row.log, line]
