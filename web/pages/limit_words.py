"""Limits and calendars in words: whom a promise is for, how long it is, what its ladder does."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from core.i18n import N_, translate
from sla import policies
from sla.policies import METRICS
from web import words
from web.pages.receipts import said

CALENDAR = {
    "office": N_("工作日历"),
    "window": N_("窗口日历"),
    "duty": N_("全天值守"),
}
MODE = {
    "working_days": N_("工作日"),
    "working_hours": N_("工作小时"),
    "natural_days": N_("自然日"),
    "natural_hours": N_("小时"),
}
STATE = {"draft": N_("草案"), "published": N_("已发布"), "discarded": N_("已放弃")}
STEP = {
    "start": N_("新建草案"),
    "policy": N_("修改时限标准"),
    "drop": N_("删除时限标准"),
    "sessions": N_("修改办公时段"),
    "day": N_("设置例外日期"),
    "drop_day": N_("取消例外日期"),
    "year": N_("录入放假安排"),
    "window": N_("新增窗口日历"),
    "publish": N_("发布"),
    "discard": N_("放弃"),
}
CHANGE = {
    "same": N_("不变"),
    "later": N_("延后"),
    "earlier": N_("提前"),
    "settled": N_("得以确定"),
    "unknown": N_("日历未公布，不重算"),
    "at_once": N_("重算即超期，保持原时限"),
}


def groups(
    rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], language: str
) -> list[dict[str, Any]]:
    """Every promise, gathered by what it is a promise of."""
    made = [policy_words(row, names, language) for row in rows]
    return [
        {
            "metric": metric,
            "word": words.word(language, words.METRIC, metric),
            "rows": [row for row in made if row["metric"] == metric],
        }
        for metric in METRICS
        if any(row["metric"] == metric for row in made)
    ]


def policy_words(row: Mapping[str, Any], names: Mapping[str, str], language: str) -> dict[str, Any]:
    """One promise in words; `names` are the categories by code."""
    [policy] = policies.from_json([row])
    return {
        "id": policy.id,
        "metric": policy.metric,
        "for": _whom(policy, names, language) or [translate(language, "其余全部")],
        "length": said(policy.promise, language),
        "calendar": words.word(language, CALENDAR, policy.calendar),
        "own_calendar": policy.calendar != "office",
        "warning": _warning(policy, language),
        "ladder": [_rung(step, language) for step in policy.ladder],
        "basis": policy.basis,
    }


def _whom(policy: policies.Policy, names: Mapping[str, str], language: str) -> list[str]:
    found = [words.word(language, words.REQUEST, code) for code in sorted(policy.kinds)]
    found += [words.word(language, words.URGENCY, code) for code in sorted(policy.urgencies)]
    if policy.complex is not None:
        found.append(translate(language, "疑难复杂" if policy.complex else "非疑难复杂"))
    if policy.enterprise is not None:
        found.append(translate(language, "企业诉求" if policy.enterprise else "非企业诉求"))
    found += [names.get(code, code) for code in sorted(policy.categories)]
    found += [translate(language, "方案任务{task}", task=task) for task in sorted(policy.tasks)]
    return found


def _warning(policy: policies.Policy, language: str) -> str:
    points = []
    if policy.warn_at is not None:
        percent = _percent(policy.warn_at)
        points.append(translate(language, "用去{percent}%时", percent=percent))
    if policy.warn_left is not None:
        left = said(policy.warn_left, language)
        points.append(translate(language, "剩{left}时", left=left))
    if not points:
        return ""
    told = roles(policy.warn, language)
    return " / ".join(points) + (f" → {told}" if told else "")


def _rung(step: policies.Step, language: str) -> dict[str, str]:
    late = said(step.after, language) if step.after else ""
    return {
        "level": step.level,
        "word": words.word(language, words.LEVEL, step.level),
        "when": translate(language, "超期{late}", late=late)
        if late
        else translate(language, "到期"),
        "tell": roles(step.tell, language),
        "issue": words.word(language, words.SUPERVISION, step.issue) if step.issue else "",
        "redos": translate(language, "或退回{redos}次", redos=step.redos) if step.redos else "",
    }


def roles(codes: Sequence[str], language: str) -> str:
    """「分管领导、区政府办」"""
    joint = ", " if language == "en" else "、"
    return joint.join(words.word(language, words.ROLE, code) for code in codes)


def _percent(share: Fraction) -> str:
    return f"{float(share * 100):g}"


def calendar_words(name: str, body: Mapping[str, Any], language: str) -> dict[str, Any]:
    """One calendar in words."""
    duty = body.get("kind") == "duty"
    return {
        "name": name,
        "word": words.word(language, CALENDAR, name),
        "years": f"{min(body['years'])}–{max(body['years'])}",
        "duty": duty,
        "sessions": " ".join(f"{a[:5]}-{b[:5]}" for a, b in body.get("sessions", [])),
        "days": [
            {**item, "day": date.fromisoformat(item["day"])} for item in body.get("overrides", [])
        ],
        "notices": body.get("notices", []),
    }


def form_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """A stored promise as its form shows it."""
    left, share = row.get("warn_left") or {}, row.get("warn_at")
    yes_no = {True: "yes", False: "no", None: ""}
    return {
        "metric": row["metric"],
        "n": _number(row["promise"]["n"]),
        "mode": row["promise"]["mode"],
        "kinds": row["kinds"],
        "urgencies": row["urgencies"],
        "complex": yes_no[row["complex"]],
        "enterprise": yes_no[row["enterprise"]],
        "categories": " ".join(row.get("categories", [])),
        "tasks": " ".join(str(task) for task in row.get("tasks", [])),
        "warn_percent": _percent(Fraction(share)) if share else "",
        "left_n": _number(left["n"]) if left else "",
        "left_mode": left.get("mode", ""),
        "warn": row["warn"],
        "ladder": [_rung_values(step) for step in row["ladder"]],
        "basis": row["basis"],
        "calendar": row.get("calendar", "office"),
    }


def _rung_values(step: Mapping[str, Any]) -> dict[str, Any]:
    after = step["after"] or {}
    return {
        "level": step["level"],
        "n": _number(after["n"]) if after else "",
        "mode": after.get("mode", ""),
        "tell": step["tell"],
        "issue": step.get("issue", ""),
        "redos": step.get("redos") or "",
    }


def _number(text: str) -> str:
    return f"{float(Fraction(text)):g}"
