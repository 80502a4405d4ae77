"""Draft: what any channel hands in, normalised and checked field by field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import Fault, Invalid
from core.texts import UncleanText, clean, half_width
from intake import identity
from intake.files import File

KINDS = ("complaint", "report", "inquiry", "help", "suggestion", "praise")
URGENCIES = ("critical", "urgent", "normal")
# the letter a channel has in ticket numbers
CHANNEL_LETTERS: Mapping[str, str] = {
    "web": "W",
    "phone": "P",
    "api": "A",
    "open311": "G",
    "import": "L",
    "email": "E",
    "watcher": "T",
    "counter": "C",
    "upper": "U",
}
LIMITS = {"title": 100, "content": 5000, "contact_name": 50, "company_name": 100, "place": 200}
CONTENT_LEAST = 5
TITLE_CUT = 30
EMAIL = re.compile(
    r"(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
# far beyond every limit, invisible signs included
RAW_LIMIT = 50_000
TOO_LONG = "最多{limit}字，现有{length}字"
UNKNOWN = "不在可选范围内：{allowed}"
UNCLEAN = {
    "control": "第{position}个字符是控制字符，请删除",
    "bidi": "第{position}个字符会改变文字显示方向，请删除",
    "surrogate": "第{position}个字符不完整，请重新输入",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A request as it may be registered. Texts are clean, codes are known, numbers are normal."""

    request: str
    title: str
    content: str
    channel: str
    category: str | None = None
    urgency: str = "normal"
    contact_name: str | None = None
    contact_phone: str | None = None
    contact_email: str | None = None
    company_name: str | None = None
    uscc: str | None = None
    place: str | None = None
    respondent: str | None = None
    complex: bool = False
    anonymous: bool = False
    confidential: bool = False
    language: str = "zh"
    attachments: tuple[File, ...] = ()

    @property
    def enterprise(self) -> bool:
        return bool(self.uscc or self.company_name)


class _Check:
    """Reads fields one by one and keeps every fault, so that all are told at once."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.faults: list[Fault] = []

    def fault(self, field: str, code: str, message: str, **params: str | int) -> None:
        self.faults.append(Fault(field, code, message, params))

    def text(self, field: str, *, lines: bool = False, limit: int = 200) -> str | None:
        value = self.values.get(field)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fault(field, "type", "应为文字")
            return None
        if len(value) > RAW_LIMIT:  # not worth reading sign by sign
            self.fault(field, "too_long", TOO_LONG, limit=limit, length=len(value))
            return None
        try:
            value = clean(value, lines=lines)
        except UncleanText as error:
            self.fault(field, error.code, UNCLEAN[error.code], position=error.position)
            return None
        if len(value) > limit:
            self.fault(field, "too_long", TOO_LONG, limit=limit, length=len(value))
            return None
        return value or None

    def choice(self, field: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(field) or default
        if value not in allowed:
            self.fault(field, "unknown", UNKNOWN, allowed="、".join(allowed))
        return value

    def flag(self, field: str) -> bool:
        value = self.values.get(field)
        if value is None or isinstance(value, bool):
            return bool(value)
        if value not in ("", "on", "true", "1", "off", "false", "0"):
            self.fault(field, "type", "应为是或否")
        return value in ("on", "true", "1")

    def required(self, field: str, value: object, message: str) -> None:
        if not value and not any(fault.field == field for fault in self.faults):
            self.fault(field, "required", message)

    def ways(self, *, anonymous: bool) -> tuple[str | None, str | None]:
        phone, email = self.phone(), self.email()
        if not anonymous and not email:
            self.required("contact_phone", phone, "请留下联系电话，或选择匿名提交")
        return phone, email

    def content(self) -> str:
        value = self.text("content", lines=True, limit=LIMITS["content"])
        self.required("content", value, "请写明诉求内容")
        if value and len(value) < CONTENT_LEAST:
            self.fault("content", "too_short", "请至少写{least}个字", least=CONTENT_LEAST)
        return value or ""

    def uscc(self) -> str | None:
        value = self.text("uscc", limit=60)
        if value is None:
            return None
        code = identity.check_uscc(value)
        if not code.valid:
            self.fault("uscc", code.reason or "invalid", code.message, **code.params)
            return None
        return code.normal

    def phone(self) -> str | None:
        value = self.text("contact_phone", limit=40)
        if value is None:
            return None
        phone = identity.check_phone(value)
        if not phone.valid:
            self.fault("contact_phone", phone.reason or "invalid", phone.message, **phone.params)
            return None
        return phone.normal

    def email(self) -> str | None:
        value = self.text("contact_email", limit=254)
        if value is None:
            return None
        value = half_width(value)
        if not EMAIL.fullmatch(value):
            self.fault("contact_email", "invalid", "电子邮箱格式不正确")
            return None
        return value


def check(
    values: Mapping[str, Any],
    *,
    channels: tuple[str, ...] = tuple(CHANNEL_LETTERS),
    channel: str = "web",
    attachments: tuple[File, ...] = (),
    language: str = "zh",
) -> Draft:
    """The Draft in `values`, keyed by the interface's field names.

    Invalid lists every field at fault. `channel` is what an absent channel means; only
    `channels` may be named.
    """
    form = _Check(values)
    title, content = form.text("title", limit=LIMITS["title"]), form.content()
    anonymous = form.flag("anonymous")
    phone, email = form.ways(anonymous=anonymous)
    draft = Draft(
        request=form.choice("kind", KINDS, "complaint"),
        title=title or _headline(content),
        content=content,
        channel=form.choice("channel", channels, channel),
        category=form.text("category", limit=60),
        urgency=form.choice("urgency", URGENCIES, "normal"),
        contact_name=form.text("contact_name", limit=LIMITS["contact_name"]),
        contact_phone=phone,
        contact_email=email,
        company_name=form.text("company_name", limit=LIMITS["company_name"]),
        uscc=form.uscc(),
        place=form.text("place", limit=LIMITS["place"]),
        respondent=form.text("respondent", limit=60),
        complex=form.flag("complex"),
        anonymous=anonymous,
        confidential=form.flag("confidential"),
        language=language,
        attachments=attachments,
    )
    if form.faults:
        raise Invalid(faults=tuple(form.faults))
    return draft


def clean_title(text: str) -> str:
    """A line of any length as a title: what is too long for one is cut."""
    return " ".join(text.split())[: LIMITS["title"]].strip()


def _headline(content: str) -> str:
    # a title is one line, so what only a body may hold becomes a space
    return content.split("\n", 1)[0].replace("\t", " ")[:TITLE_CUT].strip()
