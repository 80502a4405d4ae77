"""Knowledge cards: the list, one card and its versions, the editor's form, the public's help."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.i18n import translate
from core.moments import local_day
from core.people import departments
from core.permissions import Act, demand, may
from intake import cards, knowledge
from intake.tables import CardRow
from routing import queries as routing_queries
from web import words
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of, status_of
from web.pages import views
from web.pages.card_words import card_words
from web.pages.forms import faults_of, form, texts
from web.rendering import page

router = APIRouter(include_in_schema=False)
Word = Annotated[str, Query(max_length=60)]
Remark = Annotated[str, Form(max_length=500)]
FIELDS = ("question", "answer", "owner", "category", "keywords", "source", "basis", "review_on")
# who wrote the cards of the first start
SHIPPED = "seed"
EMPTY = dict.fromkeys((*FIELDS, "public"), "")
# a body of law numbers its articles: a card's number never has more figures than this
MOST = 10**6


@router.get("/help")
def public_help(request: Request, home: TheHouse, session: TheReader, q: Word = "") -> Response:
    """What anybody may read, found by its words."""
    language = language_of(request)
    names = routing_queries.unit_names(session)
    today = local_day(home.office.now())
    rows = knowledge.find(session, q, public=True)
    shown = [row for row in rows if not cards.stale(row.review_on, today)]
    lines = [card_words(row, names, today, language) for row in shown]
    categories = views.category_names(session, language)
    return page(request, "knowledge/help.html", q=q, cards=lines, categories=categories)


@router.get("/knowledge")
def listed(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    q: Word = "",
    show: Word = "",
) -> Response:
    """Every card in force, or only what waits for somebody: drafts, submitted, to be reviewed."""
    demand(asker.actor, Act.READ_CARDS)
    language = language_of(request)
    names = routing_queries.unit_names(session)
    today = local_day(home.office.now())
    rows = knowledge.latest(session)
    views_ = {
        "": [row for row in rows if row.state == "confirmed"],
        "due": list(knowledge.overdue(session, today)),
        "submitted": [row for row in rows if row.state == "submitted"],
        "draft": [row for row in rows if row.state == "draft"],
    }
    own = asker.actor.department if may(asker.actor, Act.CONFIRM_CARDS) else None
    if own is not None:
        views_["mine"] = [row for row in rows if row.owner == own and row.state == "confirmed"]
        views_["waiting"] = [r for r in views_["submitted"] if r.owner == own]
        views_["my_due"] = [r for r in views_["due"] if r.owner == own]
    chosen = show if show in views_ else ""
    found = {row.number for row in knowledge.find(session, q)} if q.strip() else None
    shown = [r for r in views_[chosen] if found is None or r.number in found]
    return page(
        request,
        "knowledge/list.html",
        q=q,
        show=chosen,
        counts={name: len(found_) for name, found_ in views_.items()},
        cards=[card_words(row, names, today, language) for row in shown],
        edits=asker.may(Act.EDIT_CARDS),
    )


@router.get("/knowledge/new")
def new_card(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """The form of a card that is not there yet."""
    demand(asker.actor, Act.EDIT_CARDS)
    return _form_page(request, session, None, EMPTY, {})


@router.post("/knowledge/new", dependencies=[Checked])
async def add_card(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """A first draft."""
    data = texts(await form(request))
    return await views.in_thread(_save, request, home, asker, None, data)


@router.get("/knowledge/{number}")
def one(
    request: Request, number: int, home: TheHouse, asker: TheStaff, session: TheReader
) -> Response:
    """The card in force, what is on its way, and how it came to be so."""
    demand(asker.actor, Act.READ_CARDS)
    return _one_page(request, number, home, asker, session, {})


def _one_page(
    request: Request,
    number: int,
    home: House,
    asker: Asker,
    session: Session,
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    rows = knowledge.versions(session, number if 0 < number < MOST else 0)
    language = language_of(request)
    names = routing_queries.unit_names(session)
    today = local_day(home.office.now())
    said = [
        card_words(row, names, today, language) | _hands(session, row, language) for row in rows
    ]
    standing = next((row for row in said if row["state"] == "confirmed"), None)
    coming = next((row for row in said if row["state"] in knowledge.OPEN), None)
    return page(
        request,
        "knowledge/show.html",
        status=status,
        card=standing or said[0],
        coming=coming if standing else None,
        versions=said,
        categories=views.category_names(session, language),
        faults=faults,
        **_doable(asker, rows[0], standing=standing is not None),
    )


def _hands(session: Session, row: CardRow, language: str) -> dict[str, str]:
    """Who wrote the version and who vouched for it."""

    def told(tag: str | None) -> str:
        if tag == SHIPPED:
            return translate(language, "随系统提供")
        return views.actor_word(session, tag, language, staff=True) if tag else ""

    return {"maker": told(row.made_by), "judge": told(row.decided_by)}


def _doable(asker: Asker, newest: CardRow, *, standing: bool) -> dict[str, bool]:
    """What this reader may do with the card as it stands."""
    editor = asker.may(Act.EDIT_CARDS)
    head = asker.may(Act.CONFIRM_CARDS) and asker.actor.department == newest.owner
    waiting = newest.state == "submitted"
    return {
        "edits": editor and not waiting,
        "submits": editor and newest.state == "draft",
        "judges": head and waiting and newest.made_by != asker.actor.tag,
        "retires": head and standing,
    }


@router.get("/knowledge/{number}/edit")
def edit_card(request: Request, number: int, asker: TheStaff, session: TheReader) -> Response:
    """The newest version as a form."""
    demand(asker.actor, Act.EDIT_CARDS)
    row = knowledge.versions(session, number if 0 < number < MOST else 0)[0]
    values = {name: str(getattr(row, name) or "") for name in FIELDS}
    values |= {"keywords": "、".join(row.keywords), "public": "on" if row.public else ""}
    return _form_page(request, session, row.number, values, {})


@router.post("/knowledge/{number}/edit", dependencies=[Checked])
async def save_card(request: Request, number: int, home: TheHouse, asker: TheStaff) -> Response:
    """The next version's draft."""
    data = texts(await form(request))
    return await views.in_thread(_save, request, home, asker, number, data)


def _save(
    request: Request, home: House, asker: Asker, number: int | None, values: dict[str, str]
) -> Response:
    try:
        demand(asker.actor, Act.EDIT_CARDS)
        if number is not None and not 0 < number < MOST:
            raise NotFound
        card = cards.check(values, local_day(home.office.now()))
        with home.office.desk(asker.actor) as desk:
            made = knowledge.draft(desk, card, number).number
    except (Invalid, Conflict) as refused:
        told = faults_of(request, refused)
        with Session(home.office.engine) as session:
            status = status_of(refused)
            return _form_page(request, session, number, EMPTY | values, told, status=status)
    return RedirectResponse(f"/knowledge/{made}", 303)


def _form_page(
    request: Request,
    session: Session,
    number: int | None,
    values: Mapping[str, str],
    faults: dict[str, str],
    *,
    status: int = 200,
) -> Response:
    language = language_of(request)
    return page(
        request,
        "knowledge/form.html",
        status=status,
        number=number,
        values=values,
        faults=faults,
        units=[(u.code, u.name) for u in departments(session) if u.kind != "outside"],
        sources=[(s, words.word(language, words.CARD_SOURCE, s)) for s in cards.SOURCES],
        categories=views.category_tree(session, language),
    )


@router.post("/knowledge/{number}/{act}", dependencies=[Checked])
def moved(
    request: Request, number: int, act: str, home: TheHouse, asker: TheStaff, remark: Remark = ""
) -> Response:
    """Submitted, confirmed, sent back or taken out of use."""
    try:
        with home.office.desk(asker.actor) as desk:
            _move(desk, number if 0 < number < MOST else 0, act, remark)
    except (Invalid, Conflict, Forbidden) as refused:
        if isinstance(refused, Forbidden) and refused.code != "same_person":
            raise
        told = faults_of(request, refused)
        with Session(home.office.engine, expire_on_commit=False) as session:
            status = status_of(refused)
            return _one_page(request, number, home, asker, session, told, status)
    return RedirectResponse(f"/knowledge/{number}", 303)


def _move(desk: Desk, number: int, act: str, remark: str) -> None:
    if act == "submit":
        knowledge.submit(desk, number)
    elif act == "confirm":
        knowledge.confirm(desk, number)
    elif act == "back":
        knowledge.send_back(desk, number, remark)
    elif act == "retire":
        knowledge.retire(desk, number, remark)
    else:
        raise NotFound
