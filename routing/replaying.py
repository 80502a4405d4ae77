"""A draft tried on past tickets, in the background: batches by key, gone on with after a death."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, func, select

from core import jobs
from core.database import reader
from core.desk import Desk, Office
from core.errors import NotFound
from core.jobs import Job
from core.moments import local_day
from core.people import visible
from core.permissions import Act, Actor, demand
from core.tables import Ticket
from routing import versions
from routing.current import InForce, compiled, in_force
from routing.facts import facts_on
from routing.replay import Case, Tally, compare, tally_from
from routing.tables import RulebookRow

KIND = "rules.replay"
BATCH = 1_000
COLUMNS = (
    col(Ticket.id), col(Ticket.category), col(Ticket.request), col(Ticket.title),
    col(Ticket.content), col(Ticket.place), col(Ticket.channel), col(Ticket.respondent),
    col(Ticket.urgency), col(Ticket.caution), col(Ticket.received_at), col(Ticket.company_name),
    col(Ticket.uscc),
)  # fmt: skip
Told = Callable[[int, int, UUID, Tally], None]


def ask(desk: Desk, version: str) -> UUID:
    """Have a book tried on every ticket received so far. The job's id."""
    demand(desk.actor, Act.EDIT_RULES)
    row = versions.find(desk.session, version)
    return jobs.ask(desk, KIND, {"version": row.version, "until": desk.now.isoformat()})


def work(job: Job) -> Mapping[str, Any]:
    """The job's work: what would move, against the book that decides now."""
    until = datetime.fromisoformat(job.args["until"])
    with reader(job.office.engine) as session:
        row = versions.find(session, job.args["version"])
        new, old = compiled(session, row), _deciding(session, until)
    # what was kept is of use only while both books are what they were
    about = {"digest": row.digest or "", "against": old.book.version}
    tally, after = _kept(job, about)

    def told(done: int, total: int, last: UUID, so_far: Tally) -> None:
        keep = about | {"after": str(last), "tally": so_far.as_json()}
        job.progress(done, total, keep)

    replay(job.office, old, new, until, told, tally=tally, after=after)
    return tally.as_json() | {"against": old.book.version, "revision": row.revision}


def replay(
    office: Office,
    old: InForce,
    new: InForce,
    until: datetime,
    told: Told,
    *,
    tally: Tally,
    after: UUID | None = None,
) -> None:
    """Compare on every ticket received until then, telling after each batch how far it is."""
    with reader(office.engine) as session:
        count = select(func.count()).select_from(Ticket).where(col(Ticket.received_at) <= until)
        total = session.exec(count).one()
    for rows in _batches(office, until, after):
        cases = [Case(str(row.id), facts_on(row, local_day(row.received_at))) for row in rows]
        compare(cases, old.book, new.book, old.register, tally)
        told(tally.tickets, total, rows[-1].id, tally)


def newest(session: Session, version: str) -> Mapping[str, Any] | None:
    """What the last finished replay of a book found."""
    row = jobs.newest(session, KIND, {"version": version})
    return None if row is None or row.result is None else {**row.result, "at": row.ended_at}


def under_way(session: Session, actor: Actor, version: str) -> UUID | None:
    """The replay of a book that this person is waiting for."""
    row = jobs.newest(session, KIND, {"version": version}, states=("waiting", "running"))
    return row.id if row is not None and row.asked_by == actor.tag else None


def examples(session: Session, actor: Actor, result: Mapping[str, Any]) -> dict[str, str]:
    """The numbers, by id, of those examples that this person may read."""
    wanted = [UUID(name) for pair in result["pairs"] for name in pair["examples"]]
    rows = session.exec(
        select(Ticket.id, Ticket.number).where(col(Ticket.id).in_(wanted), visible(actor))
    )
    return {str(ticket_id): number for ticket_id, number in rows}


def typed(session: Session, rules: Sequence[Mapping[str, Any]], now: datetime) -> InForce:
    """Rules from a file, as a book over the plan that decides now."""
    base = versions.deciding(session, now)
    if base is None:
        raise NotFound
    body = dict(base.body) | {"rules": list(rules)}
    return compiled(
        session,
        RulebookRow(
            version="file",
            state="draft",
            plan=base.plan,
            body=body,
            proposed_by="file",
            created_at=now,
        ),
    )


def _deciding(session: Session, now: datetime) -> InForce:
    found = in_force(session, now)
    if found is None:
        raise NotFound
    return found


def _kept(job: Job, about: Mapping[str, str]) -> tuple[Tally, UUID | None]:
    if not job.kept or any(job.kept.get(key) != value for key, value in about.items()):
        return Tally(), None
    return tally_from(job.kept["tally"]), UUID(job.kept["after"])


def _batches(office: Office, until: datetime, after: UUID | None) -> Iterator[Sequence[Row[Any]]]:
    """Tickets by id, a thousand at a time, no transaction open between."""
    while True:
        query = sql_select(*COLUMNS).where(col(Ticket.received_at) <= until)
        if after is not None:
            query = query.where(col(Ticket.id) > after)
        with reader(office.engine) as session:
            rows = session.execute(query.order_by(col(Ticket.id)).limit(BATCH)).all()
        if not rows:
            return
        yield rows
        after = rows[-1].id
