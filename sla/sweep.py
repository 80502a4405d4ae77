"""The sweep: due clocks, and only those, in batches, each ticket held before its clocks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.orm import defer
from sqlmodel import col, select

from core import bulk, logs, timeline
from core.desk import Desk, Office
from core.outbox import post
from core.permissions import SYSTEM
from core.tables import Ticket
from sla import firing
from sla.tables import ClockRow

BATCH = 500
# what the ticker does at a time, and how many may help it
FEW = 4
HANDS = 4
# until the batch is committed or its process is dead
ALONE = text("SELECT pg_try_advisory_xact_lock(hashtext('jiesu.sweep'), :hand)")
ACTIVE = ("running", "breached")
# spelled out as the index of due clocks has it: a parameter could not be proved to fit it
GOING = text("clock.state IN ('running', 'breached')")
# what a request says is long, and nobody who follows a promise reads it
HEAVY = tuple(
    defer(getattr(Ticket, name)) for name in ("title", "content", "query_code", "company_name")
)

log = logs.get("sweep")


@dataclass
class _Done:
    """What a batch did: tickets it could take, levels it fired."""

    tickets: list[UUID] = field(default_factory=list)
    fired: int = 0


def turn(office: Office, *, batch: int = BATCH, few: int = FEW) -> int:
    """The ticker's part: a few batches, for it has other chores; for more it asks for hands."""
    with office.desk(SYSTEM) as desk:
        if _due_beyond(desk, batch * few):
            for hand in range(HANDS):
                post(desk, "sla.sweep", hand=hand)
    return sweep(office, batch=batch, batches=few)


def sweep(
    office: Office, *, batch: int = BATCH, batches: int | None = None, hand: int | None = None
) -> int:
    """Fire what is due now: everything, or so many batches of it. How many levels fired.

    As a numbered hand only while no other has that number: however often hands are asked for,
    there are never more.
    """
    fired = 0
    for _ in count() if batches is None else range(batches):
        done = _batch(office, batch, hand)
        fired += done.fired
        if not done.tickets:
            break  # what is left is held by somebody who acts on it right now
    return fired


def _due_beyond(desk: Desk, many: int) -> bool:
    query = (
        select(ClockRow.id)
        .where(GOING, col(ClockRow.next_action_at) <= desk.now)
        .order_by(col(ClockRow.next_action_at), col(ClockRow.id))
    )
    return desk.session.exec(query.offset(many).limit(1)).first() is not None


def _batch(office: Office, limit: int, hand: int | None) -> _Done:
    done = _Done()
    try:
        with office.desk(SYSTEM) as desk:
            if hand is not None and not desk.session.scalar(ALONE, {"hand": hand}):
                return done
            tickets = _take(desk, limit)
            done.tickets = [ticket.id for ticket in tickets]
            done.fired = _fire(desk, tickets)
    except Exception:
        if not done.tickets:
            raise
        log.exception("batch_failed")
        done.fired = sum(_alone(office, ticket_id) for ticket_id in done.tickets)
    return done


def _take(desk: Desk, limit: int) -> Sequence[Ticket]:
    """Tickets with a due clock, the most overdue first, now held: an index range, whatever exists.

    Who is skipped is passed over before the limit counts, so that every sweeper finds work; who
    never waits for a ticket cannot wait in a circle.
    """
    query = (
        select(Ticket)
        .join(ClockRow, col(ClockRow.ticket_id) == col(Ticket.id))
        .where(GOING, col(ClockRow.next_action_at) <= desk.now)
        .order_by(col(ClockRow.next_action_at), col(ClockRow.id))
        .limit(limit)
        .with_for_update(of=Ticket, skip_locked=True)
        .options(*HEAVY)
    )
    return desk.session.exec(query).unique().all()


def _alone(office: Office, ticket_id: UUID) -> int:
    """One ticket of a batch that failed; the one that made it fail rests for a while."""
    try:
        with office.desk(SYSTEM) as desk:
            held = select(Ticket).where(Ticket.id == ticket_id).with_for_update(skip_locked=True)
            return _fire(desk, desk.session.exec(held).all())
    except Exception:
        log.exception("clock_poisoned", ticket=str(ticket_id))
    _push_ahead(office, ticket_id)
    return 0


def _fire(desk: Desk, tickets: Sequence[Ticket]) -> int:
    held = {ticket.id: ticket for ticket in tickets}
    fired = firing.fire(desk, held, _due(desk, list(held)))
    bulk.write_changes(desk.session)
    return fired


def fire_due(desk: Desk, ticket: Ticket) -> int:
    """Let every due clock of a held ticket act. How many levels fired."""
    return firing.fire(desk, {ticket.id: ticket}, _due(desk, [ticket.id]))


def _due(desk: Desk, tickets: Sequence[UUID]) -> Sequence[ClockRow]:
    """The due clocks of held tickets, read after the tickets were taken."""
    if not tickets:
        return ()
    query = (
        select(ClockRow)
        .where(bulk.among(ClockRow.ticket_id, tickets), GOING)
        .where(col(ClockRow.next_action_at) <= desk.now)
        .order_by(col(ClockRow.next_action_at), col(ClockRow.id))
        .execution_options(populate_existing=True)
    )
    return desk.session.exec(query).all()


def _push_ahead(office: Office, ticket_id: UUID) -> None:
    with office.desk(SYSTEM) as desk:
        timeline.hold(desk, ticket_id)
        desk.session.execute(
            update(ClockRow)
            .where(col(ClockRow.ticket_id) == ticket_id)
            .where(col(ClockRow.next_action_at) <= desk.now)
            .values(next_action_at=desk.now + firing.POISON)
        )
