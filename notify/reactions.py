"""What telling people does when facts happen: promise to plan their letters, nothing more."""

from core.desk import Desk
from core.outbox import post
from core.tables import Entry, Ticket
from notify.notices import FOLLOWED
from notify.service import PATIENCE
from notify.tables import Unplanned


def follow(desk: Desk, _ticket: Ticket, entry: Entry) -> None:
    """React to one entry, inside its transaction: letters are planned after the commit."""
    if entry.kind not in FOLLOWED:
        return
    desk.put(Unplanned, entry_id=entry.id, look_at=desk.now + PATIENCE)
    post(desk, "notify.plan", entry=str(entry.id))
