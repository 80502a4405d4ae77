"""What a plan is once read: sections, tasks, targets, doubts; its refusal and its JSON."""

from dataclasses import dataclass
from typing import Any

BLOCKING = frozenset({"no_duty", "no_lead"})
# told, but nobody has to decide anything
SETTLED = frozenset(
    {"confirmed_misspelling", "kept_name", "lead_given", "not_task"}
    | {"deadline", "renumbered", "people_dropped"}
)

Value = float | int | list[float | int]


class PlanRefused(Exception):
    """The document cannot be read as a plan; nothing of it is imported."""

    def __init__(self, code: str, message: str, *, where: int | None = None) -> None:
        self.code = code
        self.message = message
        self.where = where  # the line, from 1; none when it is the whole document
        super().__init__(f"{code}: {message}" + (f" (line {where})" if where else ""))


@dataclass(frozen=True, slots=True)
class Note:
    """A doubt, or what was settled without one: code, words, and the sentence it is about.

    `about` is the name in doubt, `meant` the units it may stand for, `line` where it stands.
    """

    code: str
    message: str
    source: str = ""
    about: str = ""
    meant: tuple[str, ...] = ()
    line: int = 0

    @property
    def blocking(self) -> bool:
        return self.code in BLOCKING

    @property
    def doubt(self) -> bool:
        return self.code not in SETTLED

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" 「{self.source}」" if self.source else "")


@dataclass(frozen=True, slots=True)
class Target:
    """Something measurable: op is one of <= < >= > = range; a range's value is [low, high]."""

    what: str
    op: str
    value: Value
    unit: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One numbered task; `section` is the path of headings above it."""

    number: int
    title: str
    section: tuple[str, ...]
    body: str
    leads: tuple[str, ...]
    supports: tuple[str, ...] = ()
    supports_all: bool = False
    supports_scope: str = ""
    coordinates: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    notes: tuple[Note, ...] = ()
    by: str = ""
    line: int = 0

    @property
    def label(self) -> str:
        return f"{self.number}. {self.title}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan document as read; it may be applied only when nothing in it blocks."""

    title: str
    sections: tuple[tuple[str, ...], ...]
    tasks: tuple[Task, ...]
    year: int | None = None
    notes: tuple[Note, ...] = ()

    @property
    def blocking(self) -> tuple[tuple[int, Note], ...]:
        """What has to be mended before the plan can be applied, by task number."""
        return tuple((t.number, n) for t in self.tasks for n in t.notes if n.blocking)

    @property
    def doubts(self) -> tuple[tuple[int, Note], ...]:
        return tuple((t.number, n) for t in self.tasks for n in t.notes if n.doubt)

    def task(self, number: int) -> Task | None:
        return next((task for task in self.tasks if task.number == number), None)


def as_json(plan: Plan) -> list[dict[str, Any]]:
    """The promised list, one object a task; notes are sentences."""
    return [
        {
            "number": task.number,
            "title": task.title,
            "section": " / ".join(task.section),
            "leads": list(task.leads),
            "supports": list(task.supports),
            "supports_all": task.supports_all,
            "supports_scope": task.supports_scope,
            "coordinates": list(task.coordinates),
            "targets": [
                {"what": t.what, "op": t.op, "value": t.value, "unit": t.unit, "by": t.by or None}
                for t in task.targets
            ],
            "notes": [str(note) for note in task.notes],
        }
        for task in plan.tasks
    ]
