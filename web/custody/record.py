"""The custody record: what was done with many people's data, chained so that no line can go."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from core.database import alone
from core.desk import Desk
from core.ledger import GENESIS, canonical
from core.moments import aware
from web.custody.tables import CustodyRecord


def append(desk: Desk, act: str, facts: Mapping[str, Any]) -> CustodyRecord:
    """One line: codes, ids and counts, no personal data. Lines wait for one another."""
    alone(desk.session, "custody")
    last = _newest(desk.session)
    line = CustodyRecord(
        number=last.number + 1 if last else 1,
        at=desk.now,
        by=desk.actor.tag,
        act=act,
        facts=dict(facts),
        previous=last.hash if last else GENESIS,
        hash="",
    )
    line.hash = _hash(desk.keys.ledger, line)
    desk.session.add(line)
    desk.session.flush()
    return line


def _newest(session: Session) -> CustodyRecord | None:
    query = select(CustodyRecord).order_by(col(CustodyRecord.number).desc()).limit(1)
    return session.exec(query).first()


def _hash(key: bytes, line: CustodyRecord) -> str:
    content = [line.number, _instant(line.at), line.by, line.act, line.facts, line.previous]
    return hmac.new(key, canonical(content), hashlib.sha256).hexdigest()


def _instant(at: datetime) -> str:
    return aware(at).isoformat()


def lines(
    session: Session, *, acts: Iterable[str] = (), before: int = 0, limit: int = 100
) -> Sequence[CustodyRecord]:
    """The newest lines, of these acts or of all, below number `before`."""
    query = select(CustodyRecord).order_by(col(CustodyRecord.number).desc()).limit(limit)
    wanted = tuple(acts)
    if wanted:
        query = query.where(col(CustodyRecord.act).in_(wanted))
    if before:
        query = query.where(CustodyRecord.number < before)
    return session.exec(query).all()


def verify(session: Session, key: bytes) -> list[int]:
    """The numbers of lines that are not what was written, or missing; empty when all is whole."""
    wrong, number, previous = [], 0, GENESIS
    query = select(CustodyRecord).order_by(col(CustodyRecord.number))
    for line in session.exec(query.execution_options(yield_per=1000)):
        number += 1
        if (line.number, line.previous, line.hash) != (number, previous, _hash(key, line)):
            wrong.append(number)
            number = line.number
        previous = line.hash
    return wrong
