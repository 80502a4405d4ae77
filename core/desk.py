"""Office and Desk: one transaction, at one instant, by one actor."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session, SQLModel

from core import bulk, ids, logs
from core.events import Event
from core.moments import Now, utc_now
from core.permissions import Actor
from core.privacy import Keys
from core.tables import Entry, OutboxRow, Ticket

# a desk that moved more tickets than this says how many: each one's timeline has the rest
TOLD_ONE_BY_ONE = 20

log = logs.get("desk")
Follower = Callable[["Desk", Ticket, Entry], None]
# looks up once what its room's follower will need for each of many facts
Preparer = Callable[["Desk", Sequence[Event]], None]


@dataclass
class Desk:
    """What a use case is given. Rows it may lose by a crash are none: it commits as a whole."""

    session: Session
    now: datetime
    actor: Actor
    office: "Office"
    entries: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    # rows that nobody reads before the commit, by their table
    later: dict[type[SQLModel], list[dict[str, Any]]] = field(default_factory=dict)
    queue: deque[tuple[Ticket, Entry]] = field(default_factory=deque)
    draining: bool = False
    made: int = 0
    # what a transaction may look up once: the limits and the rules in force do not change in it
    memo: dict[str, Any] = field(default_factory=dict)
    # what was recorded, by ticket number: logged once it is durable
    done: dict[str, list[str]] = field(default_factory=dict)

    @property
    def keys(self) -> Keys:
        return self.office.keys

    def new_id(self) -> UUID:
        self.made += 1
        return ids.row_id(self.now, self.made)

    def put(self, table: type[SQLModel], **values: Any) -> None:
        """A row that nobody reads before the commit: written in bulk, after the entries."""
        self.later.setdefault(table, []).append(values)

    def flush(self) -> None:
        """Write what is pending: rows of the session first, then entries and outbox in bulk."""
        self.session.flush()
        entries, self.entries = self.entries, []
        bulk.insert(self.session, Entry, entries)
        later, self.later = self.later, {}
        for table, rows in later.items():
            bulk.insert(self.session, table, rows)
        outbox, self.outbox = self.outbox, []
        bulk.insert(self.session, OutboxRow, outbox)


@dataclass(frozen=True)
class Office:
    """Where desks come from: database, time, keys, and who follows a fact."""

    engine: Engine
    keys: Keys
    now: Now = utc_now
    followers: Sequence[Follower] = ()
    preparers: Sequence[Preparer] = ()

    @contextmanager
    def desk(self, actor: Actor, *, now: datetime | None = None) -> Iterator[Desk]:
        """One transaction: commits on leaving, rolls back on any error."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            desk = Desk(session, now or self.now(), actor, self)
            yield desk
            desk.flush()
        _tell(desk.done)


def _tell(done: dict[str, list[str]]) -> None:
    if len(done) > TOLD_ONE_BY_ONE:
        counted = Counter(kind for kinds in done.values() for kind in kinds)
        log.info("recorded_many", tickets=len(done), kinds=dict(counted))
        return
    for number, kinds in done.items():
        log.info("recorded", ticket=number, kinds=kinds)


@dataclass
class _Current:
    office: Office | None = None


_CURRENT = _Current()


def set_office(office: Office | None) -> None:
    """Where background actors find their office: set once by the worker's start."""
    _CURRENT.office = office


def the_office() -> Office:
    """The process's office. RuntimeError says how to set it."""
    if _CURRENT.office is None:
        raise RuntimeError("no office: the process must call core.desk.set_office() at its start")
    return _CURRENT.office
