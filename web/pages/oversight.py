"""The dispatcher's and the supervisor's pages: triage, call-backs, the live board."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.errors import NotFound, Refused
from core.i18n import day
from core.moments import local_day
from core.permissions import Act, demand
from core.states import Status
from intake import closing
from intake import queries as intake_queries
from routing import queries
from sla import extensions
from sla import queries as sla_queries
from sla.bulletins import month_of
from web import demo, words
from web.api.tickets import found
from web.deps import Checked, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.department import order_line
from web.pages.forms import chosen_grade, yes
from web.pages.ticket import refused_page
from web.rendering import page

router = APIRouter(include_in_schema=False)
TREND_DAYS = 45


@router.get("/triage")
def triage(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """What waits for a person: undecided, returned, replies to review."""
    demand(asker.actor, Act.DISPATCH)
    language, names = language_of(request), queries.unit_names(session)
    undecided = [
        views.summary(ticket, names, language)
        for status in (Status.SUBMITTED, Status.ACCEPTED)
        for ticket in intake_queries.tickets(session, asker.actor, status=status, limit=100)
    ]
    return page(
        request,
        "oversight/triage.html",
        undecided=undecided,
        extensions=[
            views.summary(ticket, names, language)
            for _, ticket in extensions.waiting(session, asker.actor)
        ],
        returns=[
            order_line(line.order, line.ticket, names, language)
            for line in queries.returns_waiting(session, asker.actor)
        ],
        replies=[
            order_line(line.order, line.ticket, names, language)
            for line in queries.replies_waiting(session, asker.actor)
        ],
    )


@router.get("/callbacks")
def callbacks(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """Tickets whose complainant has not answered yet, oldest first."""
    demand(asker.actor, Act.CALL_BACK)
    language, names = language_of(request), queries.unit_names(session)
    rows = intake_queries.tickets(session, asker.actor, status=Status.CALLBACK, limit=200)
    tickets = [views.summary(ticket, names, language) for ticket in reversed(rows)]
    return page(request, "oversight/callbacks.html", tickets=tickets)


@router.post("/tickets/{number}/callback", dependencies=[Checked])
def call_back(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    contacted: Annotated[str, Form()] = "",
    solved: Annotated[str, Form()] = "",
    grade: Annotated[str, Form(max_length=2)] = "",
    comment: Annotated[str, Form(max_length=2000)] = "",
    missed: Annotated[str, Form()] = "",
) -> Response:
    """What the business said on the telephone, or that nobody answered."""
    given = {"contacted": contacted, "solved": solved}
    try:
        with home.office.desk(asker.actor) as desk:
            ticket = found(desk.session, asker, number)
            if missed:
                closing.attempt(desk, ticket.id, "no_answer")
            else:
                closing.answer_callback(
                    desk,
                    ticket.id,
                    contacted=yes(given, "contacted"),
                    solved=yes(given, "solved"),
                    grade=chosen_grade(grade),
                    comment=comment.strip(),
                )
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return RedirectResponse(f"/tickets/{number}", 303)


@router.get("/oversight")
def board(request: Request, home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """Late, about to be late, and how the month stands."""
    demand(asker.actor, Act.FIGURES_ALL)
    language, names, now = language_of(request), queries.unit_names(session), home.office.now()
    month = sla_queries.summary(session, month_of(local_day(now)), now)
    since = now - timedelta(days=TREND_DAYS)
    days = sla_queries.trend_between(session, since, now)
    points = [
        {
            "label": day(language, point.day),
            "received": point.received,
            "replied": point.replied,
            "breached": point.breached,
        }
        for point in days
    ]
    top = max([4, *(max(p.received, p.replied, p.breached) for p in days)])
    return page(
        request,
        "oversight/board.html",
        standing=sla_queries.standing(session),
        late=_clocks(session, asker, names, language, now, late=True),
        soon=_clocks(session, asker, names, language, now, late=False),
        figures=views.figure_tiles(month.figures, language),
        units=[views.unit_row(line, names, language) for line in month.units],
        points=points,
        top=top,
        month=month.period.name,
    )


def _clocks(
    session: Any, asker: Any, names: dict[str, str], language: str, now: Any, *, late: bool
) -> list[dict[str, Any]]:
    lines = sla_queries.board(session, asker.actor, late=late, limit=25)
    return [
        views.summary(line.ticket, names, language)
        | {
            "metric": words.word(language, words.METRIC, line.clock.metric),
            "unit": names.get(line.clock.department or "", "—"),
            "due_at": line.clock.due_at,
            "late": line.clock.state == "breached",
            "level": line.clock.level,
            "level_word": words.word(language, words.LEVEL, line.clock.level),
            "left": views.left_word(sla_queries.left(session, line.clock, now), language),
        }
        for line in lines
    ]


@router.post("/demo/clock", dependencies=[Checked])
def move_clock(
    home: TheHouse, asker: TheStaff, hours: Annotated[int, Form(ge=1, le=9600)] = 24
) -> Response:
    """Put the demonstration's clock ahead; refused unless the demonstration is on."""
    if home.settings.demo_clock != "on":
        raise NotFound
    with home.office.desk(asker.actor) as desk:
        demo.move(desk, timedelta(hours=hours))
    return RedirectResponse("/oversight", 303)
