"""Old cases from a list: hand it in, see what would happen, have it done, mend what is left."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import UploadFile

from core import jobs
from core.errors import Invalid, Refused
from core.i18n import N_, translate
from core.permissions import Act, demand
from core.tables import JobRow
from intake import imports, lists
from intake.old_words import COLUMNS, NEEDED
from intake.tables import ImportRow
from web.custody.spreadsheets import MEDIA
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of, status_of
from web.pages.forms import faults_of, form, texts
from web.pages.jobs import view as job_view
from web.pages.views import actor_word, in_thread
from web.rendering import page

router = APIRouter(include_in_schema=False)
STATES = {
    "checked": (N_("待确认"), "yellow", "hourglass"),
    "working": (N_("正在导入"), "blue", "hourglass"),
    "done": (N_("已导入"), "green", "check"),
    "discarded": (N_("已放弃"), "", "x"),
    "expired": (N_("已到期删除"), "", "x"),
}


@router.get("/imports")
def front(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """Where a list is handed in, and those that were."""
    return _front(request, asker, session, {}, {})


def _front(
    request: Request,
    asker: Asker,
    session: Session,
    values: dict[str, str],
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    language = language_of(request)
    rows = [_line(session, row, language) for row in imports.listed(session, asker.actor)]
    return page(
        request,
        "console/imports.html",
        status=status,
        rows=rows,
        values=values,
        faults=faults,
        needed=[names[0] for field, names in COLUMNS.items() if field in NEEDED],
        others=[names[0] for field, names in COLUMNS.items() if field not in NEEDED],
        limits={"rows": lists.ROWS_LIMIT, "size": lists.FILE_LIMIT // 2**20},
    )


def _line(session: Session, row: ImportRow, language: str) -> dict[str, Any]:
    word, tone, icon = STATES[row.state]
    return {
        "id": row.id,
        "name": row.name,
        "source": row.source,
        "who": actor_word(session, row.made_by, language, staff=True),
        "at": row.made_at,
        "rows": row.rows,
        "good": row.good,
        "bad": row.bad,
        "known": row.known,
        "taken": row.taken,
        "state": row.state,
        "word": translate(language, word),
        "tone": tone,
        "icon": icon,
    }


@router.post("/imports", dependencies=[Checked])
async def receive(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """Keep the file and say what would become of it."""
    demand(asker.actor, Act.IMPORT)
    data = await form(request)
    upload = data.get("file")
    given = isinstance(upload, UploadFile) and bool(upload.filename)
    name, body = "", b""
    if isinstance(upload, UploadFile) and given:
        name, body = upload.filename or "", await upload.read(lists.FILE_LIMIT + 1)
    return await in_thread(_received, request, home, asker, texts(data), name, body)


def _received(
    request: Request, home: House, asker: Asker, values: dict[str, str], name: str, body: bytes
) -> Response:
    try:
        imports.source_of(values.get("source", ""))
        if not name:
            raise Invalid.one("file", "required", "请选择文件")
        with home.office.desk(asker.actor) as desk:
            row = imports.receive(desk, name=name, body=body, source=values.get("source", ""))
    except Refused as refused:
        faults = faults_of(request, refused)
        with Session(home.office.engine, expire_on_commit=False) as session:
            return _front(request, asker, session, values, faults, status_of(refused))
    return RedirectResponse(f"/imports/{row.id}", 303)


@router.get("/imports/template.csv")
def template(asker: TheStaff) -> Response:
    """An empty list with every column."""
    demand(asker.actor, Act.IMPORT)
    heads = tuple(names[0] for names in COLUMNS.values())
    body = lists.write_text(lists.Sheet("csv", heads, ()), [heads])
    return _file("import-template.csv", "csv", body)


@router.get("/imports/{key}")
def show(request: Request, asker: TheStaff, session: TheReader, key: UUID) -> Response:
    """What was found, how far it is, what came of it."""
    row = imports.one(session, asker.actor, key)
    language = language_of(request)
    job = session.get(JobRow, row.job_id) if row.job_id else None
    return page(
        request,
        "console/import.html",
        row=_line(session, row, language),
        faults=[_fault(fault, language) for fault in row.faults],
        more=bool(row.faults) and len(row.faults) == imports.SHOWN,
        job=_job(asker, job, language),
        failed=job is not None and job.state == "failed" and row.state == "working",
        errors=f"/imports/{row.id}/errors" if row.errors else "",
    )


def _fault(fault: dict[str, Any], language: str) -> dict[str, Any]:
    words = translate(language, fault["message"], **fault["params"])
    return {"row": fault["row"], "column": fault["column"], "words": words}


def _job(asker: Asker, job: JobRow | None, language: str) -> dict[str, Any] | None:
    # the job asks after itself, and answers only who asked for it
    own = job is not None and job.asked_by == asker.actor.tag
    return job_view(job, language) if job and own and job.state not in jobs.ENDED[:1] else None


@router.post("/imports/{key}/begin", dependencies=[Checked])
def begin(request: Request, home: TheHouse, asker: TheStaff, key: UUID) -> Response:
    """Have the good rows taken in."""
    with home.office.desk(asker.actor) as desk:
        imports.begin(desk, key, area=home.settings.area_code, language=language_of(request))
    return RedirectResponse(f"/imports/{key}", 303)


@router.post("/imports/{key}/discard", dependencies=[Checked])
def discard(home: TheHouse, asker: TheStaff, key: UUID) -> Response:
    """Put it away untaken."""
    with home.office.desk(asker.actor) as desk:
        imports.discard(desk, key)
    return RedirectResponse("/imports", 303)


@router.get("/imports/{key}/errors")
def errors(home: TheHouse, asker: TheStaff, session: TheReader, key: UUID) -> Response:
    """The rows that did not go in, to be mended and sent again."""
    name, body = imports.errors(session, home.keys, asker.actor, key)
    return _file(name, name.rpartition(".")[2], body)


def _file(name: str, file_format: str, body: bytes) -> Response:
    # the encoding is that of the file that came: the browser is to save it, not to read it
    kind = MEDIA[file_format].partition(";")[0]
    return Response(
        body, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
