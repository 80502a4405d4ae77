"""The doubts of a plan that was read, each with its place in the text; and what settles them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from routing.plan.model import BLOCKING, Note, Plan, Task

# in the order in which one name's several doubts are told
NAMES = ("misspelling", "unknown_unit", "doubtful_name")
_AROUND = 60  # characters of context on either side


@dataclass(frozen=True, slots=True)
class Place:
    """Where a doubt stands: the line, and its words around the ones in question."""

    line: int
    before: str
    hit: str
    after: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """One question to a person. Of a name it is asked once, whatever tasks it stands in."""

    key: str
    code: str
    message: str
    tasks: tuple[int, ...]
    title: str
    name: str
    meant: tuple[str, ...]
    places: tuple[Place, ...]

    @property
    def blocking(self) -> bool:
        return self.code in BLOCKING

    @property
    def of_name(self) -> bool:
        return self.code in NAMES


def doubts(plan: Plan, text: str) -> list[Doubt]:
    """Everything a person should look at, what blocks the plan first."""
    lines = text.splitlines()
    ends = [task.line for task in plan.tasks[1:]] + [len(lines) + 1]
    found: dict[str, Doubt] = {}
    for task, end in zip(plan.tasks, ends, strict=True):
        for note in _told_once(task):
            place = locate(lines, note, task.line, max(end, task.line + 1))
            key = _key(task, note)
            found[key] = _joined(found.get(key), _doubt(key, task, note, place))
    return sorted(found.values(), key=lambda doubt: not doubt.blocking)


def settle(plan: Plan, *, leads: Mapping[int, str], dropped: Collection[int] = frozenset()) -> Plan:
    """The plan with the leads a person named and without what he says is no task."""
    gone = tuple(
        Note("not_task", f"第 {task.line} 行经确认不是任务", task.label, line=task.line)
        for task in plan.tasks
        if task.number in dropped
    )
    kept = tuple(
        _led(task, leads[task.number]) if task.number in leads else task
        for task in plan.tasks
        if task.number not in dropped
    )
    return replace(plan, tasks=kept, notes=plan.notes + gone)


def locate(lines: list[str], note: Note, start: int, end: int) -> Place:
    """The words of a note among the lines from `start` (1 is the first) up to `end`."""
    for wanted in (note.about, note.source, *note.source.split("；"), *note.source.split("。")):
        for number in range(start, min(end, len(lines) + 1)):
            line = lines[number - 1]
            if wanted and (at := line.find(wanted)) >= 0:
                return _place(number, line, at, at + len(wanted))
    line = lines[start - 1] if 0 < start <= len(lines) else ""
    return _place(start, line, 0, min(len(line), 2 * _AROUND))


def _told_once(task: Task) -> list[Note]:
    """A task's doubts; of several about one name only the first in order."""
    named: dict[str, Note] = {}
    others: list[Note] = []
    for note in task.notes:
        if note.code in NAMES:
            rival = named.get(note.about)
            if rival is None or NAMES.index(note.code) < NAMES.index(rival.code):
                named[note.about] = note
        elif note.doubt:
            others.append(note)
    return [*others, *named.values()]


def _doubt(key: str, task: Task, note: Note, place: Place) -> Doubt:
    return Doubt(
        key, note.code, note.message, (task.number,), task.title, note.about, note.meant, (place,)
    )


def _joined(first: Doubt | None, other: Doubt) -> Doubt:
    if first is None:
        return other
    return replace(first, tasks=first.tasks + other.tasks, places=first.places + other.places)


def _key(task: Task, note: Note) -> str:
    """Stable over readings of one document; a name's doubt is the same in every task."""
    of = note.about if note.code in NAMES else f"{task.number} {note.code} {note.message}"
    return sha256(of.encode()).hexdigest()[:16]


def _led(task: Task, lead: str) -> Task:
    notes = tuple(note for note in task.notes if not note.blocking)
    given = Note("lead_given", f"原文未写明牵头单位，由导入人员指定为“{lead}”", line=task.line)
    supports = tuple(name for name in task.supports if name != lead)
    return replace(task, leads=(lead,), supports=supports, notes=(*notes, given))


def _place(number: int, line: str, start: int, end: int) -> Place:
    low, high = max(0, start - _AROUND), min(len(line), end + _AROUND)
    return Place(
        number,
        ("…" if low else "") + line[low:start],
        line[start:end],
        line[end:high] + ("…" if high < len(line) else ""),
    )
