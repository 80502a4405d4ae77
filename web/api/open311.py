"""Open311 GeoReport v2: what can be asked for, filing with a key, and what the public may read."""
# ruff: noqa: FAST003 - an address ends with its format, which is read where answers are written

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import Response

from core.errors import Forbidden, Invalid, NotFound
from core.i18n import translate
from core.moments import SHANGHAI
from core.permissions import Scope, demand_scope
from core.states import ENDED
from core.tables import Ticket
from intake import draft, open311, service
from intake import queries as intake_queries
from intake.files import File
from routing import queries as routing_queries
from web import filing, georeport, security, words
from web.api.open311_services import definition_of, services_of
from web.deps import Asker, House, TheAsker, TheHouse, TheReader, client_asker
from web.errors import language_of
from web.pages import forms, views

router = APIRouter(prefix="/open311/v2", include_in_schema=False)
CHANGESET = "2026-11-24T00:00:00+08:00"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
KEY_LIMIT = 200
Key = Annotated[str, Query()]


def known(request: Request, home: House, jurisdiction: str) -> None:
    """NotFound for a format or a jurisdiction that is not ours."""
    if not request.url.path.endswith((".json", ".xml")) or jurisdiction not in {
        "",
        home.settings.area_code,
    }:
        raise NotFound


def reader(request: Request, home: House, asker: Asker, api_key: str) -> Asker:
    """Who reads: anybody, counted; or a program, which also reads the words of what it filed."""
    if api_key:
        return program(home, api_key)
    if asker.client is None:
        home.limits.hit("open311", security.caller(request))
    return asker


def program(home: House, api_key: str) -> Asker:
    """The program of an api_key. Forbidden when it opens nothing."""
    found = client_asker(home, api_key)
    if found.client is None:
        raise Forbidden("api_key 缺失或无效", code="api_key")
    home.limits.hit_client(found.actor.id, found.client.per_minute)
    return found


@router.get("/discovery.{form}")
def discovery(request: Request, home: TheHouse, jurisdiction_id: Key = "") -> Response:
    """Where everything is."""
    known(request, home, jurisdiction_id)
    language = language_of(request)
    site = home.settings.public_url.rstrip("/")
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": f"{site}/open311/v2",
        "changeset": CHANGESET,
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    told = {
        "changeset": CHANGESET,
        "contact": f"{home.settings.district} {site}/help",
        "key_service": translate(language, "密钥由本平台安全管理员发放"),
        "endpoints": [endpoint],
    }
    return georeport.answer(request.url.path, "discovery", told)


@router.get("/services.{form}")
def services(
    request: Request, home: TheHouse, session: TheReader, jurisdiction_id: Key = ""
) -> Response:
    """What can be asked for."""
    known(request, home, jurisdiction_id)
    told = services_of(session, language_of(request))
    return georeport.answer(request.url.path, "services", told)


@router.get("/services/{code}.{form}")
def definition(
    request: Request, home: TheHouse, session: TheReader, code: str, jurisdiction_id: Key = ""
) -> Response:
    """What is asked for one service."""
    known(request, home, jurisdiction_id)
    told = definition_of(session, code, language_of(request))
    return georeport.answer(request.url.path, "service_definition", told)


@router.get("/requests.{form}")
def requests(
    request: Request,
    home: TheHouse,
    asker: TheAsker,
    session: TheReader,
    jurisdiction_id: Key = "",
    api_key: Key = "",
) -> Response:
    """Published requests: of the last 90 days, a thousand at most, unless told otherwise."""
    known(request, home, jurisdiction_id)
    who = reader(request, home, asker, api_key)
    wanted = open311.asked(request.query_params, home.office.now())
    rows = intake_queries.published(session, who.actor, wanted)
    return _requests(request, session, rows)


@router.get("/requests/{number}.{form}")
def one(
    request: Request,
    home: TheHouse,
    asker: TheAsker,
    session: TheReader,
    number: str,
    jurisdiction_id: Key = "",
    api_key: Key = "",
) -> Response:
    """One published request, in a list of one."""
    known(request, home, jurisdiction_id)
    who = reader(request, home, asker, api_key)
    wanted = open311.asked({"service_request_id": number}, home.office.now())
    rows = intake_queries.published(session, who.actor, wanted) if wanted.numbers else []
    if len(rows) != 1:
        raise NotFound
    return _requests(request, session, rows)


@router.get("/tokens/{token}.{form}")
def token(
    request: Request, home: TheHouse, asker: TheAsker, token: str, jurisdiction_id: Key = ""
) -> Response:
    """The number that a token of ours stands for."""
    known(request, home, jurisdiction_id)
    reader(request, home, asker, "")
    number, _, _ = token.partition("-")
    if not number.isascii() or token != token_of(home, number):
        raise NotFound
    told = [{"service_request_id": number, "token": token}]
    return georeport.answer(request.url.path, "service_requests", told)


@router.post("/requests.{form}")
async def create(request: Request, home: TheHouse, asker: TheAsker) -> Response:
    """File a request; a program's key is needed."""
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in FORMS:
            raise HTTPException(415)
        data = await forms.form(request)
        return await views.in_thread(_create, request, home, asker, data, await _media(data, home))
    finally:
        await request.close()  # uploads lie in temporary files that nobody else closes


async def _media(data: FormData, home: House) -> tuple[File, ...] | Invalid:
    try:
        return await forms.files(data, home, "media")
    except Invalid as invalid:
        return invalid


def _create(
    request: Request, home: House, asker: Asker, data: FormData, media: tuple[File, ...] | Invalid
) -> Response:
    given = forms.texts(data)
    who = asker
    if who.client is None or given.get("api_key"):
        who = program(home, given.get("api_key", ""))
    demand_scope(who.actor, Scope.OPEN311_FILE)
    known(request, home, given.get("jurisdiction_id", ""))
    language = language_of(request)
    if isinstance(media, Invalid):
        raise media
    wanted = _draft(given, media, language)
    with home.office.desk(who.actor) as desk:
        intake_queries.open_category(desk.session, wanted.category or "")
        wanted = intake_queries.with_respondent(desk.session, wanted)
        filed = filing.register(desk, home.settings, wanted, _receipt(request, who))
    return georeport.answer(request.url.path, "service_requests", [_made(home, filed, language)])


def _draft(given: Mapping[str, str], media: tuple[File, ...], language: str) -> draft.Draft:
    if not given.get("service_code", "").strip():
        raise Invalid.one("service_code", "required", "缺少这一项")
    unknown = open311.unknown_attributes(given)
    if unknown:
        raise Invalid(faults=tuple(unknown))
    values = open311.values_of(given)
    return draft.check(
        values, channels=("open311",), channel="open311", attachments=media, language=language
    )


def _receipt(request: Request, who: Asker) -> service.ReceiptKey | None:
    """A call that is sent twice under one key is one request."""
    key = request.headers.get("idempotency-key", "")
    if len(key) > KEY_LIMIT:
        raise Invalid.one("Idempotency-Key", "too_long", "内容过长")
    return service.ReceiptKey(who.actor.tag, f"open311:{key}") if key else None


def _made(home: House, filed: service.Filed, language: str) -> dict[str, Any]:
    number = filed.ticket.number
    notice = translate(
        language,
        "查询码{code}，请交给诉求人，凭编号和查询码在{url}查询",
        code=filed.query_code,
        url=f"{home.settings.public_url.rstrip('/')}/track",
    )
    return {
        "service_request_id": number,
        "token": token_of(home, number),
        "service_notice": notice,
        "account_id": None,
    }


def token_of(home: House, number: str) -> str:
    """A request's number, signed."""
    return f"{number}-{home.keys.sign(f'open311:{number}')}"


def _requests(request: Request, session: Session, rows: list[tuple[Ticket, bool]]) -> Response:
    language = language_of(request)
    units = routing_queries.unit_names(session)
    services = views.category_names(session, language)
    told = [_told(ticket, units, services, language, own=own) for ticket, own in rows]
    return georeport.answer(request.url.path, "service_requests", told)


def _told(
    ticket: Ticket, units: dict[str, str], services: dict[str, str], language: str, *, own: bool
) -> dict[str, Any]:
    """What may be told of a request. Its words and its place only to the program that sent them."""
    ended = ticket.status in ENDED
    address, lat, long = open311.place_of(ticket.place if own else None)
    due = None if ended or ticket.due_at is None else ticket.due_at.astimezone(SHANGHAI)
    return {
        "service_request_id": ticket.number,
        "status": "closed" if ended else "open",
        "status_notes": words.word(language, words.STATUS, ticket.status),
        "service_name": services.get(ticket.category or ""),
        "service_code": ticket.category,
        "description": ticket.content if own else None,
        "agency_responsible": units.get(ticket.lead or ""),
        "service_notice": None,
        "requested_datetime": ticket.received_at.astimezone(SHANGHAI).isoformat("T", "seconds"),
        "updated_datetime": ticket.updated_at.astimezone(SHANGHAI).isoformat("T", "seconds"),
        "expected_datetime": due.isoformat("T", "seconds") if due else None,
        "address": address,
        "address_id": None,
        "zipcode": None,
        "lat": lat,
        "long": long,
        "media_url": None,
    }
