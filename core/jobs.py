"""Background work with progress: a row says what is asked, who works on it and what came of it.

The message is only a hint. A job belongs to whoever took it last: a worker that was thought dead
and comes back finds its job taken, and stops.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import dramatiq
from sqlalchemy import ColumnElement, and_, delete, or_, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session, col, select

from core import logs
from core.desk import Desk, Office, the_office
from core.errors import NotFound, Refused
from core.outbox import post
from core.permissions import SYSTEM, Act, Actor, may
from core.tables import JobRow

log = logs.get("jobs")
# a worker reports at least this often; one that did not is dead, or its message was lost
SILENCE = timedelta(minutes=2)
ATTEMPTS = 5
KEPT = timedelta(days=90)
LONGEST_MS = 2 * 3600 * 1000
ENDED = ("done", "failed")


class JobTaken(Exception):
    """Another worker has the job now: stop, and leave everything as it is."""


@dataclass
class Job:
    """A taken job, in the hands of its worker. `kept` is what an earlier attempt left behind."""

    office: Office
    id: UUID
    kind: str
    args: Mapping[str, Any]
    attempt: int
    asked_by: str
    kept: Mapping[str, Any] = field(default_factory=dict)

    def progress(
        self, done: int, total: int | None = None, keep: Mapping[str, Any] | None = None
    ) -> None:
        """How far it is, and what a later attempt may go on from. JobTaken when it lost the job."""
        values: dict[str, Any] = {"done": done}
        if total is not None:
            values["total"] = total
        if keep is not None:
            values["kept"] = dict(keep)
        self._write(values)

    def finish(self, result: Mapping[str, Any]) -> None:
        """It is done, and this came of it: codes and ids, no personal data."""
        self._end("done", result=dict(result))

    def fail(self, code: str) -> None:
        """It cannot be done, and why."""
        self._end("failed", code=code)

    def _end(self, state: str, **values: Any) -> None:
        self._write({"state": state, "kept": {}, "ended_at": self.office.now(), **values})

    def _write(self, values: dict[str, Any]) -> None:
        with self.office.desk(SYSTEM) as desk:
            mine = and_(
                col(JobRow.id) == self.id,
                col(JobRow.state) == "running",
                col(JobRow.attempts) == self.attempt,
            )
            written = desk.session.execute(
                update(JobRow)
                .where(mine)
                .values(beat_at=desk.now, **values)
                .returning(col(JobRow.id))
            )
            if written.first() is None:
                raise JobTaken(str(self.id))


Work = Callable[[Job], Mapping[str, Any]]


def ask(desk: Desk, kind: str, args: Mapping[str, Any]) -> UUID:
    """Have a kind of work done in the background. The job's id, to look for it by."""
    row = JobRow(
        id=desk.new_id(),
        kind=kind,
        args=dict(args),
        state="waiting",
        asked_by=desk.actor.tag,
        asked_at=desk.now,
        beat_at=desk.now,
    )
    desk.session.add(row)
    post(desk, "core.job", job=str(row.id))
    return row.id


def run(office: Office, works: Mapping[str, Work], job_id: UUID) -> bool:
    """Take the job and do it; False when it is taken, ended or unknown: twice told, once done."""
    job = _take(office, job_id)
    if job is None:
        return False
    try:
        _work(job, works)
    except JobTaken:
        log.warning("job_taken", job=str(job.id), kind=job.kind)
    return True


def _work(job: Job, works: Mapping[str, Work]) -> None:
    if job.kind not in works:
        job.fail("unknown_kind")
        return
    try:
        job.finish(works[job.kind](job))
    except Refused as refused:
        job.fail(refused.code)
    except (OperationalError, InterfaceError, JobTaken):
        raise  # without a database the job stays running, and comes back when it is silent
    except Exception:
        log.exception("job_failed", job=str(job.id), kind=job.kind)
        job.fail("broken")


def _take(office: Office, job_id: UUID) -> Job | None:
    """Compare and swap: only a waiting job, or one whose worker has gone silent."""
    with office.desk(SYSTEM) as desk:
        free = or_(col(JobRow.state) == "waiting", _silent(desk))
        taken = (
            update(JobRow)
            .where(col(JobRow.id) == job_id, free)
            .values(
                state="running",
                attempts=JobRow.attempts + 1,
                beat_at=desk.now,
                started_at=desk.now,
            )
            .returning(col(JobRow.id))
        )
        if desk.session.execute(taken).first() is None:
            return None
        row = desk.session.get_one(JobRow, job_id)
        return Job(office, row.id, row.kind, row.args, row.attempts, row.asked_by, row.kept)


def _silent(desk: Desk) -> ColumnElement[bool]:
    return and_(col(JobRow.state) == "running", col(JobRow.beat_at) < desk.now - SILENCE)


def resend_due(desk: Desk) -> int:
    """Promise again what a lost queue or a dead worker left undone; give up after some attempts."""
    lost = and_(col(JobRow.state) == "waiting", col(JobRow.beat_at) < desk.now - SILENCE)
    rows = desk.session.exec(
        select(JobRow).where(or_(lost, _silent(desk))).with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        if row.attempts >= ATTEMPTS:
            row.state, row.code, row.ended_at = "failed", "gave_up", desk.now
            continue
        row.state, row.beat_at = "waiting", desk.now
        post(desk, "core.job", job=str(row.id))
    return len(rows)


def prune(session: Session, office: Office) -> None:
    """Forget jobs that ended a season ago."""
    old = and_(col(JobRow.state).in_(ENDED), col(JobRow.ended_at) < office.now() - KEPT)
    session.execute(delete(JobRow).where(old))


def seen(session: Session, actor: Actor, job_id: UUID) -> JobRow:
    """The job, for who asked and for who runs the system; for others there is none."""
    row = session.get(JobRow, job_id)
    if row is None or (row.asked_by != actor.tag and not may(actor, Act.OPERATE)):
        raise NotFound
    return row


def newest(
    session: Session, kind: str, args: Mapping[str, Any], *, states: Sequence[str] = ("done",)
) -> JobRow | None:
    """The newest job of a kind whose arguments contain these."""
    query = select(JobRow).where(
        JobRow.kind == kind,
        col(JobRow.state).in_(states),
        col(JobRow.args).contains(dict(args)),
    )
    return session.exec(query.order_by(col(JobRow.id).desc()).limit(1)).first()


def declare(broker: dramatiq.Broker, works: Mapping[str, Work]) -> "dramatiq.Actor[..., None]":
    """The actor `core.job`, which does every kind of work named."""

    @dramatiq.actor(actor_name="core.job", broker=broker, max_retries=0, time_limit=LONGEST_MS)
    def work(job: str) -> None:
        run(the_office(), works, UUID(job))

    return work
