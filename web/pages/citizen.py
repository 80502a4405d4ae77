"""The business's own pages: file, receipt, follow, answer, withdraw, ask again."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from core import ids, timeline
from core.errors import Invalid, Refused
from core.events import Audience
from core.i18n import translate
from core.people import departments
from core.permissions import VISITOR, Actor
from core.tables import Ticket
from intake import closing, corrections, draft, queries, reviews, service
from intake.files import File
from routing import queries as routing_queries
from routing import service as routing_service
from web import filing, security
from web.deps import Checked, House, TheHouse, TheOwner, TheReader
from web.errors import language_of
from web.pages import views
from web.pages.correction_words import may_rate_again
from web.pages.forms import faults_of, files, form, texts, three_answers
from web.pages.review_words import may_ask
from web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/")
def start(request: Request) -> Response:
    """What this is, and the two things one can do."""
    return page(request, "citizen/home.html")


@router.get("/file")
def blank(request: Request, session: TheReader) -> Response:
    """The empty form; `?kiosk=1` on a machine that many use."""
    values = {"kiosk": "1"} if request.query_params.get("kiosk") else {}
    return _form(request, session, values, {})


def _form(
    request: Request,
    session: Session,
    values: dict[str, str],
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    return page(
        request,
        "citizen/file.html",
        status=status,
        form=values,
        faults=faults,
        categories=views.category_tree(session, language_of(request)),
        units=[(unit.code, unit.name) for unit in departments(session)],
    )


@router.post("/file", dependencies=[Checked])
async def file(request: Request, home: TheHouse) -> Response:
    """File the form; with faults it comes back as it was, each fault at its field."""
    data = await form(request)
    return await views.in_thread(_file, request, home, texts(data), await _files(data, home))


async def _files(data: FormData, home: House) -> tuple[File, ...] | Refused:
    try:
        return await files(data, home)
    except Refused as refused:
        return refused


def _file(
    request: Request,
    home: House,
    values: dict[str, str],
    attached: tuple[File, ...] | Refused,
) -> Response:
    home.limits.hit("file", security.caller(request))
    language = language_of(request)
    try:
        if isinstance(attached, Refused):
            raise attached
        if values.get("consent") != "on":
            raise Invalid.one("consent", "required", "请阅读并同意个人信息处理告知")
        wanted = draft.check(values, channels=("web",), attachments=attached, language=language)
        with home.office.desk(VISITOR) as desk:
            wanted = queries.with_respondent(desk.session, wanted)
            receipt = _receipt(request, values)
            filed = filing.register(desk, home.settings, wanted, receipt)
    except Refused as refused:
        with Session(home.office.engine) as session:
            return _form(request, session, values, faults_of(request, refused), 422)
    key = security.track_key(home.keys, filed.ticket.number)
    return RedirectResponse(f"/filed/{filed.ticket.number}?k={key}", 303)


def _receipt(request: Request, values: dict[str, str]) -> service.ReceiptKey | None:
    """A form sent twice (a second press, a reload) is one complaint."""
    once = values.get("once", "")[:64]
    seed = getattr(request.state, "visitor_seed", "")
    return service.ReceiptKey(f"form:{seed}", once) if once and seed else None


@router.get("/filed/{number}")
def filed(
    request: Request, number: str, owner: TheOwner, home: TheHouse, session: TheReader
) -> Response:
    """The receipt: number, code, who answers, until when."""
    ticket = queries.by_number(session, owner, number)
    return page(
        request,
        "citizen/filed.html",
        number=ticket.number,
        query_code=service.query_code(home.keys, ticket),
        lead_name=routing_queries.unit_name(session, ticket.lead),
        due_at=ticket.due_at,
        track_url=f"/track/{ticket.number}?k={request.query_params['k']}",
    )


@router.get("/track")
def ask(request: Request) -> Response:
    """Number and code, please."""
    return page(request, "citizen/track.html", number="", error="")


@router.post("/track", dependencies=[Checked])
def find(
    request: Request,
    home: TheHouse,
    session: TheReader,
    number: Annotated[str, Form(max_length=60)] = "",
    query_code: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """To the ticket's own page; a wrong pair is not told which of the two was wrong."""
    home.limits.hit("track", security.caller(request))
    home.limits.hit("ticket", ids.normal_number(number))
    try:
        ticket = service.owned(session, home.keys, number, query_code)
    except Refused:
        error = translate(language_of(request), "编号或查询码不正确，请核对后重试")
        return page(request, "citizen/track.html", status=404, number=number, error=error)
    return RedirectResponse(_own(home, ticket.number), 303)


def _own(home: House, number: str) -> str:
    return f"/track/{number}?k={security.track_key(home.keys, number)}"


@router.get("/track/{number}")
def own(
    request: Request, number: str, owner: TheOwner, home: TheHouse, session: TheReader
) -> Response:
    """The parcel-like page of one ticket."""
    return _own_page(request, home, session, owner, number, {})


def _own_page(
    request: Request,
    home: House,
    session: Session,
    owner: Actor,
    number: str,
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    ticket = queries.by_number(session, owner, number)
    entries = timeline.entries(session, ticket.id, Audience.PARTIES)
    return page(
        request,
        "citizen/ticket.html",
        status=status,
        key=request.query_params["k"],
        faults=faults,
        can_ask_review=may_ask(session, ticket, home.office.now(), _review_window(home)),
        can_rate_again=may_rate_again(session, ticket),
        review_days=home.settings.review_days,
        **views.own_ticket(session, ticket, entries, language_of(request), home.office.now()),
    )


def _acted(home: House, number: str) -> Response:
    return RedirectResponse(_own(home, number), 303)


def _refused(
    request: Request, home: House, owner: Actor, number: str, refused: Refused
) -> Response:
    with Session(home.office.engine) as session:
        return _own_page(request, home, session, owner, number, faults_of(request, refused), 422)


@router.post("/track/{number}/rate", dependencies=[Checked])
def rate(
    request: Request,
    number: str,
    owner: TheOwner,
    home: TheHouse,
    contacted: Annotated[str, Form()] = "",
    solved: Annotated[str, Form()] = "",
    grade: Annotated[str, Form(max_length=2)] = "",
    comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Contacted? Solved? Which grade?"""
    try:
        with home.office.desk(owner) as desk:
            ticket = _ticket(desk.session, owner, number)
            answers = three_answers(contacted, solved, grade)
            closing.answer_callback(desk, ticket.id, **answers, comment=comment.strip())
    except Refused as refused:
        return _refused(request, home, owner, number, refused)
    return _acted(home, number)


@router.post("/track/{number}/rate-again", dependencies=[Checked])
def rate_again(
    request: Request,
    number: str,
    owner: TheOwner,
    home: TheHouse,
    solved: Annotated[str, Form()] = "",
    grade: Annotated[str, Form(max_length=2)] = "",
    comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """What was put right, rated; the first rating stands beside it."""
    try:
        with home.office.desk(owner) as desk:
            ticket = _ticket(desk.session, owner, number)
            said = three_answers("", solved, grade)
            corrections.rate(
                desk, ticket.id, solved=said["solved"], grade=said["grade"], comment=comment.strip()
            )
    except Refused as refused:
        return _refused(request, home, owner, number, refused)
    return _acted(home, number)


@router.post("/track/{number}/withdraw", dependencies=[Checked])
def withdraw(request: Request, number: str, owner: TheOwner, home: TheHouse) -> Response:
    """Take it back."""
    try:
        with home.office.desk(owner) as desk:
            service.withdraw(desk, _ticket(desk.session, owner, number).id)
    except Refused as refused:
        return _refused(request, home, owner, number, refused)
    return _acted(home, number)


@router.post("/track/{number}/add", dependencies=[Checked])
def add(
    request: Request,
    number: str,
    owner: TheOwner,
    home: TheHouse,
    text: Annotated[str, Form(max_length=5000)] = "",
) -> Response:
    """What was missing."""
    try:
        with home.office.desk(owner) as desk:
            service.supply_info(desk, _ticket(desk.session, owner, number).id, text)
    except Refused as refused:
        return _refused(request, home, owner, number, refused)
    return _acted(home, number)


@router.post("/track/{number}/reopen", dependencies=[Checked])
def reopen(
    request: Request,
    number: str,
    owner: TheOwner,
    home: TheHouse,
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Closed, but not solved: once more, with a reason."""
    try:
        with home.office.desk(owner) as desk:
            ticket = _ticket(desk.session, owner, number)
            order = routing_service.lead_order(desk, ticket)
            closing.reopen(
                desk, ticket.id, order=order.id, department=order.department, reason=reason
            )
    except Refused as refused:
        return _refused(request, home, owner, number, refused)
    return _acted(home, number)


@router.post("/track/{number}/review", dependencies=[Checked])
def ask_review(
    request: Request,
    number: str,
    owner: TheOwner,
    home: TheHouse,
    review: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Refused, or ended for good, and not agreed to."""
    try:
        with home.office.desk(owner) as desk:
            ticket = _ticket(desk.session, owner, number)
            reviews.ask(desk, ticket.id, reason=review, window=_review_window(home))
    except Refused as refused:
        return _refused(request, home, owner, number, refused)
    return _acted(home, number)


def _review_window(home: House) -> timedelta:
    return timedelta(days=home.settings.review_days)


def _ticket(session: Session, owner: Actor, number: str) -> Ticket:
    return queries.by_number(session, owner, number)
