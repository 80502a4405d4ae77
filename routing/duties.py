"""Who answers for what, across a stored plan: the responsibility matrix, and sifting its tasks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from routing.hanzi import simplified
from routing.plan import Target
from routing.tables import TaskRow
from routing.units import Register

PARTS = LEAD, SUPPORT, PARTNER = "lead", "support", "partner"


@dataclass(frozen=True, slots=True)
class Line:
    """A task's row of the matrix: its parts by unit, and the open words beside them."""

    task: TaskRow
    parts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Tasks × units; a column is a unit's name, those that lead most first."""

    units: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def totals(self) -> dict[str, dict[str, int]]:
        """Unit → part → in how many of the tasks shown."""
        found = {name: dict.fromkeys(PARTS, 0) for name in self.units}
        for line in self.lines:
            for name, part in line.parts.items():
                found[name][part] += 1
        return found


def matrix(tasks: Sequence[TaskRow], units: Register, *, only: str = "", part: str = "") -> Matrix:
    """The responsibility matrix; `only` keeps the tasks in which that unit has a part,
    `part` those in which it is that part.
    """
    lines = [Line(task, parts(task, units)) for task in tasks]
    if only:
        lines = [line for line in lines if line.parts.get(only) in ({part} if part else PARTS)]
    weight: dict[str, list[int]] = {}
    for line in lines:
        for name, has in line.parts.items():
            counted = weight.setdefault(name, [0, 0, 0])
            counted[PARTS.index(has)] += 1
    columns = sorted(weight, key=lambda name: ([-n for n in weight[name]], name))
    if only in columns:
        columns = [only, *(name for name in columns if name != only)]
    return Matrix(tuple(columns), tuple(lines))


def parts(task: TaskRow, units: Register) -> dict[str, str]:
    """Unit → its part in a task; a unit that leads is nothing else besides."""
    found: dict[str, str] = {}
    for names, part in ((task.leads, LEAD), (task.supports, SUPPORT), (task.coordinates, PARTNER)):
        for name in names:
            found.setdefault(called(name, units), part)
    return found


def called(name: str, units: Register) -> str:
    """What the register calls a unit today; a name it does not know stays."""
    unit = units.resolve(name)
    return unit.name if unit else name


def named(tasks: Iterable[TaskRow], units: Register) -> list[str]:
    """Every unit a plan names, in the order of its first mention."""
    return list(dict.fromkeys(name for task in tasks for name in parts(task, units)))


def matches(
    task: TaskRow, units: Register, *, q: str = "", unit: str = "", section: str = ""
) -> bool:
    """Whether a task has the words, a part for the unit, and stands in the section."""
    if section and task.section != section:
        return False
    if unit and called(unit, units) not in parts(task, units):
        return False
    names = (*task.leads, *task.supports, *task.coordinates)
    text = simplified(" ".join((str(task.number), task.title, task.body, *names))).lower()
    return all(word in text for word in simplified(q).lower().split())


def targets(task: TaskRow) -> list[Target]:
    """What the task promises, as the reader's own values."""
    return [Target(**target) for target in task.targets]
