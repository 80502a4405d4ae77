"""What a newer plan would do to the rulebook in force: every rule that names a task it touches."""

from collections.abc import Iterable
from dataclasses import dataclass

from routing.plan import PlanDiff
from routing.rules import Rule

# a rule leads to a task's lead, with its supports and partners: other words do not move a ticket
MOVING = frozenset({"number", "leads", "supports", "supports_scope", "coordinates"})


@dataclass(frozen=True, slots=True)
class Consequence:
    """A rule whose task vanished, moved to another number, or is answered for by others."""

    code: str  # vanished moved changed
    rule: str
    categories: tuple[str, ...]
    task: int
    title: str
    now: int | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def consequences(diff: PlanDiff, rules: Iterable[Rule]) -> list[Consequence]:
    """One for each rule concerned, in the order of the rules."""
    gone = {task.number: task for task in diff.removed}
    moved = {change.before.number: change for change in diff.renumbered}
    changed = {c.before.number: c for c in diff.changed if MOVING & set(c.fields)}
    found = []
    for rule in rules:
        number = rule.outcome.task
        if number is None:
            continue
        named = tuple(sorted(rule.categories or ()))
        if number in gone:
            found.append(Consequence("vanished", rule.id, named, number, gone[number].title))
        elif change := moved.get(number) or changed.get(number):
            found.append(
                Consequence(
                    "moved" if number in moved else "changed",
                    rule.id,
                    named,
                    number,
                    change.before.title,
                    change.after.number,
                    change.before.leads,
                    change.after.leads,
                )
            )
    return found
