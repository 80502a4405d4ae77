"""What a ticket's page shows of the hands on it, and which of them this person may move."""

from typing import Any

from sqlmodel import Session

from core.numbers import masked
from core.people import departments
from core.permissions import Act
from core.states import ORDER_OPEN, OrderStatus
from core.tables import Ticket
from routing import cooperation, queries
from routing.tables import PartnerRequest, WorkOrder
from sla import extensions
from web.deps import Asker, House

GOING = frozenset({OrderStatus.PENDING_SIGN, OrderStatus.HANDLING})


def teamwork(
    session: Session,
    home: House,
    asker: Asker,
    ticket: Ticket,
    rows: Any,
    names: dict[str, str],
) -> dict[str, Any]:
    """Choices for the forms; an empty list hides its form."""
    units = departments(session)
    lead = next((row for row in rows if row.part == "lead" and row.status in ORDER_OPEN), None)
    own = [row for row in rows if row.department == asker.actor.department]
    going = lead is not None and lead.status in GOING
    dispatcher = asker.may(Act.DISPATCH)
    mine = [row for row in own if row.status in GOING and asker.may(Act.ASSIGN)]
    asks = (
        lead is not None
        and lead.status == OrderStatus.HANDLING
        and (dispatcher or (lead in own and asker.may(Act.REPLY)))
    )
    return {
        "lead": lead.id if lead is not None else None,
        "call_in": _callable(session, units, lead, rows, dispatcher=dispatcher, head=lead in mine)
        if going
        else [],
        "reassign": dispatcher and lead is not None and lead.status in GOING,
        "call_off": [
            {"id": row.id, "unit": names.get(row.department, row.department)}
            for row in rows
            if dispatcher and row.part == "co" and row.status in ORDER_OPEN
        ],
        "hands": queries.hands(session, asker.actor.department or "") if mine else [],
        "mine": mine[0].id if mine else None,
        "outside": [(u.code, u.name) for u in units if u.kind == "outside"] if asks else [],
        "partners": [
            asked(session, row, names) | {"link": _address(home, row) if asks else ""}
            for row in queries.partner_requests(session, ticket.id)
        ],
    }


def _address(home: House, row: PartnerRequest) -> str:
    base = home.settings.public_url.rstrip("/")
    return f"{base}/partner/{cooperation.link(home.keys, row.id)}"


def _callable(
    session: Session,
    units: Any,
    lead: WorkOrder | None,
    rows: Any,
    *,
    dispatcher: bool,
    head: bool,
) -> list[tuple[str, str]]:
    """Units that may still be called in by this person."""
    busy = {row.department for row in rows if row.status in ORDER_OPEN}
    planned = cooperation.supports(session, lead) if lead is not None and head else frozenset()
    return [
        (unit.code, unit.name)
        for unit in units
        if unit.kind != "outside" and unit.code not in busy and (dispatcher or unit.code in planned)
    ]


def asked(session: Session, row: PartnerRequest, names: dict[str, str]) -> dict[str, Any]:
    """What a body outside was asked, and what it said."""
    question = queries.words(session, row.question)
    answer = queries.words(session, row.answer)
    return {
        "partner": names.get(row.partner, row.partner),
        "question": masked(question.body) if question else "",
        "answer": masked(answer.body) if answer else "",
        "asked_at": row.asked_at,
        "answered_at": row.answered_at,
        "expires_at": row.expires_at,
    }


def extension_lines(
    session: Session, ticket: Ticket, names: dict[str, str], asker: Asker
) -> list[dict[str, Any]]:
    """Every extension asked for on the ticket, and whether the reader may answer it."""
    rows = extensions.of_ticket(session, ticket.id)
    return [
        {
            "id": row.id,
            "order": row.order_id,
            "unit": names.get(row.department, row.department),
            "days": row.days,
            "state": row.state,
            "asked_at": row.asked_at,
            "reason": _body(session, row.words),
            "answer": _body(session, row.answer),
            "can_decide": row.state == "asked"
            and row.asked_by != asker.actor.tag
            and asker.may(
                Act.GRANT_EXTENSION if row.days <= extensions.SHORT else Act.GRANT_LONG_EXTENSION
            ),
        }
        for row in rows
    ]


def _body(session: Session, words_id: Any) -> str:
    found = queries.words(session, words_id)
    return masked(found.body) if found else ""
