"""What a newer plan adds, drops, moves to another number and changes, task by task."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from routing.hanzi import simplified
from routing.plan.model import Plan, Task

_COMPARED = (
    "title",
    "leads",
    "supports",
    "supports_all",
    "supports_scope",
    "coordinates",
    "targets",
    "body",
)
_UNORDERED = frozenset({"supports", "coordinates"})
_SAME_TEXT = 0.7  # shared pairs of characters: the same task, though edited and moved
_SAME_PLACE = 0.3  # under the same number less will do
_MOST = 400  # leftovers beyond this are two different documents; comparing all would take minutes


@dataclass(frozen=True, slots=True)
class Change:
    """A task present before and after whose named fields differ; `number` is one of them."""

    before: Task
    after: Task
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """`renumbered` holds tasks that moved, whatever else of them changed."""

    added: tuple[Task, ...] = ()
    removed: tuple[Task, ...] = ()
    changed: tuple[Change, ...] = field(default=())
    renumbered: tuple[Change, ...] = field(default=())

    @property
    def empty(self) -> bool:
        return not (self.added or self.removed or self.changed or self.renumbered)


def diff(old: Plan, new: Plan) -> PlanDiff:
    """What changed from one plan to a newer one; a task is known by its words, then its number."""
    pairs = list(_pairs(list(old.tasks), list(new.tasks)))
    changes = [
        Change(before, after, fields)
        for before, after in sorted(pairs, key=lambda pair: pair[1].number)
        if (fields := _fields(before, after))
    ]
    known = {id(task) for pair in pairs for task in pair}
    return PlanDiff(
        added=tuple(_rest(new.tasks, known)),
        removed=tuple(_rest(old.tasks, known)),
        changed=tuple(change for change in changes if "number" not in change.fields),
        renumbered=tuple(change for change in changes if "number" in change.fields),
    )


def _pairs(old: list[Task], new: list[Task]) -> Iterator[tuple[Task, Task]]:
    for key in (lambda task: (task.number, _title(task)), _title):
        found = _by_key(old, new, key)
        yield from found
        old, new = _left(old, found, 0), _left(new, found, 1)
    for least, same_number in ((_SAME_TEXT, False), (_SAME_PLACE, True)):
        found = _by_likeness(old, new, least, same_number=same_number)
        yield from found
        old, new = _left(old, found, 0), _left(new, found, 1)


def _by_key(
    old: list[Task], new: list[Task], key: Callable[[Task], object]
) -> list[tuple[Task, Task]]:
    """Tasks of the same key, where it is one task's alone on either side."""
    before, after = _unique(old, key), _unique(new, key)
    return [(before[k], after[k]) for k in before if k in after]


def _unique(tasks: Iterable[Task], key: Callable[[Task], object]) -> dict[object, Task]:
    found: dict[object, list[Task]] = {}
    for task in tasks:
        found.setdefault(key(task), []).append(task)
    return {k: group[0] for k, group in found.items() if len(group) == 1}


def _by_likeness(
    old: list[Task], new: list[Task], least: float, *, same_number: bool
) -> list[tuple[Task, Task]]:
    if max(len(old), len(new)) > _MOST:
        return []
    before = [(task, _grams(task)) for task in old]
    after = [(task, _grams(task)) for task in new]
    likely = [
        (share, one, other)
        for one, a in before
        for other, b in after
        if (one.number == other.number or not same_number) and (share := _shared(a, b)) >= least
    ]
    taken: set[int] = set()
    found = []
    for _, one, other in sorted(likely, key=lambda item: (-item[0], item[2].number)):
        if not {id(one), id(other)} & taken:
            taken |= {id(one), id(other)}
            found.append((one, other))
    return found


def _left(tasks: list[Task], pairs: list[tuple[Task, Task]], side: int) -> list[Task]:
    return list(_rest(tasks, {id(pair[side]) for pair in pairs}))


def _rest(tasks: Iterable[Task], known: set[int]) -> Iterator[Task]:
    return (task for task in tasks if id(task) not in known)


def _title(task: Task) -> str:
    return _bare(task.title)


def _bare(text: str) -> str:
    return "".join(char for char in simplified(text) if char.isalnum())


def _grams(task: Task) -> frozenset[str]:
    text = _bare(task.title + task.body)
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / (len(one | other) or 1)


def _fields(before: Task, after: Task) -> tuple[str, ...]:
    changed = tuple(name for name in _COMPARED if _differs(name, before, after))
    return (*(("number",) if before.number != after.number else ()), *changed)


def _differs(name: str, one: Task, other: Task) -> bool:
    a, b = getattr(one, name), getattr(other, name)
    if name == "body":
        return _bare(a) != _bare(b)
    # the first lead is the primary one, so its order counts; a support's does not
    return sorted(a) != sorted(b) if name in _UNORDERED else a != b
