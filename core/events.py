"""Every fact a timeline can hold, one frozen dataclass each, past tense.

Facts hold ids and codes only: names, numbers and free text live in rows that can be
sealed and erased. Fields are added with defaults, never renamed: what was written once
must decode for ever (tests/core/golden holds one stored example of every kind).
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

Json = dict[str, Any]


class Audience(StrEnum):
    """Who may read an entry; each level reads the ones before it."""

    PUBLIC = "public"
    PARTIES = "parties"
    STAFF = "staff"
    OVERSIGHT = "oversight"


@dataclass(frozen=True, slots=True)
class Event:
    """A fact. `kind` names it in storage, `audience` is who reads it unless said otherwise."""

    kind: ClassVar[str] = ""
    audience: ClassVar[Audience] = Audience.STAFF


# --- the ticket -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TicketReceived(Event):
    """A request was taken in and has its number. Clocks of receipt start here."""

    kind: ClassVar[str] = "ticket.received"
    audience: ClassVar[Audience] = Audience.PUBLIC
    request: str
    channel: str
    urgency: str
    category: str | None = None
    place: str | None = None
    respondent: str | None = None
    enterprise: bool = False
    complex: bool = False
    anonymous: bool = False
    confidential: bool = False
    # what the suggester thought: a category only a person may decide on, and, where the category
    # is its own and nobody's choice, how sure it was (per cent) and which version of it
    caution: str | None = None
    guess_share: int | None = None
    guess_model: str | None = None
    # by when an upper platform wants its answer
    limit_at: datetime | None = None
    # the desk answers it in the same breath: nobody is to be charged with it
    at_once: bool = False
    # when another system had taken it in: its promises run from when it came to us
    first_received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TicketImported(Event):
    """An ended case of another system was taken over as history: nobody owes anything for it.

    The ledger's order is that of importing; when it was received and closed stands in here.
    """

    kind: ClassVar[str] = "ticket.imported"
    source: UUID
    request: str
    channel: str
    urgency: str
    received_at: datetime
    closed_at: datetime
    result: str
    category: str | None = None
    place: str | None = None
    respondent: str | None = None
    department: str | None = None
    enterprise: bool = False
    anonymous: bool = False
    confidential: bool = False
    text: UUID | None = None


@dataclass(frozen=True, slots=True)
class InfoRequested(Event):
    """The complainant was told, once, everything that is missing."""

    kind: ClassVar[str] = "ticket.info_requested"
    audience: ClassVar[Audience] = Audience.PARTIES
    text: UUID | None = None


@dataclass(frozen=True, slots=True)
class InfoSupplied(Event):
    """The complainant answered; `text` is the row that holds the words."""

    kind: ClassVar[str] = "ticket.info_supplied"
    audience: ClassVar[Audience] = Audience.PARTIES
    text: UUID | None = None


@dataclass(frozen=True, slots=True)
class InfoAdded(Event):
    """The complainant added something that nobody had asked for; `text` is the row of the words."""

    kind: ClassVar[str] = "ticket.info_added"
    audience: ClassVar[Audience] = Audience.PARTIES
    text: UUID
    channel: str


@dataclass(frozen=True, slots=True)
class LimitGiven(Event):
    """The upper platform that sent the request gave it another limit."""

    kind: ClassVar[str] = "ticket.limit_given"
    limit_at: datetime


@dataclass(frozen=True, slots=True)
class TicketAccepted(Event):
    """Accepted for handling: by rule, by a person, or because the limit passed."""

    kind: ClassVar[str] = "ticket.accepted"
    audience: ClassVar[Audience] = Audience.PUBLIC
    by: str


@dataclass(frozen=True, slots=True)
class RefusalProposed(Event):
    """A first person would refuse; a second one decides."""

    kind: ClassVar[str] = "ticket.refusal_proposed"
    ground: str
    text: UUID | None = None


@dataclass(frozen=True, slots=True)
class RefusalDeclined(Event):
    """The second person did not agree to refuse."""

    kind: ClassVar[str] = "ticket.refusal_declined"


@dataclass(frozen=True, slots=True)
class TicketRejected(Event):
    """Not accepted, with a coded ground and the proper route."""

    kind: ClassVar[str] = "ticket.rejected"
    audience: ClassVar[Audience] = Audience.PARTIES
    ground: str
    proposed_by: str


@dataclass(frozen=True, slots=True)
class ReviewAsked(Event):
    """The complainant asks that a refusal or a final reply be looked at again, and says why."""

    kind: ClassVar[str] = "ticket.review_asked"
    audience: ClassVar[Audience] = Audience.PARTIES
    text: UUID


@dataclass(frozen=True, slots=True)
class ReviewUpheld(Event):
    """Somebody who had no part in the decision found it right, and says why."""

    kind: ClassVar[str] = "ticket.review_upheld"
    audience: ClassVar[Audience] = Audience.PARTIES
    text: UUID


@dataclass(frozen=True, slots=True)
class ReviewOverturned(Event):
    """Somebody who had no part in the decision found it wrong: the request begins anew."""

    kind: ClassVar[str] = "ticket.review_overturned"
    audience: ClassVar[Audience] = Audience.PARTIES
    text: UUID


@dataclass(frozen=True, slots=True)
class ReferralProposed(Event):
    """A first person would pass it on to another body; a second one decides."""

    kind: ClassVar[str] = "ticket.referral_proposed"
    ground: str
    target: str
    text: UUID | None = None


@dataclass(frozen=True, slots=True)
class ReferralDeclined(Event):
    """The second person did not agree to pass it on."""

    kind: ClassVar[str] = "ticket.referral_declined"


@dataclass(frozen=True, slots=True)
class TicketReferred(Event):
    """Handed to another channel or body."""

    kind: ClassVar[str] = "ticket.referred"
    audience: ClassVar[Audience] = Audience.PARTIES
    ground: str
    target: str


@dataclass(frozen=True, slots=True)
class TicketAnswered(Event):
    """Answered at once by the desk that took it in."""

    kind: ClassVar[str] = "ticket.answered"
    audience: ClassVar[Audience] = Audience.PUBLIC
    text: UUID
    # the knowledge card it was answered from
    card: int | None = None
    card_version: int | None = None


@dataclass(frozen=True, slots=True)
class TicketMerged(Event):
    """Joined to a parent; keeps its own reply and rating."""

    kind: ClassVar[str] = "ticket.merged"
    audience: ClassVar[Audience] = Audience.PARTIES
    parent: str
    reason: str


@dataclass(frozen=True, slots=True)
class TicketUnmerged(Event):
    """Parted from its parent again: by a person, or because the parent ended without a reply."""

    kind: ClassVar[str] = "ticket.unmerged"
    audience: ClassVar[Audience] = Audience.PARTIES
    parent: str
    reason: str


@dataclass(frozen=True, slots=True)
class TriageNeeded(Event):
    """No rule may decide: a person must, with the coded ground and the trace before him."""

    kind: ClassVar[str] = "ticket.triage_needed"
    ground: str
    channel_hint: str | None = None
    rule: str | None = None
    book: str | None = None
    trace: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketRouted(Event):
    """Category → task → lead was decided, and why: the answer to "why us?" for ever."""

    kind: ClassVar[str] = "ticket.routed"
    category: str | None
    lead: str
    by: str
    task: int | None = None
    co_handlers: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    urgency: str = "normal"
    rule: str | None = None
    book: str | None = None
    plan: str | None = None
    conflict: bool = False
    trace: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketHeld(Event):
    """Parked for a stated ground until a review date; clocks pause."""

    kind: ClassVar[str] = "ticket.held"
    audience: ClassVar[Audience] = Audience.PUBLIC
    ground: str
    review_at: datetime


@dataclass(frozen=True, slots=True)
class TicketResumed(Event):
    """The hold ended; clocks run on. `by` review_date: nobody prolonged it."""

    kind: ClassVar[str] = "ticket.resumed"
    audience: ClassVar[Audience] = Audience.PUBLIC
    by: str = "person"


@dataclass(frozen=True, slots=True)
class HoldAsked(Event):
    """The lead asks to park the case until a review date; `words` say why and what comes next."""

    kind: ClassVar[str] = "ticket.hold_asked"
    order: UUID
    department: str
    ground: str
    review_at: datetime
    words: UUID


@dataclass(frozen=True, slots=True)
class HoldRefused(Event):
    """The case is not parked, and why. A granted hold is `TicketHeld`."""

    kind: ClassVar[str] = "ticket.hold_refused"
    order: UUID
    department: str
    words: UUID


@dataclass(frozen=True, slots=True)
class HoldProlonged(Event):
    """At its review the hold was found still to be needed: a later review date."""

    kind: ClassVar[str] = "ticket.hold_prolonged"
    audience: ClassVar[Audience] = Audience.PUBLIC
    ground: str
    review_at: datetime
    words: UUID


@dataclass(frozen=True, slots=True)
class ReplyApproved(Event):
    """The reply passed review and was sent to the complainant."""

    kind: ClassVar[str] = "ticket.reply_approved"
    audience: ClassVar[Audience] = Audience.PUBLIC
    order: UUID
    reply: UUID


@dataclass(frozen=True, slots=True)
class RedoOrdered(Event):
    """The work goes back to the same lead: by the reviewer, or because it was not solved."""

    kind: ClassVar[str] = "ticket.redo_ordered"
    audience: ClassVar[Audience] = Audience.PARTIES
    order: UUID
    department: str
    ground: str
    count: int
    urgency: str = "normal"


@dataclass(frozen=True, slots=True)
class CallbackAnswered(Event):
    """The complainant's own three answers: contacted? solved? which grade (1 best … 5)?

    `verdict` is close or redo; silence is never an answer.
    """

    kind: ClassVar[str] = "ticket.callback_answered"
    audience: ClassVar[Audience] = Audience.PARTIES
    by: str
    contacted: bool | None = None
    solved: bool | None = None
    grade: int | None = None
    comment: UUID | None = None
    verdict: str = "close"


@dataclass(frozen=True, slots=True)
class CallbackAttempted(Event):
    """The call-back desk tried, by telephone, message or visit, and got no answer."""

    kind: ClassVar[str] = "ticket.callback_attempted"
    result: str
    channel: str = "phone"


@dataclass(frozen=True, slots=True)
class TicketClosed(Event):
    """Done. `result`: solved, explained, unsolved or not_rated; silence is not_rated."""

    kind: ClassVar[str] = "ticket.closed"
    audience: ClassVar[Audience] = Audience.PUBLIC
    result: str


@dataclass(frozen=True, slots=True)
class CorrectionOpened(Event):
    """A bad rating is to be put right: by this unit, or by the desk that answered (None)."""

    kind: ClassVar[str] = "ticket.correction_opened"
    audience: ClassVar[Audience] = Audience.PARTIES
    grade: int
    department: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectionContacted(Event):
    """Whoever has to put it right spoke with the complainant about his rating, or tried."""

    kind: ClassVar[str] = "ticket.correction_contacted"
    audience: ClassVar[Audience] = Audience.PARTIES
    channel: str
    reached: bool
    department: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectionAnswered(Event):
    """What was put right, in the unit's words to the complainant."""

    kind: ClassVar[str] = "ticket.correction_answered"
    audience: ClassVar[Audience] = Audience.PARTIES
    text: UUID
    department: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectionRated(Event):
    """The complainant's second rating; the first one stands beside it, never under it."""

    kind: ClassVar[str] = "ticket.correction_rated"
    audience: ClassVar[Audience] = Audience.PARTIES
    by: str
    solved: bool | None
    grade: int
    comment: UUID | None = None


@dataclass(frozen=True, slots=True)
class TicketReopened(Event):
    """Opened again inside the window, with a reason."""

    kind: ClassVar[str] = "ticket.reopened"
    audience: ClassVar[Audience] = Audience.PUBLIC
    order: UUID
    department: str
    ground: str
    urgency: str = "normal"


@dataclass(frozen=True, slots=True)
class TicketFinalised(Event):
    """Final reply given on a coded ground; the same facts are answered from it."""

    kind: ClassVar[str] = "ticket.finalised"
    audience: ClassVar[Audience] = Audience.PARTIES
    reply: UUID
    ground: str = ""


@dataclass(frozen=True, slots=True)
class TicketWithdrawn(Event):
    """Taken back by the complainant."""

    kind: ClassVar[str] = "ticket.withdrawn"
    audience: ClassVar[Audience] = Audience.PUBLIC


@dataclass(frozen=True, slots=True)
class TicketArchived(Event):
    """Left the active set; read-only from here."""

    kind: ClassVar[str] = "ticket.archived"


@dataclass(frozen=True, slots=True)
class NoteAdded(Event):
    """A remark between colleagues; `text` is the row that holds it."""

    kind: ClassVar[str] = "ticket.noted"
    text: UUID


@dataclass(frozen=True, slots=True)
class IdentityUnmasked(Event):
    """Somebody read who complained, and said why: reading is itself a fact."""

    kind: ClassVar[str] = "ticket.unmasked"
    audience: ClassVar[Audience] = Audience.OVERSIGHT
    reason: str


@dataclass(frozen=True, slots=True)
class SubjectAsked(Event):
    """Somebody asked to see, correct or erase what is held of him; `via` is web or paper."""

    kind: ClassVar[str] = "ticket.subject_asked"
    audience: ClassVar[Audience] = Audience.PARTIES
    request: UUID
    wish: str
    via: str


@dataclass(frozen=True, slots=True)
class SubjectDecided(Event):
    """The privacy officer granted it or not, on a coded ground; `text` is what he was told."""

    kind: ClassVar[str] = "ticket.subject_decided"
    audience: ClassVar[Audience] = Audience.PARTIES
    request: UUID
    wish: str
    granted: bool
    ground: str
    text: UUID | None = None


@dataclass(frozen=True, slots=True)
class DataErased(Event):
    """Contact, files and numbers in words were destroyed: how many, and why."""

    kind: ClassVar[str] = "ticket.data_erased"
    audience: ClassVar[Audience] = Audience.PARTIES
    why: str
    words: int = 0
    files: int = 0


# --- the work order -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderIssued(Event):
    """A department owes an answer. `part` is lead or co; `binding` forbids a return."""

    kind: ClassVar[str] = "order.issued"
    audience: ClassVar[Audience] = Audience.PUBLIC
    order: UUID
    department: str
    part: str
    request: str
    urgency: str
    task: int | None = None
    complex: bool = False
    binding: bool = False


@dataclass(frozen=True, slots=True)
class OrderSigned(Event):
    """The department took the order on."""

    kind: ClassVar[str] = "order.signed"
    audience: ClassVar[Audience] = Audience.PUBLIC
    order: UUID
    department: str


@dataclass(frozen=True, slots=True)
class ReturnAsked(Event):
    """The department says it is not theirs; the case's clock keeps running."""

    kind: ClassVar[str] = "order.return_asked"
    order: UUID
    department: str
    ground: str
    suggested: str | None = None
    text: UUID | None = None


@dataclass(frozen=True, slots=True)
class OrderReturned(Event):
    """The return was upheld; the order ends here."""

    kind: ClassVar[str] = "order.returned"
    order: UUID
    department: str
    part: str


@dataclass(frozen=True, slots=True)
class ReturnRefused(Event):
    """The return was not upheld: the order is binding now."""

    kind: ClassVar[str] = "order.return_refused"
    order: UUID
    department: str


@dataclass(frozen=True, slots=True)
class OrderCancelled(Event):
    """Called back by the dispatcher, or fallen away with its ticket."""

    kind: ClassVar[str] = "order.cancelled"
    order: UUID
    department: str


@dataclass(frozen=True, slots=True)
class OrderRecalled(Event):
    """Taken away by the dispatcher, to be given to another unit; nobody had asked for a return."""

    kind: ClassVar[str] = "order.recalled"
    order: UUID
    department: str
    part: str
    text: UUID


@dataclass(frozen=True, slots=True)
class OrderAssigned(Event):
    """Inside the unit: this desk of the unit, or this colleague (by account id), handles it."""

    kind: ClassVar[str] = "order.assigned"
    order: UUID
    department: str
    unit: str | None = None
    staff: UUID | None = None


@dataclass(frozen=True, slots=True)
class PartnerAsked(Event):
    """A body outside the district was asked for its part, by a signed link that ends."""

    kind: ClassVar[str] = "order.partner_asked"
    order: UUID
    department: str
    partner: str
    request: UUID
    question: UUID


@dataclass(frozen=True, slots=True)
class PartnerAnswered(Event):
    """The body outside answered through its link."""

    kind: ClassVar[str] = "order.partner_answered"
    order: UUID
    department: str
    partner: str
    request: UUID
    answer: UUID


@dataclass(frozen=True, slots=True)
class ContactMade(Event):
    """The handler contacted the complainant, or tried."""

    kind: ClassVar[str] = "order.contact_made"
    audience: ClassVar[Audience] = Audience.PARTIES
    order: UUID
    department: str
    channel: str
    reached: bool


@dataclass(frozen=True, slots=True)
class OrderReplied(Event):
    """The department's answer stands; `claim` is what the department says of it."""

    kind: ClassVar[str] = "order.replied"
    order: UUID
    department: str
    part: str
    claim: str
    reply: UUID


@dataclass(frozen=True, slots=True)
class StageReplied(Event):
    """While it takes long, the lead tells the complainant how far it is."""

    kind: ClassVar[str] = "order.stage_replied"
    audience: ClassVar[Audience] = Audience.PUBLIC
    order: UUID
    department: str
    text: UUID


@dataclass(frozen=True, slots=True)
class OrderDone(Event):
    """The order is finished with its ticket."""

    kind: ClassVar[str] = "order.done"
    order: UUID
    department: str


# --- the promise ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClockStarted(Event):
    """A promise runs. `due` is empty where the calendar is not yet published."""

    kind: ClassVar[str] = "clock.started"
    clock: UUID
    metric: str
    policy: str
    calendar: str
    due: datetime | None
    since: datetime | None = None
    order: UUID | None = None
    department: str | None = None
    generation: int = 1
    given: bool = False  # the due time follows a limit from outside, not the policy's length


@dataclass(frozen=True, slots=True)
class ClockWarned(Event):
    """The promise is about to break."""

    kind: ClassVar[str] = "clock.warned"
    clock: UUID
    metric: str
    level: str
    due: datetime
    order: UUID | None = None
    department: str | None = None
    late_by: int = 0
    tell: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockBreached(Event):
    """The promise broke. `late_by`: seconds between the planned and the real firing."""

    kind: ClassVar[str] = "clock.breached"
    clock: UUID
    metric: str
    level: str
    due: datetime
    order: UUID | None = None
    department: str | None = None
    late_by: int = 0
    tell: tuple[str, ...] = ()
    issue: str = ""
    collapsed: tuple[str, ...] = ()  # levels missed in an outage: this one speaks for them


@dataclass(frozen=True, slots=True)
class OrderEscalated(Event):
    """A step of the ladder after the breach: who is told rises with it, and what is issued."""

    kind: ClassVar[str] = "order.escalated"
    clock: UUID
    metric: str
    level: str
    due: datetime
    order: UUID | None = None
    department: str | None = None
    late_by: int = 0
    tell: tuple[str, ...] = ()
    issue: str = ""
    collapsed: tuple[str, ...] = ()  # levels missed in an outage: this one speaks for them


@dataclass(frozen=True, slots=True)
class ClockMet(Event):
    """The promise was kept, or at least ended."""

    kind: ClassVar[str] = "clock.met"
    clock: UUID
    metric: str
    on_time: bool
    order: UUID | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True)
class ClockCancelled(Event):
    """The promise fell away with what it was for."""

    kind: ClassVar[str] = "clock.cancelled"
    clock: UUID
    metric: str


@dataclass(frozen=True, slots=True)
class ClockPaused(Event):
    """Working time stops being counted, for a stated ground."""

    kind: ClassVar[str] = "clock.paused"
    clock: UUID
    metric: str
    ground: str


@dataclass(frozen=True, slots=True)
class ClockMoved(Event):
    """The due time moved: a pause ended, an extension was granted, a standard changed.

    `policy` and `calendar` are named where the promise is counted by others from here on.
    """

    kind: ClassVar[str] = "clock.moved"
    audience: ClassVar[Audience] = Audience.PARTIES
    clock: UUID
    metric: str
    ground: str
    due: datetime | None
    before: datetime | None
    order: UUID | None = None
    department: str | None = None
    policy: str | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class ExtensionAsked(Event):
    """The unit asks for more working days, before the promise is due; `words` say why."""

    kind: ClassVar[str] = "clock.extension_asked"
    clock: UUID
    metric: str
    order: UUID
    department: str
    days: int
    words: UUID


@dataclass(frozen=True, slots=True)
class ExtensionRefused(Event):
    """The promise stays as it is. A granted extension is the due time moving: `ClockMoved`."""

    kind: ClassVar[str] = "clock.extension_refused"
    clock: UUID
    metric: str
    order: UUID
    department: str
    words: UUID | None = None


# --- supervision ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderReminded(Event):
    """A supervisor asks the unit to get on with it."""

    kind: ClassVar[str] = "order.reminded"
    order: UUID
    department: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class SupervisionIssued(Event):
    """A numbered demand on a work order: red, listed or problem. `words` is the demand."""

    kind: ClassVar[str] = "order.supervised"
    supervision: UUID
    order: UUID
    department: str
    level: str
    ground: str
    year: int
    serial: int
    words: UUID | None = None


@dataclass(frozen=True, slots=True)
class SupervisionAnswered(Event):
    """The unit's head says what was done about it."""

    kind: ClassVar[str] = "order.supervision_answered"
    supervision: UUID
    order: UUID
    department: str
    words: UUID


@dataclass(frozen=True, slots=True)
class SupervisionJudged(Event):
    """The supervisor is content with the answer, or wants a better one."""

    kind: ClassVar[str] = "order.supervision_judged"
    supervision: UUID
    order: UUID
    department: str
    enough: bool
    words: UUID | None = None


@dataclass(frozen=True, slots=True)
class SupervisionLifted(Event):
    """The demand fell away: issued in error, or the case ended without it."""

    kind: ClassVar[str] = "order.supervision_lifted"
    supervision: UUID
    order: UUID
    department: str
    words: UUID | None = None


@dataclass(frozen=True, slots=True)
class TalkHeld(Event):
    """The unit's head was called in for a talk; what was said is for oversight alone."""

    kind: ClassVar[str] = "order.talk_held"
    audience: ClassVar[Audience] = Audience.OVERSIGHT
    order: UUID
    department: str
    held_at: datetime
    words: UUID
    supervision: UUID | None = None


def _register() -> dict[str, type[Event]]:
    found = [value for value in globals().values() if isinstance(value, type)]
    return {cls.kind: cls for cls in found if issubclass(cls, Event) and cls.kind}


KINDS: Mapping[str, type[Event]] = _register()


def encode(event: Event) -> Json:
    """The event's fields as JSON values; None and defaults are kept, so shapes are stable."""
    return {name: _plain(getattr(event, name)) for name in _names(event.kind)}


@cache
def _names(kind: str) -> tuple[str, ...]:
    return tuple(field.name for field in fields(KINDS[kind]))


def decode(kind: str, facts: Mapping[str, Any]) -> Event:
    """The event of `kind` from its stored facts; KeyError for a kind never written."""
    cls = KINDS[kind]
    readers = _readers(kind)
    return cls(
        **{
            name: value if (read := readers[name]) is None or value is None else read(value)
            for name, value in facts.items()
        }
    )


@cache
def _readers(kind: str) -> dict[str, Callable[[Any], Any] | None]:
    """What makes each field of its JSON value; None where the value is it."""
    return {name: _reader(hint) for name, hint in get_type_hints(KINDS[kind]).items()}


def _plain(value: object) -> Any:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    if hint is datetime:
        return datetime.fromisoformat
    if hint is UUID:
        return UUID
    return tuple if get_origin(hint) is tuple else None
