"""Applying a plan that was read: a new version beside the old ones, all of it or nothing."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from sqlmodel import Session, col, select

from core.desk import Desk
from core.errors import Conflict, Invalid
from routing import queries
from routing.current import register
from routing.data import district_of
from routing.plan import Plan, Target, Task, read
from routing.tables import NameConfirmation, PlanRow, TaskRow


def read_here(session: Session, document: str, answered: Mapping[str, str] | None = None) -> Plan:
    """Read a plan with the register as it stands and every name confirmed so far.

    Raises PlanRefused. `answered` are names settled just now; they go before all others.
    """
    home = district_of(document)
    names = dict(home.confirmations) if home else {}
    stored = session.exec(select(NameConfirmation)).all()
    names |= {row.written: row.meant for row in stored}
    return read(document, register=register(session), confirmations=names | dict(answered or {}))


def digest_of(plan: Plan, document: str) -> str:
    """Stands for a document and what was read from it: another reading is another version."""
    read_as = json.dumps([asdict(task) for task in plan.tasks], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(f"{document}\x00{read_as}".encode()).hexdigest()


def version_of(day: date, digest: str) -> str:
    """The name a version gets when nobody gives it one."""
    return f"plan-{day:%Y%m%d}-{digest[:6]}"


def apply_plan(
    desk: Desk, plan: Plan, *, version: str, document: str, effective_from: date
) -> PlanRow:
    """Store a plan's version. Invalid when doubts block it; Conflict when it is stored already."""
    if not plan.tasks:
        raise Invalid.one("plan", "no_tasks", "方案中没有任务")
    if plan.blocking:
        number, note = plan.blocking[0]
        raise Invalid.one(
            "plan", note.code, "第{number}项任务须先处理：" + note.message, number=number
        )
    digest = digest_of(plan, document)
    known = desk.session.exec(select(col(PlanRow.version)).where(PlanRow.digest == digest)).first()
    if known is not None:
        raise Conflict("这份方案已导入", code="plan_known")
    row = PlanRow(
        version=version,
        title=plan.title,
        digest=digest,
        document=document,
        effective_from=effective_from,
        imported_at=desk.now,
        imported_by=desk.actor.tag,
    )
    desk.session.add(row)
    desk.session.flush()
    for task in plan.tasks:
        desk.session.add(_row(version, task))
    desk.session.flush()
    return row


def stored_plan(session: Session, row: PlanRow) -> Plan:
    """A stored version as the reader's own value, to be compared with a newer reading."""
    tasks = tuple(_task(task) for task in queries.tasks(session, row.version))
    return Plan(row.title, (), tasks)


def _row(version: str, task: Task) -> TaskRow:
    return TaskRow(
        plan=version,
        number=task.number,
        title=task.title,
        section=" / ".join(task.section),
        body=task.body,
        leads=list(task.leads),
        supports=list(task.supports),
        supports_all=task.supports_all,
        supports_scope=task.supports_scope or None,
        coordinates=list(task.coordinates),
        targets=[
            {"what": t.what, "op": t.op, "value": t.value, "unit": t.unit, "by": t.by}
            for t in task.targets
        ],
        notes=[str(note) for note in task.notes],
    )


def _task(row: TaskRow) -> Task:
    return Task(
        number=row.number,
        title=row.title,
        section=tuple(row.section.split(" / ")) if row.section else (),
        body=row.body,
        leads=tuple(row.leads),
        supports=tuple(row.supports),
        supports_all=row.supports_all,
        supports_scope=row.supports_scope or "",
        coordinates=tuple(row.coordinates),
        targets=tuple(Target(**target) for target in row.targets),
    )
