"""What the suggester proposes, as pages show it: categories with their lead, how sure, and why."""

from typing import Any
from uuid import UUID

from sqlmodel import Session

from core.moments import Now
from core.permissions import Actor
from intake import queries as intake_queries
from intake.suggest.guess import Guess
from intake.suggest.likeness import alike
from intake.suggesters import in_use
from routing import current, queries
from routing.rules import Facts, decide
from web import filing, words
from web.masking import listed_title
from web.pages import views

SHOWN = 3
LEAST = 0.05
ENOUGH = 5
LIKE = 2


def suggestions(
    session: Session,
    now: Now,
    text: str,
    language: str,
    *,
    actor: Actor,
    but: UUID | None = None,
) -> dict[str, Any] | None:
    """Up to three categories with lead and share, and earlier cases like it that the actor may
    read (`but` is the case itself); None while there is too little to read.
    """
    rules = current.in_force(session, now())
    if rules is None or len("".join(text.split())) < ENOUGH:
        return None
    using = in_use(session)
    found = filing.guessed(session, text)
    names = queries.unit_names(session)
    categories = views.category_names(session, language)
    lines = _lines(found, rules, names, categories)
    return {
        "lines": lines,
        "words": found.words,
        "earlier": _earlier(session, actor, text, lines[0]["category"], names, but),
        "sure": filing.sure(found, using, rules),
        "caution": categories.get(found.caution, "") if found.caution else "",
        "urgency": words.word(language, words.URGENCY, found.urgency)
        if found.urgency != "normal"
        else "",
        "model": found.model,
    }


def _lines(
    found: Guess, rules: current.InForce, names: dict[str, str], categories: dict[str, str]
) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for code, share in found.ranked[:SHOWN]:
        if share < LEAST and lines:
            break
        decision = decide(Facts(code), rules.book, rules.register)
        lines.append(
            {
                "category": code,
                "name": categories.get(code, code),
                "percent": round(100 * share),
                "lead": decision.lead or "",
                "lead_name": names.get(decision.lead or "", ""),
                "task": decision.task,
            }
        )
    return lines


def _earlier(
    session: Session,
    actor: Actor,
    text: str,
    category: str,
    names: dict[str, str],
    but: UUID | None,
) -> list[dict[str, Any]]:
    """Dispatched cases of the likeliest category whose words are nearest."""
    rows = {row.id: row for row in intake_queries.recent_of(session, actor, category, but=but)}
    texts = ((row.id, f"{row.title}\n{row.content}") for row in rows.values())
    return [
        {
            "number": rows[key].number,
            "title": listed_title(rows[key]),
            "lead_name": names.get(rows[key].lead or "", ""),
            "percent": round(100 * share),
        }
        for key, share in alike(text, texts, LIKE)
    ]
