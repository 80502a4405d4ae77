"""A plan on its way in: upload or paste, doubts one by one, difference, second person."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData, UploadFile

from core.errors import Fault, Invalid, Refused
from core.permissions import Act, demand
from core.tables import Department
from routing import plan_drafts, queries
from routing.documents import document_text
from routing.plan import LIMIT, PlanRefused
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of, status_of
from web.pages import plan_words, views
from web.pages.forms import faults_of, form, texts
from web.pages.views import in_thread
from web.rendering import page

router = APIRouter(include_in_schema=False)
PASTED_LIMIT = 300_000
FILE_LIMIT = LIMIT * 4  # a .docx may carry pictures; the reader has the last word on its text
AROUND = 2


@router.get("/plan/import")
def ask(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """Where a plan is handed in, and those that wait for an answer."""
    return _ask(request, asker, session, {}, {})


def _ask(
    request: Request,
    asker: Asker,
    session: Session,
    values: dict[str, str],
    faults: dict[str, str],
    *,
    status: int = 200,
    context: list[dict[str, Any]] | None = None,
) -> Response:
    demand(asker.actor, Act.EDIT_RULES)
    language = language_of(request)
    rows = [
        {
            "id": row.id,
            "name": row.name,
            "start": row.document.strip()[:40],
            "state": row.state,
            "by": views.actor_word(session, row.uploaded_by, language, staff=True),
            "at": row.uploaded_at,
            "plan": row.plan,
        }
        for row in plan_drafts.listed(session)
    ]
    return page(
        request,
        "plan/import.html",
        status=status,
        drafts=rows,
        values=values,
        faults=faults,
        context=context or [],
        limit=PASTED_LIMIT,
    )


@router.post("/plan/import", dependencies=[Checked])
async def receive(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """Keep what can be read as a plan; say of anything else what is wrong, and where."""
    demand(asker.actor, Act.EDIT_RULES)
    data = await form(request)
    values = texts(data)
    name, body = await _handed_in(data)
    return await in_thread(_received, request, home, asker, values, name, body)


async def _handed_in(data: FormData) -> tuple[str, bytes | None]:
    upload = data.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return "", None
    return upload.filename, await upload.read(FILE_LIMIT + 1)


def _received(
    request: Request,
    home: House,
    asker: Asker,
    values: dict[str, str],
    name: str,
    body: bytes | None,
) -> Response:
    document = ""
    try:
        document = document_text(name, body) if body is not None else _pasted(values)
        with home.office.desk(asker.actor) as desk:
            row = plan_drafts.receive(desk, name, document)
    except PlanRefused as refused:
        field = "file" if body is not None else "text"
        fault = Fault(field, refused.code, refused.message)
        faults = faults_of(request, Invalid(faults=(fault,)))
        return _back(request, home, asker, values, faults, _lines(document, refused.where))
    except Refused as refused:
        return _back(request, home, asker, values, faults_of(request, refused), [])
    return RedirectResponse(f"/plan/import/{row.id}", 303)


def _pasted(values: dict[str, str]) -> str:
    text = values.get("text", "")
    if not text.strip():
        raise Invalid.one("text", "required", "请选择文件或粘贴方案全文")
    if len(text) > PASTED_LIMIT:
        raise Invalid.one(
            "text", "too_long", "粘贴的文字不能超过{limit}字，请改为上传文件", limit=PASTED_LIMIT
        )
    return text


def _back(
    request: Request,
    home: House,
    asker: Asker,
    values: dict[str, str],
    faults: dict[str, str],
    context: list[dict[str, Any]],
) -> Response:
    with Session(home.office.engine, expire_on_commit=False) as session:
        return _ask(request, asker, session, values, faults, status=422, context=context)


def _lines(document: str, where: int | None) -> list[dict[str, Any]]:
    """The line at fault with its neighbours."""
    lines = document.splitlines()
    if where is None or not 0 < where <= len(lines):
        return []
    first, last = max(1, where - AROUND), min(len(lines), where + AROUND)
    return [
        {"number": number, "text": lines[number - 1][:300], "hit": number == where}
        for number in range(first, last + 1)
    ]


@router.get("/plan/import/{key}")
def review(
    request: Request, key: UUID, home: TheHouse, asker: TheStaff, session: TheReader
) -> Response:
    """Every doubt beside its sentence, and what applying the plan would change."""
    return _review(request, home, asker, session, key, {})


def _review(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    key: UUID,
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    demand(asker.actor, Act.EDIT_RULES)
    row = plan_drafts.draft(session, key)
    language = language_of(request)
    read = plan_drafts.reading(session, row)
    ahead = plan_drafts.outlook(session, read.plan, home.office.now())
    mine = asker.actor.tag in {row.uploaded_by, row.answered_by}
    return page(
        request,
        "plan/review.html",
        status=status,
        faults=faults,
        draft=row,
        by=views.actor_word(session, row.uploaded_by, language, staff=True),
        read=read,
        doubts=[_doubt(doubt, read) for doubt in read.doubts],
        open=read.open if row.state == "open" else (),
        units=_units(session, home.office.now().date()),
        outlook=ahead,
        changes=plan_words.changes(language, ahead.diff),
        categories=views.category_names(session, language),
        may_apply=row.state == "open" and not mine and not read.plan.blocking,
        mine=mine,
        today=home.office.now().date().isoformat(),
    )


def _doubt(doubt: Any, read: plan_drafts.Reading) -> dict[str, Any]:
    return {
        "key": doubt.key,
        "code": doubt.code,
        "message": doubt.message,
        "tasks": doubt.tasks,
        "title": doubt.title,
        "name": doubt.name,
        "meant": doubt.meant,
        "places": doubt.places[:5],
        "more": max(0, len(doubt.places) - 5),
        "blocking": doubt.blocking,
        "of_name": doubt.of_name,
        "said": read.answered.get(doubt.key, ""),
    }


def _units(session: Session, today: date) -> list[tuple[str, str]]:
    rows: list[Department] = queries.open_units(session, today)
    return [(row.name, row.name) for row in rows]


@router.post("/plan/import/{key}", dependencies=[Checked])
async def answer(request: Request, key: UUID, home: TheHouse, asker: TheStaff) -> Response:
    """Store what was said to the doubts."""
    data = texts(await request.form(max_fields=3000))
    return await in_thread(_answered, request, key, home, asker, data)


def _answered(
    request: Request, key: UUID, home: House, asker: Asker, data: dict[str, str]
) -> Response:
    answers = {
        name.removeprefix("doubt-"): data.get(f"unit-{name.removeprefix('doubt-')}", "")
        if said == "unit"
        else said
        for name, said in data.items()
        if name.startswith("doubt-")
    }
    try:
        with home.office.desk(asker.actor) as desk:
            plan_drafts.answer(desk, key, answers)
    except Refused as refused:
        return _again(request, home, asker, key, refused)
    return RedirectResponse(f"/plan/import/{key}", 303)


@router.post("/plan/import/{key}/apply", dependencies=[Checked])
def apply(
    request: Request,
    key: UUID,
    home: TheHouse,
    asker: TheStaff,
    effective_from: Annotated[str, Form(max_length=10)] = "",
    digest: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Make it a version of the plan."""
    try:
        with home.office.desk(asker.actor) as desk:
            row = plan_drafts.apply(desk, key, effective_from=_day(effective_from), digest=digest)
    except Refused as refused:
        return _again(request, home, asker, key, refused)
    return RedirectResponse(f"/plan?version={row.version}", 303)


@router.post("/plan/import/{key}/discard", dependencies=[Checked])
def discard(request: Request, key: UUID, home: TheHouse, asker: TheStaff) -> Response:
    """Put it away."""
    try:
        with home.office.desk(asker.actor) as desk:
            plan_drafts.discard(desk, key)
    except Refused as refused:
        return _again(request, home, asker, key, refused)
    return RedirectResponse("/plan/import", 303)


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError as wrong:
        raise Invalid.one("effective_from", "date", "请填写日期，例如2026-12-01") from wrong


def _again(request: Request, home: House, asker: Asker, key: UUID, refused: Refused) -> Response:
    with Session(home.office.engine, expire_on_commit=False) as session:
        faults = faults_of(request, refused)
        return _review(request, home, asker, session, key, faults, status_of(refused))
