"""The mailbox's page for the administrator: when it was looked into, what was refused and why."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from core.errors import Conflict
from core.i18n import N_, translate
from core.permissions import Act, demand
from intake import mails
from intake.tables import LineRow, MailRow
from web import mail_in
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff, cursor
from web.errors import language_of
from web.rendering import page

router = APIRouter(include_in_schema=False)
PAGE = 50
DAY = timedelta(days=1)
STATE = {
    "filed": N_("已登记"),
    "added": N_("已补充到原件"),
    "ignored": N_("已忽略"),
    "refused": N_("未受理"),
}
TONES = {"filed": "green", "added": "green", "ignored": "", "refused": "yellow"}
WHY = {
    "auto": N_("自动回复"),
    "bulk": N_("群发邮件"),
    "bounce": N_("退信"),
    "robot": N_("系统发出的邮件"),
    "own": N_("本系统自己的地址"),
    "invalid": N_("内容缺少或过长"),
    "number_only": N_("只有编号，不能确认是提交人"),
    "too_large": N_("邮件太大"),
    "too_many": N_("同一地址来信过多"),
    "charset": N_("文字编码不接受"),
    "unreadable": N_("格式无法识别"),
    "nested": N_("嵌套层数太多"),
    "same_id": N_("与另一封邮件编号相同"),
    "no_sender": N_("没有发件人"),
    "broken": N_("处理时出错，见日志"),
}
ERRORS = {
    "login": N_("登录失败，请检查用户名和密码"),
    "folder": N_("文件夹打不开或建不了"),
    "move": N_("邮件移不到指定文件夹"),
    "tls": N_("加密连接失败，请检查服务器证书"),
    "connection": N_("连不上邮件服务器"),
    "server": N_("邮件服务器拒绝了操作"),
    "message": N_("有邮件取不出或移不走，其他邮件不受影响"),
    "settings": N_("JIESU_MAIL_IN_URL 写法不对"),
}
ANSWERS = {
    "none": N_("不回复"),
    "queued": N_("待回复"),
    "sending": N_("待回复"),
    "sent": N_("已回复"),
    "dead": N_("回复未送达"),
}
SHOWN = {"refused": ("refused", "ignored"), "taken": ("filed", "added")}


@router.get("/mailbox")
def show(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    state: Annotated[str, Query(max_length=20)] = "refused",
    after: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """How the line stands, and the newest messages."""
    demand(asker.actor, Act.OPERATE)
    language = language_of(request)
    shown = state if state in SHOWN else "refused"
    rows = mails.listed(session, SHOWN[shown], after=cursor(after), limit=PAGE + 1)
    return page(
        request,
        "staff/mailbox.html",
        line=_line(home, session.get(LineRow, mail_in.LINE), language),
        counts=mails.counts(session, home.office.now() - DAY),
        rows=[_row(row, number, language) for row, number in rows[:PAGE]],
        state=shown,
        following=str(rows[PAGE - 1][0].id) if len(rows) > PAGE else "",
        later=bool(after),
    )


def _line(home: House, line: LineRow | None, language: str) -> dict[str, Any]:
    settings = home.settings
    return {
        "set_up": settings.mail_in_url is not None,
        "address": settings.mail_in_address or "",
        "every": settings.mail_in_every,
        "tried_at": line.tried_at if line else None,
        "done_at": line.done_at if line else None,
        "error": translate(language, ERRORS.get(line.error, ERRORS["server"]))
        if line and line.error
        else "",
        "taken": line.result.get("taken", 0) if line else 0,
    }


def _row(row: MailRow, number: str | None, language: str) -> dict[str, Any]:
    # who wrote is not here: the administrator of the system reads no requests
    return {
        "at": row.taken_at,
        "state": translate(language, STATE[row.state]),
        "tone": TONES[row.state],
        "why": translate(language, WHY.get(row.code, WHY["invalid"])) if row.code else "",
        "size": row.size,
        "number": number or "",
        "answer": translate(language, ANSWERS[row.answer_state]),
        "answer_state": row.answer_state,
    }


@router.post("/mailbox/poll", dependencies=[Checked])
def poll_now(home: TheHouse, asker: TheStaff) -> Response:
    """Have the worker look now."""
    _ask(home, asker)
    return RedirectResponse("/mailbox", 303)


def _ask(home: House, asker: Asker) -> None:
    demand(asker.actor, Act.OPERATE)
    if home.settings.mail_in_url is None:
        raise Conflict("没有设置收件邮箱", code="no_mailbox")
    mail_in.ask(home.office)
