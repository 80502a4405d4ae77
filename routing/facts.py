"""What the rules may look at of a ticket."""

from datetime import date
from typing import Protocol

from routing.rules import Facts


class Asked(Protocol):
    """A ticket, or a line of one read in bulk."""

    @property
    def category(self) -> str | None: ...
    @property
    def request(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def place(self) -> str | None: ...
    @property
    def channel(self) -> str: ...
    @property
    def respondent(self) -> str | None: ...
    @property
    def urgency(self) -> str: ...
    @property
    def caution(self) -> str | None: ...


def facts_on(ticket: Asked, day: date) -> Facts:
    """The facts of a ticket that is routed on a day."""
    return Facts(
        category=ticket.category or "",
        kind=ticket.request,
        text=f"{ticket.title}\n{ticket.content}",
        place=ticket.place or "",
        channel=ticket.channel,
        respondent=ticket.respondent or "",
        day=day,
        urgency=ticket.urgency,
        caution=ticket.caution or "",
    )
