"""Background work on its way: how far it is, for who asked for it."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core import jobs
from core.i18n import N_, translate
from core.tables import JobRow
from web.deps import TheReader, TheStaff
from web.errors import language_of
from web.rendering import page

router = APIRouter(include_in_schema=False)
STATE = {
    "waiting": N_("排队中"),
    "running": N_("进行中"),
    "done": N_("已完成"),
    "failed": N_("未能完成"),
}
# what each kind of work is called, and where its result is shown
KINDS: dict[str, tuple[str, str]] = {
    "rules.replay": (N_("用以往诉求试运行"), "/rulebooks/{version}/replay"),
    "sla.recount": (N_("重算在办时限"), "/limits/drafts/{draft}/publish"),
    "custody.export": (N_("导出诉求清单"), "/exports"),
    "intake.import": (N_("导入历史诉求"), "/imports/{import}"),
    "custody.reseal": (N_("更换密钥"), ""),
    "sla.whatif": (N_("用过去一季度试算"), "/limits/drafts/{draft}/what-if"),
}
FAULTS = {
    "gave_up": N_("多次尝试都没有完成，请联系系统管理员"),
    "broken": N_("系统出现意外错误，已记录，请稍后再试"),
    "not_found": N_("要处理的内容已经不在了"),
}


@router.get("/jobs/{job}")
def show(
    request: Request, asker: TheStaff, session: TheReader, job: UUID, part: str = ""
) -> Response:
    """The page, or only the piece that asks after itself."""
    row = jobs.seen(session, asker.actor, job)
    template = "jobs/_part.html" if part else "jobs/show.html"
    return page(request, template, job=view(row, language_of(request)))


def view(row: JobRow, language: str) -> dict[str, Any]:
    """A job as the macro `ui.job` shows it."""
    title, href = KINDS.get(row.kind, (N_("后台任务"), ""))
    total = max(row.total or 0, row.done)
    fault = FAULTS.get(row.code or "", FAULTS["broken"]) if row.state == "failed" else ""
    return {
        "id": row.id,
        "title": translate(language, title),
        "href": href.format(**row.args) if href else "",
        "state": row.state,
        "state_word": translate(language, STATE[row.state]),
        "ended": row.state in jobs.ENDED,
        "done": row.done,
        "total": total,
        "percent": round(100 * row.done / total, 1) if total else 0,
        "fault": translate(language, fault) if fault else "",
        "asked_at": row.asked_at,
        "ended_at": row.ended_at,
    }
