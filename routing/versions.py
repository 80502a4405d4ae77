"""Stored rulebooks read: versions, rules, the words they may use, their proof, their story."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from core.errors import NotFound
from routing.cells import Lexicon
from routing.current import compiled, register
from routing.data import district
from routing.differences import ordered
from routing.rulebook import Certificate, check
from routing.tables import RulebookEdit, RulebookRow, TaskRow
from routing.units import Register
from routing.vocabulary import Vocabulary

# what makes somebody an author of a draft: he may not publish it
EDITING = ("start", "add", "change", "delete", "move", "import", "plan")
Labels = Mapping[str, Mapping[str, str]]


def listed(session: Session) -> Sequence[RulebookRow]:
    """Every version, drafts first, then the newest in force."""
    query = select(RulebookRow).order_by(
        col(RulebookRow.effective_from).desc().nulls_first(), col(RulebookRow.created_at).desc()
    )
    return session.exec(query).all()


def find(session: Session, version: str) -> RulebookRow:
    """A version by its name. NotFound for none."""
    row = session.get(RulebookRow, version)
    if row is None:
        raise NotFound
    return row


def deciding(session: Session, now: datetime) -> RulebookRow | None:
    """The published book that decides at `now`."""
    query = select(RulebookRow).where(
        RulebookRow.state == "published", col(RulebookRow.effective_from) <= now
    )
    order = (col(RulebookRow.effective_from).desc(), col(RulebookRow.version).desc())
    return session.exec(query.order_by(*order).limit(1)).first()


def pending(session: Session, now: datetime) -> RulebookRow | None:
    """The published book that takes over later."""
    query = select(RulebookRow).where(
        RulebookRow.state == "published", col(RulebookRow.effective_from) > now
    )
    return session.exec(query.order_by(col(RulebookRow.effective_from)).limit(1)).first()


def rules_of(row: RulebookRow) -> list[dict[str, Any]]:
    """The rows of a book in the order in which they are tried."""
    return [dict(rule) for rule in ordered(row.body["rules"])]


def lexicon(session: Session, row: RulebookRow, labels: Labels | None = None) -> Lexicon:
    """What the cells of this book may say."""
    units = register(session)
    tasks = session.exec(select(TaskRow.number).where(TaskRow.plan == row.plan)).all()
    return Lexicon(vocabulary(row, units), units, frozenset(tasks), labels or {})


def vocabulary(row: RulebookRow, units: Register) -> Vocabulary:
    """The district's closed words, with the units as they stand and the book's own grounds."""
    return replace(
        district().vocabulary,
        respondents=tuple(unit.code for unit in units),
        grounds=dict(row.body["routes"]),
    )


def certificate(session: Session, row: RulebookRow, day: date) -> Certificate:
    """The proof of a stored book on a day."""
    found = compiled(session, row)
    return check(found.book, vocabulary(row, found.register), found.register, day)


def edits(session: Session, version: str) -> Sequence[RulebookEdit]:
    """The story of a version, newest first."""
    query = select(RulebookEdit).where(RulebookEdit.version == version)
    return session.exec(query.order_by(col(RulebookEdit.seq).desc())).all()


def authors(session: Session, row: RulebookRow) -> frozenset[str]:
    """Everybody who had a hand in a draft."""
    query = select(RulebookEdit.by).where(
        RulebookEdit.version == row.version, col(RulebookEdit.act).in_(EDITING)
    )
    return frozenset({row.proposed_by, *session.exec(query.distinct())})
