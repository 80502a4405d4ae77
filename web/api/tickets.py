"""Tickets over JSON: file one or many, read, and answer the call-back."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from sqlmodel import Session

from core import ids, timeline
from core.desk import Desk
from core.errors import Fault, Invalid, NotFound
from core.events import Audience
from core.permissions import Act, Actor, Scope, business, demand_scope, may
from core.tables import Ticket
from intake import closing, draft, service
from intake import queries as intake_queries
from routing import queries as routing_queries
from web import filing, security
from web.api.schemas import (
    WRONG,
    CallbackIn,
    EntryOut,
    FiledOut,
    OrderOut,
    TicketDetail,
    TicketIn,
    TicketOut,
    TicketsOut,
    files,
)
from web.deps import (
    Asker,
    CheckedIfStaff,
    House,
    TheAsker,
    TheCaller,
    TheHouse,
    TheReader,
    TheStaff,
    cursor,
)
from web.masking import told

router = APIRouter(prefix="/api/v1", tags=["tickets"])
BATCH = 100
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


@router.post("/tickets", status_code=201, responses=WRONG, dependencies=[CheckedIfStaff])
def file(
    body: TicketIn,
    request: Request,
    response: Response,
    home: TheHouse,
    asker: TheAsker,
    idempotency_key: Key = None,
) -> FiledOut:
    """File one request. The same Idempotency-Key with the same body answers the same ticket."""
    admitted(request, home, asker)
    wanted = checked(body, home, staff=asker.may(Act.FILE_FOR_OTHERS))
    receipt = service.ReceiptKey(asker.actor.tag, idempotency_key) if idempotency_key else None
    with home.office.desk(asker.actor) as desk:
        filed = filing.register(desk, home.settings, resolved(desk, wanted), receipt)
        answer = filed_out(desk.session, home, filed)
    response.headers["Location"] = f"/api/v1/tickets/{answer.number}"
    return answer


@router.post("/tickets:batch", status_code=201, responses=WRONG, dependencies=[CheckedIfStaff])
def file_batch(
    body: list[TicketIn], request: Request, home: TheHouse, asker: TheAsker
) -> list[FiledOut]:
    """File up to 100 requests as one: all of them or, when any is at fault, none."""
    admitted(request, home, asker)
    if not 1 <= len(body) <= BATCH:
        raise Invalid.one("body", "length", "一次提交1至{most}件", most=BATCH)
    drafts = _all_checked(body, home, staff=asker.may(Act.FILE_FOR_OTHERS))
    with home.office.desk(asker.actor) as desk:
        return [
            filed_out(desk.session, home, _filed(desk, home, position, wanted))
            for position, wanted in enumerate(drafts)
        ]


def admitted(request: Request, home: House, asker: Asker) -> None:
    """A program needs the scope and has a limit of its own; everybody else is counted here."""
    demand_scope(asker.actor, Scope.TICKETS_FILE)
    if asker.client is None:
        home.limits.hit("file", security.caller(request))


def _filed(desk: Desk, home: House, position: int, wanted: draft.Draft) -> service.Filed:
    try:
        return filing.register(desk, home.settings, resolved(desk, wanted))
    except Invalid as error:
        raise Invalid(faults=tuple(_placed(position, error))) from error


def _placed(position: int, error: Invalid) -> list[Fault]:
    return [
        Fault(f"{position}.{fault.field}", fault.code, fault.message, fault.params)
        for fault in error.faults
    ]


def _all_checked(bodies: list[TicketIn], home: House, *, staff: bool) -> list[draft.Draft]:
    drafts: list[draft.Draft] = []
    faults: list[Fault] = []
    for position, body in enumerate(bodies):
        try:
            drafts.append(checked(body, home, staff=staff))
        except Invalid as error:
            faults += _placed(position, error)
    if faults:
        raise Invalid(faults=tuple(faults))
    return drafts


def checked(body: TicketIn, home: House, *, staff: bool) -> draft.Draft:
    """The body as a Draft; strangers may only name the open channels."""
    return draft.check(
        body.model_dump(exclude={"attachments"}),
        channels=tuple(draft.CHANNEL_LETTERS) if staff else ("api", "web"),
        channel="api",
        attachments=files(body.attachments, home.settings.upload_limit_mb * 2**20),
    )


def resolved(desk: Desk, wanted: draft.Draft) -> draft.Draft:
    """The draft with the unit complained of as its code. Invalid when nobody knows the unit."""
    return intake_queries.with_respondent(desk.session, wanted)


def filed_out(session: Session, home: House, filed: service.Filed) -> FiledOut:
    """What the filer is told."""
    ticket = filed.ticket
    key = security.track_key(home.keys, ticket.number)
    return FiledOut(
        number=ticket.number,
        query_code=filed.query_code,
        status=ticket.status,
        due_at=ticket.due_at,
        category=ticket.category,
        task=ticket.task,
        lead=ticket.lead,
        lead_name=routing_queries.unit_name(session, ticket.lead),
        url=f"{home.settings.public_url}/track/{ticket.number}?k={key}",
    )


@router.get("/tickets", responses=WRONG)
def tickets(
    asker: TheCaller,
    session: TheReader,
    after: Annotated[str | None, Query(max_length=60)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    status: Annotated[str | None, Query(max_length=30)] = None,
) -> TicketsOut:
    """Tickets the asker may see, newest first; pass `next` back as `after`.

    A program sees what it filed itself.
    """
    demand_scope(asker.actor, Scope.TICKETS_READ)
    rows = intake_queries.tickets(
        session, asker.actor, after=cursor(after), limit=limit + 1, status=status
    )
    more = str(rows[limit - 1].id) if len(rows) > limit else None
    return TicketsOut(tickets=[TicketOut.masked(row) for row in rows[:limit]], next=more)


@router.get("/tickets/{number}", responses=WRONG)
def one(
    number: str,
    request: Request,
    home: TheHouse,
    asker: TheAsker,
    session: TheReader,
    query_code: Annotated[str | None, Header(alias="X-Query-Code", max_length=20)] = None,
) -> TicketDetail:
    """One ticket: for staff who may see it, the program that filed it, or whoever has its code."""
    if asker.staff is not None:
        ticket = intake_queries.by_number(session, asker.actor, number)
        eyes = Audience.STAFF
    elif asker.client is not None and query_code is None:
        demand_scope(asker.actor, Scope.TICKETS_READ)
        ticket = intake_queries.by_number(session, asker.actor, number)
        eyes = Audience.PARTIES
    else:
        home.limits.hit("track", security.caller(request))
        home.limits.hit("ticket", ids.normal_number(number))
        ticket = service.owned(session, home.keys, number, query_code or "")
        eyes = Audience.PARTIES
    return detail(session, ticket, eyes, asker.actor)


def detail(session: Session, ticket: Ticket, eyes: Audience, actor: Actor) -> TicketDetail:
    """The ticket with its orders and timeline."""
    own = eyes is Audience.PARTIES
    seen = TicketOut.model_validate(ticket) if own else TicketOut.masked(ticket)
    if not own:
        seen.title = told(actor, ticket).title
    return TicketDetail(
        **seen.model_dump(),
        content=ticket.content if own else told(actor, ticket).content,
        orders=[OrderOut.model_validate(row) for row in routing_queries.orders(session, ticket.id)],
        timeline=[
            EntryOut(
                number=entry.number,
                kind=entry.kind,
                at=entry.at,
                actor=entry.actor if eyes is Audience.STAFF else entry.actor.partition(":")[0],
                facts=entry.facts,
            )
            for entry in timeline.entries(session, ticket.id, eyes)
        ],
    )


@router.post("/tickets/{number}/callback", responses=WRONG, dependencies=[CheckedIfStaff])
def call_back(number: str, body: CallbackIn, request: Request, home: TheHouse) -> dict[str, str]:
    """The complainant's three answers: contacted? solved? which grade?"""
    home.limits.hit("track", security.caller(request))
    home.limits.hit("ticket", ids.normal_number(number))
    with home.office.desk(business(ids.normal_number(number))) as desk:
        ticket = service.owned(desk.session, home.keys, number, body.query_code)
        closing.answer_callback(
            desk,
            ticket.id,
            contacted=body.contacted,
            solved=body.solved,
            grade=body.grade,
            comment=body.comment,
        )
        return {"number": ticket.number, "status": ticket.status}


@router.get("/categories")
def categories(session: TheReader) -> list[dict[str, Any]]:
    """The open categories, in two levels."""
    return [
        {"code": row.code, "parent": row.parent, "name": row.name, "name_en": row.name_en}
        for row in intake_queries.categories(session)
    ]


def found(session: Session, asker: TheStaff, number: str) -> Ticket:
    """The ticket a member of staff named; NotFound when it is not for his eyes."""
    if not may(asker.actor, Act.READ_TICKETS):
        raise NotFound
    return intake_queries.by_number(session, asker.actor, number)
