"""Drafts of rulebooks: begun from a published book, changed rule by rule, every step written down.

Whoever saves says which revision he saw: what another changed meanwhile is never overwritten
unseen.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, func, select

from core.desk import Desk
from core.errors import Conflict, Fault, Invalid, NotFound
from core.moments import local_day
from core.permissions import Act, demand
from routing import versions
from routing.cells import Cells, cells_of, faults_of, normal, row_from
from routing.current import register
from routing.differences import RuleChange, difference
from routing.rulebook import RulebookRefused, RuleFault
from routing.tables import PlanRow, RulebookEdit, RulebookRow

NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")
MOST_RULES = 2_000
Row = dict[str, Any]


def start(
    desk: Desk, *, version: str = "", base: str | None = None, plan: str | None = None
) -> RulebookRow:
    """A new draft from a book, by default the one that decides now, over its plan or another."""
    demand(desk.actor, Act.EDIT_RULES)
    session = desk.session
    first = versions.find(session, base) if base else versions.deciding(session, desk.now)
    if first is None:
        raise NotFound
    if plan and session.get(PlanRow, plan) is None:
        raise Invalid.one("plan", "unknown", "没有这个版本的方案")
    units = register(session)
    row = RulebookRow(
        version=_named(desk, version.strip()),
        state="draft",
        plan=plan or first.plan,
        body=dict(first.body) | {"rules": [normal(rule, units) for rule in first.body["rules"]]},
        base=first.version,
        proposed_by=desk.actor.tag,
        created_at=desk.now,
    )
    row.digest = digest(row)
    session.add(row)
    session.flush()
    _log(desk, row, "start", after={"base": first.version, "plan": row.plan})
    return row


def newest(session: Session) -> RulebookRow | None:
    """The draft begun last, where one is open."""
    query = select(RulebookRow).where(RulebookRow.state == "draft")
    return session.exec(query.order_by(col(RulebookRow.created_at).desc()).limit(1)).first()


def add(desk: Desk, version: str, seen: int, cells: Cells) -> RulebookRow:
    """A new rule. Invalid names each cell at fault."""
    row = _held(desk, version, seen)
    rules = versions.rules_of(row)
    made = _made(desk.session, row, cells)
    if any(rule["id"] == made["id"] for rule in rules):
        raise Invalid.one("id", "duplicate_id", "规则编号重复")
    _fits(len(rules) + 1)
    _write(desk, row, [*rules, made])
    _log(desk, row, "add", rule=made["id"], after=made)
    return row


def change(desk: Desk, version: str, seen: int, rule: str, cells: Cells) -> RulebookRow:
    """Another content for a rule; its number stays. Nothing is written when nothing differs."""
    row = _held(desk, version, seen)
    rules, before = _found(row, rule)
    made = _made(desk.session, row, dict(cells) | {"id": (rule,)})
    if made != before:
        _write(desk, row, [made if known is before else known for known in rules])
        _log(desk, row, "change", rule=rule, before=before, after=made)
    return row


def delete(desk: Desk, version: str, seen: int, rule: str) -> RulebookRow:
    """Without this rule."""
    row = _held(desk, version, seen)
    rules, before = _found(row, rule)
    _write(desk, row, [known for known in rules if known is not before])
    _log(desk, row, "delete", rule=rule, before=before)
    return row


def move(desk: Desk, version: str, seen: int, rule: str, rank: str) -> RulebookRow:
    """The rule is tried earlier or later."""
    row = _held(desk, version, seen)
    rules, before = _found(row, rule)
    made = _made(desk.session, row, cells_of(before) | {"rank": (rank,)})
    if made != before:
        _write(desk, row, [made if known is before else known for known in rules])
        _log(desk, row, "move", rule=rule, before=before, after=made)
    return row


def replace_all(
    desk: Desk, version: str, seen: int, rules: Sequence[Row]
) -> tuple[RuleChange, ...]:
    """All rules at once, as a spreadsheet brings them: what differs is written down by rule."""
    row = _held(desk, version, seen)
    _fits(len(rules))
    faults = faults_of(rules, versions.lexicon(desk.session, row))
    if faults:
        raise Invalid(faults=tuple(map(_fault, faults)))
    changes = difference(row.body["rules"], rules)
    if not changes:
        return ()
    _write(desk, row, list(rules))
    counts = {
        kind: sum(c.kind == kind for c in changes) for kind in ("added", "changed", "removed")
    }
    _log(desk, row, "import", after=counts)
    for found in changes:
        _log(desk, row, "import", rule=found.rule, before=found.before, after=found.after)
    return changes


def take_plan(desk: Desk, version: str, seen: int, plan: str) -> RulebookRow:
    """The draft stands on another version of the plan: its tasks may have other leads."""
    row = _held(desk, version, seen)
    if desk.session.get(PlanRow, plan) is None:
        raise Invalid.one("plan", "unknown", "没有这个版本的方案")
    if plan != row.plan:
        before, row.plan = row.plan, plan
        _write(desk, row, versions.rules_of(row))
        _log(desk, row, "plan", before={"plan": before}, after={"plan": plan})
    return row


def discard(desk: Desk, version: str, seen: int) -> None:
    """The draft ends unpublished; its story stays."""
    row = _held(desk, version, seen)
    row.state = "retired"
    _log(desk, row, "discard")


def digest(row: RulebookRow) -> str:
    """What the book says, in one word: equal books have equal ones."""
    text = json.dumps([row.plan, row.body], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def held(desk: Desk, version: str, seen: int) -> RulebookRow:
    """The draft, its row locked. Conflict when it is none any more, or not as it was seen."""
    row = desk.session.get(RulebookRow, version, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.state != "draft":
        raise Conflict("这一版已不是草案，不能再修改", code="not_draft")
    if row.revision != seen:
        raise Conflict("您打开之后，草案已被改动过。请先看改动，再决定是否保存", code="stale")
    return row


def log_edit(
    desk: Desk,
    row: RulebookRow,
    act: str,
    *,
    rule: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """One line of the draft's story."""
    desk.session.add(
        RulebookEdit(
            id=desk.new_id(),
            version=row.version,
            revision=row.revision,
            at=desk.now,
            by=desk.actor.tag,
            act=act,
            rule=rule,
            before=dict(before) if before else None,
            after=dict(after) if after else None,
            reason=reason,
        )
    )


_log = log_edit


def _held(desk: Desk, version: str, seen: int) -> RulebookRow:
    demand(desk.actor, Act.EDIT_RULES)
    return held(desk, version, seen)


def _named(desk: Desk, wanted: str) -> str:
    if not wanted:
        day = f"{local_day(desk.now):%Y.%m.%d}"
        count = select(func.count()).where(col(RulebookRow.version).startswith(day))
        wanted = f"{day}-{desk.session.exec(count).one() + 1}"
    if not NAME.fullmatch(wanted):
        raise Invalid.one(
            "version", "form", "版本名只能用字母、数字、点、短横和下划线，最长40个字符"
        )
    if desk.session.get(RulebookRow, wanted) is not None:
        raise Invalid.one("version", "taken", "已有同名的版本")
    return wanted


def _found(row: RulebookRow, rule: str) -> tuple[list[Row], Row]:
    rules = versions.rules_of(row)
    before = next((known for known in rules if known["id"] == rule), None)
    if before is None:
        raise NotFound
    return rules, before


def _made(session: Session, row: RulebookRow, cells: Cells) -> Row:
    try:
        return row_from(cells, versions.lexicon(session, row))
    except RulebookRefused as refused:
        raise Invalid(faults=tuple(map(_fault, refused.faults))) from refused


def _fault(fault: RuleFault) -> Fault:
    return Fault(fault.column, "cell", fault.message, fault.params)


def _fits(count: int) -> None:
    if count > MOST_RULES:
        raise Invalid.one("", "too_many", "一个规则库最多{count}条规则", count=MOST_RULES)


def _write(desk: Desk, row: RulebookRow, rules: list[Row]) -> None:
    row.body = dict(row.body) | {"rules": rules}
    row.revision += 1
    row.digest = digest(row)
    desk.session.flush()
