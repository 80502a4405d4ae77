"""A work order on its ticket's page, in words, and what its reader may do with it."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from core.numbers import masked
from core.permissions import Act
from core.states import OrderStatus
from routing import queries as routing_queries
from web import words
from web.deps import Asker


def order_words(
    session: Session,
    row: Any,
    names: dict[str, str],
    language: str,
    asker: Asker,
    *,
    parked: bool,
) -> dict[str, Any]:
    """An order in words, and what this reader may do with it; nothing moves while `parked`."""
    mine = asker.actor.department == row.department
    open_ = row.status in {OrderStatus.PENDING_SIGN, OrderStatus.HANDLING}
    return {
        "id": row.id,
        "unit": names.get(row.department, row.department),
        "part": words.word(language, words.PART, row.part),
        "status": row.status,
        "status_word": words.word(language, words.ORDER_STATUS, row.status),
        "due_at": row.due_at,
        "late": row.breached_at is not None and open_,
        "hand": names.get(row.desk or "", "") or _hand(session, row),
        "claim": words.word(language, words.CLAIM, row.claim),
        "binding": row.binding,
        **_acts(row, asker, mine=mine, parked=parked),
    }


def _acts(row: Any, asker: Asker, *, mine: bool, parked: bool) -> dict[str, bool]:
    handling = mine and row.status == OrderStatus.HANDLING
    unsigned = mine and row.status == OrderStatus.PENDING_SIGN
    lead = row.part == "lead"
    return {
        "can_sign": unsigned and asker.may(Act.SIGN),
        "can_return": unsigned and not row.binding and asker.may(Act.ASK_RETURN),
        "can_extend": lead
        and (handling or unsigned)
        and not parked
        and asker.may(Act.ASK_EXTENSION),
        "can_reply": handling and not parked and asker.may(Act.REPLY),
        "can_tell": handling and lead and asker.may(Act.REPLY),
        "can_rule": row.status == OrderStatus.RETURN_REVIEW and asker.may(Act.RULE_ON_RETURN),
    }


def _hand(session: Session, row: Any) -> str:
    """The colleague who handles it."""
    return routing_queries.staff_name(session, str(row.handler)) or "" if row.handler else ""


def reply_words(
    session: Session, rows: Any, names: dict[str, str], *, clear: bool = False
) -> list[dict[str, Any]]:
    """What the units replied, order by order."""
    shown: Callable[[str], str] = str if clear else masked
    found_ = [(row, routing_queries.words(session, row.reply)) for row in rows]
    return [
        {
            "unit": names.get(row.department, row.department),
            "body": shown(text.body),
            "internal": shown(text.internal or ""),
        }
        for row, text in found_
        if text is not None
    ]
