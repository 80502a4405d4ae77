"""A running promise: when it must act, what is due now, and its fold from the timeline."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sla.policies import DUE, ISSUED, WARNING, Policy
from sla.worktime import Calendar, CalendarUnknown, Mode


@dataclass(frozen=True, slots=True)
class Action:
    """At this instant, this level: before the due time a warning, from it on a breach."""

    level: str
    at: datetime
    tell: tuple[str, ...]
    issue: str = ""  # the supervision order that goes out with it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do now: fire one level, or nothing; and what to wait for next."""

    fire: Action | None
    next: Action | None
    collapsed: tuple[str, ...] = ()  # levels that were missed and give way to the one fired


def due_time(start: datetime, policy: Policy, calendar: Calendar) -> datetime | None:
    """When the promise is due; None while that year's calendar is not published."""
    try:
        return calendar.add(start, policy.promise)
    except CalendarUnknown:
        return None


def actions(
    start: datetime, due: datetime, policy: Policy, calendar: Calendar
) -> tuple[Action, ...]:
    """Every instant at which the clock acts, in order. A warning never follows its due time."""
    warning = _warning(start, due, policy, calendar)
    rungs = ladder(due, policy, calendar)
    return rungs if warning is None else (Action(WARNING, warning, policy.warn), *rungs)


def ladder(due: datetime, policy: Policy, calendar: Calendar) -> tuple[Action, ...]:
    """What happens from the due time on; whenever the promise began, it is the same."""
    found = []
    least = due
    for step in policy.ladder:
        try:
            # a rung never comes before the one below it, however the two are counted
            least = max(least, due if step.after is None else calendar.add(due, step.after))
        except CalendarUnknown:
            break  # the rung is set when the year is published
        found.append(Action(step.level, least, step.tell, step.issue))
    if not policy.ladder:
        found.append(Action(DUE, due, ()))
    return tuple(found)


def _warning(start: datetime, due: datetime, policy: Policy, calendar: Calendar) -> datetime | None:
    points = [*_share_used(start, due, policy, calendar), *_last_left(due, policy, calendar)]
    # before the promise began a warning is noise, and from the due time on it is none
    return min((at for at in points if start <= at < due), default=None)


def _share_used(
    start: datetime, due: datetime, policy: Policy, calendar: Calendar
) -> Iterator[datetime]:
    if policy.warn_at is None or due <= start:
        return
    share = float(policy.warn_at)
    by_the_clock = start + (due - start) * share
    if policy.promise.mode is Mode.NATURAL_HOURS:
        yield by_the_clock
        return
    try:
        yield calendar.add_working(start, calendar.elapsed(start, due) * share)
    except CalendarUnknown:
        yield by_the_clock


def _last_left(due: datetime, policy: Policy, calendar: Calendar) -> Iterator[datetime]:
    if policy.warn_left is not None:
        with suppress(CalendarUnknown):
            yield calendar.back(due, policy.warn_left)


def judge(planned: tuple[Action, ...], fired: str | None, now: datetime) -> Verdict:
    """The highest level that is due and not yet fired; lower missed ones collapse into it."""
    waiting = list(planned)
    if fired is not None:
        levels = [action.level for action in planned]
        done = levels.index(fired) + 1 if fired in levels else 0
        waiting = waiting[done:]
    due = [action for action in waiting if action.at <= now]
    later = waiting[len(due) :]
    return Verdict(
        fire=_speaking_for(due) if due else None,
        next=later[0] if later else None,
        collapsed=tuple(action.level for action in due[:-1]),
    )


def _speaking_for(due: Sequence[Action]) -> Action:
    """The highest of them, and with it the gravest supervision order that any would issue."""
    gravest = max((action.issue for action in due), key=ISSUED.index)
    return replace(due[-1], issue=gravest)


def shown_remaining(
    now: datetime, due: datetime, policy_mode: Mode, calendar: Calendar
) -> timedelta:
    """Time left as people count it: working time for working modes; negative when late."""
    if policy_mode is Mode.NATURAL_HOURS:
        return due - now
    try:
        return calendar.elapsed(now, due)
    except CalendarUnknown:
        return due - now


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock as its facts tell it."""

    id: UUID
    metric: str
    started: datetime
    due: datetime | None
    original_due: datetime | None
    state: str = "running"
    level: str | None = None
    stopped: datetime | None = None
    on_time: bool | None = None
    department: str | None = None
    order: UUID | None = None


class Fact(Protocol):
    """What a fold needs of an entry."""

    @property
    def kind(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...
    @property
    def at(self) -> datetime: ...


def fold(timeline: Iterable[Fact]) -> dict[UUID, Clock]:
    """Every clock of a ticket from its facts alone."""
    clocks: dict[UUID, Clock] = {}
    for entry in timeline:
        if "clock" not in entry.facts:
            continue
        key = UUID(entry.facts["clock"])
        if entry.kind == "clock.started":
            clocks[key] = _started(key, entry)
        else:
            clocks[key] = _moved(clocks[key], entry)
    return clocks


def _started(key: UUID, entry: Fact) -> Clock:
    facts = entry.facts
    due = instant(facts["due"])
    return Clock(
        id=key,
        metric=facts["metric"],
        started=instant(facts.get("since")) or entry.at,
        due=due,
        original_due=due,
        state="running" if due else "unpublished",
        department=facts["department"],
        order=UUID(facts["order"]) if facts["order"] else None,
    )


def _moved(clock: Clock, entry: Fact) -> Clock:
    facts = entry.facts
    if entry.kind == "clock.met":
        state = "met" if facts["on_time"] else "breached"
        return replace(clock, state=state, stopped=entry.at, on_time=facts["on_time"])
    if entry.kind == "clock.moved":
        return _due_moved(clock, entry)
    return replace(clock, **CHANGES[entry.kind](entry))


# what each kind of fact changes on a clock
CHANGES: Mapping[str, Callable[[Fact], dict[str, Any]]] = {
    "clock.warned": lambda entry: {"level": entry.facts["level"]},
    "order.escalated": lambda entry: {"level": entry.facts["level"]},
    "clock.breached": lambda entry: {"state": "breached", "level": entry.facts["level"]},
    "clock.cancelled": lambda entry: {"state": "cancelled", "stopped": entry.at},
    "clock.paused": lambda _: {"state": "paused"},
    # asking and refusing change no promise
    "clock.extension_asked": lambda _: {},
    "clock.extension_refused": lambda _: {},
}


def _due_moved(clock: Clock, entry: Fact) -> Clock:
    facts, due = entry.facts, instant(entry.facts["due"])
    return replace(
        clock,
        due=due,
        order=UUID(facts["order"]) if facts["order"] else clock.order,
        department=facts.get("department") or clock.department,
        original_due=clock.original_due or due,
        state=clock.state if clock.state == "breached" else "running" if due else "unpublished",
        # a new due time has warnings of its own
        level=clock.level if due == clock.due else None,
    )


def instant(text: str | None) -> datetime | None:
    """The instant that a fact holds, if any."""
    return datetime.fromisoformat(text) if text else None
