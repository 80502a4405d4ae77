"""The past quarter under other standards, in the background: read in batches, by key."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, func, select

from core import jobs
from core.database import reader
from core.desk import Desk, Office
from core.events import TicketHeld, TicketResumed
from core.jobs import Job
from core.permissions import Act, Actor, demand
from core.tables import Entry, Ticket
from sla import limits, policies, standard_drafts
from sla.calendars import from_body
from sla.histories import histories
from sla.limits import Body
from sla.moves import UNPAUSED
from sla.service import facts_of
from sla.tables import ClockRow
from sla.whatif import Hold, Past, Rules, Tally, replay, through

KIND = "sla.whatif"
QUARTER = timedelta(days=91)
BATCH = 500
HOLDING = (TicketHeld.kind, TicketResumed.kind)


def ask(desk: Desk, draft_id: UUID) -> UUID:
    """Have the past quarter counted by a draft's standards. The job's id."""
    demand(desk.actor, Act.EDIT_RULES)
    row = standard_drafts.get(desk.session, draft_id)
    args = {"draft": str(row.id), "revision": row.revision, "until": desk.now.isoformat()}
    return jobs.ask(desk, KIND, args)


def work(job: Job) -> Mapping[str, Any]:
    """The job's work: what was in force against the draft, on every promise of the quarter."""
    until = datetime.fromisoformat(job.args["until"])
    with reader(job.office.engine) as session:
        row = standard_drafts.get(session, UUID(job.args["draft"]))
        old, new = rules_of(standard_drafts.in_force(session, until)), rules_of(row.body)
        revision = row.revision
    tally = compare(job.office, old, new, until, job.progress)
    since = until - QUARTER
    return tally.as_json() | {
        "revision": revision,
        "since": since.isoformat(),
        "until": until.isoformat(),
    }


def compare(office: Office, old: Rules, new: Rules, until: datetime, told: Any) -> Tally:
    """Both sets of rules on every promise that began in the quarter before `until`."""
    tally = Tally()
    with reader(office.engine) as session:
        total = session.exec(select(func.count()).where(*_within(until))).one()
    done = 0
    for clocks in _batches(office, until):
        with reader(office.engine) as session:
            replay(_pasts(session, clocks, until), old, new, tally, now=until)
        done += len(clocks)
        told(done, total)
    return tally


def rules_of(body: Body) -> Rules:
    """The compiled rules of stored bodies: {policies, calendars}."""
    limits.check(body)
    compiled = {name: from_body(stored) for name, stored in body["calendars"].items()}
    return Rules(policies.from_json(body["policies"]), compiled)


def newest(session: Session, draft_id: UUID) -> Mapping[str, Any] | None:
    """What the last finished replay of a draft found."""
    row = jobs.newest(session, KIND, {"draft": str(draft_id)})
    return None if row is None or row.result is None else {**row.result, "at": row.ended_at}


def under_way(session: Session, actor: Actor, draft_id: UUID) -> UUID | None:
    """The replay of a draft that this person is waiting for."""
    args = {"draft": str(draft_id)}
    row = jobs.newest(session, KIND, args, states=("waiting", "running"))
    return row.id if row is not None and row.asked_by == actor.tag else None


def numbers(office: Office, examples: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The public numbers of examples, by their tickets' ids."""
    ids = {UUID(line["ticket"]) for line in examples}
    with reader(office.engine) as session:
        rows = session.exec(select(Ticket.id, Ticket.number).where(col(Ticket.id).in_(ids))).all()
    return {str(key): number for key, number in rows}


def _within(until: datetime) -> tuple[Any, ...]:
    return (
        col(ClockRow.started_at) > until - QUARTER,
        col(ClockRow.started_at) <= until,
        # what fell away was neither kept nor broken
        col(ClockRow.state) != "cancelled",
    )


def _batches(office: Office, until: datetime) -> Iterator[Sequence[ClockRow]]:
    after: UUID | None = None
    while True:
        query = select(ClockRow).where(*_within(until))
        if after is not None:
            query = query.where(col(ClockRow.id) > after)
        with reader(office.engine) as session:
            batch = session.exec(query.order_by(col(ClockRow.id)).limit(BATCH)).all()
            session.expunge_all()
        if not batch:
            return
        yield batch
        after = batch[-1].id


def _pasts(session: Session, rows: Sequence[ClockRow], until: datetime) -> Iterator[Past]:
    ids = {row.ticket_id for row in rows}
    tickets = {t.id: t for t in session.exec(select(Ticket).where(col(Ticket.id).in_(ids)))}
    told = or_(col(Entry.kind).startswith("clock."), col(Entry.kind).in_(HOLDING))
    query = select(Entry).where(col(Entry.ticket_id).in_(ids), told, col(Entry.at) <= until)
    entries = session.exec(query.order_by(col(Entry.ticket_id), col(Entry.number))).all()
    known, held = histories(entries), _holds(entries)
    for row in rows:
        holds = held.get(row.ticket_id, []) if row.metric not in UNPAUSED else []
        stopped = row.stopped_at if row.stopped_at and row.stopped_at <= until else None
        yield Past(
            ticket=str(row.ticket_id),
            unit=row.department or "",
            metric=row.metric,
            facts=facts_of(tickets[row.ticket_id]),
            steps=tuple(through(known[row.id].steps, holds, stopped)),
            stopped=stopped,
            broke=_broke(row, until),
        )


def _holds(entries: Sequence[Entry]) -> dict[UUID, list[Hold]]:
    """When each case stood still."""
    found: dict[UUID, list[Hold]] = {}
    for entry in entries:
        if entry.kind == TicketHeld.kind:
            found.setdefault(entry.ticket_id, []).append((entry.at, None))
        elif entry.kind == TicketResumed.kind and entry.ticket_id in found:
            since, _ = found[entry.ticket_id].pop()
            found[entry.ticket_id].append((since, entry.at))
    return found


def _broke(row: ClockRow, until: datetime) -> bool:
    """Whether it was broken by what was promised then."""
    if row.stopped_at is not None and row.stopped_at <= until:
        return row.on_time is False
    late = row.due_at is not None and row.due_at < until
    return row.state != "paused" and late
