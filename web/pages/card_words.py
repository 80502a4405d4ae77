"""Knowledge cards in words: in lists, on their page, and beside what somebody is typing."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlmodel import Session

from core.errors import Invalid
from core.i18n import SOURCE
from core.moments import local_day
from intake import cards, knowledge
from intake.tables import CardRow
from routing import queries as routing_queries
from web import words
from web.deps import House

# figures that a whole number of the database holds
LONGEST = 10


def card_words(
    row: CardRow, names: Mapping[str, str], today: date, language: str
) -> dict[str, Any]:
    """A card as pages show it."""
    return {
        "number": row.number,
        "version": row.version,
        "href": f"/knowledge/{row.number}",
        "state": row.state,
        "state_word": words.word(language, words.CARD_STATE, row.state),
        "owner": row.owner,
        "owner_name": names.get(row.owner, row.owner),
        "review_on": row.review_on,
        "stale": cards.stale(row.review_on, today),
        "question": row.question,
        "answer": row.answer,
        "category": row.category,
        "keywords": row.keywords,
        "source_word": words.word(language, words.CARD_SOURCE, row.source),
        "basis": row.basis,
        "public": row.public,
        "remark": row.remark or "",
        "made_at": row.made_at,
        "decided_at": row.decided_at,
    }


def fitting(session: Session, home: House, text: str, category: str) -> list[dict[str, Any]]:
    """The cards most like a text, each with the key it is chosen by."""
    today, names = local_day(home.office.now()), routing_queries.unit_names(session)
    return [
        card_words(row, names, today, SOURCE) | {"key": f"{row.number}.{row.version}"}
        for row in knowledge.fitting(session, text, category)
    ]


def chosen_card(key: str) -> tuple[int, int] | None:
    """Number and version of the card chosen; None when none was. Invalid for nonsense."""
    number, _, version = key.partition(".")
    if not key:
        return None
    for part in (number, version):
        if not (part.isascii() and part.isdigit() and len(part) < LONGEST):
            raise Invalid.one("card", "unknown", "没有这张知识卡片")
    return int(number), int(version)
