"""A bad rating is put right: contact, an answer, and a second rating beside the first.

Where the rating sends the case back, the redo's own reply is the answer and its call-back the
second rating; where it does not, the unit answers on the closed case.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from core import timeline
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid
from core.events import (
    CallbackAnswered,
    CorrectionAnswered,
    CorrectionContacted,
    CorrectionOpened,
    CorrectionRated,
    OrderReplied,
)
from core.permissions import Act, Actor, demand, may
from core.states import Status
from core.tables import Entry, Ticket
from intake import callbacks
from intake.closing import WORST_GOOD_GRADE
from intake.merging import parent_of

CHANNELS = ("phone", "sms", "visit")
STORY = tuple(
    event.kind for event in (CorrectionOpened, CorrectionAnswered, CorrectionRated, OrderReplied)
)


@dataclass(frozen=True, slots=True)
class Correction:
    """How far it is: open, or answered and to be rated again; `unit` None is the desk itself."""

    state: str
    unit: str | None
    grade: int


def follow(desk: Desk, ticket: Ticket, entry: Entry, event: CallbackAnswered) -> None:
    """A bad rating opens a correction, owed by whoever handled the case."""
    if event.grade is None or event.grade <= WORST_GOOD_GRADE:
        return
    parent = parent_of(desk.session, ticket)
    unit = ticket.lead or (parent.lead if parent else None)
    timeline.record(desk, ticket, CorrectionOpened(event.grade, unit), cause=entry.id)


def contact(desk: Desk, ticket_id: UUID, *, channel: str, reached: bool) -> None:
    """Whoever has to put it right spoke with the complainant, or tried."""
    if channel not in CHANNELS:
        raise Invalid.one("correction_channel", "unknown", "请选择联系方式")
    ticket, found = _mine(desk, ticket_id)
    timeline.record(desk, ticket, CorrectionContacted(channel, reached, found.unit))


def answer(desk: Desk, ticket_id: UUID, text: str) -> None:
    """What was put right. TransitionRefused while the case is being done again."""
    if not text.strip():
        raise Invalid.one("correction", "required", "请写明整改情况")
    ticket, found = _mine(desk, ticket_id)
    words = timeline.write(desk, ticket, text, field="correction")
    timeline.record(desk, ticket, CorrectionAnswered(words, found.unit))


def rate(
    desk: Desk, ticket_id: UUID, *, solved: bool | None, grade: int | None, comment: str = ""
) -> None:
    """The second rating, once: by the complainant, or through a desk that had no hand in it."""
    if not (may(desk.actor, Act.RATE_OWN) or may(desk.actor, Act.CALL_BACK)):
        raise Forbidden
    if grade is None or not 1 <= grade <= 5:
        raise Invalid.one("grade", "range", "请在五个评价等级中选择一个")
    ticket = timeline.hold(desk, ticket_id)
    if desk.actor.kind == "business" and desk.actor.id != ticket.number:
        raise Forbidden
    if not may(desk.actor, Act.RATE_OWN):
        callbacks.apart(desk, ticket)
    desk.flush()
    found = standing(desk.session, ticket)
    if found is None or found.state != "answered":
        raise Conflict("没有等待再次评价的整改", code="no_correction")
    words = timeline.write(desk, ticket, comment, field="comment") if comment else None
    timeline.record(desk, ticket, CorrectionRated(desk.actor.kind, solved, grade, words))


def may_answer(actor: Actor, found: Correction) -> bool:
    """Whether it is for the actor to put right."""
    if found.unit is None:
        return may(actor, Act.ANSWER)
    return may(actor, Act.REPLY) and actor.department == found.unit


def standing(session: Session, ticket: Ticket) -> Correction | None:
    """The correction that is not over yet."""
    query = select(Entry).where(Entry.ticket_id == ticket.id, col(Entry.kind).in_(STORY))
    story = list(session.exec(query.order_by(col(Entry.number))))
    opened = [entry for entry in story if entry.kind == CorrectionOpened.kind]
    if not opened:
        return None
    since = [entry for entry in story if entry.number > opened[-1].number]
    if any(entry.kind == CorrectionRated.kind or _lead(entry) for entry in since):
        return None
    facts = opened[-1].facts
    return Correction("answered" if since else "open", facts["department"], facts["grade"])


def _lead(entry: Entry) -> bool:
    return entry.kind == OrderReplied.kind and entry.facts["part"] == "lead"


def _mine(desk: Desk, ticket_id: UUID) -> tuple[Ticket, Correction]:
    demand(desk.actor, Act.READ_TICKETS)
    ticket = timeline.hold(desk, ticket_id)
    desk.flush()
    found = standing(desk.session, ticket)
    if found is None or Status(ticket.status) is Status.ARCHIVED:
        raise Conflict("没有待整改的差评", code="no_correction")
    if not may_answer(desk.actor, found):
        raise Forbidden
    if found.state != "open":
        raise Conflict("整改已经答复，等待企业再次评价", code="answered_before")
    return ticket, found
