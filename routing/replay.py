"""Past tickets decided by two books: how many would go elsewhere, from where to where."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from routing.rules import Decision, Facts, Rulebook, decide
from routing.units import Register

EXAMPLES = 5
PERSON = "!"  # before a ground: a person decides


@dataclass(frozen=True, slots=True)
class Case:
    """A past ticket: its id, and what the rules may look at."""

    id: str
    facts: Facts


@dataclass(slots=True)
class Tally:
    """What came of comparing so far; as JSON it can be kept and gone on with."""

    tickets: int = 0
    moved: int = 0
    otherwise: int = 0  # the same unit, but another task, other helpers or another urgency
    categories: Counter[str] = field(default_factory=Counter)
    moved_of: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, case: Case, old: Decision, new: Decision) -> None:
        """One more ticket."""
        self.tickets += 1
        self.categories[case.facts.category] += 1
        pair = (place(old), place(new))
        if pair[0] == pair[1]:
            self.otherwise += _rest(old) != _rest(new)
            return
        self.moved += 1
        self.moved_of[case.facts.category] += 1
        self.pairs[pair] += 1
        shown = self.examples.setdefault(pair, [])
        if len(shown) < EXAMPLES:
            shown.append(case.id)

    def as_json(self) -> dict[str, Any]:
        """Plain values: moves by number, categories by name."""
        return {
            "tickets": self.tickets,
            "moved": self.moved,
            "otherwise": self.otherwise,
            "pairs": [
                {"from": old, "to": new, "tickets": count, "examples": self.examples[old, new]}
                for (old, new), count in sorted(
                    self.pairs.items(), key=lambda item: (-item[1], item[0])
                )
            ],
            "categories": [
                {"category": name, "tickets": count, "moved": self.moved_of[name]}
                for name, count in sorted(self.categories.items())
            ],
        }


def tally_from(kept: Mapping[str, Any]) -> Tally:
    """The tally that `as_json` wrote."""
    return Tally(
        kept["tickets"],
        kept["moved"],
        kept["otherwise"],
        Counter({row["category"]: row["tickets"] for row in kept["categories"]}),
        Counter({row["category"]: row["moved"] for row in kept["categories"]}),
        Counter({(row["from"], row["to"]): row["tickets"] for row in kept["pairs"]}),
        {(row["from"], row["to"]): list(row["examples"]) for row in kept["pairs"]},
    )


def compare(
    cases: Iterable[Case], old: Rulebook, new: Rulebook, register: Register, tally: Tally
) -> None:
    """Decide every case by both books."""
    for case in cases:
        tally.add(case, decide(case.facts, old, register), decide(case.facts, new, register))


def place(decision: Decision) -> str:
    """Where a ticket goes: a unit's code, or the ground on which a person decides."""
    return decision.lead if decision.lead is not None else PERSON + decision.ground


def _rest(decision: Decision) -> tuple[Any, ...]:
    return (
        decision.task,
        frozenset(decision.co_handlers),
        frozenset(decision.partners),
        decision.urgency,
        decision.route,
    )
