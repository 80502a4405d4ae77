"""Lists as files: ask for one and say why, see it come, take it; the privacy officer's register."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from sqlmodel import Session

from core import jobs
from core.errors import Refused
from core.i18n import N_, translate
from core.people import departments
from core.permissions import Act, demand
from routing import queries as routing_queries
from web import words
from web.custody import exports
from web.custody.spreadsheets import MEDIA
from web.custody.tables import TicketExport
from web.deps import Asker, Checked, TheHouse, TheReader, TheStaff
from web.errors import language_of, status_of
from web.pages.forms import faults_of
from web.pages.jobs import view as job_view
from web.rendering import page

router = APIRouter(include_in_schema=False)
Word = Annotated[str, Form(max_length=400)]
STATES = {
    "asked": (N_("待审批"), "yellow", "hourglass"),
    "working": (N_("正在生成"), "blue", "hourglass"),
    "ready": (N_("可以下载"), "green", "check"),
    "refused": (N_("未同意"), "red", "x"),
    "failed": (N_("未能生成"), "red", "warn"),
    "expired": (N_("已到期删除"), "", "x"),
}


@router.get("/exports")
def show(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """The form, with the filters of a search, and what was asked for before."""
    chosen = {name: request.query_params.get(name, "")[:60] for name in exports.FILTERS}
    return _page(request, asker, session, chosen, {})


def _page(
    request: Request,
    asker: Asker,
    session: Session,
    values: dict[str, str],
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    if not asker.may(Act.GUARD_PRIVACY):
        demand(asker.actor, Act.EXPORT)
    language, names = language_of(request), routing_queries.unit_names(session)
    rows = exports.of(session, asker.actor)
    return page(
        request,
        "privacy/exports.html",
        status=status,
        may_ask=asker.may(Act.EXPORT),
        may_identify=asker.may(Act.EXPORT_IDENTIFIED),
        form=dict.fromkeys((*exports.FILTERS, "reason", "texts", "identified"), "")
        | {"format": "csv"}
        | values,
        faults=faults,
        options=_options(session, language),
        exports=[_line(session, row, asker, names, language) for row in rows],
        jobs=[
            job_view(jobs.seen(session, asker.actor, row.job_id), language)
            for row in rows
            if row.state == "working" and row.job_id and row.asked_by == asker.actor.tag
        ],
    )


def _options(session: Session, language: str) -> dict[str, list[tuple[str, str]]]:
    return {
        "status": words.options(language, words.STATUS),
        "channel": words.options(language, words.CHANNEL),
        "request": words.options(language, words.REQUEST),
        "lead": [(u.code, u.name) for u in departments(session) if u.kind != "outside"],
    }


def _line(
    session: Session, row: TicketExport, asker: Asker, names: dict[str, str], language: str
) -> dict[str, Any]:
    word, tone, icon = STATES[row.state]
    own = row.asked_by == asker.actor.tag
    return {
        "id": row.id,
        "who": routing_queries.staff_name(session, row.asked_by.partition(":")[2]) or "—",
        "asked_at": row.asked_at,
        "reason": row.reason,
        "format": row.format.upper(),
        "identified": row.identified,
        "texts": row.texts,
        "filters": _filter_words(row, names, language),
        "state": row.state,
        "word": translate(language, word),
        "tone": tone,
        "icon": icon,
        "rows": row.rows,
        "size": round((row.size or 0) / 1024),
        "expires_at": row.expires_at,
        "file": f"/exports/{row.id}/file" if own and row.state == "ready" else "",
        "decide": row.state == "asked" and asker.may(Act.GUARD_PRIVACY) and not own,
    }


def _filter_words(row: TicketExport, names: dict[str, str], language: str) -> list[str]:
    tables = {"status": words.STATUS, "channel": words.CHANNEL, "request": words.REQUEST}
    shown = []
    for name, value in row.filters.items():
        if name in tables:
            shown.append(words.word(language, tables[name], value))
        elif name == "lead":
            shown.append(names.get(value, value))
        elif name == "late":
            shown.append(translate(language, "超过时限的"))
        else:
            word = N_("从 {day}") if name == "since" else N_("至 {day}")
            shown.append(translate(language, word, day=value))
    return shown


@router.post("/exports", dependencies=[Checked])
def ask(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    reason: Word = "",
    format: Word = "csv",  # noqa: A002 - the form's own name
    texts: Word = "",
    identified: Word = "",
    status: Word = "",
    lead: Word = "",
    channel: Word = "",
    since: Word = "",
    until: Word = "",
    late: Word = "",
    kind: Annotated[str, Form(alias="request", max_length=60)] = "",
) -> Response:
    """Have a list made."""
    filters = {
        "status": status, "lead": lead, "channel": channel, "request": kind, "since": since,
        "until": until, "late": late,
    }  # fmt: skip
    try:
        with home.office.desk(asker.actor) as desk:
            exports.ask(
                desk,
                {name: value[:60] for name, value in filters.items()},
                reason=reason,
                file_format=format,
                texts=bool(texts),
                identified=bool(identified),
                language=language_of(request),
            )
    except Refused as refused:
        values = filters | {"reason": reason, "format": format, "texts": texts}
        with Session(home.office.engine, expire_on_commit=False) as session:
            faults = faults_of(request, refused)
            return _page(request, asker, session, values, faults, status_of(refused))
    return RedirectResponse("/exports", 303)


@router.post("/exports/{export}/decide", dependencies=[Checked])
def decide(home: TheHouse, asker: TheStaff, export: UUID, agree: Word = "") -> Response:
    """The privacy officer agrees, or not."""
    with home.office.desk(asker.actor) as desk:
        exports.decide(desk, export, agree=agree == "yes")
    return RedirectResponse("/exports", 303)


@router.get("/exports/{export}/file")
def take(home: TheHouse, asker: TheStaff, export: UUID) -> Response:
    """One's own file, piece by piece; taking it is written down first."""
    with home.office.desk(asker.actor) as desk:
        row = exports.taken(desk, export)
    headers = {
        "Content-Disposition": f'attachment; filename="{exports.file_name(row)}"',
        "Content-Length": str(row.size),
    }
    return StreamingResponse(
        exports.body(home.office, export), media_type=MEDIA[row.format], headers=headers
    )
