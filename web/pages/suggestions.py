"""What the suggester proposes, as pages show it: categories with their lead, how sure, and why."""

from typing import Any

from sqlmodel import Session

from core.moments import Now
from intake.suggesters import in_use
from routing import current, queries
from routing.rules import Facts, decide
from web import filing, words
from web.pages import views

SHOWN = 3
LEAST = 0.05
ENOUGH = 5


def suggestions(session: Session, now: Now, text: str, language: str) -> dict[str, Any] | None:
    """Up to three categories with lead and share; None while there is too little to read."""
    rules = current.in_force(session, now())
    if rules is None or len("".join(text.split())) < ENOUGH:
        return None
    using = in_use(session)
    found = filing.guessed(session, text)
    names = queries.unit_names(session)
    categories = views.category_names(session, language)
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
    return {
        "lines": lines,
        "words": found.words,
        "sure": filing.sure(found, using, rules),
        "caution": categories.get(found.caution, "") if found.caution else "",
        "urgency": words.word(language, words.URGENCY, found.urgency)
        if found.urgency != "normal"
        else "",
        "model": found.model,
    }
