"""How good a suggester is on cases it was not trained on, and whether a new one may take over."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from intake.suggest.guess import guess
from intake.suggest.model import Model
from intake.suggest.training import Example

# with fewer held-back cases a difference says more about chance than about the models
ENOUGH = 30
TOP = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """Counts over held-back cases; `missed` are cautions that were not called."""

    cases: int
    right: int
    among_three: int
    cautions: int
    missed: int

    def as_json(self) -> dict[str, Any]:
        """The counts by name."""
        return asdict(self)


def measure(model: Model, cases: Sequence[Example], cautions: frozenset[str]) -> Measured:
    """Let the model guess every case and count."""
    right = among = called = missed = 0
    for case in cases:
        found = guess(case.text, model, cautions)
        if case.category in cautions:
            called += 1
            missed += not found.caution
            right += found.category == case.category
            among += found.category == case.category
            continue
        names = [name for name, _ in found.ranked[:TOP]]
        right += names[:1] == [case.category]
        among += case.category in names
    return Measured(len(cases), right, among, called, missed)


def better(new: Measured, old: Measured) -> bool:
    """Whether the new one may take over: enough cases, more right, and no caution more missed."""
    return new.cases >= ENOUGH and new.right > old.right and new.missed <= old.missed
