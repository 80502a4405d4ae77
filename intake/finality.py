"""The final reply: the office ends a case for good, on a coded ground and in its own words."""

from uuid import UUID

from core import timeline
from core.desk import Desk
from core.errors import Forbidden, Invalid
from core.events import OrderReplied, TicketFinalised
from core.permissions import Act, demand
from core.tables import Ticket

GROUNDS = ("settled", "unreasonable", "decided", "uncooperative", "excluded")


def finalise(desk: Desk, ticket_id: UUID, *, ground: str, text: str) -> None:
    """Give the final reply: nothing is called back, and the complainant may ask for a review.

    Invalid for an unknown ground or without words; Forbidden to whoever answered for the unit.
    """
    demand(desk.actor, Act.FINALISE)
    if ground not in GROUNDS:
        raise Invalid.one("final_ground", "unknown", "请选择终结的依据")
    if not text.strip():
        raise Invalid.one("final_text", "required", "请写明最终答复的内容")
    ticket = timeline.hold(desk, ticket_id)
    _apart(desk, ticket)
    words = timeline.write(desk, ticket, text, field="final_text")
    timeline.record(desk, ticket, TicketFinalised(words, ground))


def _apart(desk: Desk, ticket: Ticket) -> None:
    replied = timeline.last(desk, ticket, OrderReplied.kind)
    if replied is not None and replied.actor == desk.actor.tag:
        raise Forbidden("最终答复须由没有承办此件的人员作出", code="handled_it")
