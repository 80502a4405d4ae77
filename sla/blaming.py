"""Blame over stored cases: one promise's account, and the late promises of a period together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select

from core.people import visible
from core.permissions import Actor
from core.tables import Entry, Ticket
from sla.blame import NOTHING, Account, account, measure
from sla.bulletins import Period
from sla.intervals import READ, Holder
from sla.standards import calendar_of, policies_of
from sla.tables import CaseRow, ClockRow
from sla.worktime import CalendarUnknown, Mode

METRIC = "resolve"
CHUNK = 200  # tickets whose timelines are in memory at once


class Line(NamedTuple):
    """What an account reads of an entry."""

    kind: str
    facts: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Length:
    """Working time and time by the wall clock, which are never one sum."""

    working: timedelta = NOTHING
    natural: timedelta = NOTHING

    def __add__(self, other: "Length") -> "Length":
        return Length(self.working + other.working, self.natural + other.natural)


@dataclass(frozen=True, slots=True)
class LateCase:
    """A promise that was late by its original due time, and who answers for how much."""

    ticket_id: UUID
    lateness: Length
    overdue: Length
    shares: dict[Holder, Length]


@dataclass(frozen=True, slots=True)
class Tally:
    """What one holder, or one kind of holder, answers for in so many cases."""

    holder: Holder
    share: Length = Length()
    cases: int = 0


@dataclass(frozen=True, slots=True)
class Blame:
    """The late promises of a period: by kind of holder, and by unit where there is one."""

    cases: int
    lateness: Length
    overdue: Length
    kinds: tuple[Tally, ...]
    units: tuple[Tally, ...]


def of_clock(session: Session, clock: ClockRow, now: datetime) -> tuple[Account, bool] | None:
    """The account of one promise, and whether it is counted in working time.

    None where it has no due time yet, or reaches beyond the published years.
    """
    lines = _timelines(session, [clock.ticket_id]).get(clock.ticket_id, [])
    return _counted(session, clock, lines, now)


def by_holder(session: Session, period: Period, now: datetime) -> Blame:
    """Who answers for the lateness of the promises that were due in the period."""
    cases, late, over = 0, Length(), Length()
    kinds: dict[Holder, Tally] = {}
    units: dict[Holder, Tally] = {}
    for case in late_cases(session, period, now):
        cases, late, over = cases + 1, late + case.lateness, over + case.overdue
        _add(units, {holder: own for holder, own in case.shares.items() if holder.unit})
        _add(kinds, _by_kind(case.shares))
    return Blame(cases, late, over, _most_first(kinds), _most_first(units))


def tickets_of(
    session: Session,
    actor: Actor,
    period: Period,
    now: datetime,
    holder: Holder,
    *,
    limit: int = 100,
) -> list[tuple[Ticket, Length]]:
    """The tickets behind a holder's number, as far as the actor may see them, the worst first.

    Without a unit: of all holders of that kind.
    """
    shares: dict[UUID, Length] = {}
    for case in late_cases(session, period, now):
        own = case.shares if holder.unit else _by_kind(case.shares)
        if holder in own:
            shares[case.ticket_id] = own[holder]
    found: list[tuple[Ticket, Length]] = []
    for some in _chunks(list(shares)):
        query = select(Ticket).where(col(Ticket.id).in_(some), visible(actor))
        found += [(ticket, shares[ticket.id]) for ticket in session.exec(query)]
    found.sort(key=lambda line: (_size(line[1]), line[0].number), reverse=True)
    return found[:limit]


def late_cases(session: Session, period: Period, now: datetime) -> Iterator[LateCase]:
    """Promises of handling due in the period and late by their original due time."""
    for some in _chunks(_late_clocks(session, period, now)):
        query = select(ClockRow).where(col(ClockRow.id).in_(some)).order_by(col(ClockRow.id))
        clocks = session.exec(query).all()
        lines = _timelines(session, [clock.ticket_id for clock in clocks])
        for clock in clocks:
            counted = _counted(session, clock, lines.get(clock.ticket_id, []), now)
            if counted is not None and counted[0].lateness:
                yield _case(clock, *counted)


def _late_clocks(session: Session, period: Period, now: datetime) -> Sequence[UUID]:
    # the cases are asked first: their due times have an index that covers ended ones
    due = (col(CaseRow.due_at) >= period.starts_at) & (col(CaseRow.due_at) < period.ends_at)
    tickets = select(CaseRow.ticket_id).where(due, col(CaseRow.returned).is_(False))
    return session.exec(
        select(ClockRow.id)
        .where(col(ClockRow.ticket_id).in_(tickets), ClockRow.metric == METRIC)
        .where(col(ClockRow.due_at) >= period.starts_at, col(ClockRow.due_at) < period.ends_at)
        .where(
            (col(ClockRow.stopped_at).is_(None) & (col(ClockRow.original_due_at) < now))
            | (col(ClockRow.stopped_at) > col(ClockRow.original_due_at))
        )
        .order_by(col(ClockRow.id))
    ).all()


def _chunks(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _timelines(session: Session, tickets: Iterable[UUID]) -> dict[UUID, list[Line]]:
    query = (
        select(Entry.ticket_id, Entry.kind, Entry.facts, Entry.at)
        .where(col(Entry.ticket_id).in_(list(tickets)), col(Entry.kind).in_(READ))
        .order_by(col(Entry.ticket_id), col(Entry.number))
    )
    rows = groupby(session.exec(query), key=lambda row: row[0])
    return {ticket: [Line(*row[1:]) for row in lines] for ticket, lines in rows}


def _counted(
    session: Session, clock: ClockRow, lines: Sequence[Line], now: datetime
) -> tuple[Account, bool] | None:
    policies = policies_of(session, clock.policy_version)
    mode = next(item.promise.mode for item in policies if item.id == clock.policy)
    length = measure(calendar_of(session, clock.calendar), mode)
    try:
        found = account(lines, now, length, clock=clock.id)
    except CalendarUnknown:
        return None
    return None if found is None else (found, mode is not Mode.NATURAL_HOURS)


def _case(clock: ClockRow, found: Account, working: bool) -> LateCase:  # noqa: FBT001 - unpacked
    def of(length: timedelta) -> Length:
        return Length(working=length) if working else Length(natural=length)

    shares = {holder: of(share) for holder, share in found.shares().items()}
    return LateCase(clock.ticket_id, of(found.lateness), of(found.overdue), shares)


def _by_kind(shares: dict[Holder, Length]) -> dict[Holder, Length]:
    found: dict[Holder, Length] = {}
    for holder, share in shares.items():
        key = Holder(holder.kind)
        found[key] = found.get(key, Length()) + share
    return found


def _add(tallies: dict[Holder, Tally], shares: dict[Holder, Length]) -> None:
    for holder, share in shares.items():
        old = tallies.get(holder, Tally(holder))
        tallies[holder] = replace(old, share=old.share + share, cases=old.cases + 1)


def _most_first(tallies: dict[Holder, Tally]) -> tuple[Tally, ...]:
    def order(tally: Tally) -> tuple[timedelta, timedelta, str]:
        working, natural = _size(tally.share)
        return -working, -natural, f"{tally.holder.kind}{tally.holder.unit or ''}"

    return tuple(sorted(tallies.values(), key=order))


def _size(length: Length) -> tuple[timedelta, timedelta]:
    return length.working, length.natural
