"""A plan's parts in words: what changed in a task, a target as a sentence."""

from typing import Any

from core.i18n import N_, translate
from routing.plan import Change, PlanDiff, Target, Task

FIELDS = {
    "number": N_("编号"),
    "title": N_("标题"),
    "leads": N_("牵头单位"),
    "supports": N_("配合单位"),
    "supports_all": N_("是否含全部单位"),
    "supports_scope": N_("开放范围"),
    "coordinates": N_("协调对象"),
    "targets": N_("量化目标"),
    "body": N_("正文"),
}
OPERATORS = {"<=": "≤", ">=": "≥", "<": "＜", ">": "＞", "=": "＝"}
# said by the scope itself, which differs too
QUIET = frozenset({"supports_all"})
EXCERPT = 400


def changes(language: str, diff: PlanDiff) -> list[dict[str, Any]]:
    """Changed and renumbered tasks, each field with its words before and after."""
    return [
        {
            "number": change.after.number,
            "was": change.before.number,
            "title": change.after.title,
            "moved": change.before.number != change.after.number,
            "fields": [_field(language, name, change) for name in change.fields if _said(name)],
        }
        for change in sorted((*diff.renumbered, *diff.changed), key=lambda c: c.after.number)
    ]


def _said(name: str) -> bool:
    return name not in QUIET


def _field(language: str, name: str, change: Change) -> dict[str, str]:
    return {
        "name": translate(language, FIELDS[name]),
        "before": _words(name, change.before),
        "after": _words(name, change.after),
    }


def _words(name: str, task: Task) -> str:
    value = getattr(task, name)
    if name == "targets":
        return "；".join(target(item) for item in value)
    if isinstance(value, tuple):
        return "、".join(value)
    return str(value)[:EXCERPT]


def target(item: Target) -> str:
    """「开办时间 ≤ 1 工作日（2023-12-31）」"""
    by = f"（{item.by}）" if item.by else ""
    return f"{item.what} {_value(item)} {item.unit}{by}"


def _value(item: Target) -> str:
    if isinstance(item.value, list):
        return ("—" if item.op == "range" else "、").join(map(str, item.value))
    return f"{OPERATORS.get(item.op, item.op)} {item.value}"
