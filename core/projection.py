"""The ticket's cached columns as a fold of its timeline; the audit replays exactly this."""

from collections.abc import Iterator, Sequence

from core import ledger
from core.events import (
    CallbackAnswered,
    ClockBreached,
    ClockMoved,
    ClockStarted,
    CorrectionOpened,
    CorrectionRated,
    Event,
    LimitGiven,
    OrderIssued,
    OrderRecalled,
    OrderReplied,
    OrderReturned,
    RedoOrdered,
    ReplyApproved,
    ReviewOverturned,
    TicketAnswered,
    TicketClosed,
    TicketFinalised,
    TicketImported,
    TicketMerged,
    TicketReopened,
    TicketRouted,
    TicketUnmerged,
    decode,
)
from core.states import ENDED, Status, advance
from core.tables import Entry, Ticket

# what a ticket has from its draft and from no fact: words, secrets, the instant of receipt
FROM_DRAFT = (
    "id",
    "number",
    "query_code",
    "title",
    "content",
    "company_name",
    "uscc",
    "received_at",
)
CACHED = tuple(name for name in Ticket.model_fields if name not in FROM_DRAFT)
# what a case of another system was when it came
IMPORTED = (
    "request", "channel", "urgency", "category", "place", "respondent", "enterprise", "anonymous",
    "confidential", "closed_at", "result",
)  # fmt: skip
# the promises whose due time the complainant is shown
SHOWN = ("resolve", "redo")


def is_lead(event: Event) -> bool:
    """Whether the event is what the lead did, which moves the case and not only the order."""
    return isinstance(event, OrderReturned | OrderRecalled | OrderReplied) and event.part == "lead"


def project(ticket: Ticket, event: Event, entry: Entry) -> None:
    """Let the ticket's columns learn from one fact."""
    _handling(ticket, event, entry)
    _promise(ticket, event, entry)
    _ending(ticket, event, entry)


def _handling(ticket: Ticket, event: Event, entry: Entry) -> None:
    match event:
        case TicketImported():
            for name in IMPORTED:
                setattr(ticket, name, getattr(event, name))
            ticket.lead = event.department
            ticket.units = [event.department] if event.department else []
        case TicketRouted():
            ticket.category = event.category or ticket.category
            ticket.task, ticket.urgency = event.task, event.urgency
            ticket.confidential = ticket.confidential or event.conflict
        case OrderIssued():
            if event.part == "lead":
                ticket.lead = event.department
            if event.department not in ticket.units:
                ticket.units = [*ticket.units, event.department]
        case CorrectionOpened(department=str(unit)) if unit not in ticket.units:
            ticket.units = [*ticket.units, unit]  # of a joined request it had no order
        case OrderReturned(part="lead") | OrderRecalled(part="lead"):
            ticket.lead = None
        case OrderReplied(part="lead"):
            ticket.replied_at = ticket.replied_at or entry.at
        case _:
            pass


def _promise(ticket: Ticket, event: Event, entry: Entry) -> None:
    match event:
        case ClockStarted() | ClockMoved() if event.metric in SHOWN:
            ticket.due_at = event.due
            ticket.original_due_at = ticket.original_due_at or event.due
        case LimitGiven():
            ticket.limit_at = event.limit_at
        case ClockBreached() if event.metric in SHOWN:
            ticket.breached_at = ticket.breached_at or entry.at
        case _:
            pass


def _ending(ticket: Ticket, event: Event, entry: Entry) -> None:
    match event:
        case RedoOrdered():
            ticket.redos = event.count
        case CallbackAnswered():
            ticket.solved, ticket.grade = event.solved, event.grade
        case CorrectionRated():
            ticket.grade = event.grade
            if event.solved is not None:
                ticket.solved = event.solved
                ticket.result = "solved" if event.solved else "unsolved"
        case TicketClosed():
            ticket.result = event.result
        case TicketReopened():
            ticket.closed_at, ticket.result = None, None
        case ReplyApproved() | TicketAnswered() | TicketFinalised():
            # a child ended when it was joined, and now goes on or ends by itself
            ticket.closed_at = None
        case TicketMerged():
            ticket.parent, ticket.lead = event.parent, None
        case TicketUnmerged():
            ticket.parent, ticket.closed_at = None, None
        case ReviewOverturned():
            # it begins anew, by itself and in nobody's hands
            ticket.parent, ticket.lead, ticket.closed_at = None, None, None
        case _:
            pass
    if Status(ticket.status) in ENDED and ticket.closed_at is None:
        ticket.closed_at = entry.at


def replay(ticket: Ticket, timeline: Sequence[Entry]) -> Ticket:
    """A fresh projection of the whole timeline, to be held against the stored ticket."""
    again = Ticket(
        **{name: getattr(ticket, name) for name in FROM_DRAFT},
        status=Status.NEW,
        units=[],
        last_hash=ledger.GENESIS,
        updated_at=ticket.received_at,
    )
    for entry in timeline:
        event = decode(entry.kind, entry.facts)
        again.status = advance(Status(again.status), entry.kind, lead=is_lead(event))
        again.entries, again.last_hash, again.updated_at = entry.number, entry.hash, entry.at
        if entry.kind == "ticket.received":
            for name in entry.facts.keys() & set(CACHED):
                setattr(again, name, getattr(event, name))
        project(again, event, entry)
    return again


def differences(ticket: Ticket, again: Ticket) -> Iterator[str]:
    """The names of cached columns that the timeline contradicts."""
    for name in CACHED:
        if getattr(ticket, name) != getattr(again, name):
            yield name
