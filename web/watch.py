"""How far background work is behind, measured when /metrics is asked."""

from datetime import datetime

from sqlmodel import Session, col, func, select

from core.database import reader
from core.desk import Office
from core.tables import OutboxRow
from notify.queries import counts
from sla.queries import oldest_due
from web import metrics


def measure(office: Office) -> None:
    """Set the gauges from the database."""
    now = office.now()
    with reader(office.engine) as session:
        unsent, oldest = outbox_backlog(session)
        metrics.OUTBOX_UNSENT.set(unsent)
        metrics.OUTBOX_AGE.set((now - oldest).total_seconds() if oldest else 0)
        due = oldest_due(session)
        metrics.CLOCKS_LATE.set(max((now - due).total_seconds(), 0) if due else 0)
        for state, number in counts(session).items():
            metrics.LETTERS.labels(state).set(number)


def outbox_backlog(session: Session) -> tuple[int, datetime | None]:
    """How many rows wait, and since when the oldest does."""
    query = select(func.count(), func.min(OutboxRow.created_at))
    unsent, oldest = session.exec(query.where(col(OutboxRow.sent_at).is_(None))).one()
    return unsent, oldest
