"""Blame by interval: who had a case when, and how the lateness of its promise is divided.

The time from receipt to the lead's first reply is cut into intervals, each with its holder, and
measured as the promise is counted. Lateness is then divided in five steps, each taking what the
one before left over, and within a step in proportion:

1. what a granted extension or an ended pause added to the original due time: nobody's;
2. time on hold, and time the business took to answer: no office could work then;
3. what the desk, a unit that signs or returns, and a co-handler used beyond their own limits;
4. the time the lead had the case, for the promise is its own;
5. the time used within limits, where all of that is less than the lateness.

So shares add up to the lateness exactly, and nobody answers for more time than he had the case.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sla.clocks import Clock, Fact, fold
from sla.intervals import LIMITED, Holder, Interval, Kind, Limits, cut, instant, review
from sla.worktime import Calendar, Mode

Measure = Callable[[datetime, datetime], timedelta]
NOTHING = timedelta()
TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One holder's line of the account. No limit: none was promised for this."""

    holder: Holder
    start: datetime
    end: datetime
    used: timedelta
    limit: timedelta | None = None
    beyond: timedelta = NOTHING
    share: timedelta = NOTHING


@dataclass(frozen=True, slots=True)
class Account:
    """A promise of handling, who had the case meanwhile, and the lateness divided.

    `lateness` is counted from the original due time, `overdue` from the one that was in force.
    """

    start: datetime
    end: datetime
    ended: bool
    original_due: datetime
    due: datetime
    lateness: timedelta
    overdue: timedelta
    parts: tuple[Part, ...]
    review: Interval | None = None

    @property
    def late(self) -> bool:
        """Whether the due time in force has passed, be it by no working time at all."""
        return self.end > self.due

    def shares(self) -> dict[Holder, timedelta]:
        """Each holder's part of the lateness; who has none is left out."""
        found: dict[Holder, timedelta] = {}
        for part in self.parts:
            if part.share:
                found[part.holder] = found.get(part.holder, NOTHING) + part.share
        return found


def measure(calendar: Calendar, mode: Mode) -> Measure:
    """How time is counted for a promise: by the wall clock only for natural hours."""
    if mode is Mode.NATURAL_HOURS:
        return lambda start, end: end - start
    return calendar.elapsed


def account(
    timeline: Sequence[Fact], now: datetime, length: Measure, *, clock: UUID | None = None
) -> Account | None:
    """The account of a ticket's promise of handling; None where none has a due time yet.

    Raises CalendarUnknown where the case reaches beyond the published years.
    """
    found = _resolve(fold(timeline), clock)
    if found is None:
        return None
    moves = tuple(_moves(timeline, found))
    original, due = _dues(found, moves)
    if original is None or due is None:
        return None
    end = max(found.started, found.stopped or now)
    lateness, overdue = _after(min(original, due), end, length), _after(due, end, length)
    allowed = tuple(_allowed(moves, max(NOTHING, lateness - overdue), end, length))
    excused = sum((part.share for part in allowed if part.holder.kind is Kind.HOLD), NOTHING)
    parts = tuple(_parts(*cut(timeline, found.started, end), length))
    left = lateness - sum((part.share for part in allowed), NOTHING)
    return Account(
        start=found.started,
        end=end,
        ended=found.stopped is not None,
        original_due=original,
        due=due,
        lateness=lateness,
        overdue=overdue,
        parts=(*_divided(parts, left, excused), *allowed),
        review=review(timeline, now),
    )


def _resolve(clocks: Mapping[UUID, Clock], wanted: UUID | None) -> Clock | None:
    if wanted is not None:
        return clocks.get(wanted)
    return next((clock for clock in clocks.values() if clock.metric == "resolve"), None)


def _after(due: datetime, end: datetime, length: Measure) -> timedelta:
    return length(due, end) if end > due else NOTHING


Move = tuple[Kind, datetime, datetime]


def _moves(timeline: Iterable[Fact], clock: Clock) -> Iterator[Move]:
    """Where the due time moved later: by an extension, or by what else made it stand still."""
    for entry in timeline:
        if entry.kind != "clock.moved" or entry.facts["clock"] != str(clock.id):
            continue
        before, due = instant(entry.facts["before"]), instant(entry.facts["due"])
        if before and due and before < due:
            extended = entry.facts["ground"] == "extension"
            yield Kind.EXTENSION if extended else Kind.HOLD, before, due


def _dues(clock: Clock, moves: Sequence[Move]) -> tuple[datetime | None, datetime | None]:
    # a promise made before its calendar was published had no due time at first
    first = moves[0][1] if moves else clock.due
    return clock.original_due or first, clock.due


def _parts(intervals: Iterable[Interval], limits: Limits, length: Measure) -> Iterator[Part]:
    left = {turn: length(since, due) for turn, (since, due) in limits.items()}
    for each in intervals:
        used = length(each.start, each.end)
        ways = divide(used, [TICK] * len(each.holders))
        for holder, own in zip(each.holders, ways, strict=True):
            limit = _limit(holder, left.get(each.turn))
            beyond = max(NOTHING, own - limit) if limit is not None else NOTHING
            yield Part(holder, each.start, each.end, own, limit, beyond)
            if limit is not None and each.turn in left:
                left[each.turn] = max(NOTHING, limit - own)


def _limit(holder: Holder, left: timedelta | None) -> timedelta | None:
    if holder.kind is Kind.CO:
        return NOTHING  # its time is over before anybody waits for it
    if holder.kind is Kind.RULING and left is None:
        return NOTHING  # the desk took the order away, or rules while a co-handler's time is over
    return left if holder.kind in LIMITED else None


def divide(amount: timedelta, weights: Sequence[timedelta]) -> list[timedelta]:
    """`amount` by weight, to the microsecond and exactly the whole; nothing where none weighs."""
    whole, total = amount // TICK, sum(weights, NOTHING) // TICK
    if not total:
        return [NOTHING] * len(weights)
    shares, passed, given = [], 0, 0
    for weight in weights:
        passed += weight // TICK
        reached = whole * passed // total
        shares.append((reached - given) * TICK)
        given = reached
    return shares


def _allowed(
    moves: Iterable[Move], covered: timedelta, end: datetime, length: Measure
) -> Iterator[Part]:
    """What each move of the due time covers of the lateness, the first one first."""
    for kind, before, due in moves:
        until = max(before, min(due, end))
        share = min(covered, length(before, until))
        covered -= share
        yield Part(Holder(kind), before, until, NOTHING, share=share)


def _divided(parts: Sequence[Part], left: timedelta, excused: timedelta) -> Iterator[Part]:
    """Steps 2 to 5; `excused` is how much of the holds moved the due time already."""
    shares = [NOTHING] * len(parts)
    for weights in _steps(parts, excused):
        taken = min(left, sum(weights, NOTHING))
        more = divide(taken, weights)
        shares = [share + own for share, own in zip(shares, more, strict=True)]
        left -= taken
    for part, share in zip(parts, shares, strict=True):
        yield replace(part, share=share)


def _steps(parts: Sequence[Part], excused: timedelta) -> Iterator[list[timedelta]]:
    yield _away(parts, excused)
    yield [part.beyond for part in parts]
    yield [part.used if part.holder.kind is Kind.LEAD else NOTHING for part in parts]
    within = [part.used - part.beyond for part in parts]
    yield [
        own if part.holder.kind in LIMITED else NOTHING
        for part, own in zip(parts, within, strict=True)
    ]


def _away(parts: Sequence[Part], excused: timedelta) -> list[timedelta]:
    found = []
    for part in parts:
        if part.holder.kind is Kind.HOLD:
            known = min(excused, part.used)
            excused -= known
            found.append(part.used - known)
        else:
            found.append(part.used if part.holder.kind is Kind.BUSINESS else NOTHING)
    return found
