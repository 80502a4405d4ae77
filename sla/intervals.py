"""Who had a case when: the time from receipt cut into intervals, each with its holder."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sla.clocks import Fact

# the kinds of entries that tell who has a case; a reader of many tickets asks for no others
READ = frozenset(
    {f"order.{verb}" for verb in ("issued", "signed", "returned", "recalled", "cancelled", "done")}
    | {"order.return_asked", "order.return_refused", "order.replied"}
    | {"ticket.info_requested", "ticket.info_supplied", "ticket.held", "ticket.resumed"}
    | {"ticket.reply_approved", "ticket.redo_ordered"}
    | {"clock.started", "clock.moved", "clock.paused", "clock.met", "clock.cancelled"}
)


class Kind(StrEnum):
    """What a holder holds a case for."""

    INTAKE = "intake"  # the desk, from receipt to the first order: accepting, triage, dispatch
    SIGN = "sign"  # the unit that was given the order, until it signs
    RETURN = "return"  # the unit's half of a return: the order lay there until it was sent back
    RULING = "ruling"  # the desk's half: from there to the ruling, or to the next order
    LEAD = "lead"
    CO = "co"  # the lead waits for a co-handler whose own promise is past
    BUSINESS = "business"
    HOLD = "hold"
    EXTENSION = "extension"  # no interval: the part of the lateness that was allowed
    REVIEW = "review"  # after the reply, so never part of the lateness


LIMITED = frozenset({Kind.INTAKE, Kind.SIGN, Kind.RETURN, Kind.RULING, Kind.CO})


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the case, and for what. The desk, the business and nobody have no unit."""

    kind: Kind
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """Time in which the same holders had the case; co-handlers may be several at once.

    A turn begins whenever the case is handed on: its limit is shared by its intervals.
    """

    start: datetime
    end: datetime
    holders: tuple[Holder, ...]
    turn: int = 0


@dataclass(slots=True)
class _Co:
    unit: str
    due: datetime | None = None
    ruled_on: bool = False  # it asked to return its order: the desk has it


@dataclass(slots=True)
class _Case:
    """Who has the case, as one entry after the other tells it."""

    phase: Kind = Kind.INTAKE
    unit: str | None = None
    order: str | None = None
    turn: int = 0
    held: bool = False
    asked: bool = False
    cos: dict[str, _Co] = field(default_factory=dict)
    clocks: dict[str, str] = field(default_factory=dict)  # a co-handler's clock → its order
    limits: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)
    returned: set[int] = field(default_factory=set)

    def hand(self, phase: Kind, unit: str | None = None) -> None:
        self.phase, self.unit, self.turn = phase, unit, self.turn + 1

    def learn(self, entry: Fact) -> None:
        kind, facts = entry.kind, entry.facts
        if kind in FLAGS:
            name, value = FLAGS[kind]
            setattr(self, name, value)
        elif kind == "order.issued":
            self._issued(facts)
        elif kind.startswith("clock."):
            self._promised(entry)
        elif facts.get("order") in self.cos:
            self._co(kind, facts["order"])
        elif facts.get("order") == self.order:
            self._lead(kind, facts)

    def _issued(self, facts: Mapping[str, Any]) -> None:
        if facts["part"] == "co":
            self.cos[facts["order"]] = _Co(facts["department"])
            return
        self.order = facts["order"]
        self.hand(Kind.SIGN, facts["department"])

    def _lead(self, kind: str, facts: Mapping[str, Any]) -> None:
        unit = facts.get("department")
        match kind:
            case "order.signed" | "ticket.redo_ordered":
                self.hand(Kind.LEAD, unit)
            case "order.return_asked":
                self.returned.add(self.turn)
                self.hand(Kind.RULING)
            case "order.return_refused":
                self.hand(Kind.SIGN, unit)
            case "order.recalled" if self.phase is not Kind.RULING:
                self.hand(Kind.RULING)
            case "order.replied":
                self.hand(Kind.REVIEW)
            case _:
                pass  # a return upheld: the desk goes on until it issues the next order

    def _co(self, kind: str, order: str) -> None:
        if kind in {"order.return_asked", "order.return_refused"}:
            self.cos[order].ruled_on = kind == "order.return_asked"
        elif kind in CO_ENDS:
            del self.cos[order]

    def _promised(self, entry: Fact) -> None:
        facts = entry.facts
        metric, order, due = facts["metric"], facts.get("order"), instant(facts.get("due"))
        if metric == "co_reply" and order in self.cos and entry.kind == "clock.started":
            self.clocks[facts["clock"]] = order
        if entry.kind == "clock.moved" and self.clocks.get(facts["clock"]) in self.cos:
            self.cos[self.clocks[facts["clock"]]].due = due
        if entry.kind != "clock.started" or due is None:
            return
        if order in self.cos:
            if metric == "co_reply":
                self.cos[order].due = due
        elif metric == OWN.get(self.phase) and order in {None, self.order}:
            self.limits.setdefault(self.turn, (instant(facts["since"]) or entry.at, due))

    def between(self, start: datetime, end: datetime) -> Iterator[Interval]:
        """Nothing is recorded between these two, but a co-handler's promise may run out."""
        dues = {co.due for co in self.cos.values() if co.due and start < co.due < end}
        for since, until in pairwise(sorted({start, end} | dues)):
            yield Interval(since, until, self._holders(since), self.turn)

    def _holders(self, at: datetime) -> tuple[Holder, ...]:
        if self.held or self.asked:
            return (Holder(Kind.HOLD if self.held else Kind.BUSINESS),)
        if self.phase is Kind.LEAD:
            late = [co for co in self.cos.values() if co.due and co.due <= at]
            waited = {
                Holder(Kind.RULING) if co.ruled_on else Holder(Kind.CO, co.unit) for co in late
            }
            if waited:
                return tuple(sorted(waited, key=lambda holder: (holder.kind, holder.unit or "")))
        return (Holder(self.phase, self.unit),)


FLAGS = {
    "ticket.held": ("held", True),
    "ticket.resumed": ("held", False),
    "ticket.info_requested": ("asked", True),
    "ticket.info_supplied": ("asked", False),
}
# nobody waits for a co-handler any more
CO_ENDS = {f"order.{verb}" for verb in ("replied", "returned", "recalled", "cancelled", "done")}
# the promise that limits each of these
OWN = {Kind.INTAKE: "accept", Kind.SIGN: "sign", Kind.RULING: "ruling"}
Limits = Mapping[int, tuple[datetime, datetime]]


def cut(
    timeline: Iterable[Fact], start: datetime, end: datetime
) -> tuple[tuple[Interval, ...], Limits]:
    """From `start` to `end`, consecutive and without a gap; beside it each turn's own promise."""
    case, found, at = _Case(), list[Interval](), start
    for entry in timeline:
        if entry.at > end:
            break
        found += case.between(at, max(at, entry.at))
        at = max(at, entry.at)
        case.learn(entry)
    found += case.between(at, end)
    return tuple(_joined(_named(each, case.returned) for each in found)), case.limits


def _named(interval: Interval, returned: set[int]) -> Interval:
    """Only when a return was asked for is it known that the order lay there in vain."""
    if interval.turn not in returned:
        return interval
    holders = (
        replace(holder, kind=Kind.RETURN) if holder.kind is Kind.SIGN else holder
        for holder in interval.holders
    )
    return replace(interval, holders=tuple(holders))


def _joined(intervals: Iterable[Interval]) -> Iterator[Interval]:
    last: Interval | None = None
    for each in intervals:
        if last and (each.holders, each.turn) == (last.holders, last.turn):
            last = replace(last, end=each.end)
            continue
        if last:
            yield last
        last = each
    if last:
        yield last


def review(timeline: Iterable[Fact], now: datetime) -> Interval | None:
    """From the lead's first reply until it was sent or sent back."""
    start: datetime | None = None
    for entry in timeline:
        if start is None and entry.kind == "order.replied" and entry.facts["part"] == "lead":
            start = entry.at
        elif start and entry.kind in {"ticket.reply_approved", "ticket.redo_ordered"}:
            return Interval(start, entry.at, (Holder(Kind.REVIEW),))
    return Interval(start, max(start, now), (Holder(Kind.REVIEW),)) if start else None


def instant(text: str | None) -> datetime | None:
    """An instant as facts write it."""
    return datetime.fromisoformat(text) if text else None
