"""The unit's workbench: what is ours by next deadline, and the verbs on each order."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from core.errors import NotFound
from core.permissions import Act, demand
from core.states import Status
from core.tables import Ticket
from routing import queries, service
from routing.tables import WorkOrder
from sla import queries as sla_queries
from sla import supervision
from web import words
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.ticket import acted
from web.rendering import page

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=5000)]
Code = Annotated[str, Form(max_length=60)]


@router.get("/board")
def board(request: Request, home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """Open orders of my unit, the next deadline first."""
    demand(asker.actor, Act.FIGURES_UNIT)
    language, names = language_of(request), queries.unit_names(session)
    lines = queries.board(session, asker.actor, department=asker.actor.department, limit=100)
    rows = [order_line(line.order, line.ticket, names, language) for line in lines]
    return page(
        request,
        "department/board.html",
        unit=names.get(asker.actor.department or "", ""),
        unsigned=[row for row in rows if row["status"] == "pending_sign"],
        handling=[row for row in rows if row["status"] == "handling"],
        waiting=[row for row in rows if row["status"] in {"return_review", "replied"}],
        late=sum(row["late"] for row in rows),
        corrections=[
            views.summary(ticket, names, language)
            | {"due_at": clock.due_at, "late": clock.state == "breached", "open": True}
            for clock, ticket in sla_queries.owed(session, asker.actor, "correction")
        ],
        demands=supervision.waiting_for(session, asker.actor.department or ""),
        figures=unit_figures(session, home, asker.actor.department or "", language),
    )


def order_line(
    order: WorkOrder, ticket: Ticket, names: dict[str, str], language: str
) -> dict[str, Any]:
    """An order in a list."""
    return views.summary(ticket, names, language) | {
        "id": order.id,
        "status": order.status,
        "status_word": words.word(language, words.ORDER_STATUS, order.status),
        "part": words.word(language, words.PART, order.part),
        "unit": names.get(order.department, order.department),
        "due_at": order.due_at,
        "late": order.breached_at is not None,
        "paused": Status(ticket.status) is Status.ON_HOLD,
    }


def unit_figures(
    session: Session, home: House, department: str, language: str
) -> list[dict[str, Any]]:
    """The unit's own figures of this month."""
    line = sla_queries.unit_line(session, department, home.office.now())
    return views.figure_tiles(line.figures, language) if line else []


def _back(order: UUID, session: Session) -> str:
    row = session.get(WorkOrder, order)
    if row is None:
        raise NotFound
    return session.get_one(Ticket, row.ticket_id).number


def act_on(
    request: Request, home: House, asker: Asker, order: UUID, work: Any, *, form: str = ""
) -> Response:
    """Do it and show the ticket again; a refusal is told on the ticket's page, beside `form`."""
    with Session(home.office.engine) as session:
        number = _back(order, session)
    return acted(request, home, asker, number, work, form=form)


@router.post("/orders/{order}/sign", dependencies=[Checked])
def sign(request: Request, order: UUID, home: TheHouse, asker: TheStaff) -> Response:
    """Taken on."""
    return act_on(request, home, asker, order, lambda desk: service.sign(desk, order))


@router.post("/orders/{order}/return", dependencies=[Checked])
def ask_return(
    request: Request,
    order: UUID,
    home: TheHouse,
    asker: TheStaff,
    reason: Text = "",
    suggested: Code = "",
) -> Response:
    """Not ours, because."""
    return act_on(
        request,
        home,
        asker,
        order,
        lambda desk: service.ask_return(
            desk, order, ground="outside_duty", reason=reason, suggested=suggested or None
        ),
    )


@router.post("/orders/{order}/ruling", dependencies=[Checked])
def rule(
    request: Request, order: UUID, home: TheHouse, asker: TheStaff, lead: Code = ""
) -> Response:
    """A new lead, or it stays."""
    return act_on(
        request,
        home,
        asker,
        order,
        lambda desk: service.rule_on_return(desk, order, new_lead=lead or None),
    )


@router.post("/orders/{order}/stage", dependencies=[Checked])
def stage_reply(
    request: Request, order: UUID, home: TheHouse, asker: TheStaff, stage: Text = ""
) -> Response:
    """How far it is, told to the business."""
    return act_on(request, home, asker, order, lambda desk: service.stage_reply(desk, order, stage))


@router.post("/orders/{order}/contact", dependencies=[Checked])
def contact(
    request: Request,
    order: UUID,
    home: TheHouse,
    asker: TheStaff,
    channel: Code = "phone",
    reached: Code = "yes",
) -> Response:
    """Spoken with the business, or tried."""
    return act_on(
        request,
        home,
        asker,
        order,
        lambda desk: service.contact(desk, order, channel=channel, reached=reached == "yes"),
    )


@router.post("/orders/{order}/reply", dependencies=[Checked])
def reply(
    request: Request,
    order: UUID,
    home: TheHouse,
    asker: TheStaff,
    claim: Code = "",
    text: Text = "",
    internal: Text = "",
) -> Response:
    """The answer, for review."""
    return act_on(
        request,
        home,
        asker,
        order,
        lambda desk: service.reply(desk, order, claim=claim, public=text, internal=internal),
    )
