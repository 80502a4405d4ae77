"""Which facts start, hand over and stop which promises."""

from datetime import datetime
from fractions import Fraction
from uuid import UUID

from core import timeline
from core.desk import Desk
from core.events import (
    CallbackAnswered,
    ClockBreached,
    ContactMade,
    CorrectionAnswered,
    CorrectionContacted,
    CorrectionOpened,
    Event,
    InfoRequested,
    InfoSupplied,
    LimitGiven,
    OrderCancelled,
    OrderEscalated,
    OrderIssued,
    OrderRecalled,
    OrderReplied,
    OrderReturned,
    OrderSigned,
    RedoOrdered,
    ReplyApproved,
    ReturnAsked,
    ReturnRefused,
    ReviewAsked,
    ReviewOverturned,
    ReviewUpheld,
    StageReplied,
    SupervisionAnswered,
    SupervisionIssued,
    SupervisionJudged,
    SupervisionLifted,
    TicketAccepted,
    TicketAnswered,
    TicketClosed,
    TicketHeld,
    TicketReceived,
    TicketReopened,
    TicketResumed,
    TicketUnmerged,
)
from core.states import ENDING, Status
from core.tables import Entry, Ticket
from core.timeline import fact
from sla import cases, holds, moves, service, supervision
from sla.policies import METRICS
from sla.standards import policy_of
from sla.worktime import Mode, Promise

# what a unit owes only while it has the order
HANDS = ("first_contact", "stage_reply", "co_reply")
# what is owed for a bad rating, also when the case is closed
CORRECTING = ("correction_contact", "correction")
# handling that may take longer than this is told of stage by stage: domain 10(b)
LONG = Promise(Mode.WORKING_DAYS, Fraction(5))


def follow(desk: Desk, ticket: Ticket, entry: Entry) -> None:
    """React to one entry, inside its transaction."""
    event = fact(entry)
    match event:
        case TicketReceived() | InfoSupplied() | TicketUnmerged():
            # what was parted from its parent is new to whoever accepts it
            since = entry.at if isinstance(event, TicketUnmerged) else ticket.received_at
            service.start(desk, ticket, "accept", since=since, cause=entry.id)
        case InfoRequested() | TicketAccepted():
            service.stop(desk, ticket, "accept", cause=entry.id)
        case TicketAnswered():
            service.stop(desk, ticket, "accept", cause=entry.id)
            service.start(desk, ticket, "callback", cause=entry.id)
        case OrderIssued():
            _issued(desk, ticket, entry, event)
        case (
            OrderSigned() | OrderReturned() | OrderRecalled() | OrderCancelled()
            | ReturnAsked() | ReturnRefused()
        ):  # fmt: skip
            _signing(desk, ticket, entry, event)
        case ContactMade() | StageReplied():
            _told(desk, ticket, entry, event)
        case OrderReplied():
            _replied(desk, ticket, entry, event)
        case RedoOrdered() | TicketReopened():
            _again(desk, ticket, entry, event)
        case ReplyApproved():
            service.stop(desk, ticket, "review", cause=entry.id)
            service.start(desk, ticket, "callback", cause=entry.id)
        case CallbackAnswered():
            service.stop(desk, ticket, "callback", cause=entry.id)
        case _:
            _oversight(desk, ticket, entry, event)
    cases.follow(desk, ticket, entry, event)
    if entry.kind in ENDING:
        _ended(desk, ticket, entry)


def _ended(desk: Desk, ticket: Ticket, entry: Entry) -> None:
    holds.close(desk, ticket)
    for row in supervision.standing(desk.session, ticket.id):
        supervision.close_with(desk, ticket, row.order_id, cause=entry.id)
    kept = CORRECTING if entry.kind == TicketClosed.kind else ()
    metrics = [metric for metric in METRICS if metric not in kept]
    service.cancel(desk, ticket, *metrics, cause=entry.id)


def _oversight(desk: Desk, ticket: Ticket, entry: Entry, event: Event) -> None:
    match event:
        case TicketHeld():
            moves.pause(desk, ticket, event.ground, cause=entry.id)
        case TicketResumed():
            moves.resume(desk, ticket, cause=entry.id)
        case CorrectionOpened() | CorrectionContacted() | CorrectionAnswered():
            _correction(desk, ticket, entry, event)
        case ReviewAsked():
            service.start(desk, ticket, "refusal_review", cause=entry.id)
        case ReviewUpheld() | ReviewOverturned():
            service.stop(desk, ticket, "refusal_review", cause=entry.id)
            if isinstance(event, ReviewOverturned):  # it is new to whoever accepts it
                service.start(desk, ticket, "accept", cause=entry.id)
        case LimitGiven():
            moves.give(desk, ticket, event.limit_at, cause=entry.id)
        case ClockBreached() | OrderEscalated():
            _rung(desk, ticket, entry, event)
        case SupervisionIssued() | SupervisionJudged(enough=False):
            _demand(desk, ticket, entry, event)
        case SupervisionAnswered():
            service.stop(desk, ticket, supervision.METRIC, order=event.order, cause=entry.id)
        case SupervisionLifted():
            service.cancel(desk, ticket, supervision.METRIC, order=event.order, cause=entry.id)
        case _:
            pass


def _correction(
    desk: Desk,
    ticket: Ticket,
    entry: Entry,
    event: CorrectionOpened | CorrectionContacted | CorrectionAnswered,
) -> None:
    match event:
        case CorrectionOpened():
            for metric in CORRECTING[ticket.anonymous :]:  # who is unknown is not rung up
                service.start(desk, ticket, metric, department=event.department, cause=entry.id)
        case CorrectionContacted(reached=True):
            service.stop(desk, ticket, "correction_contact", cause=entry.id)
        case CorrectionAnswered():
            _corrected(desk, ticket, entry)
        case _:
            pass


def _corrected(desk: Desk, ticket: Ticket, entry: Entry) -> None:
    service.stop(desk, ticket, "correction", cause=entry.id)
    service.cancel(desk, ticket, "correction_contact", cause=entry.id)


def _rung(desk: Desk, ticket: Ticket, entry: Entry, event: ClockBreached | OrderEscalated) -> None:
    """What a rung of the ladder issues, goes out."""
    if event.issue and event.order is not None and event.department is not None:
        place = (event.order, event.department)
        supervision.press(desk, ticket, *place, event.issue, "ladder", cause=entry.id)


def _demand(
    desk: Desk, ticket: Ticket, entry: Entry, event: SupervisionIssued | SupervisionJudged
) -> None:
    clock = service.start(
        desk,
        ticket,
        supervision.METRIC,
        order=event.order,
        department=event.department,
        cause=entry.id,
    )
    supervision.promised(desk, event.supervision, clock.due_at if clock else None)


def _issued(desk: Desk, ticket: Ticket, entry: Entry, event: OrderIssued) -> None:
    place = {"order": event.order, "department": event.department}
    service.start(desk, ticket, "sign", cause=entry.id, **place)  # type: ignore[arg-type] # names above
    if event.part == "co":
        service.start(desk, ticket, "co_reply", cause=entry.id, **place)  # type: ignore[arg-type] # names above
        return
    if not ticket.anonymous:
        service.start(desk, ticket, "first_contact", cause=entry.id, **place)  # type: ignore[arg-type] # names above
    going = service.running(desk, ticket, ("resolve", "redo"))
    if going:
        # a return never pauses the case's clock: it goes on with the new lead
        service.hand_over(
            desk, ticket, going[0], order=event.order, department=event.department, cause=entry.id
        )
    else:
        service.start(
            desk,
            ticket,
            "resolve",
            since=_begun(desk, ticket),
            cause=entry.id,
            **place,  # type: ignore[arg-type] # names above
        )


def _begun(desk: Desk, ticket: Ticket) -> datetime:
    """Since when the case is owed an answer: a unit does not pay for a wrong refusal's time."""
    if desk.now == ticket.received_at:
        return ticket.received_at
    overturned = timeline.last(desk, ticket, ReviewOverturned.kind)
    return overturned.at if overturned else ticket.received_at


def _signing(
    desk: Desk,
    ticket: Ticket,
    entry: Entry,
    event: OrderSigned
    | OrderReturned
    | OrderRecalled
    | OrderCancelled
    | ReturnAsked
    | ReturnRefused,
) -> None:
    order, department = event.order, event.department
    match event:
        case ReturnAsked():
            service.stop(desk, ticket, "sign", order=order, cause=entry.id)
            service.start(desk, ticket, "ruling", order=order, cause=entry.id)
        case ReturnRefused():
            service.stop(desk, ticket, "ruling", order=order, cause=entry.id)
            service.start(desk, ticket, "sign", order=order, department=department, cause=entry.id)
        case OrderReturned():
            supervision.close_with(desk, ticket, order, cause=entry.id)
            service.stop(desk, ticket, "ruling", order=order, cause=entry.id)
            service.cancel(desk, ticket, *HANDS, order=order, cause=entry.id)
        case OrderRecalled():
            # the case's own clock runs on, as it does at a return
            supervision.close_with(desk, ticket, order, cause=entry.id)
            service.cancel(desk, ticket, "sign", "ruling", *HANDS, order=order, cause=entry.id)
        case OrderSigned():
            service.stop(desk, ticket, "sign", order=order, cause=entry.id)
            _stage(desk, ticket, entry, order, department)
        case OrderCancelled():
            supervision.close_with(desk, ticket, order, cause=entry.id)
            service.cancel(desk, ticket, order=order, cause=entry.id)


def _told(desk: Desk, ticket: Ticket, entry: Entry, event: ContactMade | StageReplied) -> None:
    if isinstance(event, StageReplied):
        service.stop(desk, ticket, "stage_reply", order=event.order, cause=entry.id)
        _stage(desk, ticket, entry, event.order, event.department)
    elif event.reached:
        service.stop(desk, ticket, "first_contact", order=event.order, cause=entry.id)
        service.stop(desk, ticket, "correction_contact", cause=entry.id)


def _stage(desk: Desk, ticket: Ticket, entry: Entry, order: UUID, department: str) -> None:
    """A promise to tell how far it is, where handling may take long; then the next one."""
    if Status(ticket.status) is Status.ON_HOLD:
        return
    [case, *_] = [*service.running(desk, ticket, ("resolve",), order), None]
    if case is not None and service.longer_than(desk, case, LONG):
        place = {"order": order, "department": department}
        service.start(desk, ticket, "stage_reply", cause=entry.id, **place)  # type: ignore[arg-type] # names above


def _replied(desk: Desk, ticket: Ticket, entry: Entry, event: OrderReplied) -> None:
    if event.part == "co":
        service.stop(desk, ticket, "co_reply", order=event.order, cause=entry.id)
        return
    service.stop(desk, ticket, "resolve", "redo", order=event.order, cause=entry.id)
    _corrected(desk, ticket, entry)  # done again is put right
    # an answer without a logged contact leaves that promise unmet, not running
    unmet = ("first_contact", "stage_reply")
    service.cancel(desk, ticket, *unmet, order=event.order, cause=entry.id)
    service.start(desk, ticket, "review", cause=entry.id)


def _again(desk: Desk, ticket: Ticket, entry: Entry, event: RedoOrdered | TicketReopened) -> None:
    service.stop(desk, ticket, "review", cause=entry.id)
    service.cancel(desk, ticket, "callback", cause=entry.id)
    clock = service.start(
        desk, ticket, "redo", order=event.order, department=event.department, cause=entry.id
    )
    if clock is None or isinstance(event, TicketReopened):
        return
    for step in policy_of(desk.session, clock.policy, clock.policy_version).ladder:
        if step.issue and step.redos == event.count:
            place = (event.order, event.department)
            supervision.press(desk, ticket, *place, step.issue, "redone", cause=entry.id)
