"""What if: the promises of a period counted again by other limits and calendars. Pure.

Every promise keeps its facts: when it began, stood still, was lengthened and ended. What
changes is how long it was, by which calendar, and when it would have warned.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from sla import clocks, policies, terms
from sla.histories import Step
from sla.policies import WARNING
from sla.worktime import Calendar, CalendarUnknown

EXAMPLES = 50
Hold = tuple[datetime, datetime | None]  # since and until; None while the case still stands still


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits with the calendars that count them."""

    limits: tuple[policies.Policy, ...]
    calendars: dict[str, Calendar]

    def calendar(self, policy: policies.Policy) -> Calendar:
        return self.calendars.get(policy.calendar, self.calendars["office"])


@dataclass(frozen=True, slots=True)
class Past:
    """A promise of the period: of whom, about what, and what it went through."""

    ticket: str
    unit: str
    metric: str
    facts: policies.Facts
    steps: tuple[Step, ...]
    stopped: datetime | None = None
    broke: bool = False  # by what it was promised then, whatever is in force today


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a promise comes out under some rules; `lead` is working seconds from warning to due."""

    late: bool
    warned: bool
    lead: float | None


@dataclass
class Side:
    """The sums of one set of rules."""

    late: int = 0
    warned: int = 0
    leads: list[float] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.late += outcome.late
        self.warned += outcome.warned
        if outcome.lead is not None:
            self.leads.append(outcome.lead)

    def as_json(self) -> dict[str, Any]:
        middle = median(self.leads) if self.leads else None
        return {"late": self.late, "warned": self.warned, "lead": middle}


@dataclass
class Line:
    """One unit, or one kind of promise, or all together: before beside after."""

    promises: int = 0
    actual: int = 0  # broken by what was promised then
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    newly_late: int = 0
    newly_kept: int = 0

    def add(self, past: Past, old: Outcome, new: Outcome) -> None:
        self.promises += 1
        self.actual += past.broke
        self.before.add(old)
        self.after.add(new)
        self.newly_late += new.late and not old.late
        self.newly_kept += old.late and not new.late

    def as_json(self) -> dict[str, Any]:
        return {
            "promises": self.promises,
            "actual": self.actual,
            "before": self.before.as_json(),
            "after": self.after.as_json(),
            "newly_late": self.newly_late,
            "newly_kept": self.newly_kept,
        }


@dataclass
class Tally:
    """What a replay found."""

    total: Line = field(default_factory=Line)
    units: dict[str, Line] = field(default_factory=dict)
    metrics: dict[str, Line] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)  # why a promise cannot be judged
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, past: Past, old: Outcome, new: Outcome) -> None:
        lines = (self.units, past.unit), (self.metrics, past.metric)
        for line in (self.total, *(kept.setdefault(key, Line()) for kept, key in lines)):
            line.add(past, old, new)
        if old.late != new.late and len(self.examples) < EXAMPLES:
            self.examples.append(
                {"ticket": past.ticket, "unit": past.unit, "metric": past.metric, "late": new.late}
            )

    def as_json(self) -> dict[str, Any]:
        return {
            "total": self.total.as_json(),
            "units": {key: line.as_json() for key, line in sorted(self.units.items())},
            "metrics": {key: line.as_json() for key, line in sorted(self.metrics.items())},
            "unknown": dict(self.unknown),
            "examples": self.examples,
        }


def replay(pasts: Iterable[Past], old: Rules, new: Rules, tally: Tally, *, now: datetime) -> None:
    """Count every promise by both sets of rules; what is still running is judged at `now`."""
    for past in pasts:
        before, after = outcome(past, old, now), outcome(past, new, now)
        if before is None or after is None:
            tally.unknown["calendar" if _policies(past, old, new) else "no_policy"] += 1
        else:
            tally.add(past, before, after)


def _policies(past: Past, *rules: Rules) -> bool:
    return all(policies.choose(each.limits, past.metric, past.facts) for each in rules)


def outcome(past: Past, rules: Rules, now: datetime) -> Outcome | None:
    """How it comes out; None where nothing is promised, or the calendar does not reach."""
    policy = policies.choose(rules.limits, past.metric, past.facts)
    if policy is None:
        return None
    calendar = rules.calendar(policy)
    # what still runs is judged as if it ended now: one rule for both, standing still included
    ended = past.stopped or now
    steps = past.steps if past.stopped else (*past.steps, Step("stopped", now))
    try:
        term = terms.fold(steps, policy, calendar)
    except terms.TermRefused:
        return None  # by these rules it would have ended before it was lengthened
    if term.due is None or term.started is None:
        return None
    warning = _warning(term, policy, calendar)
    warned = warning is not None and warning <= _awake(term, ended)
    return Outcome(not term.on_time, warned, _lead(warning, term.due, calendar))


def _warning(term: terms.Term, policy: policies.Policy, calendar: Calendar) -> datetime | None:
    """When the clock itself would warn: it measures from its start until a pause has ended."""
    assert term.due is not None and term.started is not None  # noqa: PT018 - the caller's check
    begun = None
    if any(pause.until for pause in term.pauses):
        begun = terms.unbroken_start(term, policy.promise.mode, calendar)
    planned = clocks.actions(begun or term.started, term.due, policy, calendar)
    return next((action.at for action in planned if action.level == WARNING), None)


def _awake(term: terms.Term, ended: datetime) -> datetime:
    """Until when it could warn: what stands still warns nobody."""
    last = term.pauses[-1] if term.pauses else None
    return last.since if last is not None and last.until is None else ended


def through(steps: Sequence[Step], holds: Sequence[Hold], stopped: datetime | None) -> list[Step]:
    """The steps with every hold of the case in them.

    A promise that was late already ran on through a hold; under longer limits it would not have
    been late, and would have stood still. One that was late stays late: the fold sees to that.
    """
    started = steps[0].at
    known = {step.at for step in steps if step.kind == "paused"}
    added = []
    for since, until in holds:
        if since in known or since <= started or (stopped is not None and since >= stopped):
            continue
        added.append(Step("paused", since, {"ground": "hold"}))
        if until is not None and (stopped is None or until < stopped):
            added.append(Step("resumed", until))
    return sorted((*steps, *added), key=lambda step: step.at)


def _lead(warning: datetime | None, due: datetime, calendar: Calendar) -> float | None:
    try:
        return calendar.elapsed(warning, due).total_seconds() if warning else None
    except CalendarUnknown:
        return None
