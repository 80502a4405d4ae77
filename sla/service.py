"""The use cases of promises: start, move, stop and fire clocks; publish calendars and limits."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from core import logs, timeline
from core.desk import Desk
from core.events import (
    ClockBreached,
    ClockCancelled,
    ClockMet,
    ClockMoved,
    ClockStarted,
    ClockWarned,
    OrderEscalated,
)
from core.tables import Ticket
from sla import clocks, policies
from sla.standards import Standards, calendar_of, policy_of, standards
from sla.tables import ClockRow, FiringRow

# how long a clock rests whose policy or calendar cannot be read
POISON = timedelta(hours=1)

log = logs.get("sla")


def facts_of(ticket: Ticket) -> policies.Facts:
    """What a policy may ask of a ticket."""
    return policies.Facts(
        ticket.request,
        ticket.urgency,
        ticket.complex,
        ticket.enterprise,
        category=ticket.category,
        task=ticket.task,
    )


def _standards(desk: Desk) -> Standards:
    found: Standards = desk.memo.get("sla.standards") or standards(desk.session, desk.now)
    desk.memo["sla.standards"] = found
    return found


def start(
    desk: Desk,
    ticket: Ticket,
    metric: str,
    *,
    since: datetime | None = None,
    order: UUID | None = None,
    department: str | None = None,
    cause: UUID | None = None,
) -> ClockRow | None:
    """Start a clock by the policy in force. No policy for the metric: no promise, no clock."""
    rules = _standards(desk)
    policy = policies.choose(rules.limits, metric, facts_of(ticket))
    if policy is None:
        return None
    begun, calendar = since or desk.now, rules.calendar_for(policy)
    due = clocks.due_time(begun, policy, calendar)
    event = ClockStarted(
        clock=desk.new_id(),
        metric=metric,
        policy=f"{policy.id}@{rules.version}",
        calendar=calendar.version,
        due=due,
        since=begun,
        order=order,
        department=department,
    )
    row = _row(ticket, event, policy, rules)
    desk.session.add(row)
    timeline.record(desk, ticket, event, cause=cause)
    return row


def _row(
    ticket: Ticket, event: ClockStarted, policy: policies.Policy, rules: Standards
) -> ClockRow:
    begun, due = event.since or ticket.received_at, event.due
    calendar = rules.calendar_for(policy)
    planned = clocks.actions(begun, due, policy, calendar) if due else ()
    return ClockRow(
        id=event.clock,
        ticket_id=ticket.id,
        order_id=event.order,
        department=event.department,
        metric=event.metric,
        policy=policy.id,
        policy_version=rules.version,
        calendar=calendar.version,
        state="running" if due else "unpublished",
        started_at=begun,
        due_at=due,
        original_due_at=due,
        next_action_at=planned[0].at if planned else None,
        next_level=planned[0].level if planned else None,
    )


def running(
    desk: Desk, ticket: Ticket, metrics: Sequence[str] = (), order: UUID | None = None
) -> Sequence[ClockRow]:
    """The clocks of a ticket that have not stopped, the ticket being held."""
    query = select(ClockRow).where(
        ClockRow.ticket_id == ticket.id, col(ClockRow.stopped_at).is_(None)
    )
    if metrics:
        query = query.where(col(ClockRow.metric).in_(metrics))
    if order is not None:
        query = query.where(ClockRow.order_id == order)
    return desk.session.exec(query.order_by(col(ClockRow.id))).all()


def stop(
    desk: Desk,
    ticket: Ticket,
    *metrics: str,
    order: UUID | None = None,
    cause: UUID | None = None,
) -> None:
    """The promise is kept, or at least ended: on time is until the due instant itself."""
    for row in running(desk, ticket, metrics, order):
        # while it stands still it cannot become late
        row.on_time = row.due_at is None or row.state == "paused" or desk.now <= row.due_at
        row.state = "met" if row.on_time else "breached"
        row.stopped_at, row.next_action_at = desk.now, None
        event = ClockMet(row.id, row.metric, row.on_time, row.order_id, row.department)
        timeline.record(desk, ticket, event, cause=cause)


def cancel(
    desk: Desk,
    ticket: Ticket,
    *metrics: str,
    order: UUID | None = None,
    cause: UUID | None = None,
) -> None:
    """The promise falls away with what it was for."""
    for row in running(desk, ticket, metrics, order):
        row.state, row.stopped_at, row.next_action_at = "cancelled", desk.now, None
        timeline.record(desk, ticket, ClockCancelled(row.id, row.metric), cause=cause)


def hand_over(
    desk: Desk, ticket: Ticket, row: ClockRow, *, order: UUID, department: str, cause: UUID
) -> None:
    """The case went to another lead: the clock goes with it and does not move."""
    row.order_id, row.department = order, department
    event = ClockMoved(
        row.id, row.metric, "redispatched", row.due_at, row.due_at, order, department
    )
    timeline.record(desk, ticket, event, cause=cause)


def fire(desk: Desk, ticket: Ticket, row: ClockRow) -> bool:
    """Let a due clock act: the highest level that is due, once. Whether it did.

    The ticket is held, so nobody else judges this clock; the firing's key makes a second
    firing impossible even so.
    """
    if row.due_at is None or row.next_action_at is None or row.next_action_at > desk.now:
        return False
    try:
        acts = planned(desk, row, row.due_at)
    except Exception:
        # it would silence the other promises of its ticket
        log.exception("clock_poisoned", clock=str(row.id))
        row.next_action_at = desk.now + POISON
        return False
    verdict = clocks.judge(acts, row.level, desk.now)
    row.next_action_at = verdict.next.at if verdict.next else None
    row.next_level = verdict.next.level if verdict.next else None
    if verdict.fire is None or not _first_firing(desk, row, verdict.fire):
        return False
    _announce(desk, ticket, row, verdict.fire, verdict.collapsed)
    return True


def planned(desk: Desk, row: ClockRow, due: datetime) -> tuple[clocks.Action, ...]:
    """Every instant at which the clock acts by its own policy and calendar."""
    policy = policy_of(desk.session, row.policy, row.policy_version)
    begun = row.counts_from or row.started_at
    return clocks.actions(begun, due, policy, calendar_of(desk.session, row.calendar))


def _first_firing(desk: Desk, row: ClockRow, action: clocks.Action) -> bool:
    values: dict[str, Any] = {
        "clock_id": row.id,
        "generation": row.generation,
        "level": action.level,
        "planned_at": action.at,
        "fired_at": desk.now,
    }
    written = insert(FiringRow).values(values).on_conflict_do_nothing()
    return bool(desk.session.execute(written.returning(col(FiringRow.level))).first())


def _announce(
    desk: Desk, ticket: Ticket, row: ClockRow, action: clocks.Action, collapsed: tuple[str, ...]
) -> None:
    assert row.due_at is not None
    kind: type[ClockWarned | ClockBreached | OrderEscalated]
    if action.at < row.due_at:
        kind = ClockWarned
    elif row.state == "running":
        kind, row.state = ClockBreached, "breached"
    else:
        kind = OrderEscalated
    row.level = action.level
    more: dict[str, Any] = {"issue": action.issue, "collapsed": collapsed}
    event = kind(
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
    timeline.record(desk, ticket, event)
