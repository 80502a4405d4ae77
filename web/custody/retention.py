"""How long each kind of data is kept, and taking away what is older: in batches, on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import TextClause, text
from sqlmodel import Session, select

from core import logs, sealing
from core.database import reader
from core.desk import Desk, Office
from core.errors import Invalid, NotFound
from core.i18n import N_
from core.moments import utc_now
from core.permissions import SYSTEM, Act, demand
from web.custody import record
from web.custody.tables import RetentionRule

log = logs.get("retention")
BATCH = 1000
LEAST_DAYS, MOST_DAYS = 30, 36500


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of data: what it is, how long, on which ground, what happens then.

    `due` selects the keys whose time is over at :before, and `take` does it to those in :keys.
    `ticket` is the column of the ticket whose legal hold would keep the row.
    """

    code: str
    word: str
    days: int
    basis: str
    action: str
    due: str
    take: str
    ticket: str = ""
    least: int = LEAST_DAYS
    real: bool = False  # lives by real time, whatever the demonstration's clock says

    @property
    def free(self) -> str:
        """`due`, without what is on hold."""
        return f"{self.due} AND {self.ticket} NOT IN ({HELD})" if self.ticket else self.due


HELD = "SELECT ticket_id FROM legal_hold WHERE lifted_at IS NULL"
ERASE, DELETE = N_("覆盖"), N_("整条删除")
MINIMUM = N_("个人信息保护法第十九条：实现处理目的所必要的最短时间")
YEAR = 365
SCHEDULE: tuple[Kept, ...] = (
    Kept(
        "contact", N_("联系人姓名、电话、邮箱"), 3 * YEAR, MINIMUM, ERASE,
        "SELECT t.id FROM contact c JOIN ticket t ON t.id = c.ticket_id"
        " WHERE t.closed_at < :before AND coalesce(c.name, c.phone, c.email) IS NOT NULL",
        "UPDATE contact SET name = NULL, phone = NULL, email = NULL, phone_index = NULL,"
        " phone_tail = NULL WHERE ticket_id = ANY(:keys)", "t.id",
    ),
    Kept(
        "amendment", N_("更正前的联系信息"), YEAR, MINIMUM, DELETE,
        "SELECT a.id FROM contact_amendment a WHERE a.amended_at < :before",
        "DELETE FROM contact_amendment WHERE id = ANY(:keys)", "a.ticket_id",
    ),
    Kept(
        "attachment", N_("附件"), 10 * YEAR,
        N_("政务服务电子文件归档管理；归档后以档案为准"), DELETE,
        "SELECT a.id FROM attachment a JOIN ticket t ON t.id = a.ticket_id"
        " WHERE t.closed_at < :before",
        "DELETE FROM attachment WHERE id = ANY(:keys)", "t.id",
    ),
    Kept(
        "letter", N_("通知及其送达记录"), 3 * YEAR,
        N_("网络数据安全管理条例第十二条：向他人提供个人信息的记录至少保存三年"), DELETE,
        "SELECT l.id FROM letter l JOIN ticket t ON t.id = l.ticket_id"
        " WHERE l.created_at < :before AND t.closed_at < :before",
        "DELETE FROM letter WHERE id = ANY(:keys)", "t.id", least=3 * YEAR,
    ),
    Kept(
        "receipt", N_("防重复提交的凭据"), 90, N_("只为识别重复提交，九十天后无用"), DELETE,
        "SELECT r.ticket_id FROM receipt r WHERE r.received_at < :before",
        "DELETE FROM receipt WHERE ticket_id = ANY(:keys)",
    ),
    Kept(
        "session", N_("工作人员登录会话"), 180,
        N_("网络安全法第二十一条：网络日志留存不少于六个月"), DELETE,
        "SELECT s.token FROM login_session s WHERE s.seen_at < :before",
        "DELETE FROM login_session WHERE token = ANY(:keys)", least=180, real=True,
    ),
    Kept(
        "wish", N_("个人信息请求中本人所写的内容"), 3 * YEAR,
        N_("个人信息保护法第五十六条：处理情况记录至少保存三年"), ERASE,
        "SELECT s.id FROM subject_request s WHERE s.decided_at < :before"
        " AND s.wish IS NOT NULL AND s.state <> 'granted'",
        "UPDATE subject_request SET wish = NULL WHERE id = ANY(:keys)", "s.ticket_id",
        least=3 * YEAR,
    ),
)  # fmt: skip
BY_CODE: Mapping[str, Kept] = {kept.code: kept for kept in SCHEDULE}


@dataclass(frozen=True, slots=True)
class Term:
    """A kind of data with the period that holds today."""

    kept: Kept
    days: int
    basis: str
    enabled: bool

    def before(self, now: datetime) -> datetime:
        return (utc_now() if self.kept.real else now) - timedelta(days=self.days)


def schedule(session: Session) -> list[Term]:
    """Every kind: as the product proposes, or as the privacy officer set it."""
    own = {rule.code: rule for rule in session.exec(select(RetentionRule))}
    return [
        Term(kept, rule.days, rule.basis, rule.enabled)
        if (rule := own.get(kept.code))
        else Term(kept, kept.days, kept.basis, enabled=True)
        for kept in SCHEDULE
    ]


def periods(session: Session) -> dict[str, int]:
    """Days by kind, for a person's own copy."""
    return {
        term.kept.code: term.days
        for term in schedule(session)
        if term.enabled and not term.kept.real
    }


def change(desk: Desk, code: str, *, days: int, basis: str, enabled: bool) -> None:
    """Set a period, with its basis. Never below what the law wants kept."""
    demand(desk.actor, Act.GUARD_PRIVACY)
    kept = BY_CODE.get(code)
    if kept is None:
        raise NotFound
    if not kept.least <= days <= MOST_DAYS:
        message = "期限应在{least}至{most}天之间"
        raise Invalid.one("days", "range", message, least=kept.least, most=MOST_DAYS)
    if not basis.strip():
        raise Invalid.one("basis", "required", "请写明依据")
    rule = desk.session.get(RetentionRule, code) or RetentionRule(
        code=code, days=days, basis="", changed_by="", changed_at=desk.now
    )
    before = {"days": rule.days, "enabled": rule.enabled}
    rule.days, rule.basis, rule.enabled = days, basis.strip()[:300], enabled
    rule.changed_by, rule.changed_at = desk.actor.tag, desk.now
    desk.session.add(rule)
    facts = {"code": code, "days": days, "enabled": enabled, "before": before}
    record.append(desk, "retention.changed", facts)


def dry_run(session: Session, now: datetime) -> list[tuple[Term, int, int]]:
    """Each kind with how many are due at this moment, and how many a legal hold keeps."""
    found = []
    for term in schedule(session):
        free = _count(session, term.kept.free, term.before(now))
        held = _count(session, term.kept.due, term.before(now)) - free
        found.append((term, free, held))
    return found


def _count(session: Session, query: str, before: datetime) -> int:
    counted = text(f"SELECT count(*) FROM ({query}) AS due")  # noqa: S608 - our own words above
    return int(session.execute(counted, {"before": before}).scalar_one())


def turn(office: Office) -> int:
    """Take what is due of every kind; one line on record for each kind that lost anything."""
    with reader(office.engine) as session:
        terms = schedule(session)
    return sum(_take(office, term) for term in terms if term.enabled)


def _take(office: Office, term: Term) -> int:
    """Batch by batch, each with its own line in the same transaction: a death loses neither."""
    taken = 0
    query: TextClause = text(f"{term.kept.free} LIMIT {BATCH}")
    while True:
        with office.desk(SYSTEM) as desk:
            before = term.before(desk.now)
            keys = list(desk.session.execute(query, {"before": before}).scalars())
            if not keys:
                return taken
            desk.session.execute(text(term.kept.take), {"keys": keys})
            record.append(desk, "retention.taken", _facts(desk, term, before, len(keys)))
        taken += len(keys)
        log.info("retention", kind=term.kept.code, taken=len(keys))
        if len(keys) < BATCH:
            return taken


def _facts(desk: Desk, term: Term, before: datetime, count: int) -> dict[str, Any]:
    head = sealing.head(desk.session)
    return {
        "code": term.kept.code, "days": term.days, "before": before.isoformat(), "count": count,
        "head": head.head if head else "", "head_day": head.day.isoformat() if head else "",
    }  # fmt: skip


def runs(session: Session, limit: int = 50) -> Sequence[Any]:
    """The newest lines about what was taken."""
    return record.lines(session, acts=("retention.taken", "retention.changed"), limit=limit)
