"""The cases that figures count, kept up from facts in the transaction of each fact."""

from sqlmodel import col, select

from core.desk import Desk
from core.events import (
    CallbackAnswered,
    ClockMoved,
    ClockStarted,
    ContactMade,
    CorrectionRated,
    Event,
    OrderIssued,
    OrderRecalled,
    OrderReplied,
    OrderReturned,
    OrderSigned,
    RedoOrdered,
    TicketClosed,
)
from core.tables import Entry, Ticket
from sla.tables import CaseRow


def follow(desk: Desk, ticket: Ticket, entry: Entry, event: Event) -> None:
    """Let the case of the lead order learn from one fact."""
    match event:
        case OrderIssued(part="lead"):
            desk.session.add(_opened(ticket, entry, event))
        case OrderRecalled(part="lead"):
            # the desk took it back: the unit owed nothing in the end, and returned nothing
            recalled = desk.session.get(CaseRow, event.order)
            if recalled is not None:
                desk.session.delete(recalled)
        case CallbackAnswered() | CorrectionRated() | TicketClosed():
            case = _standing(desk, ticket)
            if case is not None:
                _ended(case, entry, event)
        case (
            ClockStarted()
            | ClockMoved()
            | OrderSigned()
            | ContactMade()
            | OrderReplied()
            | OrderReturned()
            | RedoOrdered()
        ) if event.order is not None:
            case = desk.session.get(CaseRow, event.order)
            if case is not None:
                _learn(case, entry, event)
        case _:
            pass


def _opened(ticket: Ticket, entry: Entry, event: OrderIssued) -> CaseRow:
    return CaseRow(
        order_id=event.order,
        ticket_id=ticket.id,
        unit=event.department,
        category=ticket.category,
        task=event.task,
        channel=ticket.channel,
        request=ticket.request,
        place=ticket.place,
        received_at=ticket.received_at,
        issued_at=entry.at,
    )


def _standing(desk: Desk, ticket: Ticket) -> CaseRow | None:
    return desk.session.exec(
        select(CaseRow)
        .where(CaseRow.ticket_id == ticket.id, col(CaseRow.returned).is_(False))
        .order_by(col(CaseRow.issued_at).desc())
    ).first()


def _learn(case: CaseRow, entry: Entry, event: Event) -> None:
    match event:
        case ClockStarted(metric="sign"):
            case.sign_due_at = event.due
        case ClockStarted(metric="resolve"):
            case.due_at = case.original_due_at = event.due
        case ClockMoved(metric="resolve"):
            case.due_at = event.due
            case.original_due_at = case.original_due_at or event.due
            case.extensions += event.ground == "extension"
        case OrderSigned():
            case.signed_at = entry.at
        case ContactMade(reached=True):
            case.contacted_at = case.contacted_at or entry.at
        case OrderReplied():
            # the first reply counts: a redo never improves first-time figures
            case.replied_at = case.replied_at or entry.at
        case OrderReturned():
            case.returned = True
        case RedoOrdered():
            case.redos = event.count
        case _:
            pass


def _ended(
    case: CaseRow, entry: Entry, event: CallbackAnswered | CorrectionRated | TicketClosed
) -> None:
    if isinstance(event, TicketClosed):
        case.closed_at = entry.at
        return
    if isinstance(event, CorrectionRated):
        # the final figures learn from it; the first ones keep what was said first
        case.grade = event.grade
        case.solved = case.solved if event.solved is None else event.solved
        return
    if not case.answered:
        case.first_contacted, case.first_solved = event.contacted, event.solved
        case.first_grade = event.grade
    case.answered = True
    case.contacted, case.solved, case.grade = event.contacted, event.solved, event.grade
