"""The unit register: who there is, under whom, on which telephone, and what each answers for."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from core.errors import Conflict, Invalid, NotFound
from core.i18n import translate
from core.moments import local_day
from core.people import departments
from core.permissions import Act, demand
from core.tables import Department
from routing import duties, queries, unit_register
from routing.current import in_force, register
from routing.rules import Rulebook
from routing.unit_register import Wanted
from web import words
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of, status_of
from web.pages import unit_words, views
from web.pages.forms import faults_of, form, texts
from web.pages.matrix import PART
from web.pages.plan import Words, chosen
from web.rendering import page

router = APIRouter(include_in_schema=False)
EMPTY = dict.fromkeys((*unit_words.FIELD, "code", "reason"), "")


@router.get("/units")
def units(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    q: Words = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    closed: Annotated[str, Query(max_length=5)] = "",
) -> Response:
    """Every unit, those that are closed on request, each under its parent."""
    demand(asker.actor, Act.READ_TICKETS)
    today = local_day(home.office.now())
    rows = departments(session)
    names = {row.code: row.name for row in rows}
    shown = [row for row in rows if _sought(row, q) and (not kind or row.kind == kind)]
    gone = sum(not unit_words.open_on(row, today) for row in shown)
    if closed != "yes":
        shown = [row for row in shown if unit_words.open_on(row, today)]
    language = language_of(request)
    order = list(unit_words.KIND)
    return page(
        request,
        "plan/units.html",
        units=[
            unit_words.line(row, names, today, language)
            for row in sorted(shown, key=lambda row: (order.index(row.kind), row.name))
        ],
        total=len(rows),
        gone=gone,
        kinds=words.options(language, unit_words.KIND),
        q=q,
        kind=kind,
        closed=closed,
        edits=asker.may(Act.EDIT_RULES),
    )


@router.get("/units/new")
def new_unit(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """The form of a unit that is not there yet."""
    demand(asker.actor, Act.EDIT_RULES)
    return _form_page(request, session, None, _values(Wanted("", "department")), {})


@router.post("/units/new", dependencies=[Checked])
async def add_unit(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """Put a unit into the register."""
    data = await form(request)
    return await views.in_thread(_save, request, home, asker, None, data)


@router.get("/units/{code}")
def unit(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, code: str
) -> Response:
    """One unit: who it is, what it answers for in the plan, and how it came to be so."""
    demand(asker.actor, Act.READ_TICKETS)
    row = _found(session, code)
    language = language_of(request)
    names = queries.unit_names(session)
    today = local_day(home.office.now())
    plan, found = _duties(session, home, row)
    rules = in_force(session, home.office.now())
    return page(
        request,
        "plan/unit.html",
        unit=unit_words.line(row, names, today, language),
        below=[
            unit_words.line(child, names, today, language)
            for child in departments(session)
            if child.parent == row.code
        ],
        plan=plan,
        duties=[
            {"part": part, "word": translate(language, PART[part]), "tasks": found[part]}
            for part in duties.PARTS
            if found[part]
        ],
        rules=_rules_of(rules.book, row.code) if rules else [],
        book=rules.book.version if rules else "",
        orders=queries.open_orders_of(session, row.code) if asker.may(Act.EDIT_RULES) else None,
        changes=unit_words.changes(session, row.code, names, language),
        edits=asker.may(Act.EDIT_RULES),
    )


@router.get("/units/{code}/edit")
def edit_unit(request: Request, asker: TheStaff, session: TheReader, code: str) -> Response:
    """The unit's form."""
    demand(asker.actor, Act.EDIT_RULES)
    row = _found(session, code)
    return _form_page(request, session, row, _values(unit_register.wanted_of(row)), {})


@router.post("/units/{code}/edit", dependencies=[Checked])
async def save_unit(request: Request, home: TheHouse, asker: TheStaff, code: str) -> Response:
    """Change a unit."""
    data = await form(request)
    return await views.in_thread(_save, request, home, asker, code, data)


def _save(
    request: Request, home: House, asker: Asker, code: str | None, data: FormData
) -> Response:
    values = texts(data)
    try:
        with home.office.desk(asker.actor) as desk:
            wanted, reason = _wanted(values), values.get("reason", "")[:500]
            if code is None:
                row = unit_register.add(desk, values.get("code", "").strip(), wanted, reason)
            else:
                seen = int(values["seen"]) if values.get("seen", "").isdecimal() else -1
                row = unit_register.change(desk, code, wanted, seen=seen, reason=reason)
            address = f"/units/{row.code}"
    except (Invalid, Conflict) as refused:
        told, status = faults_of(request, refused), status_of(refused)
        with Session(home.office.engine, expire_on_commit=False) as session:
            row_now = _found(session, code) if code else None
            return _form_page(request, session, row_now, values, told, status=status)
    return RedirectResponse(address, 303)


def _form_page(
    request: Request,
    session: Session,
    row: Department | None,
    values: Mapping[str, str],
    faults: dict[str, str],
    *,
    status: int = 200,
) -> Response:
    language = language_of(request)
    return page(
        request,
        "plan/unit_form.html",
        status=status,
        unit=row,
        values=EMPTY | dict(values),
        seen=unit_register.seen_of(session, row.code) if row else 0,
        kinds=words.options(language, unit_words.KIND),
        peers=words.options(language, unit_words.PEERS),
        parents=[
            (other.code, other.name)
            for other in departments(session)
            if row is None or other.code != row.code
        ],
        faults=faults,
    )


def _wanted(values: Mapping[str, str]) -> Wanted:
    def text(name: str, longest: int = 200) -> str:
        return values.get(name, "").strip()[:longest]

    return Wanted(
        name=text("name"),
        kind=text("kind"),
        peers=text("peers"),
        parent=text("parent") or None,
        aliases=_parted(values.get("aliases", "")),
        duty_phone=text("duty_phone") or None,
        deputies=_parted(values.get("deputies", "")),
        opened=_day("opened", text("opened")),
        closed=_day("closed", text("closed")),
    )


def _parted(words_: str) -> tuple[str, ...]:
    for mark in "，,；;\r\n\t ":
        words_ = words_.replace(mark, "、")
    return tuple(dict.fromkeys(word for word in words_[:2000].split("、") if word))


def _day(field: str, given: str) -> date | None:
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise Invalid.one(field, "form", "请填写日期，例如2026-12-01") from error


def _values(wanted: Wanted) -> dict[str, str]:
    return {name: unit_words.plain(getattr(wanted, name)) for name in unit_words.FIELD}


def _found(session: Session, code: str) -> Department:
    row = session.get(Department, code)
    if row is None:
        raise NotFound
    return row


def _sought(row: Department, q: str) -> bool:
    text = " ".join((row.code, row.name, *row.aliases)).lower()
    return all(word in text for word in q.lower().split())


def _duties(
    session: Session, home: House, row: Department
) -> tuple[Any, dict[str, list[tuple[int, str]]]]:
    """What the unit is in the plan in force: part → tasks."""
    plan = chosen(session, home, "")
    units_ = register(session)
    found: dict[str, list[tuple[int, str]]] = {part: [] for part in duties.PARTS}
    for task in queries.tasks(session, plan.version) if plan else ():
        if part := duties.parts(task, units_).get(row.name):
            found[part].append((task.number, task.title))
    return plan, found


def _rules_of(book: Rulebook, code: str) -> list[str]:
    """The rules that lead to the unit, by their task's lead or by their own."""
    led = {number for number, duty in book.duties.items() if code in duty.leads}
    return [r.id for r in book.rules if r.outcome.lead == code or r.outcome.task in led]
