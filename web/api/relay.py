"""The upper platform's side of the counter: push a case, ask how it stands, give another limit."""

import hashlib
import hmac
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel, Field
from sqlmodel import Session
from starlette.exceptions import HTTPException

from core.errors import NotFound
from core.moments import aware
from core.permissions import Actor, Scope, client
from core.tables import Ticket
from intake import relay as language
from intake import relays
from intake.tables import RelayCase
from web import relay_cases, relaying
from web.api.schemas import ErrorOut, Strict
from web.deps import TheHouse, TheReader
from web.relay_cases import Moment, RelayCaseIn

WRONG: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorOut} for status in (400, 401, 404, 409, 413, 422)
}
router = APIRouter(prefix="/api/v1/relay", tags=["relay"], responses=WRONG)


def platform(home: TheHouse, authorization: Annotated[str, Header(max_length=500)] = "") -> Actor:
    """The platform that the bearer token belongs to; only the token's hash is known here."""
    scheme, _, token = authorization.partition(" ")
    given = hashlib.sha256(token.strip().encode()).hexdigest()
    known = home.settings.relay_token_hash
    if known is None or scheme.lower() != "bearer" or not hmac.compare_digest(given, known):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return client("upper", frozenset({Scope.TICKETS_FILE}))


ThePlatform = Annotated[Actor, Depends(platform)]


class RelayCaseOut(BaseModel):
    """How a case stands."""

    upper_number: str
    number: str
    state: str = Field(description="as it was told last: " + " ".join(language.STATES))
    status: str
    limit: datetime | None
    due_at: datetime | None
    lead: str | None
    updated_at: datetime


class LimitIn(Strict):
    """Another limit, for example because an extension was granted."""

    limit: Moment


@router.post("/cases", status_code=201)
def push(body: RelayCaseIn, home: TheHouse, actor: ThePlatform, response: Response) -> RelayCaseOut:
    """Hand a case over. The same number with the same content answers 200 and the same ticket."""
    pushed = relay_cases.pushed(body, home.settings)
    with home.office.desk(actor) as desk:
        filed = relays.push(
            desk,
            pushed,
            lambda open_desk, wanted, limit: relaying.register(
                home.settings, open_desk, wanted, limit
            ),
        )
        answer = _out(desk.session, filed.ticket)
    if filed.repeated:
        response.status_code = 200
    response.headers["Location"] = f"/api/v1/relay/cases/{pushed.number}"
    return answer


@router.get("/cases/{upper_number}")
def one(upper_number: str, session: TheReader, actor: ThePlatform) -> RelayCaseOut:
    """How one case stands."""
    del actor  # whoever has the token sent every case
    case = relays.by_upper(session, upper_number)
    if case is None:
        raise NotFound
    return _told(case, session.get_one(Ticket, case.ticket_id))


@router.post("/cases/{upper_number}/limit")
def give(upper_number: str, body: LimitIn, home: TheHouse, actor: ThePlatform) -> RelayCaseOut:
    """Give a case another limit."""
    with home.office.desk(actor) as desk:
        until = body.limit.replace(microsecond=0)
        return _out(desk.session, relays.limit(desk, upper_number, until))


def _out(session: Session, ticket: Ticket) -> RelayCaseOut:
    return _told(session.get_one(RelayCase, ticket.id), ticket)


def _told(case: RelayCase, ticket: Ticket) -> RelayCaseOut:
    return RelayCaseOut(
        upper_number=case.upper_number,
        number=ticket.number,
        state=case.state,
        status=ticket.status,
        limit=aware(ticket.limit_at) if ticket.limit_at else None,
        due_at=ticket.due_at,
        lead=ticket.lead,
        updated_at=case.updated_at,
    )
