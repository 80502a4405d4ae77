"""One matter, many complainants: merging into a parent case, undoing it, children's own replies."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from core import timeline
from core.desk import Desk, Office
from core.errors import Conflict, Invalid
from core.events import ReplyApproved, TicketAnswered, TicketFinalised, TicketMerged, TicketUnmerged
from core.people import visible
from core.permissions import ACCUSING, SYSTEM, Act, Actor, demand
from core.states import OPEN, Status
from core.tables import Contact, Entry, Ticket, Words

# the parent has said what there is to say, or ended without saying it
SPOKEN = frozenset(Status) - OPEN - {Status.NEW} | {Status.CALLBACK, Status.ANSWERED}
REPLIES = (ReplyApproved.kind, TicketAnswered.kind, TicketFinalised.kind)
BATCH = 200


def merge(desk: Desk, ticket_id: UUID, into: UUID) -> None:
    """Join a ticket to an open one on the same matter.

    Invalid for itself; Conflict where the parent has ended, the ticket has children of its own,
    or the unit it complains of would be told through the parent.
    """
    demand(desk.actor, Act.ACCEPT)
    if ticket_id == into:
        raise Invalid.one("into", "same", "不能并入自己")
    held = {key: timeline.hold(desk, key) for key in sorted((ticket_id, into))}
    ticket, parent = held[ticket_id], held[into]
    if Status(parent.status) not in OPEN:
        raise Conflict("只能并入正在办理的诉求件", code="parent_ended")
    if _children(desk.session, parent=ticket.number):
        raise Conflict("此件已有其他诉求件并入，不能再并入别的件", code="has_children")
    if ticket.request in ACCUSING and ticket.respondent in parent.units:
        raise Conflict("不能把诉求派给被反映的单位", code="respondent_is_handler")
    timeline.record(desk, ticket, TicketMerged(parent.number, "same_matter"))


def unmerge(desk: Desk, ticket_id: UUID) -> None:
    """Undo a merge while the parent is open: the ticket goes its own way again."""
    demand(desk.actor, Act.ACCEPT)
    ticket = timeline.hold(desk, ticket_id)
    parent = parent_of(desk.session, ticket)
    if parent is None or Status(parent.status) not in OPEN:
        raise Conflict("主件已经办结，不能再撤销并单", code="parent_ended")
    timeline.record(desk, ticket, TicketUnmerged(parent.number, "person"))


def parent_of(session: Session, ticket: Ticket) -> Ticket | None:
    """The ticket this one was joined to, if any."""
    if ticket.parent is None:
        return None
    return session.exec(select(Ticket).where(Ticket.number == ticket.parent)).first()


def children(session: Session, actor: Actor, ticket: Ticket) -> Sequence[Ticket]:
    """The tickets joined to this one that the actor may see, in order of filing."""
    query = select(Ticket).where(Ticket.parent == ticket.number, visible(actor))
    return session.exec(query.order_by(col(Ticket.id))).all()


def heads(session: Session, ticket: Ticket) -> int:
    """How many different complainants a parent case has: by company, else by telephone."""
    rows = session.exec(
        select(Ticket.id, Ticket.uscc, Contact.phone_index)
        .join(Contact, col(Contact.ticket_id) == Ticket.id, isouter=True)
        .where((Ticket.parent == ticket.number) | (Ticket.id == ticket.id))
    )
    return len({uscc or phone or key for key, uscc, phone in rows})


def settle(office: Office) -> int:
    """Give every child what its parent came to: the reply as its own, or its own way again.

    Found by state, so nothing is lost with a message; a second run finds nothing. How many.
    """
    with Session(office.engine) as session:
        waiting = _spoken_for(session)
    return sum(_settle(office, child) for child in waiting)


def _spoken_for(session: Session) -> Sequence[UUID]:
    parents = select(Ticket.number).where(col(Ticket.status).in_(SPOKEN))
    query = (
        select(Ticket.id)
        .where(Ticket.status == Status.MERGED, col(Ticket.parent).in_(parents))
        .order_by(col(Ticket.id))
        .limit(BATCH)
    )
    return session.exec(query).all()


def _settle(office: Office, child: UUID) -> bool:
    with office.desk(SYSTEM) as desk:
        ticket = timeline.hold(desk, child)
        parent = parent_of(desk.session, ticket)
        if parent is None or ticket.status != Status.MERGED or parent.status not in SPOKEN:
            return False
        said = _said(desk, parent)
        if said is None:
            timeline.record(desk, ticket, TicketUnmerged(parent.number, "parent_ended"))
        else:
            _reply(desk, ticket, timeline.fact(said))
    return True


def _said(desk: Desk, parent: Ticket) -> Entry | None:
    found = [timeline.last(desk, parent, kind) for kind in REPLIES]
    return max((entry for entry in found if entry), key=lambda entry: entry.number, default=None)


def _reply(desk: Desk, ticket: Ticket, said: object) -> None:
    """The same words, kept as the child's own: each is erased with its own request."""
    if isinstance(said, ReplyApproved):
        body = desk.session.get_one(Words, said.reply).body
        own = timeline.write(desk, ticket, body)
        timeline.record(desk, ticket, ReplyApproved(said.order, own))
    elif isinstance(said, TicketAnswered):
        body = desk.session.get_one(Words, said.text).body
        timeline.record(desk, ticket, TicketAnswered(timeline.write(desk, ticket, body)))
    elif isinstance(said, TicketFinalised):
        body = desk.session.get_one(Words, said.reply).body
        own = timeline.write(desk, ticket, body)
        timeline.record(desk, ticket, TicketFinalised(own, said.ground))


def _children(session: Session, *, parent: str) -> bool:
    query = select(Ticket.id).where(Ticket.parent == parent).limit(1)
    return session.exec(query).first() is not None
