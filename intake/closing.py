"""The use cases of ending a request: the complainant's answers, reopening."""

from datetime import timedelta
from uuid import UUID

from core import timeline
from core.desk import Desk
from core.errors import Forbidden, Invalid, TransitionRefused
from core.events import CallbackAnswered, TicketReopened
from core.permissions import Act, Role, may
from core.states import Status
from core.tables import Ticket
from intake import callbacks

# after this many automatic redos the matter is a supervisor's, not another round's
AUTOMATIC_REDOS = 2
REOPEN_WINDOW = timedelta(days=15)
WORST_GOOD_GRADE = 3


def verdict(*, solved: bool | None, grade: int | None, redos: int, answered: bool) -> str:
    """Close or redo: an unsolved matter or a bad rating goes back, but not for ever."""
    bad = solved is False or (grade is not None and grade > WORST_GOOD_GRADE)
    return "redo" if bad and redos < AUTOMATIC_REDOS and not answered else "close"


def answer_callback(
    desk: Desk,
    ticket_id: UUID,
    *,
    contacted: bool | None,
    solved: bool | None,
    grade: int | None,
    comment: str = "",
) -> None:
    """The complainant's three answers, by himself or through the call-back desk, never a handler.

    Invalid when nothing at all is answered, or the grade is not 1 (best) to 5.
    """
    if not (may(desk.actor, Act.RATE_OWN) or may(desk.actor, Act.CALL_BACK)):
        raise Forbidden
    if solved is None and grade is None:
        raise Invalid.one("solved", "required", "请选择问题是否解决")
    if grade is not None and not 1 <= grade <= 5:
        raise Invalid.one("grade", "range", "请在五个评价等级中选择一个")
    ticket = timeline.hold(desk, ticket_id)
    _own(desk, ticket)
    if not may(desk.actor, Act.RATE_OWN):
        callbacks.apart(desk, ticket)
    # a joined ticket has no order of its own that could be done again
    answered = Status(ticket.status) is Status.ANSWERED or ticket.parent is not None
    timeline.record(
        desk,
        ticket,
        CallbackAnswered(
            by=desk.actor.kind,
            contacted=contacted,
            solved=solved,
            grade=grade,
            comment=timeline.write(desk, ticket, comment) if comment else None,
            verdict=verdict(solved=solved, grade=grade, redos=ticket.redos, answered=answered),
        ),
    )


def reopen(desk: Desk, ticket_id: UUID, *, order: UUID, department: str, reason: str) -> None:
    """Open a closed ticket again, inside the window, on its lead order."""
    if not (may(desk.actor, Act.RATE_OWN) or may(desk.actor, Act.RULE_ON_RETURN)):
        raise Forbidden
    if not reason.strip():
        raise Invalid.one("reason", "required", "请说明重新办理的理由")
    ticket = timeline.hold(desk, ticket_id)
    _own(desk, ticket)
    if ticket.closed_at is None or desk.now > ticket.closed_at + REOPEN_WINDOW:
        raise TransitionRefused("已超过办结后15日的重新办理期限", code="window_passed")
    timeline.write(desk, ticket, reason)
    timeline.record(desk, ticket, TicketReopened(order, department, "complainant", ticket.urgency))


def _own(desk: Desk, ticket: Ticket) -> None:
    if Role.BUSINESS in desk.actor.roles and desk.actor.id != ticket.number:
        raise Forbidden
