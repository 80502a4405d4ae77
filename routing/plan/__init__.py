"""Reads a published plan into sections, tasks, who answers for each, and what it promises."""

from routing.plan.changes import Change, PlanDiff, diff
from routing.plan.model import Note, Plan, PlanRefused, Target, Task, as_json
from routing.plan.reading import read
from routing.plan.review import Doubt, Place, doubts, settle
from routing.plan.text import LIMIT, decode

__all__ = [
    "LIMIT",
    "Change",
    "Doubt",
    "Note",
    "Place",
    "Plan",
    "PlanDiff",
    "PlanRefused",
    "Target",
    "Task",
    "as_json",
    "decode",
    "diff",
    "doubts",
    "read",
    "settle",
]
