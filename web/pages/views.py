"""What several pages show: a ticket in words, its timeline, the tree of categories."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from core.events import HoldProlonged, ReplyApproved, TicketFinalised, TicketHeld
from core.i18n import duration, translate, working
from core.numbers import masked
from core.people import sealed
from core.states import OPEN, OrderStatus, Status, public_step
from core.tables import Entry, Ticket
from intake import queries as intake_queries
from intake.merging import parent_of
from routing import queries as routing_queries
from sla.bulletins import Line, plain
from sla.figures import Figure
from sla.queries import Left
from web import words
from web.masking import listed_title
from web.narration import narrate

T = TypeVar("T")
STEPS = ("received", "dispatched", "handling", "replied", "closed")


async def in_thread(work: Callable[..., T], *arguments: object) -> T:
    """Run what talks to the database off the event loop."""
    return await run_in_threadpool(work, *arguments)


def category_tree(session: Session, language: str) -> list[dict[str, Any]]:
    """Groups with their categories, in the reader's language."""
    rows = intake_queries.categories(session)
    name: Callable[[Any], str] = lambda row: row.name_en if language == "en" else row.name  # noqa: E731 - one word for both levels
    return [
        {
            "code": group.code,
            "name": name(group),
            "children": [
                {"code": row.code, "name": name(row)} for row in rows if row.parent == group.code
            ],
        }
        for group in rows
        if group.parent is None
    ]


def category_names(session: Session, language: str) -> dict[str, str]:
    """Every category's word by its code."""
    rows = intake_queries.categories(session)
    return {row.code: row.name_en if language == "en" else row.name for row in rows}


def category_name(session: Session, code: str | None, language: str) -> str:
    """The word for a category."""
    return category_names(session, language).get(code or "", "")


def summary(ticket: Ticket, names: dict[str, str], language: str) -> dict[str, Any]:
    """A ticket as lists show it."""
    return {
        "number": ticket.number,
        "title": listed_title(ticket),
        "company": "" if sealed(ticket) else masked(ticket.company_name or ""),
        "status": ticket.status,
        "status_word": words.word(language, words.STATUS, ticket.status),
        "request_word": words.word(language, words.REQUEST, ticket.request),
        "urgency": ticket.urgency,
        "urgency_word": words.word(language, words.URGENCY, ticket.urgency),
        "channel_word": words.word(language, words.CHANNEL, ticket.channel),
        "lead_name": names.get(ticket.lead or "", ticket.lead or ""),
        "due_at": ticket.due_at,
        "late": ticket.breached_at is not None,
        "open": Status(ticket.status) in OPEN,
        "received_at": ticket.received_at,
        "href": f"/tickets/{ticket.number}",
    }


def timeline_lines(
    session: Session, entries: Sequence[Entry], language: str, *, staff: bool, clear: bool = False
) -> list[dict[str, Any]]:
    """The timeline in words; the complainant's version names no person.

    Staff read personal numbers masked, unless they said why they need them `clear`.
    """
    names = routing_queries.unit_names(session)
    lines = []
    for entry in entries:
        told = narrate(entry, language, names)
        if told is None or (told.inner and not staff):
            continue
        lines.append(
            {
                "at": entry.at,
                "title": told.title,
                "detail": _shown(_detail(session, entry, told.detail), clear=clear or not staff),
                "who": actor_word(session, entry.actor, language, staff=staff),
                "icon": told.icon,
                "tone": told.tone,
                "audience": entry.audience,
            }
        )
    return lines


def _shown(text: str, *, clear: bool) -> str:
    return text if clear else masked(text)


def _detail(session: Session, entry: Entry, detail: str) -> str:
    """The words a fact points to, where it points to any, else what the fact itself says."""
    # a reply stands on the page by itself; staff read a final one where it was given
    names = ("reply",) if entry.kind == TicketFinalised.kind else ("text", "comment")
    for name in names:
        word_id = entry.facts.get(name)
        row = routing_queries.words(session, word_id) if word_id else None
        if row is not None:
            return f"{detail}\n{row.body}".strip()
    return detail


def actor_word(session: Session, tag: str, language: str, *, staff: bool) -> str:
    """Who did it, as the reader may know it."""
    kind, _, key = tag.partition(":")
    plain = {
        "system": "系统",
        "business": "企业",
        "visitor": "企业",
        "client": "系统接口",
        "staff": "工作人员",
    }
    if kind == "staff" and staff:
        return routing_queries.staff_name(session, key) or translate(language, plain["staff"])
    return translate(language, plain.get(kind, kind))


def own_ticket(
    session: Session, ticket: Ticket, entries: Sequence[Entry], language: str, now: datetime
) -> dict[str, Any]:
    """Everything the complainant's page shows."""
    orders = routing_queries.orders(session, ticket.id)
    lead = next((o for o in orders if o.part == "lead" and o.status != OrderStatus.RETURNED), None)
    status = Status(ticket.status)
    step = public_step(status, signed=bool(lead and lead.signed_at))
    names = routing_queries.unit_names(session)
    parent = parent_of(session, ticket) if status is Status.MERGED else None
    if parent is not None:
        step = public_step(Status(parent.status), signed=_signed(session, parent))
    reply = _reply(session, entries)
    answer = _answer(session, entries)
    return {
        "ticket": {
            "number": ticket.number,
            "title": ticket.title,
            "content": ticket.content,
            "status_word": words.word(language, words.STATUS, status),
            "step": STEPS.index(step.value),
            "lead_name": names.get((parent or ticket).lead or "", ""),
            "due_at": (parent or ticket).due_at,
            "held_until": _held_until(status, entries),
            "due_reason": due_reason(ticket, language),
            "late": ticket.breached_at is not None,
            "received_at": ticket.received_at,
            "result_word": words.word(language, words.RESULT, ticket.result),
        },
        "timeline": timeline_lines(session, entries, language, staff=False),
        "reply": reply or answer,
        "can_rate": status in {Status.CALLBACK, Status.ANSWERED},
        "can_withdraw": status in OPEN,
        "can_add": status is Status.NEED_INFO,
        "can_reopen": status is Status.CLOSED and lead is not None and ticket.parent is None,
        "now": now,
    }


def _held_until(status: Status, entries: Sequence[Entry]) -> datetime | None:
    """When a case that stands still is looked at again: until then it is due at no known time."""
    if status is not Status.ON_HOLD:
        return None
    kinds = (TicketHeld.kind, HoldProlonged.kind)
    reviews = [entry.facts["review_at"] for entry in entries if entry.kind in kinds]
    return datetime.fromisoformat(reviews[-1])


def _signed(session: Session, ticket: Ticket) -> bool:
    orders = routing_queries.orders(session, ticket.id)
    return any(o.part == "lead" and o.signed_at and o.status != "returned" for o in orders)


def _reply(session: Session, entries: Sequence[Entry]) -> str | None:
    """The newest reply that was sent, or the final one; a joined request has its own words."""
    kinds = (ReplyApproved.kind, TicketFinalised.kind)
    sent = [entry for entry in entries if entry.kind in kinds]
    row = routing_queries.words(session, sent[-1].facts["reply"]) if sent else None
    return row.body if row else None


def _answer(session: Session, entries: Sequence[Entry]) -> str | None:
    given = [entry for entry in entries if entry.kind == "ticket.answered"]
    row = routing_queries.words(session, given[-1].facts["text"]) if given else None
    return row.body if row else None


def left_word(left: Left | None, language: str) -> str:
    """What is left of a promise, in working days or by the clock; empty when late or ended."""
    if left is None or left.length <= timedelta():
        return ""
    return working(language, left.length) if left.working else duration(language, left.length)


def due_reason(ticket: Ticket, language: str) -> str:
    """Why it is due when it is, in one sentence."""
    if ticket.due_at is None:
        return ""
    if ticket.redos:
        return translate(language, "重新办理时限自退回之日起计算，遇节假日顺延")
    return translate(language, "自收到之日起按工作日计算，节假日和调休按国务院公布的安排")


def figure_tiles(figures: Sequence[Figure], language: str) -> list[dict[str, Any]]:
    """Figures as tiles: the share, what it is of, and whether there is enough to judge by."""
    return figure_tiles_of([plain(figure) for figure in figures], language)


def figure_tiles_of(figures: Sequence[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    """The same from a bulletin's frozen figures."""
    return [
        {
            "id": figure["id"],
            "label": words.word(language, words.FIGURE, figure["id"]),
            "percent": figure["percent"],
            "part": figure["part"],
            "whole": figure["whole"],
            "lower": figure["lower"],
            "small": figure["small"],
        }
        for figure in figures
    ]


def unit_row(line: Line, names: dict[str, str], language: str) -> dict[str, Any]:
    """A unit's line in the table of units."""
    return plain_row(plain(line), names, language)


def plain_row(row: dict[str, Any], names: dict[str, str], language: str) -> dict[str, Any]:
    """A line of a bulletin in words."""
    figures = {item["id"]: item for item in figure_tiles_of(row["figures"], language)}
    return {
        "name": names.get(row["name"], row["name"]),
        "code": row["name"],
        "cases": row["cases"],
        "figures": figures,
        "band": row["band"],
        "band_word": words.word(language, words.BAND, row["band"]),
        "overdue_hours": row["overdue_hours"],
    }
