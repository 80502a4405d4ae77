"""What each fact calls for being told, and to which hats: one writer per event. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from core.events import (
    ClockBreached,
    ClockMoved,
    ClockWarned,
    CorrectionAnswered,
    CorrectionOpened,
    Event,
    ExtensionAsked,
    ExtensionRefused,
    HoldAsked,
    HoldProlonged,
    HoldRefused,
    InfoAdded,
    InfoRequested,
    OrderCancelled,
    OrderEscalated,
    OrderIssued,
    OrderReminded,
    OrderReplied,
    OrderReturned,
    RedoOrdered,
    ReferralProposed,
    RefusalProposed,
    ReplyApproved,
    ReturnAsked,
    ReturnRefused,
    ReviewAsked,
    ReviewOverturned,
    ReviewUpheld,
    StageReplied,
    SubjectAsked,
    SubjectDecided,
    SupervisionAnswered,
    SupervisionIssued,
    SupervisionJudged,
    SupervisionLifted,
    TicketAccepted,
    TicketAnswered,
    TicketClosed,
    TicketFinalised,
    TicketHeld,
    TicketMerged,
    TicketReceived,
    TicketReferred,
    TicketRejected,
    TicketReopened,
    TicketResumed,
    TicketUnmerged,
    TriageNeeded,
)
from core.permissions import UNIT_ROLES, Role
from notify.addressing import (
    COMPLAINANT,
    DISPATCHERS,
    GUARDS,
    SECOND_PERSONS,
    Case,
    Notice,
    Params,
    Readers,
    as_text,
)

# a promise whose breach is nobody's failure: the complainant was asked and kept silent
UNBLAMED = frozenset({"callback"})


def notices_for(fact: Event, case: Case) -> tuple[Notice, ...]:
    """What is to be told about `fact`, and to which hats."""
    write = WRITERS.get(type(fact))
    return write(fact, case) if write else ()


def _unit(department: str | None, *roles: Role) -> tuple[Readers, ...]:
    return (Readers(frozenset(roles), department),) if department else ()


def _hands(department: str) -> tuple[Readers, ...]:
    return _unit(department, Role.LIAISON, Role.HANDLER)


# --- to the complainant ---------------------------------------------------------------


def _telling(kind: str, *names: str) -> Callable[[Event, Case], tuple[Notice, ...]]:
    """A plain notice to the complainant, with these fields of the fact."""

    def write(fact: Event, _case: Case) -> tuple[Notice, ...]:
        return (Notice(kind, COMPLAINANT, {name: _plain(fact, name) for name in names}),)

    return write


def _plain(fact: Event, name: str) -> str | int | bool | None:
    value = getattr(fact, name)
    return as_text(value) if isinstance(value, datetime) else value


def _accepted(_fact: Event, case: Case) -> tuple[Notice, ...]:
    # accepted in the act of filing, or already with a unit: another letter says so and more
    if case.at == case.received_at or case.lead is not None:
        return ()
    return (Notice("accepted", COMPLAINANT),)


def _info_added(_fact: Event, case: Case) -> tuple[Notice, ...]:
    readers = _hands(case.lead) if case.lead else DISPATCHERS
    return (Notice("info_added", readers),)


def _due_moved(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, ClockMoved)
    shown = fact.metric in {"resolve", "redo"} and fact.before is not None
    if not shown or fact.due in {None, fact.before}:
        return ()
    params: Params = {"due": as_text(fact.due), "before": as_text(fact.before)}
    told = Notice("due_moved", COMPLAINANT, params)
    if fact.ground != "extension" or fact.department is None:
        return (told,)
    granted = params | {"department": fact.department}
    return told, Notice("extension_granted", _unit(fact.department, *UNIT_ROLES), granted)


# --- to the units ---------------------------------------------------------------------


def _order_issued(fact: Event, case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, OrderIssued)
    params: Params = {
        "department": fact.department,
        "part": fact.part,
        "urgency": fact.urgency,
        "binding": fact.binding,
    }
    urgent = fact.urgency != "normal"
    unit = Notice("order_issued", _hands(fact.department), params, urgent)
    if fact.part == "lead" and case.at != case.received_at:
        return (unit, Notice("dispatched", COMPLAINANT, {"lead": fact.department}))
    return (unit,)  # dispatched in the act of filing: the first letter names the lead


def _ruling(kind: str) -> Callable[[Event, Case], tuple[Notice, ...]]:
    """To the hands of the fact's own department."""

    def write(fact: Event, _case: Case) -> tuple[Notice, ...]:
        assert isinstance(fact, OrderReturned | ReturnRefused | OrderCancelled)
        return (Notice(kind, _hands(fact.department), {"department": fact.department}),)

    return write


def _again(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, RedoOrdered | TicketReopened)
    kind = "redo_ordered" if isinstance(fact, RedoOrdered) else "reopened"
    params: Params = {"department": fact.department, "urgency": fact.urgency}
    readers = _unit(fact.department, *UNIT_ROLES)
    return (Notice(kind, readers, params, urgent=fact.urgency != "normal"),)


# --- to those who rule ----------------------------------------------------------------


def _correction_opened(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, CorrectionOpened)
    readers = _unit(fact.department, *UNIT_ROLES) or (Readers(frozenset({Role.OPERATOR})),)
    return (Notice("correction_opened", readers, {"department": fact.department}, urgent=True),)


def _triage_needed(_fact: Event, case: Case) -> tuple[Notice, ...]:
    return (Notice("triage_needed", DISPATCHERS, urgent=case.urgency != "normal"),)


def _return_asked(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, ReturnAsked)
    params: Params = {"department": fact.department, "suggested": fact.suggested}
    return (Notice("return_asked", DISPATCHERS, params),)


def _extension_asked(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, ExtensionAsked)
    params: Params = {"department": fact.department, "days": fact.days}
    return (Notice("extension_asked", SECOND_PERSONS, params),)


def _not_granted(kind: str) -> Callable[[Event, Case], tuple[Notice, ...]]:
    """To everybody of the unit that had asked."""

    def write(fact: Event, _case: Case) -> tuple[Notice, ...]:
        assert isinstance(fact, ExtensionRefused | HoldRefused)
        readers = _unit(fact.department, *UNIT_ROLES)
        return (Notice(kind, readers, {"department": fact.department}),)

    return write


def _to_decide(kind: str) -> Callable[[Event, Case], tuple[Notice, ...]]:
    """To those who decide on what another proposed or asked for."""

    def write(_fact: Event, _case: Case) -> tuple[Notice, ...]:
        return (Notice(kind, SECOND_PERSONS),)

    return write


def _replied(fact: Event, case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, OrderReplied)
    params: Params = {"department": fact.department}
    if fact.part == "lead":
        return (Notice("reply_submitted", DISPATCHERS, params),)
    return (Notice("co_replied", _unit(case.lead, Role.LIAISON, Role.HANDLER), params),)


# --- of holds and supervision ---------------------------------------------------------

OFFICE = (Readers(frozenset({Role.OFFICE})),)
LEADERS = (Readers(frozenset({Role.LEADER})),)


def _hold_asked(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, HoldAsked)
    params: Params = {"department": fact.department, "review_at": as_text(fact.review_at)}
    return (Notice("hold_asked", OFFICE, params),)


def _held(fact: Event, case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, TicketHeld | HoldProlonged)
    params: Params = {"review_at": as_text(fact.review_at)}
    unit = _unit(case.lead, *UNIT_ROLES)
    return Notice("held", COMPLAINANT, params), Notice("hold_granted", unit, params)


def _resumed(_fact: Event, case: Case) -> tuple[Notice, ...]:
    return (Notice("resumed", (*COMPLAINANT, *_unit(case.lead, *UNIT_ROLES))),)


def _reminded(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, OrderReminded)
    params: Params = {"department": fact.department, "due": as_text(fact.due)}
    return (Notice("reminded", _unit(fact.department, *UNIT_ROLES), params, urgent=True),)


def _supervised(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, SupervisionIssued)
    params: Params = {
        "department": fact.department,
        "supervision": fact.level,
        "year": fact.year,
        "serial": fact.serial,
    }
    above = () if fact.level == "red" else LEADERS
    readers = (*_unit(fact.department, *UNIT_ROLES), *OFFICE, *above)
    return (Notice("supervised", readers, params, urgent=True),)


def _supervision_answered(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, SupervisionAnswered)
    return (Notice("supervision_answered", OFFICE, {"department": fact.department}),)


def _supervision_judged(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, SupervisionJudged)
    kind = "supervision_closed" if fact.enough else "supervision_again"
    readers = _unit(fact.department, *UNIT_ROLES)
    return (Notice(kind, readers, {"department": fact.department}, urgent=not fact.enough),)


def _supervision_lifted(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, SupervisionLifted)
    if fact.words is None:  # it ended with its order, or a higher one took its place
        return ()
    readers = _unit(fact.department, *UNIT_ROLES)
    return (Notice("supervision_closed", readers, {"department": fact.department}),)


# --- of promises ----------------------------------------------------------------------


def _promise(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, ClockWarned | ClockBreached | OrderEscalated)
    params: Params = {
        "department": fact.department,
        "metric": fact.metric,
        "level": fact.level,
        "due": as_text(fact.due),
    }
    urgent = not isinstance(fact, ClockWarned)
    kind = fact.kind.replace("clock.", "clock_").replace("order.", "")
    return (Notice(kind, _told(fact), params, urgent),)


def _told(fact: ClockWarned | ClockBreached | OrderEscalated) -> tuple[Readers, ...]:
    """The ladder's own choice of hats; where it names none, who would be asked first."""
    roles = frozenset(Role(role) for role in fact.tell) or _first_asked(fact)
    unit = _unit(fact.department, *(roles & UNIT_ROLES))
    return (*unit, Readers(roles - UNIT_ROLES))


def _first_asked(fact: ClockWarned | ClockBreached | OrderEscalated) -> frozenset[Role]:
    if fact.metric in UNBLAMED:
        return frozenset()
    if isinstance(fact, ClockWarned):
        return frozenset({Role.HANDLER, Role.LIAISON})
    return frozenset({Role.HEAD, Role.OFFICE})


def _subject_asked(fact: Event, _case: Case) -> tuple[Notice, ...]:
    assert isinstance(fact, SubjectAsked)
    return (Notice("subject_asked", GUARDS, {"wish": fact.wish}),)


def _subject_decided(fact: Event, case: Case) -> tuple[Notice, ...]:
    """To who asked; and where something is changed, to those who work with what it was."""
    assert isinstance(fact, SubjectDecided)
    told = Notice("subject_decided", COMPLAINANT, {"wish": fact.wish, "granted": fact.granted})
    if not fact.granted or fact.wish == "access" or case.lead is None:
        return (told,)
    return told, Notice("subject_changed", _hands(case.lead), {"wish": fact.wish})


WRITERS: Mapping[type[Event], Callable[[Event, Case], tuple[Notice, ...]]] = {
    TicketReceived: _telling("received"),
    InfoRequested: _telling("info_requested"),
    InfoAdded: _info_added,
    TicketAccepted: _accepted,
    RefusalProposed: _to_decide("refusal_proposed"),
    TicketRejected: _telling("rejected"),
    ReviewAsked: _to_decide("review_asked"),
    ReviewUpheld: _telling("review_upheld"),
    ReviewOverturned: _telling("review_overturned"),
    ReferralProposed: _to_decide("referral_proposed"),
    TicketReferred: _telling("referred", "target"),
    TicketAnswered: _telling("answered"),
    TicketMerged: _telling("merged"),
    TicketUnmerged: _telling("unmerged"),
    TriageNeeded: _triage_needed,
    HoldAsked: _hold_asked,
    HoldRefused: _not_granted("hold_refused"),
    TicketHeld: _held,
    HoldProlonged: _held,
    TicketResumed: _resumed,
    ReplyApproved: _telling("reply"),
    RedoOrdered: _again,
    CorrectionOpened: _correction_opened,
    CorrectionAnswered: _telling("correction_answered"),
    TicketClosed: _telling("closed", "result"),
    TicketReopened: _again,
    TicketFinalised: _telling("final_reply"),
    OrderIssued: _order_issued,
    ReturnAsked: _return_asked,
    OrderReturned: _ruling("return_upheld"),
    ReturnRefused: _ruling("return_refused"),
    OrderCancelled: _ruling("order_cancelled"),
    OrderReplied: _replied,
    StageReplied: _telling("stage_reply"),
    ClockWarned: _promise,
    ClockBreached: _promise,
    OrderEscalated: _promise,
    ClockMoved: _due_moved,
    ExtensionAsked: _extension_asked,
    ExtensionRefused: _not_granted("extension_refused"),
    OrderReminded: _reminded,
    SupervisionIssued: _supervised,
    SupervisionAnswered: _supervision_answered,
    SupervisionJudged: _supervision_judged,
    SupervisionLifted: _supervision_lifted,
    SubjectAsked: _subject_asked,
    SubjectDecided: _subject_decided,
}
# the kinds of entry that may call for letters at all
FOLLOWED = frozenset(cls.kind for cls in WRITERS)
