"""Due clocks act: judged one by one, written together, each level once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any
from uuid import UUID

from core import bulk, logs, timeline
from core.desk import Desk
from core.events import ClockBreached, ClockWarned, OrderEscalated
from core.tables import Ticket
from sla import clocks
from sla.policies import Policy
from sla.standards import calendar_of, policy_of
from sla.tables import ClockRow, FiringRow
from sla.worktime import Calendar

# how long a clock rests whose policy or calendar cannot be read
POISON = timedelta(hours=1)

NOTHING = clocks.Verdict(None, None)

log = logs.get("sla")
Level = ClockWarned | ClockBreached | OrderEscalated


def fire(desk: Desk, tickets: Mapping[UUID, Ticket], due: Sequence[ClockRow]) -> int:
    """Let due clocks act: of each the highest level that is due, once. How many levels fired.

    Their tickets are held, so nobody else judges these clocks; the firings' key makes a second
    firing impossible even so.
    """
    return sum(_fire(desk, tickets, wave) for wave in _waves(due))


def _waves(due: Sequence[ClockRow]) -> Iterator[list[ClockRow]]:
    """The first due clock of every ticket, then the second of each: what the first one's fact
    leads to may stop the second.
    """
    by_ticket: dict[UUID, list[ClockRow]] = {}
    for row in due:
        by_ticket.setdefault(row.ticket_id, []).append(row)
    for wave in zip_longest(*by_ticket.values()):
        yield [row for row in wave if row is not None]


def _fire(desk: Desk, tickets: Mapping[UUID, Ticket], wave: Sequence[ClockRow]) -> int:
    judged = [(row, verdict) for row in wave if (verdict := _judge(desk, row)).fire]
    first = _first_firings(desk, judged)
    happened = [
        (tickets[row.ticket_id], _told(desk, row, verdict))
        for row, verdict in judged
        if row.id in first
    ]
    timeline.record_all(desk, happened)
    return len(happened)


def _judge(desk: Desk, row: ClockRow) -> clocks.Verdict:
    """What the clock does now; it waits for what comes next."""
    if row.next_action_at is None or row.next_action_at > desk.now:
        return NOTHING
    try:
        verdict = clocks.judge(_ahead(desk, row), row.level, desk.now)
    except Exception:
        # it would silence the other promises of its ticket
        log.exception("clock_poisoned", clock=str(row.id))
        row.next_action_at = desk.now + POISON
        return NOTHING
    waited = row.next_action_at
    row.next_action_at = verdict.next.at if verdict.next else None
    row.next_level = verdict.next.level if verdict.next else None
    return _since_moved(row, verdict, waited)


def _since_moved(row: ClockRow, verdict: clocks.Verdict, waited: datetime) -> clocks.Verdict:
    """A promise that was moved could not act before that: its lag counts from then."""
    action = verdict.fire
    if action is None or row.generation == 1 or waited <= action.at:
        return verdict
    return replace(verdict, fire=replace(action, at=waited))


def planned(desk: Desk, row: ClockRow, due: datetime) -> tuple[clocks.Action, ...]:
    """Every instant at which the clock acts by its own policy and calendar."""
    begun = row.counts_from or row.started_at
    return clocks.actions(begun, due, *_rules(desk, row))


def _ahead(desk: Desk, row: ClockRow) -> tuple[clocks.Action, ...]:
    """What of it can still matter: no warning once one is out."""
    if row.due_at is None:
        raise ValueError("a clock without a due time was to act")
    if row.level is None:
        return planned(desk, row, row.due_at)
    # most promises end at close of business: many clocks share one second, and so one ladder
    kept: dict[tuple[object, ...], tuple[clocks.Action, ...]]
    kept = desk.memo.setdefault("sla.ladders", {})
    key = (row.policy_version, row.policy, row.calendar, row.due_at)
    if key not in kept:
        kept[key] = clocks.ladder(row.due_at, *_rules(desk, row))
    return kept[key]


def _rules(desk: Desk, row: ClockRow) -> tuple[Policy, Calendar]:
    """The policy and the calendar it is pinned to: looked up once a desk."""
    kept: dict[tuple[str, ...], tuple[Policy, Calendar]]
    kept = desk.memo.setdefault("sla.rules", {})
    key = (row.policy_version, row.policy, row.calendar)
    if key not in kept:
        policy = policy_of(desk.session, row.policy, row.policy_version)
        kept[key] = policy, calendar_of(desk.session, row.calendar)
    return kept[key]


def _first_firings(desk: Desk, judged: Sequence[tuple[ClockRow, clocks.Verdict]]) -> set[UUID]:
    rows = [
        {
            "clock_id": row.id,
            "generation": row.generation,
            "level": action.level,
            "planned_at": action.at,
            "fired_at": desk.now,
        }
        for row, verdict in judged
        if (action := verdict.fire)
    ]
    return bulk.insert_new(desk.session, FiringRow, rows, returning="clock_id")


def _told(desk: Desk, row: ClockRow, verdict: clocks.Verdict) -> Level:
    action = verdict.fire
    assert row.due_at is not None  # judged above
    assert action is not None
    kind: type[Level]
    if action.at < row.due_at:
        kind = ClockWarned
    elif row.state == "running":
        kind, row.state = ClockBreached, "breached"
    else:
        kind = OrderEscalated
    row.level = action.level
    more: dict[str, Any] = {"issue": action.issue, "collapsed": verdict.collapsed}
    return kind(
        clock=row.id,
        metric=row.metric,
        level=action.level,
        due=row.due_at,
        order=row.order_id,
        department=row.department,
        late_by=int((desk.now - action.at).total_seconds()),
        tell=action.tell,
        **({} if kind is ClockWarned else more),
    )
