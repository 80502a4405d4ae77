"""Legal holds: while one stands nothing is taken from its ticket, by wish or by time."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from core import ids, timeline
from core.desk import Desk
from core.errors import Conflict, Invalid, NotFound
from core.numbers import masked
from core.permissions import Act, demand
from core.tables import Ticket
from web.custody import record
from web.custody.tables import LegalHold

REASON_LEAST, REASON_MOST = 4, 300


def place(desk: Desk, number: str, reason: str) -> LegalHold:
    """Keep everything of a ticket until the hold is lifted."""
    demand(desk.actor, Act.GUARD_PRIVACY)
    reason = reason.strip()
    if not REASON_LEAST <= len(reason) <= REASON_MOST:
        raise Invalid.one("reason", "required", "请写明保全的依据（4至300字）")
    ticket = timeline.hold(desk, named(desk.session, number).id)
    if standing(desk.session, ticket.id) is not None:
        raise Conflict("这件诉求已经保全", code="held")
    row = LegalHold(
        id=desk.new_id(), ticket_id=ticket.id, reason=masked(reason), placed_by=desk.actor.tag,
        placed_at=desk.now,
    )  # fmt: skip
    desk.session.add(row)
    desk.session.flush()
    record.append(desk, "hold.placed", {"hold": str(row.id), "ticket": ticket.number})
    return row


def named(session: Session, number: str) -> Ticket:
    """The ticket of a number somebody typed: whoever keeps data keeps all of them."""
    query = select(Ticket).where(Ticket.number == ids.normal_number(number))
    ticket = session.exec(query).first()
    if ticket is None:
        raise Invalid.one("number", "unknown", "没有这个编号的诉求，请核对")
    return ticket


def lift(desk: Desk, hold_id: UUID) -> None:
    """The dispute is over."""
    demand(desk.actor, Act.GUARD_PRIVACY)
    row = desk.session.get(LegalHold, hold_id, with_for_update=True)
    if row is None or row.lifted_at is not None:
        raise NotFound
    row.lifted_by, row.lifted_at = desk.actor.tag, desk.now
    record.append(desk, "hold.lifted", {"hold": str(row.id)})


def standing(session: Session, ticket_id: UUID) -> LegalHold | None:
    """The hold on a ticket, if one stands."""
    return session.exec(
        select(LegalHold).where(
            LegalHold.ticket_id == ticket_id, col(LegalHold.lifted_at).is_(None)
        )
    ).first()


def listing(session: Session) -> Sequence[tuple[LegalHold, str]]:
    """Every hold with its ticket's number, the standing ones first."""
    query = select(LegalHold, Ticket.number).join(Ticket, col(Ticket.id) == LegalHold.ticket_id)
    order = (col(LegalHold.lifted_at).desc().nulls_first(), col(LegalHold.id).desc())
    return session.exec(query.order_by(*order).limit(200)).all()
