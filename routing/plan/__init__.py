"""Reads a published plan into sections, tasks, who answers for each, and what it promises."""

from routing.plan.model import (
    Change,
    Note,
    Plan,
    PlanDiff,
    PlanRefused,
    Target,
    Task,
    as_json,
    diff,
)
from routing.plan.reading import read
from routing.plan.text import LIMIT, decode

__all__ = [
    "LIMIT",
    "Change",
    "Note",
    "Plan",
    "PlanDiff",
    "PlanRefused",
    "Target",
    "Task",
    "as_json",
    "decode",
    "diff",
    "read",
]
