"""Office and Desk: one transaction, at one instant, by one actor."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, insert
from sqlmodel import Session

from core import ids, logs
from core.moments import Now, utc_now
from core.permissions import Actor
from core.privacy import Keys
from core.tables import Entry, OutboxRow, Ticket

log = logs.get("desk")
Follower = Callable[["Desk", Ticket, Entry], None]


@dataclass
class Desk:
    """What a use case is given. Rows it may lose by a crash are none: it commits as a whole."""

    session: Session
    now: datetime
    actor: Actor
    office: "Office"
    entries: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[dict[str, Any]] = field(default_factory=list)
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

    def flush(self) -> None:
        """Write what is pending: rows of the session first, then entries and outbox in bulk."""
        self.session.flush()
        if self.entries:
            self.session.execute(insert(Entry), self.entries)
            self.entries = []
        if self.outbox:
            self.session.execute(insert(OutboxRow), self.outbox)
            self.outbox = []


@dataclass(frozen=True)
class Office:
    """Where desks come from: database, time, keys, and who follows a fact."""

    engine: Engine
    keys: Keys
    now: Now = utc_now
    followers: Sequence[Follower] = ()

    @contextmanager
    def desk(self, actor: Actor, *, now: datetime | None = None) -> Iterator[Desk]:
        """One transaction: commits on leaving, rolls back on any error."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            desk = Desk(session, now or self.now(), actor, self)
            yield desk
            desk.flush()
        for number, kinds in desk.done.items():
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
