"""Promises that move: paused and resumed with their ticket, lengthened, counted anew."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from core import timeline
from core.desk import Desk
from core.events import ClockMoved, ClockPaused
from core.tables import Entry, Ticket
from sla import clocks, given, terms
from sla.firing import planned
from sla.histories import RESUMED, History, Step, histories
from sla.policies import Policy
from sla.service import running
from sla.standards import calendar_of, policy_of
from sla.tables import ClockRow

# a supervisor is answered whatever the case waits for
UNPAUSED = ("supervision_reply",)


def pause(desk: Desk, ticket: Ticket, ground: str, *, cause: UUID) -> None:
    """No promise of the ticket runs on. What is late already stays late: its ladder goes on."""
    for row in running(desk, ticket):
        late = row.due_at is not None and row.due_at <= desk.now
        if row.state not in {"running", "unpublished"} or late or row.metric in UNPAUSED:
            continue
        row.state, row.next_action_at = "paused", None
        timeline.record(desk, ticket, ClockPaused(row.id, row.metric, ground), cause=cause)


def resume(desk: Desk, ticket: Ticket, *, cause: UUID) -> None:
    """Every paused promise runs on, later by the time that it stood still."""
    paused = [row for row in running(desk, ticket) if row.state == "paused"]
    if not paused:
        return
    known = of_ticket(desk, ticket)
    for row in paused:
        history = known[row.id].and_(Step("resumed", desk.now))
        term = recount(desk, row, history)
        # shares of a promise, and so its warnings, are measured as if it had not been broken
        mode = policy_of_row(desk, row).promise.mode
        row.counts_from = terms.unbroken_start(term, mode, calendar_of(desk.session, row.calendar))
        move(desk, ticket, row, term.due, RESUMED, cause=cause)


def give(desk: Desk, ticket: Ticket, limit: datetime, *, cause: UUID) -> None:
    """The promise to the complainant follows the limit that an upper platform gave."""
    for row in running(desk, ticket, (given.METRIC,)):
        if row.state != "paused":
            due = given.promised(limit, desk.now, calendar_of(desk.session, row.calendar))
            move(desk, ticket, row, due, given.GROUND, cause=cause)


def move(
    desk: Desk,
    ticket: Ticket,
    row: ClockRow,
    due: datetime | None,
    ground: str,
    *,
    cause: UUID | None = None,
    recounted: bool = False,
) -> None:
    """The promise is due at another instant, or at none yet; the timeline says why.

    A new due time has warnings of its own: the next generation, nothing fired.
    """
    before, row.due_at = row.due_at, due
    row.original_due_at = row.original_due_at or due
    if row.state != "breached":
        row.state = "running" if due else "unpublished"
    if due != before:
        row.generation, row.level = row.generation + 1, None
    wait(desk, row)
    event = ClockMoved(
        row.id,
        row.metric,
        ground,
        due,
        before,
        row.order_id,
        row.department,
        policy=f"{row.policy}@{row.policy_version}" if recounted else None,
        calendar=row.calendar if recounted else None,
    )
    timeline.record(desk, ticket, event, cause=cause)


def wait(desk: Desk, row: ClockRow) -> None:
    """Set what the clock waits for by what has fired of its present generation."""
    acts = planned(desk, row, row.due_at) if row.due_at else ()
    verdict = clocks.judge(acts, row.level, desk.now)
    following = verdict.fire or verdict.next
    # what became due while nothing ran is due now, and not late by the time that did not run
    row.next_action_at = max(following.at, desk.now) if following else None
    row.next_level = following.level if following else None


def recount(desk: Desk, row: ClockRow, history: History) -> terms.Term:
    """The term as its facts make it under the row's own policy and calendar."""
    calendar = calendar_of(desk.session, row.calendar)
    return terms.fold(history.steps, policy_of_row(desk, row), calendar)


def policy_of_row(desk: Desk, row: ClockRow) -> Policy:
    """The policy that counts the promise."""
    return policy_of(desk.session, row.policy, row.policy_version)


def of_ticket(desk: Desk, ticket: Ticket) -> dict[UUID, History]:
    """What every promise of the ticket went through, pending entries included."""
    desk.flush()
    query = select(Entry).where(Entry.ticket_id == ticket.id, col(Entry.kind).startswith("clock."))
    return histories(desk.session.exec(query.order_by(col(Entry.number))).all())
