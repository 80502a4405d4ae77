"""What the ticket's page shows of others on the same matter: parent, children, repeats."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from core.permissions import Act
from core.states import OPEN, TICKET_STEPS, Status
from core.tables import Ticket
from intake import merging
from intake.similar import likeness_of, similar
from web.deps import Asker, House
from web.pages import views


def family(
    session: Session, home: House, asker: Asker, ticket: Ticket, names: dict[str, str], lang: str
) -> dict[str, Any]:
    """The parent, the children and their heads, and who asked the same lately."""
    may = asker.may(Act.ACCEPT)
    joined = merging.children(session, asker.actor, ticket)
    parent = merging.parent_of(session, ticket)
    free = Status(ticket.status) in TICKET_STEPS["ticket.merged"].sources and not joined
    window = timedelta(days=home.settings.repeat_days)
    like = likeness_of(session, ticket)
    now = home.office.now()
    alike = (
        similar(session, asker.actor, like, now=now, window=window, but=ticket.id) if may else ()
    )
    return {
        "parent": parent.number if parent else "",
        "can_part": may
        and parent is not None
        and Status(ticket.status) is Status.MERGED
        and Status(parent.status) in OPEN,
        "children": [views.summary(row, names, lang) for row in joined],
        "heads": merging.heads(session, ticket) if joined else 1,
        "can_merge": may and free,
        "similar": [views.summary(row, names, lang) for row in alike],
    }
