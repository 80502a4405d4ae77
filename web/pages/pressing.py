"""Holds, supervision orders and talks of a ticket, in words, and what may be done about them."""

from typing import Any
from uuid import UUID

from sqlmodel import Session

from core.numbers import masked
from core.permissions import Act
from core.states import OrderStatus, Status
from core.tables import Ticket
from routing import queries as routing_queries
from sla import holds, supervision
from sla.tables import HoldRow, SupervisionRow
from web import words
from web.deps import Asker
from web.masking import listed_title

OWING = frozenset({OrderStatus.PENDING_SIGN, OrderStatus.HANDLING})


def pressing(
    session: Session,
    asker: Asker,
    ticket: Ticket,
    orders: Any,
    names: dict[str, str],
    language: str,
) -> dict[str, Any]:
    """Holds, demands and talks of a ticket, and what this reader may do about them."""
    stands = {row.order_id for row in supervision.standing(session, ticket.id)}
    owing = [(row.id, names.get(row.department, "")) for row in orders if row.status in OWING]
    parked = Status(ticket.status) is Status.ON_HOLD
    lead = next((r for r in orders if r.part == "lead" and r.department == ticket.lead), None)
    mine = lead is not None and lead.department == asker.actor.department
    rows = holds.of_ticket(session, ticket.id)
    asked = any(row.state == "asked" for row in rows)
    handled = Status(ticket.status) is Status.IN_HANDLING
    return {
        "holds": [_hold(session, row, asker, names, language) for row in rows],
        "grounds": [
            (code, words.word(language, words.HOLD_GROUND, code)) for code in holds.GROUNDS
        ],
        "ask_hold": lead.id
        if lead and mine and handled and not asked and asker.may(Act.ASK_HOLD)
        else None,
        "can_resume": parked and (asker.may(Act.GRANT_HOLD) or (mine and asker.may(Act.ASK_HOLD))),
        "can_prolong": parked and asker.may(Act.GRANT_HOLD),
        "demands": _demands(session, ticket, asker, names, language),
        "supervise": [pair for pair in owing if pair[0] not in stands]
        if asker.may(Act.SUPERVISE)
        else [],
        "talk": owing if asker.may(Act.SUPERVISE) else [],
        "levels": [(c, words.word(language, words.SUPERVISION, c)) for c in words.SUPERVISION],
        "causes": [
            (code, words.word(language, words.SUPERVISION_GROUND, code))
            for code in words.SUPERVISION_GROUND
            if code != "ladder"
        ],
        "talks": _talks(session, ticket, names) if asker.may(Act.SUPERVISE) else [],
    }


def _hold(
    session: Session, row: HoldRow, asker: Asker, names: dict[str, str], language: str
) -> dict[str, Any]:
    return {
        "id": row.id,
        "order": row.order_id,
        "unit": names.get(row.department, row.department),
        "ground": words.word(language, words.HOLD_GROUND, row.ground),
        "review_at": row.review_at,
        "state": row.state,
        "asked_at": row.asked_at,
        "ended_at": row.ended_at,
        "reason": _body(session, row.words),
        "answer": _body(session, row.answer),
        "can_decide": row.state == "asked"
        and row.asked_by != asker.actor.tag
        and asker.may(Act.GRANT_HOLD),
    }


def _demands(
    session: Session, ticket: Ticket, asker: Asker, names: dict[str, str], language: str
) -> list[dict[str, Any]]:
    return [
        demand_words(row, ticket, names, language, session)
        | {
            "can_answer": row.state == "open"
            and row.department == asker.actor.department
            and asker.may(Act.ANSWER_SUPERVISION),
            "can_judge": row.state == "answered" and asker.may(Act.SUPERVISE),
            "can_press": row.state in supervision.STANDING and asker.may(Act.SUPERVISE),
        }
        for row in supervision.of_ticket(session, ticket.id)
    ]


def demand_words(
    row: SupervisionRow,
    ticket: Ticket,
    names: dict[str, str],
    language: str,
    session: Session | None = None,
) -> dict[str, Any]:
    """A supervision order in words; with a session also what was demanded and answered."""
    return {
        "id": row.id,
        "order": row.order_id,
        "href": f"/supervision/{row.id}",
        "ticket_href": f"/tickets/{ticket.number}",
        "ticket_number": ticket.number,
        "title": listed_title(ticket),
        "number": words.supervision_number(language, row.year, row.serial),
        "level": row.level,
        "level_word": words.word(language, words.SUPERVISION, row.level),
        "ground": words.word(language, words.SUPERVISION_GROUND, row.ground),
        "unit": names.get(row.department, row.department),
        "state": row.state,
        "state_word": words.word(language, words.SUPERVISION_STATE, row.state),
        "issued_at": row.issued_at,
        "due_at": row.due_at,
        "answered_at": row.answered_at,
        "closed_at": row.closed_at,
        "rounds": row.rounds,
        "demanded": _body(session, row.words) if session else "",
        "answer": _body(session, row.answer) if session else "",
    }


def _talks(session: Session, ticket: Ticket, names: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "unit": names.get(row.department, row.department),
            "held_at": row.held_at,
            "notes": _body(session, row.words),
        }
        for row in supervision.talks(session, ticket.id)
    ]


def _body(session: Session, words_id: UUID | None) -> str:
    kept = routing_queries.words(session, words_id)
    return masked(kept.body) if kept else ""
