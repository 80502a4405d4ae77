"""Companies that have filed before, by part of the name or by credit code."""

from sqlmodel import Session, col, select

from core.people import told_apart, visible
from core.permissions import Actor
from core.tables import Ticket
from intake.grams import grams
from intake.identity import check_uscc
from intake.tables import TicketText

# tickets that are read for the names on them
READ = 60
SHOWN = 6
LEAST = 2


def companies(session: Session, actor: Actor, name: str, code: str) -> list[tuple[str, str]]:
    """Names with their codes (or ""), those of the newest requests first."""
    checked = check_uscc(code[:40]) if code.strip() else None
    query = select(Ticket.company_name, Ticket.uscc).where(
        visible(actor), told_apart(actor), col(Ticket.company_name).is_not(None)
    )
    if checked is not None and checked.normal is not None:
        query = query.where(col(Ticket.uscc) == checked.normal)
    elif len(name.strip()) >= LEAST and (pairs := grams(name)):
        holds = select(TicketText.ticket_id).where(col(TicketText.grams).contains(pairs))
        query = query.where(
            col(Ticket.id).in_(holds), col(Ticket.company_name).contains(name, autoescape=True)
        )
    else:
        return []
    found: dict[str, str] = {}
    for known, uscc in session.exec(query.order_by(col(Ticket.id).desc()).limit(READ)):
        # the newest request that bore a code says which it is
        found[known or ""] = found.get(known or "") or uscc or ""
    return list(found.items())[:SHOWN]
