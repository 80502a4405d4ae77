"""Running promises counted anew under other standards: tried dry first, then done, in batches.

A new generation with the difference on the timeline. What is late already stays late, and no
promise is moved into the past: those keep the standards they were given.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from core import jobs, timeline
from core.database import reader
from core.desk import Desk, Office
from core.jobs import Job
from core.permissions import SYSTEM, Act, demand
from core.tables import Entry, Ticket
from sla import clocks, moves, policies, terms
from sla.calendars import from_body
from sla.histories import History, histories
from sla.service import facts_of
from sla.standards import OFFICE_HOURS, Standards, calendar_of, standards
from sla.tables import ClockRow, StandardDraft
from sla.worktime import Calendar

KIND = "sla.recount"
RECOUNTED = "recounted"
SETTLED = "settled"
BATCH = 200
EXAMPLES = 50
LIVE = ("running", "unpublished")


@dataclass(frozen=True, slots=True)
class Change:
    """What other standards would do to one promise."""

    kind: str  # same, later, earlier, settled, unknown, at_once
    due: datetime | None
    policy: policies.Policy
    calendar: str
    counts_from: datetime | None = None  # with pauses: by these standards, as if unbroken


@dataclass
class Tally:
    """What a recount does, in all and by unit, with some examples."""

    clocks: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    units: dict[str, Counter[str]] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: ClockRow, change: Change) -> None:
        self.clocks += 1
        self.kinds[change.kind] += 1
        if row.department:
            self.units.setdefault(row.department, Counter())[change.kind] += 1
        if change.kind != "same" and len(self.examples) < EXAMPLES:
            self.examples.append(
                {
                    "ticket": str(row.ticket_id),
                    "metric": row.metric,
                    "kind": change.kind,
                    "before": row.due_at.isoformat() if row.due_at else None,
                    "after": change.due.isoformat() if change.due else None,
                }
            )

    def as_json(self) -> dict[str, Any]:
        return {
            "clocks": self.clocks,
            "kinds": dict(self.kinds),
            "units": {unit: dict(kinds) for unit, kinds in sorted(self.units.items())},
            "examples": self.examples,
        }


def ask(desk: Desk, draft_id: UUID, *, dry: bool) -> UUID:
    """Have running promises counted by a draft's standards: only tried, or done. The job's id."""
    demand(desk.actor, Act.EDIT_RULES if dry else Act.PUBLISH_RULES)
    row = desk.session.get_one(StandardDraft, draft_id)
    args = {"draft": str(row.id), "dry": dry, "revision": row.revision}
    return jobs.ask(desk, KIND, args)


def work(job: Job) -> Mapping[str, Any]:
    """The job's work: every running promise once; a second run finds them counted already."""
    with reader(job.office.engine) as session:
        draft = session.get_one(StandardDraft, UUID(job.args["draft"]))
        dry = bool(job.args["dry"])
        rules = _drafted(draft) if dry else standards(session, job.office.now())
        total = session.exec(select(func.count()).where(_live())).one()
        revision = draft.revision
    tally = Tally()
    for batch in _batches(job.office):
        if dry:
            _try(job.office, batch, rules, tally)
        else:
            for ticket_id in batch:
                _recount(job.office, ticket_id, rules, tally)
        job.progress(min(tally.clocks, total), total)
    return tally.as_json() | {"revision": revision, "dry": dry}


def _drafted(draft: StandardDraft) -> Standards:
    compiled = {name: from_body(body) for name, body in draft.body["calendars"].items()}
    return Standards(
        f"draft-{draft.revision}", policies.from_json(draft.body["policies"]), compiled
    )


def _live() -> Any:
    return col(ClockRow.state).in_(LIVE) & col(ClockRow.stopped_at).is_(None)


def _batches(office: Office) -> Iterator[Sequence[UUID]]:
    """The tickets with a running promise, by key."""
    after: UUID | None = None
    while True:
        query = select(ClockRow.ticket_id).where(_live()).distinct()
        if after is not None:
            query = query.where(col(ClockRow.ticket_id) > after)
        with reader(office.engine) as session:
            batch = session.exec(query.order_by(col(ClockRow.ticket_id)).limit(BATCH)).all()
        if not batch:
            return
        yield batch
        after = batch[-1]


def _try(office: Office, batch: Sequence[UUID], rules: Standards, tally: Tally) -> None:
    now = office.now()
    with reader(office.engine) as session:
        tickets = {t.id: t for t in session.exec(select(Ticket).where(col(Ticket.id).in_(batch)))}
        known = _histories(session, batch)
        rows = session.exec(select(ClockRow).where(col(ClockRow.ticket_id).in_(batch), _live()))
        for row in rows:
            tally.add(row, change(row, tickets[row.ticket_id], known[row.id], rules, now))


def _recount(office: Office, ticket_id: UUID, rules: Standards, tally: Tally) -> None:
    with office.desk(SYSTEM) as desk:
        ticket = timeline.hold(desk, ticket_id)
        known = moves.of_ticket(desk, ticket)
        rows = desk.session.exec(select(ClockRow).where(ClockRow.ticket_id == ticket_id, _live()))
        for row in rows.all():
            found = change(row, ticket, known[row.id], rules, desk.now)
            tally.add(row, found)
            if found.kind in {"later", "earlier", "settled"}:
                apply(desk, ticket, row, found, rules.version, RECOUNTED)


def apply(
    desk: Desk, ticket: Ticket, row: ClockRow, found: Change, version: str, ground: str
) -> None:
    """The promise is counted by other standards from here on, and the timeline says so."""
    row.policy, row.policy_version, row.calendar = found.policy.id, version, found.calendar
    row.counts_from = found.counts_from
    moves.move(desk, ticket, row, found.due, ground, recounted=True)


def change(
    row: ClockRow, ticket: Ticket, history: History, rules: Standards, now: datetime
) -> Change:
    """What these standards make of a running promise.

    What stands still goes on by what it was given, and so does what would be late at once.
    """
    policy = policies.choose(rules.limits, row.metric, facts_of(ticket))
    if policy is None:
        # nothing is promised any more: what was given stands
        policy = next((p for p in rules.limits if p.id == row.policy), None)
    if policy is None:
        return Change("same", row.due_at, _unknown(row), row.calendar)
    calendar = rules.calendar_for(policy)
    term = terms.fold(history.steps, policy, calendar)
    return _change(_kind(row, term.due, now), term, policy, calendar)


def _change(kind: str, term: terms.Term, policy: policies.Policy, calendar: Calendar) -> Change:
    paused = bool(term.pauses)
    begun = terms.unbroken_start(term, policy.promise.mode, calendar) if paused else None
    return Change(kind, term.due, policy, calendar.version, begun)


def _unknown(row: ClockRow) -> policies.Policy:
    return policies.Policy(row.policy, row.metric, terms.DEFAULT.each)


def _kind(row: ClockRow, due: datetime | None, now: datetime) -> str:
    if due == row.due_at:
        return "same"
    if due is None:
        return "unknown"
    if due < now:
        return "at_once"
    if row.due_at is None:
        return "settled"
    return "later" if due > row.due_at else "earlier"


def _histories(session: Session, tickets: Sequence[UUID]) -> dict[UUID, History]:
    query = select(Entry).where(
        col(Entry.ticket_id).in_(tickets), col(Entry.kind).startswith("clock.")
    )
    entries = session.exec(query.order_by(col(Entry.ticket_id), col(Entry.number))).all()
    return histories(entries)


def settle(office: Office, *, limit: int = BATCH) -> int:
    """Let promises go on that waited for a year to be published: due times, rungs. How many."""
    with office.desk(SYSTEM) as desk:
        try:
            rules = standards(desk.session, desk.now)
        except RuntimeError:
            return 0  # no district yet
        newest = {calendar.version for calendar in rules.calendars.values()}
        older = col(ClockRow.calendar).not_in(newest)
        query = select(ClockRow.ticket_id).where(ClockRow.state == "unpublished", older)
        waiting = desk.session.exec(query.limit(limit)).all()
        # the latest due are those whose rungs lay beyond the year
        ended = desk.session.exec(_climbed().where(older).limit(limit)).all()
        stuck = [row.ticket_id for row in ended if _has_more(desk, row, rules)]
    settled = sum(_settle(office, ticket_id, rules) for ticket_id in dict.fromkeys(waiting))
    return settled + sum(_climb(office, ticket_id, rules) for ticket_id in dict.fromkeys(stuck))


def _settle(office: Office, ticket_id: UUID, rules: Standards) -> int:
    settled = 0
    with office.desk(SYSTEM) as desk:
        ticket = timeline.hold(desk, ticket_id)
        known = moves.of_ticket(desk, ticket)
        query = select(ClockRow).where(
            ClockRow.ticket_id == ticket_id, ClockRow.state == "unpublished"
        )
        for row in desk.session.exec(query).all():
            # its own promise, on the newer calendar: only the year was missing
            policy, calendar = _newer(desk, row, rules)
            term = terms.fold(known[row.id].steps, policy, calendar)
            found = _change("settled", term, policy, calendar)
            apply(desk, ticket, row, found, row.policy_version, SETTLED)
            settled += term.due is not None
    return settled


def _newer(desk: Desk, row: ClockRow, rules: Standards) -> tuple[policies.Policy, Calendar]:
    policy = moves.policy_of_row(desk, row)
    return policy, rules.calendars.get(policy.calendar, rules.calendars[OFFICE_HOURS])


def _climbed() -> SelectOfScalar[ClockRow]:
    """Broken promises that wait for no rung, the latest due first."""
    return (
        select(ClockRow)
        .where(ClockRow.state == "breached", col(ClockRow.stopped_at).is_(None))
        .where(col(ClockRow.next_action_at).is_(None))
        .order_by(col(ClockRow.due_at).desc(), col(ClockRow.id))
    )


def _has_more(desk: Desk, row: ClockRow, rules: Standards) -> bool:
    """Whether the newer calendar knows rungs that the promise's own ends before."""
    policy, newer = _newer(desk, row, rules)
    own = calendar_of(desk.session, row.calendar)
    if row.due_at is None or newer.last <= own.last:
        return False
    return len(clocks.ladder(row.due_at, policy, newer)) > len(
        clocks.ladder(row.due_at, policy, own)
    )


def _climb(office: Office, ticket_id: UUID, rules: Standards) -> int:
    climbed = 0
    with office.desk(SYSTEM) as desk:
        ticket = timeline.hold(desk, ticket_id)
        known = moves.of_ticket(desk, ticket)
        for row in desk.session.exec(_climbed().where(ClockRow.ticket_id == ticket_id)).all():
            policy, calendar = _newer(desk, row, rules)
            term = terms.fold(known[row.id].steps, policy, calendar)
            # where a day was changed since, its due time would move, and what is late stays so
            if term.due == row.due_at and _has_more(desk, row, rules):
                found = _change("settled", term, policy, calendar)
                apply(desk, ticket, row, found, row.policy_version, SETTLED)
                climbed += 1
    return climbed
