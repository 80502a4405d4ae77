"""The sweep: due clocks, and only those, in batches, each ticket held before its clocks."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select

from core import logs, timeline
from core.desk import Desk, Office
from core.permissions import SYSTEM
from core.tables import Ticket
from sla import service
from sla.tables import ClockRow

BATCH = 100
ACTIVE = ("running", "breached")

log = logs.get("sweep")


def sweep(office: Office, *, batch: int = BATCH) -> int:
    """Fire everything that is due now. How many levels fired."""
    fired = 0
    while True:
        with office.desk(SYSTEM) as desk:
            due = due_tickets(desk, batch)
        if not due:
            return fired
        done = _fire_batch(office, due)
        fired += done.fired
        if not done.tickets:
            return fired  # the rest is held by somebody who acts on it right now


def due_tickets(desk: Desk, limit: int) -> Sequence[UUID]:
    """Tickets with a due clock, the most overdue first; an index range, whatever exists."""
    query = (
        select(ClockRow.ticket_id)
        .where(col(ClockRow.state).in_(ACTIVE), col(ClockRow.next_action_at) <= desk.now)
        .order_by(col(ClockRow.next_action_at), col(ClockRow.id))
        .limit(limit)
    )
    return list(dict.fromkeys(desk.session.exec(query)))


class _Done:
    """What a batch did: tickets it could take, levels it fired."""

    def __init__(self) -> None:
        self.tickets = 0
        self.fired = 0


def _fire_batch(office: Office, due: Sequence[UUID]) -> _Done:
    try:
        return _fire(office, due)
    except Exception:
        log.exception("batch_failed")
    done = _Done()
    for ticket_id in due:
        try:
            one = _fire(office, [ticket_id])
            done.tickets, done.fired = done.tickets + one.tickets, done.fired + one.fired
        except Exception:
            log.exception("clock_poisoned", ticket=str(ticket_id))
            _push_ahead(office, ticket_id)
            done.tickets += 1
    return done


def _fire(office: Office, due: Sequence[UUID]) -> _Done:
    done = _Done()
    with office.desk(SYSTEM) as desk:
        for ticket in _take(desk, due):
            done.tickets += 1
            done.fired += fire_due(desk, ticket)
    return done


def _take(desk: Desk, due: Sequence[UUID]) -> Sequence[Ticket]:
    # in one order everywhere, so that two sweepers cannot wait for each other in a circle
    query = (
        select(Ticket)
        .where(col(Ticket.id).in_(due))
        .order_by(col(Ticket.id))
        .with_for_update(skip_locked=True)
    )
    return desk.session.exec(query).all()


def fire_due(desk: Desk, ticket: Ticket) -> int:
    """Let every due clock of a held ticket act. How many levels fired."""
    rows = desk.session.exec(
        select(ClockRow)
        .where(ClockRow.ticket_id == ticket.id, col(ClockRow.state).in_(ACTIVE))
        .where(col(ClockRow.next_action_at) <= desk.now)
        .order_by(col(ClockRow.next_action_at), col(ClockRow.id))
        .execution_options(populate_existing=True)
    ).all()
    return sum(service.fire(desk, ticket, row) for row in rows)


def _push_ahead(office: Office, ticket_id: UUID) -> None:
    with office.desk(SYSTEM) as desk:
        timeline.hold(desk, ticket_id)
        desk.session.execute(
            update(ClockRow)
            .where(col(ClockRow.ticket_id) == ticket_id)
            .where(col(ClockRow.next_action_at) <= desk.now)
            .values(next_action_at=desk.now + service.POISON)
        )
