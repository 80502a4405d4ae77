"""What the sender of a message is told when it could not be taken as it was."""

from collections.abc import Mapping
from typing import Any

from core.i18n import N_, translate
from core.settings import Settings

SUBJECTS = {
    "files": N_("部分附件没有收到"),
}
NOT_TAKEN = N_("您的来信未能受理")
REASONS = {
    "invalid": N_("来信还缺少以下内容，请补充后重新发送："),
    "number_only": N_(
        "主题中写有诉求编号，但来信不是对我们邮件的直接回复，无法确认您是该件的提交人。"
        "请直接回复我们发给您的邮件，或在查询页面凭编号和查询码补充。"
    ),
    "too_large": N_("来信太大，无法接收。请减少附件后重新发送，或通过网页提交。"),
    "charset": N_("来信的文字编码无法识别。请用普通文本重新发送，或通过网页提交。"),
    "unreadable": N_("来信的格式无法识别。请用普通文本重新发送，或通过网页提交。"),
    "nested": N_("来信中层层转发的邮件太多，无法读取。请把内容写在正文中重新发送。"),
    "same_id": N_("来信与此前收到的一封邮件编号相同但内容不同。请新建一封邮件重新发送。"),
    "broken": N_("来信处理时出现问题，我们已记录。您也可以通过网页提交，以免耽误。"),
    "files": N_("您的诉求件 {number} 已收到，但以下附件没有收到："),
}
FIELDS = {
    "content": N_("诉求内容"),
    "title": N_("标题"),
    "contact_email": N_("电子邮箱"),
    "contact_name": N_("联系人"),
}
GREETING = N_("您好：")
AGAIN = N_("网页提交：{link}")
SIGNED = N_("{district}接诉")
REPLY = N_("需要补发的，请回复我们确认收到的那封邮件，并附上文件。")


def written(told: Mapping[str, Any], settings: Settings) -> tuple[str, str]:
    """Subject and text of the answer, in the sender's language."""
    language, code = told["language"], told["code"]
    reason = REASONS.get(code, REASONS["broken"])
    lines = [translate(language, reason, number=told.get("number", ""))]
    lines += [_fault(language, fault) for fault in told.get("faults", ())]
    lines += [_left(language, left) for left in told.get("left", ())]
    link = settings.public_url.rstrip("/") + "/file"
    ending = REPLY if code == "files" else AGAIN
    text = "\n\n".join(
        (
            translate(language, GREETING),
            "\n".join(lines),
            translate(language, ending, link=link),
            translate(language, SIGNED, district=settings.district),
        )
    )
    return translate(language, SUBJECTS.get(code, NOT_TAKEN)), text + "\n"


def _fault(language: str, fault: Mapping[str, Any]) -> str:
    sentence = translate(language, fault["message"], **fault["params"])
    field = FIELDS.get(fault["field"])
    return f"- {translate(language, field)}: {sentence}" if field else f"- {sentence}"


def _left(language: str, left: Mapping[str, Any]) -> str:
    return f"- {left['name']}: {translate(language, left['why'], **left['params'])}"
