"""The use cases of promises: start, move, stop and hand over clocks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from core import timeline
from core.desk import Desk
from core.events import ClockCancelled, ClockMet, ClockMoved, ClockStarted
from core.tables import Ticket
from sla import clocks, given, policies
from sla.standards import Standards, calendar_of, standards
from sla.tables import ClockRow
from sla.worktime import CalendarUnknown, Promise


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
    limit = ticket.limit_at if metric == given.METRIC else None
    due = given.promised(limit, begun, calendar) if limit else None
    due = due or clocks.due_time(begun, policy, calendar)
    event = ClockStarted(
        clock=desk.new_id(),
        metric=metric,
        policy=f"{policy.id}@{rules.version}",
        calendar=calendar.version,
        due=due,
        since=begun,
        order=order,
        department=department,
        given=limit is not None,
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


def longer_than(desk: Desk, row: ClockRow, length: Promise) -> bool:
    """Whether a promise, as it stands, is longer than this from its start."""
    if row.due_at is None:
        return True
    try:
        return calendar_of(desk.session, row.calendar).add(row.started_at, length) < row.due_at
    except CalendarUnknown:
        return True


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
