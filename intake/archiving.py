"""What ended long ago leaves the active set: read-only from here."""

from datetime import timedelta

from sqlmodel import Session, col, select

from core import timeline
from core.desk import Office
from core.events import TicketArchived
from core.permissions import SYSTEM
from core.states import ENDED, Status
from core.tables import Ticket

BATCH = 200
# a joined request ends with its parent, not by itself
KEPT = ENDED - {Status.ARCHIVED, Status.MERGED}


def archive(office: Office, *, after: timedelta) -> int:
    """Archive what ended longer ago than `after`, a batch at a time. How many."""
    until = office.now() - after
    query = (
        select(Ticket.id)
        .where(col(Ticket.status).in_(KEPT), col(Ticket.closed_at) < until)
        .order_by(col(Ticket.id))
        .limit(BATCH)
    )
    with Session(office.engine) as session:
        due = session.exec(query).all()
    done = 0
    for ticket_id in due:
        with office.desk(SYSTEM) as desk:
            ticket = timeline.hold(desk, ticket_id)
            # looked at again under the lock: somebody may just have opened it
            if ticket.status in KEPT and ticket.closed_at and ticket.closed_at < until:
                timeline.record(desk, ticket, TicketArchived())
                done += 1
    return done
