"""Ticket and order states, and the one table of transitions for each.

Public wording, actors and clock effects: reference of the domain, section 10(a).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.errors import TransitionRefused


class Status(StrEnum):
    """Where a ticket stands."""

    NEW = "new"  # before its first entry; never stored
    SUBMITTED = "submitted"
    NEED_INFO = "need_info"
    REJECTED = "rejected"
    REFERRED = "referred"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    IN_HANDLING = "in_handling"
    ON_HOLD = "on_hold"
    REPLY_REVIEW = "reply_review"
    CALLBACK = "callback"
    CLOSED = "closed"
    FINAL = "final"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    ARCHIVED = "archived"


class OrderStatus(StrEnum):
    """Where a department's obligation stands."""

    NEW = "new"  # before it is issued; never stored
    PENDING_SIGN = "pending_sign"
    HANDLING = "handling"
    RETURN_REVIEW = "return_review"
    RETURNED = "returned"
    REPLIED = "replied"
    DONE = "done"
    CANCELLED = "cancelled"


class PublicStep(StrEnum):
    """The five steps a business sees, like a parcel on its way."""

    RECEIVED = "received"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    REPLIED = "replied"
    CLOSED = "closed"


ENDED = frozenset(
    {
        Status.REJECTED,
        Status.REFERRED,
        Status.CLOSED,
        Status.FINAL,
        Status.MERGED,
        Status.WITHDRAWN,
        Status.ARCHIVED,
    }
)
OPEN = frozenset(Status) - ENDED - {Status.NEW}
ORDER_ENDED = frozenset({OrderStatus.RETURNED, OrderStatus.DONE, OrderStatus.CANCELLED})
ORDER_OPEN = frozenset(OrderStatus) - ORDER_ENDED - {OrderStatus.NEW}

# what the public may be told of each state: coarse on purpose
PUBLIC_STEPS: Mapping[Status, PublicStep] = {
    Status.SUBMITTED: PublicStep.RECEIVED,
    Status.NEED_INFO: PublicStep.RECEIVED,
    Status.ACCEPTED: PublicStep.RECEIVED,
    Status.IN_HANDLING: PublicStep.DISPATCHED,
    Status.ON_HOLD: PublicStep.HANDLING,
    Status.REPLY_REVIEW: PublicStep.HANDLING,
    Status.ANSWERED: PublicStep.REPLIED,
    Status.CALLBACK: PublicStep.REPLIED,
}


def public_step(status: Status, *, signed: bool) -> PublicStep:
    """The step shown to the business; being signed for is what turns dispatch into handling."""
    if status is Status.IN_HANDLING and signed:
        return PublicStep.HANDLING
    return PUBLIC_STEPS.get(status, PublicStep.CLOSED)


@dataclass(frozen=True, slots=True)
class Step:
    """From any of these states to that one; `to` None leaves the state as it is."""

    sources: frozenset[StrEnum]
    to: StrEnum | None = None


def _step(*sources: StrEnum, to: StrEnum | None = None) -> Step:
    return Step(frozenset(sources), to)


_S = Status
# Kinds that are not named here are remarks: they never move a ticket and are always allowed
# once it exists.
TICKET_STEPS: Mapping[str, Step] = {
    "ticket.received": _step(_S.NEW, to=_S.SUBMITTED),
    # history is read-only from its first entry
    "ticket.imported": _step(_S.NEW, to=_S.ARCHIVED),
    "ticket.info_requested": _step(_S.SUBMITTED, to=_S.NEED_INFO),
    "ticket.info_supplied": _step(_S.NEED_INFO, to=_S.SUBMITTED),
    "ticket.accepted": _step(_S.SUBMITTED, to=_S.ACCEPTED),
    "ticket.refusal_proposed": _step(_S.SUBMITTED),
    "ticket.refusal_declined": _step(_S.SUBMITTED),
    "ticket.rejected": _step(_S.SUBMITTED, _S.NEED_INFO, to=_S.REJECTED),
    "ticket.review_asked": _step(_S.REJECTED, _S.FINAL),
    "ticket.review_upheld": _step(_S.REJECTED, _S.FINAL),
    "ticket.review_overturned": _step(_S.REJECTED, _S.FINAL, to=_S.SUBMITTED),
    "ticket.referral_proposed": _step(_S.SUBMITTED, _S.ACCEPTED),
    "ticket.referral_declined": _step(_S.SUBMITTED, _S.ACCEPTED),
    "ticket.referred": _step(*OPEN, to=_S.REFERRED),
    # a child is answered with its parent's words, whenever the parent is
    "ticket.answered": _step(_S.SUBMITTED, _S.MERGED, to=_S.ANSWERED),
    "ticket.merged": _step(_S.SUBMITTED, _S.NEED_INFO, _S.ACCEPTED, _S.IN_HANDLING, to=_S.MERGED),
    "ticket.unmerged": _step(_S.MERGED, to=_S.SUBMITTED),
    "ticket.triage_needed": _step(_S.SUBMITTED, _S.ACCEPTED),
    "ticket.routed": _step(_S.ACCEPTED),
    "order.issued": _step(_S.ACCEPTED, _S.IN_HANDLING, to=_S.IN_HANDLING),
    "ticket.held": _step(_S.IN_HANDLING, to=_S.ON_HOLD),
    "ticket.resumed": _step(_S.ON_HOLD, to=_S.IN_HANDLING),
    "ticket.reply_approved": _step(_S.REPLY_REVIEW, _S.MERGED, to=_S.CALLBACK),
    "ticket.redo_ordered": _step(_S.REPLY_REVIEW, _S.CALLBACK, to=_S.IN_HANDLING),
    "ticket.callback_answered": _step(_S.CALLBACK, _S.ANSWERED),
    "ticket.callback_attempted": _step(_S.CALLBACK),
    # while a case is done again, the redo's own reply is what puts it right
    "ticket.correction_answered": _step(_S.CLOSED),
    "ticket.correction_rated": _step(_S.CLOSED),
    "ticket.closed": _step(_S.CALLBACK, _S.ANSWERED, to=_S.CLOSED),
    "ticket.reopened": _step(_S.CLOSED, to=_S.IN_HANDLING),
    "ticket.finalised": _step(_S.IN_HANDLING, _S.REPLY_REVIEW, _S.MERGED, to=_S.FINAL),
    "ticket.withdrawn": _step(*OPEN, to=_S.WITHDRAWN),
    "ticket.archived": _step(*(ENDED - {_S.ARCHIVED}), to=_S.ARCHIVED),
}
# what ends a ticket, apart from what is only noted on one that has ended
ENDING = frozenset(kind for kind, step in TICKET_STEPS.items() if step.to in ENDED)
# A lead's return puts the case back before dispatch, a lead's reply puts it before review;
# what a co-handler does leaves the case where it is.
LEAD_STEPS: Mapping[str, Step] = {
    "order.returned": _step(_S.IN_HANDLING, to=_S.ACCEPTED),
    "order.recalled": _step(_S.IN_HANDLING, to=_S.ACCEPTED),
    "order.replied": _step(_S.IN_HANDLING, to=_S.REPLY_REVIEW),
}

_O = OrderStatus
ORDER_STEPS: Mapping[str, Step] = {
    "order.issued": _step(_O.NEW, to=_O.PENDING_SIGN),
    "order.signed": _step(_O.PENDING_SIGN, to=_O.HANDLING),
    "order.return_asked": _step(_O.PENDING_SIGN, to=_O.RETURN_REVIEW),
    "order.returned": _step(_O.RETURN_REVIEW, to=_O.RETURNED),
    "order.return_refused": _step(_O.RETURN_REVIEW, to=_O.PENDING_SIGN),
    "order.recalled": _step(_O.PENDING_SIGN, _O.HANDLING, _O.RETURN_REVIEW, to=_O.CANCELLED),
    "order.assigned": _step(_O.PENDING_SIGN, _O.HANDLING),
    "order.contact_made": _step(_O.HANDLING),
    "order.stage_replied": _step(_O.HANDLING),
    "order.replied": _step(_O.HANDLING, to=_O.REPLIED),
    "ticket.redo_ordered": _step(_O.REPLIED, to=_O.HANDLING),
    "ticket.reopened": _step(_O.DONE, to=_O.HANDLING),
    "order.done": _step(_O.REPLIED, to=_O.DONE),
    # done, it falls away only when a review begins the whole case anew
    "order.cancelled": _step(*ORDER_OPEN, _O.DONE, to=_O.CANCELLED),
}


def advance(status: Status, kind: str, *, lead: bool = False) -> Status:
    """The ticket's next state. TransitionRefused when the table does not allow it."""
    step = (LEAD_STEPS.get(kind) if lead else None) or TICKET_STEPS.get(kind)
    if step is None:
        if status is Status.NEW:
            raise TransitionRefused
        return status
    if status not in step.sources:
        raise TransitionRefused
    return status if step.to is None else Status(step.to)


def advance_order(status: OrderStatus, kind: str) -> OrderStatus:
    """The order's next state. TransitionRefused when the table does not allow it."""
    step = ORDER_STEPS[kind]
    if status not in step.sources:
        raise TransitionRefused
    return status if step.to is None else OrderStatus(step.to)
