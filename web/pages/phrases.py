"""Canned wording: the page where it is kept, and the picker's list filled in for one ticket."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlmodel import Session

from core.errors import Invalid, NotFound
from core.i18n import SOURCE, day, instant
from core.moments import local_day
from core.people import departments
from core.permissions import Act, demand, may
from core.tables import Ticket
from intake import phrases, queries, wordings
from intake.tables import PhraseRow
from routing import queries as routing_queries
from web import words
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of, status_of
from web.masking import told
from web.pages import views
from web.pages.forms import faults_of, form, texts
from web.rendering import page

router = APIRouter(include_in_schema=False)
EMPTY = dict.fromkeys(("title", "body", "role", "unit"), "")


@router.get("/phrases")
def listed(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """What this desk has at hand, and for those who keep it the forms to change it."""
    demand(asker.actor, Act.READ_CARDS)
    return _page(request, asker, session, EMPTY, {})


def _page(
    request: Request,
    asker: Asker,
    session: Session,
    values: dict[str, str],
    faults: dict[str, str],
    *,
    at: str = "",
    status: int = 200,
) -> Response:
    language = language_of(request)
    names = routing_queries.unit_names(session)
    edits = may(asker.actor, Act.EDIT_PHRASES)
    keep = wordings.kept if edits else wordings.offered
    return page(
        request,
        "knowledge/phrases.html",
        status=status,
        phrases=[_told(row, names, language) for row in keep(session, asker.actor)],
        edits=edits,
        everywhere=asker.may(Act.EDIT_CARDS),
        values=EMPTY | values,
        faults=faults,
        at=at,
        placeholders=["{" + name + "}" for name in phrases.PLACEHOLDERS],
        roles=[(r.value, words.word(language, words.ROLE, r.value)) for r in wordings.ROLES],
        units=[(u.code, u.name) for u in departments(session) if u.kind != "outside"],
    )


def _told(row: PhraseRow, names: dict[str, str], language: str) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "title": row.title,
        "body": row.body,
        "role": row.role or "",
        "role_word": words.word(language, words.ROLE, row.role) if row.role else "",
        "unit": row.unit or "",
        "unit_name": names.get(row.unit or "", ""),
    }


@router.get("/phrases/pick")
def pick(
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    ticket: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The wording of this desk, filled in for a ticket; what cannot be filled says what lacks."""
    demand(asker.actor, Act.READ_CARDS)
    values = _values(session, home, asker, ticket)
    return JSONResponse([_filled(row, values) for row in wordings.offered(session, asker.actor)])


def _filled(row: PhraseRow, values: dict[str, str]) -> dict[str, str]:
    try:
        return {"title": row.title, "text": phrases.filled(row.body, values), "lacks": ""}
    except Invalid as refused:
        lacks = str(refused.faults[0].params.get("name", ""))
        return {"title": row.title, "text": row.body, "lacks": lacks}


def _values(session: Session, home: House, asker: Asker, number: str) -> dict[str, str]:
    """What the placeholders stand for. The texts are Chinese, and so is what goes into them."""
    names = routing_queries.unit_names(session)
    values = {
        "今天": day(SOURCE, local_day(home.office.now())),
        "本单位": names.get(asker.actor.department or "", ""),
    }
    try:
        found: Ticket | None = queries.by_number(session, asker.actor, number) if number else None
    except NotFound:
        found = None
    if found is None:
        return values
    return values | {
        "编号": found.number,
        "企业": told(asker.actor, found).company,
        "单位": names.get(found.lead or "", ""),
        "类别": views.category_name(session, found.category, SOURCE),
        "答复期限": instant(SOURCE, found.due_at) if found.due_at else "",
    }


@router.post("/phrases", dependencies=[Checked])
async def add(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """A new text."""
    values = texts(await form(request))
    return await views.in_thread(_save, request, home, asker, values, None)


@router.post("/phrases/{phrase}", dependencies=[Checked])
async def change(request: Request, phrase: UUID, home: TheHouse, asker: TheStaff) -> Response:
    """Another wording."""
    values = texts(await form(request))
    return await views.in_thread(_save, request, home, asker, values, phrase)


def _save(
    request: Request, home: House, asker: Asker, values: dict[str, str], phrase: UUID | None
) -> Response:
    try:
        with home.office.desk(asker.actor) as desk:
            if phrase is not None and values.get("remove"):
                wordings.remove(desk, phrase)
            else:
                wordings.write(desk, values, phrase)
    except Invalid as refused:
        told, at = faults_of(request, refused), str(phrase or "")
        with Session(home.office.engine, expire_on_commit=False) as session:
            status = status_of(refused)
            return _page(request, asker, session, values, told, at=at, status=status)
    return RedirectResponse("/phrases", 303)
