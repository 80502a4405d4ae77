"""The term of a promise: its due time through pauses and extensions, from facts alone.

Nothing is accumulated in place. A pause gives back what it took, never less; a promise of days
ends at close of business whatever moved it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Protocol

from sla.policies import Policy
from sla.worktime import DAY, Calendar, CalendarUnknown, Mode, Promise

LATE = "期限已过，不能再申请延期；请先答复，再说明原因"
TOO_LATE = "延期应在到期前至少{least}个工作日申请"
TOO_MANY = "最多延期{times}次，已延期{done}次"
TOO_LONG = "每次最多延期{each}个工作日"
NOT_RUNNING = "时限未在计时，不能延期"
NO_GROUND = "暂停或延期须写明理由"
OUT_OF_TURN = "时限处于{state}状态，不能{kind}"


class TermRefused(ValueError):
    """A pause or an extension that may not be; the message is filled from `params`."""

    def __init__(self, code: str, message: str, **params: str | int) -> None:
        self.code, self.message, self.params = code, message, params
        super().__init__(f"{code}: {message.format(**params)}")


class Fact(Protocol):
    """started, paused, resumed, extended, stopped, cancelled or waived, and when."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def data(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that does not count; still open while `until` is None."""

    since: datetime
    until: datetime | None = None
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A promise as its facts leave it. No due time: that year's calendar is not published."""

    policy: str
    calendar: str
    started: datetime | None = None
    due: datetime | None = None
    original_due: datetime | None = None
    state: str = "not_applicable"
    pauses: tuple[Pause, ...] = ()
    extensions: int = 0
    stopped: datetime | None = None
    on_time: bool | None = None
    # where pauses are added up from: the due time before any, or after the last extension
    base: datetime | None = field(default=None, repr=False)
    counted: int = field(default=0, repr=False)  # pauses that are in the base already


_THREE_DAYS = Promise(Mode.WORKING_DAYS, Fraction(3))
_ONE_DAY = Promise(Mode.WORKING_DAYS, Fraction(1))


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an extension may be: how often, how long each, and how long before the due time.

    Both lengths are working days.
    """

    times: int = 3
    each: Promise = _THREE_DAYS
    ahead: Promise = _ONE_DAY


DEFAULT = Allowance()


def fold(facts: Iterable[Fact], policy: Policy, calendar: Calendar) -> Term:
    """The term that the facts make, in their order, under this policy and calendar."""
    term = Term(policy.id, calendar.version)
    for fact in facts:
        term = STEPS[fact.kind](term, fact, policy, calendar)
    return term


def _start(_: Term, fact: Fact, policy: Policy, calendar: Calendar) -> Term:
    given = fact.data.get("due")
    due = given or _due(calendar, fact.at, policy.promise)
    return Term(
        policy.id,
        calendar.version,
        started=fact.at,
        due=due,
        original_due=due,
        state="running" if due else "unpublished",
        base=given or _first_base(calendar, fact.at, due, policy.promise),
    )


def _pause(term: Term, fact: Fact, _: Policy, __: Calendar) -> Term:
    _in_turn(term, fact, "running", "unpublished")
    pause = Pause(fact.at, ground=_ground(fact))
    return replace(term, state="paused", pauses=(*term.pauses, pause))


def _resume(term: Term, fact: Fact, policy: Policy, calendar: Calendar) -> Term:
    _in_turn(term, fact, "paused")
    *before, last = term.pauses
    term = replace(term, pauses=(*before, replace(last, until=fact.at)))
    if term.due is not None and last.since >= term.due:
        # a pause after the due time mends nothing, now or in a later sum
        term = replace(term, pauses=tuple(before))
    due = _through_pauses(term, policy.promise.mode, calendar)
    return replace(term, due=due, state="running" if due else "unpublished")


def _extend(term: Term, fact: Fact, _: Policy, calendar: Calendar) -> Term:
    # counted anew by other rules the due time may not be known: what was granted stays granted
    _in_turn(term, fact, "running", "unpublished")
    _ground(fact)
    due = _due(calendar, term.due, fact.data["by"]) if term.due else None
    return replace(
        term,
        due=due,
        base=due,
        counted=len(term.pauses),
        extensions=term.extensions + 1,
        state="running" if due else "unpublished",
    )


def _give(term: Term, fact: Fact, _: Policy, __: Calendar) -> Term:
    """Another limit from outside: what was paused before it is in it."""
    _in_turn(term, fact, "running", "unpublished")
    due = fact.data["due"]
    return replace(term, due=due, base=due, counted=len(term.pauses), state="running")


def _stop(term: Term, fact: Fact, _: Policy, __: Calendar) -> Term:
    _in_turn(term, fact, "running", "paused", "unpublished")
    # a clock that stands still cannot be late unless it was so when it was stopped
    instant = term.pauses[-1].since if term.state == "paused" else fact.at
    on_time = term.due is None or instant <= term.due
    state = "met" if on_time else "breached"
    return replace(term, state=state, stopped=fact.at, on_time=on_time)


def _cancel(term: Term, fact: Fact, _: Policy, __: Calendar) -> Term:
    return replace(term, state="cancelled", stopped=fact.at)


def _waive(term: Term, fact: Fact, _: Policy, __: Calendar) -> Term:
    return replace(term, state="not_applicable", due=None, stopped=fact.at)


STEPS = {
    "started": _start,
    "paused": _pause,
    "resumed": _resume,
    "extended": _extend,
    "given": _give,
    "stopped": _stop,
    "cancelled": _cancel,
    "waived": _waive,
}


def _in_turn(term: Term, fact: Fact, *states: str) -> None:
    if term.state not in states:
        raise TermRefused("out_of_turn", OUT_OF_TURN, state=term.state, kind=fact.kind)


def _ground(fact: Fact) -> str:
    ground = str(fact.data.get("ground") or "").strip()
    if not ground:
        raise TermRefused("no_ground", NO_GROUND)
    return ground


def _due(calendar: Calendar, start: datetime, promise: Promise) -> datetime | None:
    try:
        return calendar.add(start, promise)
    except CalendarUnknown:
        return None


def _first_base(
    calendar: Calendar, start: datetime, due: datetime | None, promise: Promise
) -> datetime | None:
    if promise.mode is not Mode.NATURAL_DAYS:
        return due
    # the last day as counted, before it rolls: rolling is done anew after every pause
    return start.astimezone(calendar.zone) + int(promise.n) * DAY if due else None


def _through_pauses(term: Term, mode: Mode, calendar: Calendar) -> datetime | None:
    if term.base is None:
        return None
    pauses = [(pause.since, pause.until) for pause in term.pauses[term.counted :] if pause.until]
    if not pauses:
        return term.due
    try:
        if mode in (Mode.NATURAL_HOURS, Mode.NATURAL_DAYS):
            natural = sum((until - since for since, until in pauses), timedelta())
            return _natural(term.base, natural, mode, calendar)
        worked = sum((calendar.elapsed(*pause) for pause in pauses), timedelta())
        due = calendar.add_working(term.base, worked)
        return due if mode is Mode.WORKING_HOURS else _closing(due, calendar)
    except (CalendarUnknown, OverflowError):
        return None


def _natural(base: datetime, paused: timedelta, mode: Mode, calendar: Calendar) -> datetime:
    if mode is Mode.NATURAL_HOURS:
        return base + paused
    # a day begun is a day
    return _closing(base - (-paused // DAY) * DAY, calendar)


def _closing(moment: datetime, calendar: Calendar) -> datetime:
    return calendar.close_on_or_after(moment.astimezone(calendar.zone).date())


def unbroken_start(term: Term, mode: Mode, calendar: Calendar) -> datetime | None:
    """From when the promise would have run to its due time without a pause, if that is known."""
    if term.started is None or term.due is None:
        return None
    pauses = [(pause.since, pause.until) for pause in term.pauses if pause.until]
    try:
        if mode is Mode.NATURAL_HOURS:
            return term.started + sum((until - since for since, until in pauses), timedelta())
        worked = calendar.elapsed(term.started, term.due)
        worked -= sum((calendar.elapsed(*pause) for pause in pauses), timedelta())
        hours = Fraction(worked // timedelta(seconds=1), 3600)
        return calendar.back(term.due, Promise(Mode.WORKING_HOURS, hours)) if hours > 0 else None
    except CalendarUnknown:
        return None


def check_extension(
    term: Term,
    asked_at: datetime,
    by: Promise,
    calendar: Calendar,
    *,
    allowance: Allowance = DEFAULT,
) -> None:
    """Whether an extension may be asked for now. TermRefused says why not."""
    if term.state != "running" or term.due is None:
        raise TermRefused("not_running", NOT_RUNNING)
    if asked_at > term.due:
        raise TermRefused("late", LATE)
    if asked_at > calendar.back(term.due, allowance.ahead):
        raise TermRefused("too_late", TOO_LATE, least=int(allowance.ahead.n))
    if term.extensions >= allowance.times:
        raise TermRefused("too_many", TOO_MANY, times=allowance.times, done=term.extensions)
    if by.mode is not allowance.each.mode or by.n > allowance.each.n:
        raise TermRefused("too_long", TOO_LONG, each=int(allowance.each.n))


@dataclass(frozen=True, slots=True)
class Stretch:
    """One line of a deadline's arithmetic: from, to, how much counted, how much in all."""

    start: datetime
    end: datetime
    counted: timedelta
    total: timedelta


def arithmetic(start: datetime, due: datetime, calendar: Calendar) -> Iterator[Stretch]:
    """How working time came together, stretch by stretch."""
    total = timedelta()
    for begin, end in calendar.spans(start, due):
        total += end - begin
        yield Stretch(begin, end, end - begin, total)
