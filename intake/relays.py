"""Cases of an upper platform: taken in once, reported back in order, compared and repaired."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, update
from sqlmodel import Session, col, func, select

from core import ids, timeline
from core.database import alone
from core.desk import Desk
from core.errors import Conflict, Invalid, NotFound
from core.events import LimitGiven
from core.outbox import post
from core.people import visible
from core.permissions import Act, Actor, demand
from core.states import OPEN, Status
from core.tables import Entry, Ticket
from intake import relay
from intake.draft import Draft
from intake.relay import Difference, Kind, Ours
from intake.service import Filed, draft_digest, query_code
from intake.tables import RelayCase, RelayDifference, RelayReport

CHANNEL = "upper"
# a sender that is silent for so long is dead
LEASE = timedelta(minutes=2)

FARTHEST = timedelta(days=730)

Register = Callable[[Desk, Draft, datetime], Filed]


@dataclass(frozen=True, slots=True)
class Push:
    """What the platform hands over: its own number, its limit, and the request."""

    number: str
    limit: datetime
    draft: Draft


# --- in -----------------------------------------------------------------------------------


def push(desk: Desk, pushed: Push, register: Register) -> Filed:
    """Take a case in. The same number with the same content answers the ticket that it has.

    Invalid when the limit is over; Conflict when the number came before with another content.
    """
    demand(desk.actor, Act.FILE)
    alone(desk.session, f"relay:{pushed.number}")
    digest = draft_digest(pushed.draft)
    case = by_upper(desk.session, pushed.number)
    if case is not None:
        if case.digest != digest:
            raise Conflict("同一上级编号已用于另一份内容", code="upper_number_reused")
        ticket = desk.session.get_one(Ticket, case.ticket_id)
        if pushed.limit not in {case.first_limit_at, ticket.limit_at}:
            raise Conflict("时限与此前不同，请用调整时限的接口", code="limit_differs")
        return Filed(ticket, query_code(desk.keys, ticket), repeated=True)
    _sane(desk, pushed.limit)
    filed = register(desk, pushed.draft, pushed.limit)
    case = RelayCase(
        ticket_id=filed.ticket.id,
        upper_number=pushed.number,
        digest=digest,
        first_limit_at=pushed.limit,
        state="received",
        pushed_at=desk.now,
        updated_at=desk.now,
    )
    desk.session.add(case)
    desk.session.flush()
    # what registering led to at once was recorded before the case was known
    for values in [one for one in desk.entries if one["ticket_id"] == filed.ticket.id]:
        _note(desk, case, filed.ticket, values["kind"], values["facts"])
    return filed


def _sane(desk: Desk, until: datetime) -> None:
    if until <= desk.now:
        raise Invalid.one("limit", "past", "上级时限应晚于现在")
    if until > desk.now + FARTHEST:
        raise Invalid.one("limit", "far", "上级时限不应在两年以后")


def limit(desk: Desk, number: str, until: datetime) -> Ticket:
    """The platform gives another limit. The same one again changes nothing."""
    demand(desk.actor, Act.FILE)
    case = by_upper(desk.session, number)
    if case is None:
        raise NotFound
    ticket = timeline.hold(desk, case.ticket_id)
    if ticket.limit_at == until:
        return ticket
    if Status(ticket.status) not in OPEN or ticket.status == Status.ON_HOLD:
        raise Conflict("诉求件已办结或挂账，不能调整时限", code="limit_stands")
    _sane(desk, until)
    timeline.record(desk, ticket, LimitGiven(until))
    return ticket


# --- out ----------------------------------------------------------------------------------


def follow(desk: Desk, ticket: Ticket, entry: Entry) -> None:
    """Promise the platform what it is to be told of a fact."""
    if ticket.channel != CHANNEL or entry.kind not in relay.KINDS:
        return
    case = desk.session.get(RelayCase, ticket.id)
    if case is not None:
        _note(desk, case, ticket, entry.kind, entry.facts)


def _note(desk: Desk, case: RelayCase, ticket: Ticket, fact: str, facts: Mapping[str, Any]) -> None:
    kind = relay.kind_of(fact, facts, ticket.lead or facts.get("department"))
    if kind is not None:
        _report(desk, case, kind, facts)


def _report(desk: Desk, case: RelayCase, kind: Kind, facts: Mapping[str, Any]) -> None:
    # the ticket is held, so nobody else counts
    case.state, case.updated_at = kind.state or case.state, desk.now
    case.reports += 1
    words = facts.get(kind.words) if kind.words else None
    desk.session.add(
        RelayReport(
            id=desk.new_id(),
            ticket_id=case.ticket_id,
            sequence=case.reports,
            kind=kind.name,
            state=case.state,
            facts={name: facts[name] for name in kind.codes},
            words=UUID(words) if words else None,
            at=desk.now,
            next_at=desk.now,
        )
    )
    desk.session.flush()
    post(desk, "intake.relay_report", ticket=str(case.ticket_id))


def next_report(desk: Desk, ticket_id: UUID) -> RelayReport | None:
    """Take the first report of a ticket that the platform has not got, if it is due.

    Those behind it wait: a platform must not hear of the reply before it hears of the signature.
    """
    query = select(RelayReport).where(RelayReport.ticket_id == ticket_id, _unsent())
    first = desk.session.exec(
        query.order_by(col(RelayReport.sequence)).limit(1).with_for_update()
    ).first()
    if first is None or first.next_at > desk.now:
        return None
    first.send_state, first.next_at = "sending", desk.now + LEASE
    first.attempts += 1
    return first


def _unsent() -> ColumnElement[bool]:
    return col(RelayReport.send_state).in_(("queued", "sending"))


def settle(desk: Desk, report: RelayReport, state: str, error: str | None, at: datetime) -> None:
    """Note what became of a report that was taken; not if it is somebody else's by now."""
    mine: ColumnElement[bool] = col(RelayReport.attempts) == report.attempts
    if state == "sent":  # whoever holds it by now: it did arrive
        mine = col(RelayReport.send_state) != "sent"
    values = {
        "send_state": state,
        "error": error,
        "next_at": at,
        "sent_at": desk.now if state == "sent" else None,
    }
    desk.session.execute(
        update(RelayReport).where(col(RelayReport.id) == report.id, mine).values(**values)
    )


def resend_due(desk: Desk) -> int:
    """Promise again what is due: failed before, or lost on the way. How many tickets."""
    due = and_(_unsent(), col(RelayReport.next_at) <= desk.now - timedelta(seconds=5))
    found = desk.session.exec(select(RelayReport.ticket_id).where(due).distinct().limit(500)).all()
    for ticket_id in found:
        post(desk, "intake.relay_report", ticket=str(ticket_id))
    return len(found)


# --- comparing ------------------------------------------------------------------------------


def known_since(session: Session, since: datetime) -> list[Ours]:
    """Our cases that are open or changed since then, as we last told them."""
    pending = (
        select(col(RelayReport.ticket_id))
        .where(_unsent(), RelayReport.ticket_id == RelayCase.ticket_id)
        .exists()
    )
    query = (
        select(RelayCase.upper_number, RelayCase.state, pending)
        .join(Ticket, col(Ticket.id) == RelayCase.ticket_id)
        .where(or_(col(RelayCase.updated_at) >= since, col(Ticket.closed_at).is_(None)))
    )
    return [Ours(*row) for row in session.exec(query)]


def unlisted(session: Session, found: Sequence[Difference]) -> list[Difference]:
    """Without those that only seem to be missing here: cases older than the comparison."""
    missing = [one.upper_number for one in found if one.kind == "missing_here"]
    query = select(RelayCase.upper_number).where(col(RelayCase.upper_number).in_(missing))
    old = set(session.exec(query))
    return [one for one in found if one.kind != "missing_here" or one.upper_number not in old]


def write_down(desk: Desk, found: Sequence[Difference]) -> int:
    """Keep what differs; what differed before and does no more, is gone. How many stand."""
    stand = {row.upper_number: row for row in differing(desk.session)}
    for one in found:
        row = stand.pop(one.upper_number, None)
        if row is None:
            row = RelayDifference(
                id=desk.new_id(), kind=one.kind, upper_number=one.upper_number, found_at=desk.now
            )
            desk.session.add(row)
        row.kind, row.theirs, row.ours = one.kind, one.theirs, one.ours
    for row in stand.values():
        row.outcome, row.ended_at, row.ended_by = "gone", desk.now, desk.actor.tag
    return len(found)


def repair(desk: Desk, difference_id: UUID, take_in: Callable[[Desk, str], Filed]) -> str:
    """Mend a difference: take the case in, or say again how it stands. Its kind.

    Conflict when it is mended already: pressed twice, mended once.
    """
    demand(desk.actor, Act.DISPATCH)
    row = desk.session.exec(
        select(RelayDifference).where(RelayDifference.id == difference_id).with_for_update()
    ).first()
    if row is None:
        raise NotFound
    if row.outcome != "open":
        raise Conflict("这条差异已经处理", code="repaired")
    if row.kind == "missing_here":
        take_in(desk, row.upper_number)
    else:
        case = by_upper(desk.session, row.upper_number)
        if case is None:
            raise NotFound
        timeline.hold(desk, case.ticket_id)
        desk.session.refresh(case)
        _report(desk, case, relay.AGAIN, {})
    row.outcome, row.ended_at, row.ended_by = "repaired", desk.now, desk.actor.tag
    return row.kind


# --- reading ------------------------------------------------------------------------------


def by_upper(session: Session, number: str) -> RelayCase | None:
    """The case with the platform's number."""
    return session.exec(select(RelayCase).where(RelayCase.upper_number == number)).first()


def of_ticket(session: Session, ticket_id: UUID) -> RelayCase | None:
    """The platform's side of a ticket, if it came from there."""
    return session.get(RelayCase, ticket_id)


def listed(
    session: Session, actor: Actor, *, text: str = "", after: UUID | None = None, limit: int = 50
) -> Sequence[tuple[RelayCase, Ticket]]:
    """Cases on tickets that the actor may see, newest first."""
    query = select(RelayCase, Ticket).where(RelayCase.ticket_id == Ticket.id, visible(actor))
    if text:
        number = ids.normal_number(text)
        query = query.where(or_(col(RelayCase.upper_number) == text, col(Ticket.number) == number))
    if after is not None:
        query = query.where(RelayCase.ticket_id < after)
    return session.exec(query.order_by(col(RelayCase.ticket_id).desc()).limit(limit)).all()


def reports(session: Session, ticket_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """How many reports of each ticket are in which state of sending."""
    query = select(RelayReport.ticket_id, RelayReport.send_state, func.count())
    grouped = query.where(col(RelayReport.ticket_id).in_(ticket_ids)).group_by(
        col(RelayReport.ticket_id), col(RelayReport.send_state)
    )
    found: dict[UUID, dict[str, int]] = {}
    for ticket_id, state, count in session.exec(grouped):
        found.setdefault(ticket_id, {})[state] = count
    return found


def differing(session: Session, outcome: str = "open") -> Sequence[RelayDifference]:
    """Differences that stand, oldest first."""
    query = select(RelayDifference).where(RelayDifference.outcome == outcome)
    return session.exec(query.order_by(col(RelayDifference.found_at)).limit(500)).all()
