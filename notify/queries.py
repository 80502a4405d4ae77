"""What telling people reads: inboxes, letters in trouble, and how far behind it is."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from core.tables import Department
from notify.tables import Letter

WAITING = ("queued", "sending", "failed")
UNWELL = ("failed", "dead")


def inbox(
    session: Session, tag: str, *, after: UUID | None = None, limit: int = 50
) -> Sequence[Letter]:
    """A person's letters, newest first; `after` is the last id of the page before."""
    query = select(Letter).where(Letter.recipient == tag, Letter.channel == "inbox")
    if after is not None:
        query = query.where(Letter.id < after)
    return session.exec(query.order_by(col(Letter.id).desc()).limit(limit)).all()


def unread_count(session: Session, tag: str) -> int:
    """How many letters in a person's inbox are unread."""
    query = select(func.count()).where(Letter.recipient == tag, Letter.channel == "inbox")
    return session.exec(query.where(col(Letter.read_at).is_(None))).one()


def unwell(session: Session, *, after: UUID | None = None, limit: int = 50) -> Sequence[Letter]:
    """Letters that failed or are dead, newest first."""
    query = select(Letter).where(col(Letter.state).in_(UNWELL))
    if after is not None:
        query = query.where(Letter.id < after)
    return session.exec(query.order_by(col(Letter.id).desc()).limit(limit)).all()


def counts(session: Session) -> dict[str, int]:
    """Letters that are not settled, by state; those sent are left out, being without end."""
    found = dict.fromkeys((*WAITING, "dead"), 0)
    for states in (WAITING, UNWELL):  # each is served by a partial index of its own
        query = select(Letter.state, func.count()).where(col(Letter.state).in_(states))
        found |= dict(session.exec(query.group_by(col(Letter.state))).all())
    return found


def oldest_waiting(session: Session) -> datetime | None:
    """Since when the oldest letter that has not gone out waits."""
    query = select(func.min(Letter.created_at)).where(col(Letter.state).in_(WAITING))
    return session.exec(query).one()


def ticket_answered(session: Session, letters: Collection[UUID]) -> UUID | None:
    """The ticket whose complainant was sent one of these letters by e-mail: nobody else was."""
    query = select(Letter.ticket_id).where(
        col(Letter.id).in_(letters),
        Letter.channel == "email",
        col(Letter.recipient).startswith("business:"),
    )
    return session.exec(query.limit(1)).first() if letters else None


def unit_names(session: Session, codes: Collection[str]) -> dict[str, str]:
    """The names of these units; an unknown code is left out."""
    query = select(Department.code, Department.name).where(col(Department.code).in_(codes))
    return dict(session.exec(query).all())
