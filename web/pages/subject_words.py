"""A person's request about his own data, in words."""

from typing import Any

from sqlmodel import Session

from core.i18n import N_, translate
from routing import queries as routing_queries
from web import words
from web.custody.tables import SubjectRequest

STATES = {
    "open": (N_("待处理"), "yellow", "hourglass"),
    "granted": (N_("已同意，正在办理"), "blue", "hourglass"),
    "refused": (N_("未同意"), "red", "x"),
    "done": (N_("已办理"), "green", "check"),
}
VIA = {"web": N_("网上提交"), "paper": N_("书面提交")}


def request_words(session: Session, row: SubjectRequest, language: str) -> dict[str, Any]:
    """As its owner and the privacy officer read it; who decided is nobody's name."""
    word, tone, icon = STATES[_shown(row)]
    answer = routing_queries.words(session, row.answer) if row.answer else None
    return {
        "id": row.id,
        "kind": row.kind,
        "kind_word": words.word(language, words.WISH, row.kind),
        "via": words.word(language, VIA, row.via),
        "state": row.state,
        "word": translate(language, word),
        "tone": tone,
        "icon": icon,
        "asked_at": row.asked_at,
        "due_at": row.due_at,
        "decided_at": row.decided_at,
        "done_at": row.done_at,
        "ground": words.word(language, words.WISH_GROUND, row.ground),
        "answer": answer.body if answer else "",
    }


def _shown(row: SubjectRequest) -> str:
    # a granted copy needs nothing more to be done: it lies on its owner's page
    return "done" if row.kind == "access" and row.state == "granted" else row.state
