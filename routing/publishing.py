"""A draft becomes law: by a second person, proved, from a day on; the book before it ends then."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from core.database import alone
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid
from core.moments import day_start, local_day
from core.permissions import Act, demand
from routing import drafts, versions
from routing.rulebook import Finding
from routing.tables import RulebookRow

# what a publisher may take on himself, one by one and with a reason: the ticket then goes to a
# person, or a rule is idle. Everything else would decide wrongly, and is mended first.
OVERRIDABLE = frozenset({"gap", "shadowed", "closed_unit", "not_analysed", "base_changed"})
FURTHEST = timedelta(days=366)
ONE_AT_A_TIME = "rulebook"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A finding, and whether a publisher may override it."""

    key: str
    finding: Finding

    @property
    def overridable(self) -> bool:
        return self.finding.code in OVERRIDABLE


def weighed(session: Session, row: RulebookRow, day: date, now: datetime) -> tuple[Weighed, ...]:
    """What stands against publishing this draft from that day on."""
    found = list(versions.certificate(session, row, day).findings)
    last = versions.pending(session, now) or versions.deciding(session, now)
    if last is not None and row.base != last.version:
        message = "起草之后发布过另一版，发布本草案会撤掉它的改动"
        found.append(Finding("base_changed", (), message, about=last.version))
    return tuple(Weighed(_key(finding), finding) for finding in found)


def publish(
    desk: Desk,
    version: str,
    seen: int,
    *,
    day: date,
    accepted: Collection[str] = (),
    reason: str = "",
) -> RulebookRow:
    """The draft decides from that day on, from now if it is today.

    Forbidden for whoever had a hand in it; Conflict while a finding stands against it that is not
    accepted by name and with a reason, or another book waits to take over.
    """
    demand(desk.actor, Act.PUBLISH_RULES)
    alone(desk.session, ONE_AT_A_TIME)
    row = drafts.held(desk, version, seen)
    if desk.actor.tag in versions.authors(desk.session, row):
        raise Forbidden("起草或修改过这份草案的人不能发布它，须由另一人发布", code="second_person")
    if versions.pending(desk.session, desk.now) is not None:
        raise Conflict("已有一版待生效，请等它生效或先撤回", code="pending_book")
    begin = _beginning(desk, day)
    against = weighed(desk.session, row, day, desk.now)
    _answered(against, accepted, reason.strip())
    before = versions.deciding(desk.session, desk.now)
    if before is not None:
        before.effective_until = begin
    row.state, row.effective_from, row.effective_until = "published", begin, None
    row.published_by, row.published_at = desk.actor.tag, desk.now
    after = {"from": begin.isoformat(), "overridden": [w.finding.code for w in against]}
    drafts.log_edit(desk, row, "publish", after=after, reason=reason.strip() or None)
    return row


def withdraw(desk: Desk, version: str, reason: str) -> RulebookRow:
    """A book that does not decide yet becomes a draft again; the one before it goes on."""
    demand(desk.actor, Act.PUBLISH_RULES)
    alone(desk.session, ONE_AT_A_TIME)
    if not reason.strip():
        raise Invalid.one("reason", "required", "请写明撤回的理由")
    row = versions.find(desk.session, version)
    if row.state != "published" or row.effective_from is None or row.effective_from <= desk.now:
        raise Conflict("只有尚未生效的版本可以撤回", code="not_pending")
    before = versions.deciding(desk.session, desk.now)
    if before is not None:
        before.effective_until = None
    row.state, row.effective_from = "draft", None
    row.published_by = row.published_at = None
    row.revision += 1  # whoever looked at it as published looks again
    drafts.log_edit(desk, row, "withdraw", reason=reason.strip())
    return row


def retire_due(desk: Desk) -> int:
    """Mark the books whose time is over. Deciding goes by the dates and does not wait for this."""
    over = select(RulebookRow).where(
        RulebookRow.state == "published", col(RulebookRow.effective_until) <= desk.now
    )
    rows = desk.session.exec(over.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.state = "retired"
        drafts.log_edit(desk, row, "retire")
    return len(rows)


def _beginning(desk: Desk, day: date) -> datetime:
    today = local_day(desk.now)
    if day < today:
        raise Invalid.one("day", "past", "生效日期不能早于今天")
    if day > today + FURTHEST:
        raise Invalid.one("day", "far", "生效日期最远为一年后")
    return desk.now if day == today else day_start(day)


def _answered(against: Collection[Weighed], accepted: Collection[str], reason: str) -> None:
    if any(not found.overridable for found in against):
        raise Conflict("证明中还有必须先改正的问题，不能发布", code="not_proved")
    if any(found.key not in accepted for found in against):
        raise Conflict("还有未逐项确认的问题，不能发布", code="not_accepted")
    if against and not reason:
        raise Invalid.one("reason", "required", "请写明为什么带着这些问题发布")


def _key(finding: Finding) -> str:
    """The same finding has the same key the next time the page is made."""
    parts = (finding.code, *finding.rules, finding.about, str(finding.witness.get("category", "")))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
