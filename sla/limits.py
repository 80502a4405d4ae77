"""Limits and calendars as stored JSON, changed with care: every refusal names its field. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from core.errors import Invalid
from core.permissions import Role
from sla import calendars, policies
from sla.calendars import OverrideRefused
from sla.worktime import Mode, PromiseRefused, parse_sessions, sessions_text

Body = dict[str, Any]
KINDS = ("complaint", "report", "inquiry", "help", "suggestion", "praise")
URGENCIES = ("critical", "urgent", "normal")
LEVELS = ("yellow", "red", "circular", "listed", "problem")
TOLD = tuple(
    role.value
    for role in (Role.HANDLER, Role.LIAISON, Role.HEAD, Role.DISPATCHER, Role.OFFICE, Role.LEADER)
)
CALENDARS = ("office", "window", "duty")
MOST_HOURS, MOST_DAYS, MOST_POLICIES, MOST_TIMES = 24 * 366, 366, 300, 20
WINDOW = ((8, 30), (18, 0))
DATES = re.compile(r"[\s,，、;；]+")

# what an administrator's day is refused for, in words for the screen
DAY_WORDS = {
    "no_reason": "请写明调整的理由",
    "unpublished": "该年度的放假安排还没有公布，不能设置",
    "holiday": "{day}是法定节假日，不能改为上班，请选择其他日期",
    "already": "{day}本来就是这样，无需设置",
    "empty_week": "{day}起的一周没有一个工作日，请至少保留一天",
    "gap": "年度之间不能有空缺",
    "known_year": "该年度的放假安排已随程序提供，无需录入",
    "no_source": "请写明放假通知的文号或来源",
    "other_year": "{day}不在该年度内",
    "not_weekend": "{day}不是周末，不能作为调休上班日",
    "statutory": "放假日期缺少法定节假日{day}",
}


def check(body: Body) -> None:
    """Whether the whole can stand: every calendar compiles, every policy is one of its kind."""
    for name, stored in body["calendars"].items():
        _compiled(name, stored, "calendar")
    found = policies.from_json(body["policies"])
    for item in found:
        if item.calendar not in body["calendars"]:
            raise Invalid.one("calendar", "unknown", "请选择已有的日历")
    if len(found) > MOST_POLICIES:
        raise Invalid.one("metric", "too_many", "时限标准最多{most}条", most=MOST_POLICIES)


def with_policy(body: Body, policy_id: str, values: Mapping[str, Any]) -> str:
    """Put one promise into the body, new where the id is empty. Its id."""
    rows: list[dict[str, Any]] = body["policies"]
    old = next((row for row in rows if row["id"] == policy_id), None)
    if policy_id and old is None:
        raise Invalid.one("policy", "unknown", "没有这条时限标准")
    made = _row(values, old)
    made["id"] = policy_id or _new_id(made, {row["id"] for row in rows})
    for row in rows:
        if row["id"] != made["id"] and _conditions(row) == _conditions(made):
            raise Invalid.one("metric", "duplicate", "已有同样适用条件的时限标准，请直接修改它")
    place = rows.index(old) if old is not None else len(rows)
    rows[place : place + 1] = [made]
    return str(made["id"])


def without_policy(body: Body, policy_id: str) -> None:
    """Take one promise out. What applies to every case of its kind stays: it may be changed."""
    rows: list[dict[str, Any]] = body["policies"]
    old = next((row for row in rows if row["id"] == policy_id), None)
    if old is None:
        raise Invalid.one("policy", "unknown", "没有这条时限标准")
    same = [row for row in rows if row["metric"] == old["metric"]]
    if len(same) == 1:
        raise Invalid.one("policy", "last", "这是该时限种类唯一的标准，只能修改，不能删除")
    rows.remove(old)


def set_sessions(body: Body, calendar: str, text: str) -> None:
    """Office hours from text: 09:00-12:00 13:00-17:00."""
    stored = _calendar(body, calendar)
    pairs = [re.split(r"[-–—~～至]", part) for part in DATES.split(text.strip()) if part]
    try:
        stored["sessions"] = sessions_text(parse_sessions(pairs))
    except PromiseRefused as refused:
        message = "请按“09:00-12:00 13:00-17:00”的格式填写，时段不能为空、颠倒或重叠"
        raise Invalid.one("sessions", "format", message) from refused


def set_day(body: Body, calendar: str, day: date | None, *, working: bool, reason: str) -> None:
    """One day worked or free by decision. Invalid where it contradicts what is published."""
    stored = _calendar(body, calendar)
    if day is None:
        raise Invalid.one("day", "required", "请选择日期")
    rest = [item for item in stored["overrides"] if item["day"] != day.isoformat()]
    line = {"day": day.isoformat(), "working": working, "reason": reason.strip()}
    stored["overrides"] = sorted([*rest, line], key=lambda item: str(item["day"]))
    field = "day" if reason.strip() else "reason"
    _compiled(calendar, stored, field)


def drop_day(body: Body, calendar: str, day: str) -> None:
    """The day is again as published."""
    stored = _calendar(body, calendar)
    kept = [item for item in stored["overrides"] if item["day"] != day]
    if len(kept) == len(stored["overrides"]):
        raise Invalid.one("day", "unknown", "没有这一天的调整")
    stored["overrides"] = kept


def set_year(body: Body, year: int, off: str, worked: str, source: str) -> None:
    """A year's announced holidays in every calendar that follows them."""
    notice = {
        "year": year,
        "off": _days("off", off),
        "worked": _days("worked", worked),
        "source": source.strip(),
    }
    for name, stored in body["calendars"].items():
        years = sorted({*stored["years"], year})
        stored["years"] = years
        if stored.get("kind") != "duty":
            rest = [item for item in stored.get("notices", []) if item["year"] != year]
            stored["notices"] = [*rest, notice]
        _compiled(name, stored, "year")


def add_window(body: Body) -> None:
    """A calendar of the service hall's hours, beside the office's."""
    if "window" in body["calendars"]:
        raise Invalid.one("calendar", "known", "已有窗口日历")
    office = body["calendars"]["office"]
    hours = [[f"{hour:02d}:{minute:02d}" for hour, minute in WINDOW]]
    body["calendars"]["window"] = {**office, "sessions": hours}


def differences(old: Body, new: Body) -> dict[str, list[dict[str, Any]]]:
    """What is added, changed and gone: policies by id, calendars by name, before beside after."""
    return {
        "policies": _pairs(
            {row["id"]: row for row in old["policies"]}, {row["id"]: row for row in new["policies"]}
        ),
        "calendars": _pairs(old["calendars"], new["calendars"]),
    }


def _pairs(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = [*new, *(name for name in old if name not in new)]
    pairs = [{"id": name, "before": old.get(name), "after": new.get(name)} for name in names]
    return [pair for pair in pairs if pair["before"] != pair["after"]]


def _calendar(body: Body, name: str) -> dict[str, Any]:
    stored: dict[str, Any] | None = body["calendars"].get(name)
    if stored is None or stored.get("kind") == "duty":
        raise Invalid.one("calendar", "unknown", "请选择已有的日历；全天值守的日历没有时段和例外")
    return stored


def _compiled(name: str, stored: Mapping[str, Any], field: str) -> None:
    try:
        calendars.from_body(stored)
    except OverrideRefused as refused:
        message = DAY_WORDS.get(refused.code, DAY_WORDS["unpublished"])
        day = refused.day.isoformat() if refused.day else name
        at = {"no_source": "source", "statutory": "off", "not_weekend": "worked"}
        raise Invalid.one(at.get(refused.code, field), refused.code, message, day=day) from refused
    except PromiseRefused as refused:
        raise Invalid.one("sessions", "format", "办公时段不正确") from refused


def _days(field: str, text: str) -> list[str]:
    found = set()
    for part in DATES.split(text.strip()):
        try:
            found.update([date.fromisoformat(part).isoformat()] if part else [])
        except ValueError:
            message = "“{part}”不是日期，请按2027-01-01的格式填写，用空格分开"
            raise Invalid.one(field, "format", message, part=part[:20]) from None
    return sorted(found)


def _conditions(row: Mapping[str, Any]) -> tuple[Any, ...]:
    lists = ("kinds", "urgencies", "categories", "tasks")
    sets = (tuple(sorted(row.get(name) or ())) for name in lists)
    return (row["metric"], row["complex"], row["enterprise"], *sets)


def _new_id(row: Mapping[str, Any], taken: set[str]) -> str:
    n = 1
    while (name := f"{row['metric']}.own.{n}") in taken:
        n += 1
    return name


def _row(values: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    metric = values.get("metric") or (old or {}).get("metric")
    if metric not in policies.METRICS:
        raise Invalid.one("metric", "required", "请选择时限种类")
    row = {
        "metric": metric,
        "promise": _length(values, "n", "mode", required=True),
        "kinds": _chosen(values, "kinds", KINDS),
        "urgencies": _chosen(values, "urgencies", URGENCIES),
        "complex": _yes_no(values, "complex"),
        "enterprise": _yes_no(values, "enterprise"),
        "categories": _parts(values, "categories", str),
        "tasks": _parts(values, "tasks", _task),
        "warn_at": _share(values),
        "warn_left": _length(values, "left_n", "left_mode"),
        "warn": _chosen(values, "warn", TOLD),
        "ladder": _ladder(values),
        "basis": str(values.get("basis") or "").strip()[:200],
        "calendar": values.get("calendar") or "office",
    }
    return _stands({"id": (old or {}).get("id", "new"), **row})


def _stands(row: dict[str, Any]) -> dict[str, Any]:
    try:
        policies.from_json([row])
    except PromiseRefused as refused:
        words = {
            "warn_left": "提醒不能早于时限开始",
            "warn_at": "提醒点应在0%和100%之间",
            "ladder": "阶梯的级别不能重复",
        }
        field = refused.field if refused.field in words else "n"
        raise Invalid.one(field, "refused", words.get(field, "时限不正确")) from refused
    return row


def _length(
    values: Mapping[str, Any], n_field: str, mode_field: str, *, required: bool = False
) -> dict[str, str] | None:
    """A promise as stored. A figure without a unit of time is none."""
    text = str(values.get(n_field) or "").strip()
    mode = str(values.get(mode_field) or "")
    if not text and not required:
        return None
    try:
        n = Fraction(text) if re.fullmatch(r"\d{1,5}(\.\d{1,2})?", text, re.ASCII) else Fraction(0)
    except ValueError:
        n = Fraction(0)
    if n <= 0:
        raise Invalid.one(n_field, "number", "请填写大于0的数")
    if mode not in set(Mode):
        raise Invalid.one(mode_field, "required", "请选择时间单位")
    days = mode in {Mode.WORKING_DAYS, Mode.NATURAL_DAYS}
    if days and n.denominator != 1:
        raise Invalid.one(n_field, "whole", "天数须为整数")
    if n > (MOST_DAYS if days else MOST_HOURS):
        raise Invalid.one(n_field, "range", "时限过长，最长一年")
    return {"mode": mode, "n": str(n)}


def _share(values: Mapping[str, Any]) -> str | None:
    text = str(values.get("warn_percent") or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 100):
        raise Invalid.one("warn_percent", "range", "提醒点应在1%和99%之间：提醒须早于到期")
    return str(Fraction(int(text), 100))


def _ladder(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    steps = [_rung(rung, place) for place, rung in enumerate(values.get("ladder") or ())]
    levels = [step["level"] for step in steps]
    if len(set(levels)) < len(levels):
        raise Invalid.one("ladder", "duplicate", "阶梯的级别不能重复")
    return steps


def _rung(rung: Mapping[str, Any], place: int) -> dict[str, Any]:
    at = f"ladder-{place}"
    if rung.get("level") not in LEVELS:
        raise Invalid.one(f"{at}-level", "required", "请选择级别")
    issue = rung.get("issue") or ""
    if issue not in policies.ISSUED:
        raise Invalid.one(f"{at}-issue", "unknown", "请选择督办级别")
    redos = str(rung.get("redos") or "").strip()
    if redos and not (redos.isascii() and redos.isdigit() and 0 < int(redos) <= MOST_TIMES):
        raise Invalid.one(f"{at}-redos", "range", "退回次数应为1至{most}", most=MOST_TIMES)
    after = {f"{at}-n": rung.get("n"), f"{at}-mode": rung.get("mode")}
    return {
        "level": rung["level"],
        "after": _length(after, f"{at}-n", f"{at}-mode"),
        "tell": _chosen(rung, "tell", TOLD),
        "issue": issue,
        "redos": int(redos) if redos else None,
    }


def _chosen(values: Mapping[str, Any], field: str, known: tuple[str, ...]) -> list[str]:
    given = values.get(field) or ()
    if any(item not in known for item in given):
        raise Invalid.one(field, "unknown", "选择的内容不正确")
    return [item for item in known if item in given]


def _yes_no(values: Mapping[str, Any], field: str) -> bool | None:
    return {"yes": True, "no": False}.get(str(values.get(field) or ""))


def _parts(values: Mapping[str, Any], field: str, made: Callable[[str], Any]) -> list[Any]:
    return sorted({made(part) for part in DATES.split(str(values.get(field) or "")) if part})


def _task(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10_000):
        raise Invalid.one("tasks", "format", "任务编号须为数字，用空格分开")
    return int(text)
