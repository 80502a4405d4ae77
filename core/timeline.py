"""The one door: `record` alone writes entries and moves a ticket."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlmodel import Session, col, select

from core import ledger
from core.desk import Desk
from core.errors import Invalid, NotFound
from core.events import Audience, Event, decode, encode
from core.people import recused
from core.projection import is_lead, project
from core.states import Status, advance
from core.tables import Entry, Ticket, Words
from core.texts import UncleanText, clean

# a loop among followers shows itself here instead of filling the table
ENTRIES_A_DESK = 50

_ENTRIES = inspect(Entry).class_manager

READERS = {
    Audience.PUBLIC: (Audience.PUBLIC,),
    Audience.PARTIES: (Audience.PUBLIC, Audience.PARTIES),
    Audience.STAFF: (Audience.PUBLIC, Audience.PARTIES, Audience.STAFF),
    Audience.OVERSIGHT: tuple(Audience),
}


def hold(desk: Desk, ticket_id: UUID) -> Ticket:
    """The ticket with its row locked until the desk closes. The one lock, always taken first.

    For people of the unit it accuses it is not there, whatever they would do with it.
    """
    ticket = desk.session.exec(
        select(Ticket)
        .where(Ticket.id == ticket_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if ticket is None or recused(desk.session, desk.actor, ticket):
        raise NotFound
    return ticket


def record(
    desk: Desk,
    ticket: Ticket,
    event: Event,
    *,
    audience: Audience | None = None,
    cause: UUID | None = None,
) -> Entry:
    """Append `event`, move the ticket, then let the followers react in one visible order.

    The ticket must be new or held. TransitionRefused when its state does not allow the event.
    Consequences come breadth first, so the timeline reads in the order things happened.
    """
    status = advance(Status(ticket.status), event.kind, lead=is_lead(event))
    entry = _append(desk, ticket, event, audience or event.audience, cause)
    if status != ticket.status:
        ticket.status = status
    ticket.updated_at = desk.now
    project(ticket, event, entry)
    desk.queue.append((ticket, entry))
    if not desk.draining:
        _drain(desk)
    return entry


def record_all(desk: Desk, happened: Sequence[tuple[Ticket, Event]]) -> None:
    """`record` for each, in order, by the same door.

    Who follows may look up once what all of them concern: a thousand promises that break at one
    second would otherwise ask a thousand times.
    """
    for prepare in desk.office.preparers:
        prepare(desk, [event for _, event in happened])
    for ticket, event in happened:
        record(desk, ticket, event)


def _append(
    desk: Desk, ticket: Ticket, event: Event, audience: Audience, cause: UUID | None
) -> Entry:
    if not ticket.entries:
        # the parent row goes first: a foreign key without a relationship orders nothing
        desk.session.add(ticket)
    link = ledger.Link(
        ticket=ticket.number,
        number=ticket.entries + 1,
        kind=event.kind,
        facts=encode(event),
        actor=desk.actor.tag,
        audience=audience,
        at=desk.now,
        previous=ticket.last_hash,
    )
    values: dict[str, Any] = {
        "id": desk.new_id(),
        "ticket_id": ticket.id,
        "number": link.number,
        "kind": link.kind,
        "facts": link.facts,
        "actor": link.actor,
        "audience": link.audience,
        "at": link.at,
        "cause": cause,
        "previous": link.previous,
        "hash": ledger.chain_hash(desk.keys.ledger, link),
    }
    desk.entries.append(values)
    desk.done.setdefault(ticket.number, []).append(event.kind)
    ticket.entries, ticket.last_hash = link.number, values["hash"]
    return _line(values, event)


def _line(values: dict[str, Any], event: Event) -> Entry:
    # it is stored in bulk and not by the session, so it needs none of what the mapper does at a
    # birth, a third of all that recording costs; and no follower has to decode what is known
    line: Entry = _ENTRIES.new_instance()
    line.__dict__.update(values, event=event)
    return line


def _drain(desk: Desk) -> None:
    desk.draining = True
    seen = 0
    try:
        while desk.queue:
            seen += 1
            if seen > ENTRIES_A_DESK:
                raise RuntimeError("followers answer each other without end")
            ticket, entry = desk.queue.popleft()
            for follow in desk.office.followers:
                follow(desk, ticket, entry)
    finally:
        desk.draining = False


def write(
    desk: Desk, ticket: Ticket, body: str, internal: str | None = None, *, field: str = "text"
) -> UUID:
    """Keep free text where it can be erased; facts hold only the id returned here.

    Invalid names `field` when the text holds what may not be stored.
    """
    words = Words(
        id=desk.new_id(),
        ticket_id=ticket.id,
        body=_clean(body, field),
        internal=_clean(internal, "internal") if internal else None,
        written_at=desk.now,
    )
    desk.session.add(words)
    desk.session.flush()
    return words.id


def _clean(text: str, field: str) -> str:
    try:
        return clean(text, lines=True)
    except UncleanText as error:
        message = "第{position}个字符不能保存，请删除"
        raise Invalid.one(field, error.code, message, position=error.position) from error


def last(desk: Desk, ticket: Ticket, kind: str) -> Entry | None:
    """The newest entry of a kind, pending ones included."""
    desk.flush()
    return desk.session.exec(
        select(Entry)
        .where(Entry.ticket_id == ticket.id, Entry.kind == kind)
        .order_by(col(Entry.number).desc())
        .limit(1)
    ).first()


def entries(
    session: Session, ticket_id: UUID, reader: Audience, *, after: int = 0, limit: int = 500
) -> Sequence[Entry]:
    """The timeline as `reader` may see it, in order, from number `after`."""
    return session.exec(
        select(Entry)
        .where(Entry.ticket_id == ticket_id, col(Entry.audience).in_(READERS[reader]))
        .where(Entry.number > after)
        .order_by(col(Entry.number))
        .limit(limit)
    ).all()


def fact(entry: Entry) -> Event:
    """The typed event inside an entry."""
    known: Event | None = entry.__dict__.get("event")
    return known or decode(entry.kind, entry.facts)
