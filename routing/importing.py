"""Applying a plan that was read: a new version beside the old ones, all of it or nothing."""

import hashlib
from datetime import date

from sqlmodel import col, select

from core.desk import Desk
from core.errors import Conflict, Invalid
from routing.plan import Plan, Task
from routing.tables import PlanRow, TaskRow


def apply_plan(
    desk: Desk, plan: Plan, *, version: str, document: str, effective_from: date
) -> PlanRow:
    """Store a plan's version. Invalid when doubts block it; Conflict when it is stored already."""
    if plan.blocking:
        number, note = plan.blocking[0]
        raise Invalid.one(
            "plan", note.code, "第{number}项任务须先处理：" + note.message, number=number
        )
    digest = hashlib.sha256(document.encode()).hexdigest()
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
    return row


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
