"""The privacy officer's pages: people's requests, retention, legal holds, the record."""

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from core.desk import Desk
from core.errors import NotFound, Refused
from core.i18n import translate
from core.permissions import Act, demand
from core.tables import Entry, Ticket
from intake import contacts
from notify.tables import Letter
from routing import queries as routing_queries
from web import words
from web.custody import holds, record, retention, subjects
from web.custody.tables import REQUEST_KINDS, SubjectRequest
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of, status_of
from web.pages.forms import faults_of
from web.pages.subject_words import request_words
from web.rendering import page

router = APIRouter(include_in_schema=False)
Short = Annotated[str, Form(max_length=300)]
Long = Annotated[str, Form(max_length=1000)]
PAGE = 50
LONG = re.compile(r"[0-9a-f-]{32,64}")


@router.get("/privacy")
def front(request: Request, home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """The register of requests, the open ones by their day."""
    demand(asker.actor, Act.GUARD_PRIVACY)
    language, now = language_of(request), home.office.now()
    rows = [
        request_words(session, row, language)
        | {"number": number, "href": f"/privacy/requests/{row.id}", "late": _late(row, now)}
        for row, number in subjects.register(session)
    ]
    return page(request, "privacy/front.html", requests=rows)


def _late(row: SubjectRequest, now: datetime) -> bool:
    return (row.decided_at or now) > row.due_at


@router.get("/privacy/paper")
def paper(request: Request, asker: TheStaff) -> Response:
    """A request that came on paper, to be keyed in."""
    return _paper(request, asker, {}, {})


def _paper(
    request: Request,
    asker: Asker,
    values: dict[str, str],
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    if not asker.may(Act.GUARD_PRIVACY):
        demand(asker.actor, Act.FILE_FOR_OTHERS)
    language = language_of(request)
    return page(
        request,
        "privacy/paper.html",
        status=status,
        form=dict.fromkeys(("number", "kind", "said", "name", "phone", "email"), "") | values,
        faults=faults,
        kinds=[(kind, words.word(language, words.WISH, kind)) for kind in REQUEST_KINDS],
        saved=request.query_params.get("saved", "")[:30],
    )


@router.post("/privacy/paper", dependencies=[Checked])
def key_in(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    number: Short = "",
    kind: Short = "",
    said: Long = "",
    name: Short = "",
    phone: Short = "",
    email: Short = "",
) -> Response:
    """Key it in."""
    values = {"number": number, "kind": kind, "said": said}
    values |= {"name": name, "phone": phone, "email": email}
    try:
        right = contacts.checked(values) if kind == "correction" else None
        with home.office.desk(asker.actor) as desk:
            ticket = subjects.by_paper(desk.session, number, asker.actor.roles)
            subjects.ask(desk, ticket.id, kind, said=said, right=right)
    except Refused as refused:
        return _paper(request, asker, values, faults_of(request, refused), status_of(refused))
    return RedirectResponse(f"/privacy/paper?saved={ticket.number}", 303)


@router.get("/privacy/requests/{wanted}")
def show(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, wanted: UUID
) -> Response:
    """One request."""
    return _one(request, home, asker, session, wanted, {})


def _one(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    wanted: UUID,
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    demand(asker.actor, Act.GUARD_PRIVACY)
    row, ticket = subjects.get(session, wanted)
    language = language_of(request)
    said, right = subjects.wish(home.keys, row)
    return page(
        request,
        "privacy/request.html",
        status=status,
        faults=faults,
        wish=request_words(session, row, language)
        | {"said": said, "right": right, "late": _late(row, home.office.now())},
        ticket={
            "number": ticket.number,
            "status": ticket.status,
            "status_word": words.word(language, words.STATUS, ticket.status),
            "received_at": ticket.received_at,
            "closed_at": ticket.closed_at,
        },
        hold=holds.standing(session, ticket.id),
        grounds=[
            (code, words.word(language, words.WISH_GROUND, code)) for code in subjects.REFUSALS
        ],
        told=_told(session, row, ticket),
        decide=row.decided_at is None and row.asked_by != asker.actor.tag,
    )


def _told(session: Session, row: SubjectRequest, ticket: Ticket) -> list[dict[str, Any]]:
    """Who was told of it: letters that followed from its facts."""
    query = (
        select(Letter, Entry.kind)
        .join(Entry, col(Entry.id) == Letter.entry_id)
        .where(Letter.ticket_id == ticket.id, col(Entry.kind).startswith("ticket.subject_"))
        .where(Entry.facts["request"].as_string() == str(row.id))
        .order_by(col(Letter.id))
    )
    return [
        {
            "who": routing_queries.staff_name(session, letter.recipient.partition(":")[2]),
            "channel": letter.channel,
            "at": letter.sent_at or letter.created_at,
            "sent": letter.state == "sent",
        }
        for letter, _ in session.exec(query)
    ]


@router.post("/privacy/requests/{wanted}", dependencies=[Checked])
def decide(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    wanted: UUID,
    grant: Short = "",
    ground: Short = "",
    answer: Long = "",
) -> Response:
    """Granted, or not and why."""
    try:
        with home.office.desk(asker.actor) as desk:
            subjects.decide(desk, wanted, grant=grant == "yes", ground=ground, answer=answer)
    except NotFound:
        raise
    except Refused as refused:
        with Session(home.office.engine, expire_on_commit=False) as session:
            faults, status = faults_of(request, refused), status_of(refused)
            return _one(request, home, asker, session, wanted, faults, status)
    return RedirectResponse(f"/privacy/requests/{wanted}", 303)


# --- retention and holds --------------------------------------------------------------


@router.get("/privacy/retention")
def keeping(request: Request, home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """How long each kind is kept, what would be taken now, what was."""
    return _retention(request, home, asker, session, {})


def _retention(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    demand(asker.actor, Act.GUARD_PRIVACY)
    language = language_of(request)
    return page(
        request,
        "privacy/retention.html",
        status=status,
        faults=faults,
        terms=[
            {
                "code": term.kept.code,
                "word": translate(language, term.kept.word),
                "days": term.days,
                "basis": translate(language, term.basis),
                "action": translate(language, term.kept.action),
                "enabled": term.enabled,
                "due": due,
                "held": held,
            }
            for term, due, held in retention.dry_run(session, home.office.now())
        ],
        runs=retention.runs(session),
        kinds={kept.code: translate(language, kept.word) for kept in retention.SCHEDULE},
        holds=holds.listing(session),
    )


def _do(request: Request, home: House, asker: Asker, work: Any) -> Response:
    try:
        with home.office.desk(asker.actor) as desk:
            work(desk)
    except Refused as refused:
        with Session(home.office.engine, expire_on_commit=False) as session:
            faults, status = faults_of(request, refused), status_of(refused)
            return _retention(request, home, asker, session, faults, status)
    return RedirectResponse("/privacy/retention", 303)


@router.post("/privacy/retention", dependencies=[Checked])
def change(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    code: Short = "",
    days: Short = "",
    basis: Short = "",
    enabled: Short = "",
) -> Response:
    """Another period."""
    wanted = int(days) if days.isascii() and days.isdigit() and len(days) < 7 else 0

    def work(desk: Desk) -> None:
        retention.change(desk, code, days=wanted, basis=basis, enabled=bool(enabled))

    return _do(request, home, asker, work)


@router.post("/privacy/holds", dependencies=[Checked])
def hold(
    request: Request, home: TheHouse, asker: TheStaff, number: Short = "", reason: Short = ""
) -> Response:
    """Keep everything of a ticket."""
    return _do(request, home, asker, lambda desk: holds.place(desk, number, reason))


@router.post("/privacy/holds/{standing}/lift", dependencies=[Checked])
def lift(request: Request, home: TheHouse, asker: TheStaff, standing: UUID) -> Response:
    """No longer."""
    return _do(request, home, asker, lambda desk: holds.lift(desk, standing))


@router.get("/privacy/record")
def log(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    before: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    """What was done with many people's data: for the privacy officer and the auditor."""
    if not asker.may(Act.READ_LEDGER):
        demand(asker.actor, Act.GUARD_PRIVACY)
    rows = record.lines(session, before=before, limit=PAGE + 1)
    language = language_of(request)
    return page(
        request,
        "privacy/record.html",
        lines=[_line(session, row, language) for row in rows[:PAGE]],
        following=f"/privacy/record?before={rows[PAGE - 1].number}" if len(rows) > PAGE else "",
        first="/privacy/record" if before else "",
        wrong=record.verify(session, home.keys.ledger),
    )


def _short(value: object) -> str:
    """Ids and hashes by their last signs: the whole ones stand in the record."""
    text = (
        ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
    )
    return f"…{text[-12:]}" if LONG.fullmatch(text) else text


def _line(session: Session, row: Any, language: str) -> dict[str, Any]:
    kind, _, key = row.by.partition(":")
    name = routing_queries.staff_name(session, key) if kind == "staff" else None
    return {
        "number": row.number,
        "at": row.at,
        "who": name or translate(language, "系统"),
        "act": words.word(language, words.CUSTODY, row.act),
        "facts": [
            (key, _short(value)) for key, value in row.facts.items() if value not in ("", {}, None)
        ],
        "hash": row.hash[:12],
    }
