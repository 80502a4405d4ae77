"""Rulebooks changed: drafts begun, rules edited in the browser or by spreadsheet."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData, UploadFile

from core.desk import Desk
from core.errors import Conflict, Invalid, Refused
from core.i18n import translate
from core.permissions import Act, demand
from routing import drafts, replaying, sheets, versions
from routing.cells import COLUMNS, NOBODY, cells_of
from routing.workbooks import LARGEST, SheetRefused
from web import rulewords
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of, status_of
from web.pages import rulebook, views
from web.pages.forms import faults_of, form, texts
from web.pages.rulebook import Opened, opened
from web.rendering import page

router = APIRouter(include_in_schema=False)
Cells = dict[str, tuple[str, ...]]
NO_SIFT = {"q": "", "category": "", "unit": "", "ground": ""}


@router.post("/rulebooks", dependencies=[Checked])
def start(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    version: Annotated[str, Form(max_length=60)] = "",
    base: Annotated[str, Form(max_length=60)] = "",
    plan: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """A new draft."""
    try:
        with home.office.desk(asker.actor) as desk:
            row = drafts.start(desk, version=version, base=base or None, plan=plan or None)
    except Invalid as refused:
        with Session(home.office.engine, expire_on_commit=False) as session:
            told = faults_of(request, refused)
            return rulebook.list_page(request, session, asker, home.office.now(), told, 422)
    return RedirectResponse(f"/rulebooks/{row.version}", 303)


# --- one rule ---------------------------------------------------------------------------


@router.get("/rulebooks/{version}/new")
def new_rule(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, version: str
) -> Response:
    """An empty form."""
    book = opened(request, session, asker, version, home.office.now())
    return _rule_page(request, session, book, "", {})


@router.get("/rulebooks/{version}/rules/{rule}")
def edit_rule(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, version: str, rule: str
) -> Response:
    """The rule's form."""
    book = opened(request, session, asker, version, home.office.now())
    rules = versions.rules_of(book.row)
    found = next((row for row in rules if row["id"] == rule), None)
    return _rule_page(request, session, book, rule, cells_of(found or {}), known=found is not None)


def _rule_page(
    request: Request,
    session: Session,
    book: Opened,
    rule: str,
    cells: Cells,
    faults: dict[str, str] | None = None,
    *,
    known: bool = True,
    status: int = 200,
    since: int | None = None,
) -> Response:
    if not book.book["editable"]:
        return RedirectResponse(f"/rulebooks/{book.row.version}#rule-{rule}", 303)
    demanded = [column for column in COLUMNS if column.kind in {"words", "units", "word", "unit"}]
    return page(
        request,
        "rulebook/rule.html",
        status=status if known else 404,
        book=book.book,
        tab="rules",
        rule=rule,
        known=known,
        cells=cells,
        heads={column.key: rulewords.head(column.key, book.language) for column in COLUMNS},
        offered={column.key: rulebook.offered(column.key, book) for column in demanded},
        categories=views.category_tree(session, book.language),
        tasks=[(number, "、".join(names)) for number, names in book.leads.items()],
        nobody=NOBODY,
        faults=faults or {},
        since=rulebook.steps(session, book, since) if since is not None else [],
    )


@router.post("/rulebooks/{version}/new", dependencies=[Checked])
async def add_rule(request: Request, home: TheHouse, asker: TheStaff, version: str) -> Response:
    """A new rule of a draft."""
    data = await form(request)
    return await views.in_thread(_save, request, home, asker, version, "", data)


@router.post("/rulebooks/{version}/rules/{rule}", dependencies=[Checked])
async def save_rule(
    request: Request, home: TheHouse, asker: TheStaff, version: str, rule: str
) -> Response:
    """Another content for a rule."""
    data = await form(request)
    return await views.in_thread(_save, request, home, asker, version, rule, data)


def _save(
    request: Request, home: House, asker: Asker, version: str, rule: str, data: FormData
) -> Response:
    cells, seen = _cells(data), seen_of(texts(data))
    if rule:
        cells["id"] = (rule,)
    try:
        with home.office.desk(asker.actor) as desk:
            if rule:
                drafts.change(desk, version, seen, rule, cells)
            else:
                drafts.add(desk, version, seen, cells)
    except (Invalid, Conflict) as refused:
        since = seen if refused.code == "stale" else None
        with Session(home.office.engine, expire_on_commit=False) as session:
            book = opened(request, session, asker, version, home.office.now())
            told, status = faults_of(request, refused), status_of(refused)
            return _rule_page(request, session, book, rule, cells, told, status=status, since=since)
    return RedirectResponse(f"/rulebooks/{version}#rule-{''.join(cells.get('id', ()))}", 303)


def _cells(data: FormData) -> Cells:
    """The cells a form carries: several choices, lines of words, single values."""
    cells: Cells = {}
    for column in COLUMNS:
        given = [value for value in data.getlist(column.key) if isinstance(value, str)]
        if column.kind == "texts":
            given = [line for text in given for line in text.splitlines()]
        if column.part == "then" and data.get(f"{column.key}_nobody"):
            given = [NOBODY]
        kept = tuple(value for value in given if value.strip())
        if kept:
            cells[column.key] = kept
    return cells


def seen_of(values: Mapping[str, str]) -> int:
    """The revision the form was made from; nonsense was never seen."""
    given = values.get("seen", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else -1


@router.post("/rulebooks/{version}/rules/{rule}/delete", dependencies=[Checked])
def delete_rule(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    version: str,
    rule: str,
    seen: Annotated[int, Form()] = -1,
) -> Response:
    """Without this rule."""
    return do(request, home, asker, version, lambda desk: drafts.delete(desk, version, seen, rule))


@router.post("/rulebooks/{version}/rules/{rule}/move", dependencies=[Checked])
def move_rule(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    version: str,
    rule: str,
    rank: Annotated[str, Form(max_length=20)] = "",
    seen: Annotated[int, Form()] = -1,
) -> Response:
    """The rule is tried earlier or later."""
    work: Callable[[Desk], Any] = lambda desk: drafts.move(desk, version, seen, rule, rank)  # noqa: E731 - a use case waiting for its desk
    return do(request, home, asker, version, work, back=f"/rulebooks/{version}#rule-{rule}")


# --- the whole draft --------------------------------------------------------------------


@router.post("/rulebooks/{version}/plan", dependencies=[Checked])
def take_plan(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    version: str,
    plan: Annotated[str, Form(max_length=60)] = "",
    seen: Annotated[int, Form()] = -1,
) -> Response:
    """The draft over another version of the plan."""
    work: Callable[[Desk], Any] = lambda desk: drafts.take_plan(desk, version, seen, plan)  # noqa: E731 - a use case waiting for its desk
    return do(request, home, asker, version, work)


@router.post("/rulebooks/{version}/discard", dependencies=[Checked])
def discard(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    version: str,
    seen: Annotated[int, Form()] = -1,
) -> Response:
    """The draft ends unpublished."""
    work: Callable[[Desk], Any] = lambda desk: drafts.discard(desk, version, seen)  # noqa: E731 - a use case waiting for its desk
    return do(request, home, asker, version, work, back="/rulebooks")


def do(
    request: Request,
    home: House,
    asker: Asker,
    version: str,
    work: Callable[[Desk], Any],
    *,
    back: str = "",
) -> Response:
    """A step that needs no form of its own: done, or told on the page of rules."""
    try:
        with home.office.desk(asker.actor) as desk:
            work(desk)
    except (Invalid, Conflict) as refused:
        return _refused(request, home, asker, version, refused)
    return RedirectResponse(back or f"/rulebooks/{version}", 303)


def _refused(
    request: Request, home: House, asker: Asker, version: str, refused: Refused
) -> Response:
    told = {"": " ".join(faults_of(request, refused).values())}
    with Session(home.office.engine, expire_on_commit=False) as session:
        book = opened(request, session, asker, version, home.office.now())
        status = status_of(refused)
        return rulebook.rules_page(request, session, book, NO_SIFT, status=status, faults=told)


@router.post("/rulebooks/{version}/sheet", dependencies=[Checked])
async def upload(request: Request, home: TheHouse, asker: TheStaff, version: str) -> Response:
    """All rules of a draft from a spreadsheet, or none and every cell at fault."""
    data = await form(request)
    given = data.get("sheet")
    body = await given.read(LARGEST + 1) if isinstance(given, UploadFile) else b""
    seen = seen_of(texts(data))
    return await views.in_thread(_upload, request, home, asker, version, seen, body)


def _upload(
    request: Request, home: House, asker: Asker, version: str, seen: int, body: bytes
) -> Response:
    try:
        demand(asker.actor, Act.EDIT_RULES)
        with home.office.desk(asker.actor) as desk:
            row = drafts.held(desk, version, seen)
            words = rulewords.labels(desk.session, "zh")
            rules = sheets.read(body, versions.lexicon(desk.session, row, words))
            drafts.replace_all(desk, version, seen, rules)
    except SheetRefused as refused:
        return _sheet_refused(request, home, asker, version, refused)
    except (Invalid, Conflict) as refused:
        return _refused(request, home, asker, version, refused)
    return RedirectResponse(f"/rulebooks/{version}/difference", 303)


def _sheet_refused(
    request: Request, home: House, asker: Asker, version: str, refused: SheetRefused
) -> Response:
    language = language_of(request)
    faults = [
        {
            "sheet": fault.sheet,
            "cell": fault.cell,
            "rule": fault.rule,
            "message": translate(language, fault.message, **fault.params),
        }
        for fault in refused.faults
    ]
    with Session(home.office.engine, expire_on_commit=False) as session:
        book = opened(request, session, asker, version, home.office.now())
        return rulebook.rules_page(request, session, book, NO_SIFT, status=422, sheet_faults=faults)


@router.post("/rulebooks/{version}/replay", dependencies=[Checked])
def replay(home: TheHouse, asker: TheStaff, version: str) -> Response:
    """Try the version on the tickets there have been."""
    with home.office.desk(asker.actor) as desk:
        job = replaying.ask(desk, version)
    return RedirectResponse(f"/jobs/{job}", 303)
