"""Finding tickets: one box for number, company, telephone and words, and filters beside it."""

from datetime import datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core.errors import NotFound
from core.i18n import translate
from core.moments import SHANGHAI
from core.people import departments
from core.permissions import Act, demand
from core.states import Status
from intake import queries
from intake import search as finding
from routing import queries as routing_queries
from web import words
from web.deps import Asker, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.forms import chosen_day
from web.rendering import page

router = APIRouter(include_in_schema=False)
PAGE = 30
EARLIEST, LATEST = 2000, 2100
Word = Annotated[str, Query(max_length=60)]
FILTERS = ("status", "lead", "channel", "request", "since", "until", "late")


@router.get("/search")
def search(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    q: Word = "",
    before: Word = "",
) -> Response:
    """A number leads straight to its ticket; anything else to a list that can be shared."""
    demand(asker.actor, Act.READ_TICKETS)
    chosen = _chosen(request)
    straight = _straight(session, asker, q) if q.strip() and not chosen else None
    if straight is not None:
        return straight
    sought = _sought(q, chosen)
    asked = bool(q.strip() or chosen)
    rows = (
        finding.find(session, asker.actor, home.keys, sought, before=_id(before), limit=PAGE + 1)
        if asked
        else []
    )
    language, names = language_of(request), routing_queries.unit_names(session)
    shown = rows[:PAGE]
    kept = {"q": q, **chosen}
    return page(
        request,
        "console/search.html",
        q=q,
        chosen=dict.fromkeys(FILTERS, "") | chosen,
        asked=asked,
        hint=translate(language, "请至少输入两个字") if sought.too_short else "",
        tickets=[views.summary(ticket, names, language) for ticket in shown],
        first="/search?" + urlencode(kept) if before else "",
        following="/search?" + urlencode(kept | {"before": str(shown[-1].id)})
        if len(rows) > PAGE
        else "",
        options=_options(asker, session, language),
        export="/exports?" + urlencode(chosen) if asker.may(Act.EXPORT) else "",
    )


def _straight(session: Session, asker: Asker, q: str) -> Response | None:
    try:
        ticket = queries.by_number(session, asker.actor, q)
    except NotFound:
        return None
    return RedirectResponse(f"/tickets/{ticket.number}", 303)


def _chosen(request: Request) -> dict[str, str]:
    given = request.query_params
    return {name: given[name][:60] for name in FILTERS if given.get(name)}


def _sought(q: str, chosen: dict[str, str]) -> finding.Sought:
    until = _day(chosen.get("until", ""))
    return finding.Sought(
        text=q,
        status=chosen.get("status", ""),
        lead=chosen.get("lead", ""),
        channel=chosen.get("channel", ""),
        request=chosen.get("request", ""),
        since=_day(chosen.get("since", "")),
        until=until + timedelta(days=1) if until else None,
        late=chosen.get("late") == "yes",
    )


def _options(asker: Asker, session: Any, language: str) -> dict[str, list[tuple[str, str]]]:
    def told(known: dict[str, str]) -> list[tuple[str, str]]:
        return [(code, words.word(language, known, code)) for code in known]

    units = [(u.code, u.name) for u in departments(session) if u.kind != "outside"]
    return {
        "status": [(s, w) for s, w in told(words.STATUS) if s != Status.NEW],
        "lead": [] if asker.actor.department and not asker.may(Act.DISPATCH) else units,
        "channel": told(words.CHANNEL),
        "request": told(words.REQUEST),
    }


def _day(text: str) -> datetime | None:
    day = chosen_day(text)
    # no request is older than the house, and no instant lies beyond what can be stored
    known = day is not None and EARLIEST <= day.year <= LATEST
    return datetime.combine(day, time(), SHANGHAI) if day and known else None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
