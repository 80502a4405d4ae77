"""The demonstration's clock: real time plus what a supervisor moved it; off by default."""

import time
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from core.desk import Desk
from core.errors import Forbidden, Invalid
from core.moments import utc_now
from core.permissions import Role
from web.tables import TimeShift

FRESH = 0.3  # seconds that a process may go on believing what it read
FURTHEST = timedelta(days=400)


class DemoClock:
    """The shared moved time. It only ever moves forward: facts stay in order."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.read_at = float("-inf")
        self.offset = timedelta()

    def __call__(self) -> datetime:
        if time.monotonic() - self.read_at > FRESH:
            with Session(self.engine) as session:
                seconds = session.exec(select(TimeShift.seconds)).first()
            self.offset = timedelta(seconds=seconds or 0)
            self.read_at = time.monotonic()
        return utc_now() + self.offset


def move(desk: Desk, by: timedelta) -> None:
    """Put the clock of all processes `by` further ahead."""
    if Role.OFFICE not in desk.actor.roles:
        raise Forbidden
    if not timedelta() < by <= FURTHEST:
        raise Invalid.one("by", "range", "演示时钟只能向前拨，且不超过400天")
    seconds = int(by.total_seconds())
    row = insert(TimeShift).values(id=1, seconds=seconds)
    added = {"seconds": col(TimeShift.seconds) + seconds}
    desk.session.execute(row.on_conflict_do_update(index_elements=["id"], set_=added))
