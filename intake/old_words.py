"""How other systems call the columns and the values of a case, in Chinese and English."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from core.moments import SHANGHAI
from core.texts import half_width
from intake.lists import Cell, text_of

# field → the column's own name, then what else it is called
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": (
        "原编号", "编号", "工单编号", "工单号", "诉求编号", "受理编号", "old number", "number",
        "ticket number", "case number", "id", "case id",
    ),
    "status": ("办理状态", "状态", "是否办结", "办结状态", "status", "state"),
    "received_at": (
        "受理时间", "受理日期", "登记时间", "来电时间", "诉求时间", "提交时间", "收件时间",
        "received at", "received", "date received", "created at",
    ),
    "closed_at": (
        "办结时间", "办结日期", "结案时间", "完成时间", "closed at", "closed", "date closed",
    ),
    "result": ("办理结果", "处理结果", "结果", "是否解决", "result", "outcome"),
    "reply": ("答复内容", "答复", "回复内容", "办理情况", "处理意见", "reply", "answer"),
    "unit": ("承办单位", "办理单位", "责任单位", "主办单位", "unit", "department", "handled by"),
    "kind": ("诉求类型", "类型", "工单类型", "kind", "type", "request type"),
    "category": ("诉求类别", "类别", "分类", "问题分类", "category"),
    "urgency": ("紧急程度", "urgency", "priority"),
    "title": ("标题", "主题", "诉求标题", "title", "subject"),
    "content": ("诉求内容", "内容", "问题描述", "反映内容", "content", "description", "details"),
    "company_name": ("企业名称", "单位名称", "公司名称", "company", "company name"),
    "uscc": ("统一社会信用代码", "信用代码", "社会信用代码", "uscc", "credit code"),
    "contact_name": ("联系人", "姓名", "来电人", "contact", "contact name", "name"),
    "contact_phone": (
        "联系电话", "电话", "手机", "手机号", "来电号码", "phone", "contact phone", "telephone",
        "mobile",
    ),
    "contact_email": ("电子邮箱", "邮箱", "email", "e-mail"),
    "place": ("地点", "事发地点", "地址", "place", "address", "location"),
    "respondent": ("被反映单位", "被投诉单位", "respondent"),
    "anonymous": ("匿名", "是否匿名", "anonymous"),
    "confidential": ("保密", "是否保密", "confidential"),
}  # fmt: skip
NEEDED = ("number", "status", "received_at", "content")
NUMBERS = ("number", "contact_phone", "uscc")  # what a spreadsheet spoils by reckoning

YES_NO: Mapping[str, tuple[str, ...]] = {
    "on": ("是", "yes", "y", "true", "1", "√"),
    "off": ("否", "no", "n", "false", "0"),
}
VALUES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "status": {
        "closed": (
            "办结", "已办结", "已结案", "结案", "已关闭", "完成", "已完成", "是", "closed",
            "done", "resolved", "yes",
        ),
        "open": (
            "在办", "未办结", "办理中", "待办", "处理中", "待处理", "否", "open", "pending",
            "in progress", "no",
        ),
    },
    "result": {
        "solved": ("已解决", "解决", "是", "solved", "yes"),
        "explained": ("已解释", "解释说明", "解释", "explained"),
        "unsolved": ("未解决", "否", "unsolved", "no"),
        "not_rated": ("未评价", "不详", "not rated", "not_rated", "unknown"),
    },
    "kind": {
        "complaint": ("投诉", "complaint"),
        "report": ("举报", "report"),
        "inquiry": ("咨询", "inquiry", "enquiry", "question"),
        "help": ("求助", "help"),
        "suggestion": ("建议", "意见", "意见建议", "suggestion"),
        "praise": ("表扬", "感谢", "praise"),
    },
    "urgency": {
        "critical": ("特急", "critical"),
        "urgent": ("紧急", "加急", "urgent"),
        "normal": ("一般", "普通", "正常", "normal"),
    },
    "anonymous": YES_NO,
    "confidential": YES_NO,
}  # fmt: skip

_DAY = re.compile(
    r"(?P<y>\d{4})(?:[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})|年(?P<m2>\d{1,2})月(?P<d2>\d{1,2})日?"
    r"|(?P<m3>\d\d)(?P<d3>\d\d))"
    r"(?:[T ]*(?P<h>\d{1,2})[:时点](?P<i>\d{1,2})?(?:[:分](?P<s>\d{1,2})?)?(?:\.\d+)?秒?)?"
)
_EITHER_WAY = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d\d)(?: .*)?")
_SPOILT = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
EPOCH = datetime(1899, 12, 30, tzinfo=SHANGHAI)  # where spreadsheets count their days from
FIRST_SERIAL, LAST_SERIAL = 18_264, 73_050  # 1950 to 2099


class NoDate(ValueError):
    """It cannot be read as one certain day; `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def plain(text: str) -> str:
    """A head or a word as it is compared: half-width, small, without blanks, stars and brackets."""
    text = re.sub(r"[\s*：:_]+", " ", re.sub(r"\(.*?\)", "", half_width(text)))
    return text.strip().casefold()


_FIELDS = {plain(name): field for field, names in COLUMNS.items() for name in names}
_CODES = {
    field: {plain(word): code for code, said in words.items() for word in (code, *said)}
    for field, words in VALUES.items()
}


def field_of(head: str) -> str | None:
    """The field that a column of this name holds."""
    return _FIELDS.get(plain(head))


def code_of(field: str, text: str) -> str | None:
    """The code that a word means in a field; None when nobody knows it."""
    return _CODES[field].get(plain(text))


def allowed(field: str) -> str:
    """The first word of each value, to be named in a fault."""
    return "、".join(said[0] for said in VALUES[field].values())


def spoilt(cell: Cell) -> bool:
    """Whether a spreadsheet turned a long number into a rounded one."""
    if isinstance(cell, float):
        return not cell.is_integer() or abs(cell) >= 1e15
    return isinstance(cell, str) and bool(_SPOILT.fullmatch(half_width(cell).strip()))


def instant(cell: Cell) -> datetime:
    """The instant in a cell: a date of a workbook, its serial number, or a day in writing.

    NoDate for what is none, or could be two.
    """
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=SHANGHAI) if cell.tzinfo is None else cell
    text = half_width(text_of(cell)).strip()
    if _SERIAL.fullmatch(text) and FIRST_SERIAL <= float(text) <= LAST_SERIAL:
        # a serial is rounded: without this a whole minute would lack its last second
        return EPOCH + timedelta(seconds=round(float(text) * 86_400))
    if _EITHER_WAY.fullmatch(text):
        raise NoDate("date_order")
    return _written(text)


def _written(text: str) -> datetime:
    found = _DAY.fullmatch(text)
    if found is None:
        raise NoDate("date")
    parts = found.groupdict()
    month = parts["m"] or parts["m2"] or parts["m3"]
    day = parts["d"] or parts["d2"] or parts["d3"]
    hour, minute, second = (int(parts[name] or 0) for name in "his")
    try:
        return datetime(
            int(parts["y"]), int(month), int(day), hour, minute, second, tzinfo=SHANGHAI
        )
    except ValueError as wrong:
        raise NoDate("date") from wrong
