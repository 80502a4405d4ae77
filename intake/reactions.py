"""What the business side does when facts happen: deemed acceptance, closing, reporting up."""

from core import timeline
from core.desk import Desk
from core.events import CallbackAnswered, ClockBreached, TicketAccepted, TicketClosed
from core.states import Status
from core.tables import Entry, Ticket
from intake import corrections, relays

# answered, and the complainant has not said what he thinks of it
AWAITING = frozenset({Status.CALLBACK, Status.ANSWERED})


def follow(desk: Desk, ticket: Ticket, entry: Entry) -> None:
    """React to one entry, inside its transaction."""
    relays.follow(desk, ticket, entry)
    event = timeline.fact(entry)
    if isinstance(event, CallbackAnswered):
        corrections.follow(desk, ticket, entry, event)
    match event:
        case CallbackAnswered(verdict="close", solved=solved):
            result = "solved" if solved else "not_rated" if solved is None else "unsolved"
            timeline.record(desk, ticket, TicketClosed(result), cause=entry.id)
        case ClockBreached(metric="callback") if ticket.status in AWAITING:
            # silence is not satisfaction: closed, and counted as not rated
            timeline.record(desk, ticket, TicketClosed("not_rated"), cause=entry.id)
        case ClockBreached(metric="accept") if ticket.status == Status.SUBMITTED:
            timeline.record(desk, ticket, TicketAccepted("deemed"), cause=entry.id)
        case _:
            pass
