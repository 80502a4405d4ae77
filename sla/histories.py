"""What a promise went through, read from the timeline: the facts that its term is folded from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sla import given
from sla.clocks import Fact, instant
from sla.worktime import Mode, Promise

EXTENSION = "extension"
RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class Step:
    """One fact of a term: what, when, and what it needs to be counted."""

    kind: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """One promise: the policy (id@version) and calendar that count it last, and its facts."""

    policy: str
    calendar: str
    steps: tuple[Step, ...]
    asked: int = 0  # working days that were asked for last

    def and_(self, step: Step) -> "History":
        """The same promise with one fact more."""
        return replace(self, steps=(*self.steps, step))


def histories(timeline: Iterable[Fact]) -> dict[UUID, History]:
    """Every promise of a ticket by its clock's id, from the timeline alone."""
    found: dict[UUID, History] = {}
    for entry in timeline:
        if "clock" not in entry.facts:
            continue
        key = UUID(entry.facts["clock"])
        if entry.kind == "clock.started":
            found[key] = _started(entry)
        else:
            found[key] = _after(found[key], entry)
    return found


def _started(entry: Fact) -> History:
    since = instant(entry.facts.get("since")) or entry.at
    # a limit from outside stands whatever the policy says
    data = {"due": instant(entry.facts["due"])} if entry.facts.get("given") else {}
    step = Step("started", since, data)
    return History(entry.facts["policy"], entry.facts["calendar"], (step,))


def _after(history: History, entry: Fact) -> History:
    facts = entry.facts
    match entry.kind:
        case "clock.paused":
            return history.and_(Step("paused", entry.at, {"ground": facts["ground"]}))
        case "clock.met":
            return history.and_(Step("stopped", entry.at))
        case "clock.cancelled":
            return history.and_(Step("cancelled", entry.at))
        case "clock.extension_asked":
            return replace(history, asked=facts["days"])
        case "clock.moved":
            return _moved(history, entry)
    return history


def _moved(history: History, entry: Fact) -> History:
    facts = entry.facts
    if facts["ground"] == EXTENSION:
        by = Promise(Mode.WORKING_DAYS, Fraction(history.asked))
        return history.and_(Step("extended", entry.at, {"by": by, "ground": EXTENSION}))
    if facts["ground"] == given.GROUND:
        return history.and_(Step("given", entry.at, {"due": instant(facts["due"])}))
    if facts["ground"] == RESUMED:
        return history.and_(Step("resumed", entry.at))
    return replace(
        history,
        policy=facts.get("policy") or history.policy,
        calendar=facts.get("calendar") or history.calendar,
    )
