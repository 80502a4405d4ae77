"""Promises kept after commit: rows in PostgreSQL, handed to Dramatiq by a relay."""

from datetime import datetime, timedelta
from typing import Any

import dramatiq
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from core.desk import Desk
from core.tables import OutboxRow

KEPT = timedelta(days=7)
QUEUE = "default"


def post(desk: Desk, actor: str, *, not_before: datetime | None = None, **ids: str | int) -> None:
    """Promise to run the named background actor with these ids once the desk has committed."""
    desk.outbox.append(
        {
            "id": desk.new_id(),
            "actor": actor,
            "args": ids,
            "created_at": desk.now,
            "not_before": not_before or desk.now,
        }
    )


def message(row: OutboxRow) -> "dramatiq.Message[Any]":
    """The Dramatiq message of a row; its id is the row's, so a repeat is recognisable."""
    return dramatiq.Message(
        queue_name=QUEUE,
        actor_name=row.actor,
        args=(),
        kwargs=dict(row.args),
        options={},
        message_id=str(row.id),
    )


def relay(session: Session, broker: dramatiq.Broker, *, now: datetime, limit: int = 200) -> int:
    """Hand at most `limit` due rows to the broker and stamp them. How many went.

    A crash between the hand-over and the commit sends again: every actor is idempotent.
    """
    rows = session.exec(
        select(OutboxRow)
        .where(col(OutboxRow.sent_at).is_(None), OutboxRow.not_before <= now)
        .order_by(col(OutboxRow.not_before), col(OutboxRow.seq))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        broker.enqueue(message(row))
    if rows:
        session.execute(
            update(OutboxRow)
            .where(col(OutboxRow.id).in_([row.id for row in rows]))
            .values(sent_at=now)
        )
    return len(rows)


def prune(session: Session, *, now: datetime) -> None:
    """Forget rows sent more than a week ago."""
    session.execute(delete(OutboxRow).where(col(OutboxRow.sent_at) < now - KEPT))
