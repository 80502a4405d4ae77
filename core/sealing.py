"""Closing the ledger day by day, and holding it against the stored entries."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import Engine, text
from sqlmodel import Session, col, func, select

from core.database import reader
from core.desk import Office
from core.ledger import GENESIS, Finding, Link, seal_day, verify_chain, verify_seals
from core.moments import day_end, day_start, local_day
from core.tables import Entry, SealRow, Ticket

# Nobody waits for a seal, so it waits for everybody: a desk's instant is taken before its
# first statement and lives at most a minute, far inside this grace.
GRACE = timedelta(minutes=10)
SLEEPERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND xact_start < clock_timestamp() - interval '5 minutes' AND backend_xid IS NOT NULL"
)
BATCH = 5000


def seal_due(office: Office) -> int:
    """Seal every finished day that has entries and no seal yet. How many were sealed."""
    now = office.now()
    with Session(office.engine) as session:
        first = _next_day(session)
        if first is None or session.scalar(SLEEPERS):
            return 0
    sealed = 0
    day: date | None = first
    while day is not None and day_end(day) + GRACE <= now:
        with Session(office.engine) as session, session.begin():
            sealed += _seal(session, office, day, now)
            session.flush()
            day = _next_day(session)
    return sealed


def _next_day(session: Session) -> date | None:
    last = session.exec(select(func.max(SealRow.day))).first()
    query = select(func.min(Entry.at))
    if last is not None:
        query = query.where(col(Entry.at) >= day_end(last))
    at = session.exec(query).first()
    return local_day(at) if at else None


def _seal(session: Session, office: Office, day: date, now: datetime) -> int:
    # two tickers cannot seal one day twice: the day is the key, the loser's insert fails
    rows = session.exec(
        select(Ticket.number, Entry.number, Entry.hash)
        .join(Ticket, col(Ticket.id) == Entry.ticket_id)
        .where(col(Entry.at) >= day_start(day), col(Entry.at) < day_end(day))
    ).all()
    previous = head(session)
    seal = seal_day(office.keys.ledger, day, list(rows), previous.head if previous else GENESIS)
    session.add(
        SealRow(
            day=day,
            entries=seal.entries,
            digest=seal.digest,
            previous=seal.previous,
            head=seal.head,
            sealed_at=now,
        )
    )
    return 1


def head(session: Session) -> SealRow | None:
    """The newest seal: what a bulletin prints."""
    return session.exec(select(SealRow).order_by(col(SealRow.day).desc()).limit(1)).first()


def links(session: Session) -> Iterator[Link]:
    """Every entry as the chain sees it, by ticket and number, without loading them all."""
    query = (
        select(Ticket.number, Entry)
        .join(Ticket, col(Ticket.id) == Entry.ticket_id)
        .order_by(col(Ticket.number), col(Entry.number))
        .execution_options(yield_per=BATCH)
    )
    for number, entry in session.exec(query):
        yield Link(
            ticket=number,
            number=entry.number,
            kind=entry.kind,
            facts=entry.facts,
            actor=entry.actor,
            audience=entry.audience,
            at=entry.at,
            previous=entry.previous,
            hash=entry.hash,
        )


def verify(engine: Engine, key: bytes) -> list[Finding]:
    """Every place where the stored ledger does not hold; empty when it does."""
    with reader(engine) as session:
        counts = dict(session.exec(select(Ticket.number, Ticket.entries)).all())
        findings = list(verify_chain(key, links(session), counts))
        seals = session.exec(select(SealRow).order_by(col(SealRow.day))).all()
        rows = ((link.at, link.ticket, link.number, link.hash) for link in links(session))
        findings += verify_seals(key, seals, rows)  # type: ignore[arg-type] # same fields
    return findings
