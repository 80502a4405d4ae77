"""A ticket's own words as somebody on the staff reads them: masked, and sealed where it is."""

from dataclasses import dataclass

from core.numbers import masked
from core.people import may_identify, sealed
from core.permissions import Actor
from core.tables import Ticket

HIDDEN = "（保密）"
NAME_LEAST = 4  # a shorter company name stands in too many words


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a ticket."""

    title: str
    content: str
    company: str
    uscc: str


def told(actor: Actor, ticket: Ticket, *, clear: bool = False) -> Told:
    """Numbers masked unless he said why he needs them `clear`; a sealed company never named."""
    if clear:
        company, uscc = ticket.company_name or "", ticket.uscc or ""
        return Told(ticket.title, ticket.content, company, uscc)
    if may_identify(actor, ticket):
        company = masked(ticket.company_name or "")
        return Told(masked(ticket.title), masked(ticket.content), company, ticket.uscc or "")
    return Told(_sealed(ticket, ticket.title), _sealed(ticket, ticket.content), "", "")


def listed_title(ticket: Ticket) -> str:
    """A title in a list, whoever reads it: lists name no company that wants to be sealed."""
    return _sealed(ticket, ticket.title) if sealed(ticket) else masked(ticket.title)


def _sealed(ticket: Ticket, text: str) -> str:
    for name in (ticket.company_name or "", ticket.uscc or ""):
        if len(name) >= NAME_LEAST:
            text = text.replace(name, HIDDEN)
    return masked(text)
