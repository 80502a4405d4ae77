"""The supervisor's live board: what is late, what comes next, by unit and rung of the ladder."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core.errors import Invalid, NotFound
from core.i18n import day
from core.moments import local_day
from core.permissions import Act, demand
from routing import queries as routing_queries
from sla import boards, queries, supervision
from sla.bulletins import month_of
from sla.policies import DUE, WARNING
from sla.tables import SupervisionRow
from web import demo, words
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.pressing import demand_words
from web.rendering import page

router = APIRouter(include_in_schema=False)
TREND_DAYS = 45
LINES = 50
MOST_AT_ONCE = 200
RUNGS = (WARNING, "yellow", "red", "circular", "problem")
Code = Annotated[str, Query(max_length=60)]


@router.get("/oversight")
def board(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    unit: Code = "",
    level: Code = "",
    reminded: Annotated[int | None, Query(ge=0)] = None,
    refused: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Late, about to be late, and how the month stands."""
    demand(asker.actor, Act.FIGURES_ALL)
    language, now = language_of(request), home.office.now()
    names = routing_queries.unit_names(session)
    month = queries.summary(session, month_of(local_day(now)), now)
    return page(
        request,
        "oversight/board.html",
        **_live(session, home, asker, language, unit, level),
        reminded=reminded,
        refused=refused,
        figures=views.figure_tiles(month.figures, language),
        ranked=[views.unit_row(line, names, language) for line in month.units],
        month=month.period.name,
        **_trend(session, now, language),
    )


@router.get("/oversight/live")
def live(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    unit: Code = "",
    level: Code = "",
) -> Response:
    """The part of the board that renews itself."""
    demand(asker.actor, Act.FIGURES_ALL)
    parts = _live(session, home, asker, language_of(request), unit, level)
    return page(request, "oversight/_live.html", **parts)


@router.post("/oversight/remind", dependencies=[Checked])
def remind(
    home: TheHouse,
    asker: TheStaff,
    clock: Annotated[list[UUID], Form()] = [],  # noqa: B006 - FastAPI copies a form's default
    unit: Annotated[str, Form(max_length=60)] = "",
    level: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Ask the units of the chosen promises to get on with them."""
    demand(asker.actor, Act.SUPERVISE)
    if len(clock) > MOST_AT_ONCE:
        raise Invalid.one("clock", "too_many", "一次最多催办{most}件", most=MOST_AT_ONCE)
    with home.office.desk(asker.actor) as desk:
        refused = supervision.remind_all(desk, clock)
    done = len(set(clock)) - len(refused)
    back = f"/oversight?unit={unit if unit.isalnum() else ''}"
    back += f"&level={level if level in RUNGS else ''}&reminded={done}&refused={len(refused)}"
    return RedirectResponse(back, 303)


def _live(
    session: Session, home: House, asker: Asker, language: str, unit: str, level: str
) -> dict[str, Any]:
    names, now = routing_queries.unit_names(session), home.office.now()
    unit, level = unit if unit in names else "", level if level in (*RUNGS, DUE) else ""
    late, soon = (
        boards.board(session, asker.actor, late=over, department=unit, level=level, limit=LINES)
        for over in (True, False)
    )
    lines = (*late, *soon)
    told = boards.reminded_today(session, (line.ticket.id for line in lines), now)
    orders = (line.clock.order_id for line in lines if line.clock.order_id)
    seen = _Seen(session, now, language, names, told, supervision.standing_on(session, orders))
    return {
        "standing": boards.standing(session),
        "reads": asker.may(Act.READ_TICKETS),
        "supervises": asker.may(Act.SUPERVISE),
        "late": [_line(line, seen) for line in late],
        "soon": [_line(line, seen) for line in soon],
        "units": [_unit(line, names) for line in boards.rungs(session)],
        "rungs": [(code, words.word(language, words.LEVEL, code)) for code in RUNGS],
        "unit": unit,
        "unit_name": names.get(unit, ""),
        "level": level,
        "level_name": words.word(language, words.LEVEL, level) if level else "",
        "at": now,
    }


@dataclass(frozen=True, slots=True)
class _Seen:
    """What every line of one showing is told with."""

    session: Session
    now: datetime
    language: str
    names: dict[str, str]
    told: set[tuple[UUID, str]]
    demands: Mapping[UUID, SupervisionRow]


def _line(line: boards.ClockLine, seen: _Seen) -> dict[str, Any]:
    clock, language = line.clock, seen.language
    demand_row = seen.demands.get(clock.order_id) if clock.order_id else None
    return views.summary(line.ticket, seen.names, language) | {
        "clock": clock.id,
        "order": clock.order_id,
        "metric": words.word(language, words.METRIC, clock.metric),
        "unit": seen.names.get(clock.department or "", "—"),
        "due_at": clock.due_at,
        "late": clock.state == "breached",
        "level": clock.level,
        "level_word": words.word(language, words.LEVEL, clock.level),
        "left": views.left_word(queries.left(seen.session, clock, seen.now), language),
        "reminded": (line.ticket.id, clock.department) in seen.told,
        "demand": demand_words(demand_row, line.ticket, seen.names, language)
        if demand_row
        else None,
    }


def _unit(line: boards.Rungs, names: dict[str, str]) -> dict[str, Any]:
    return {
        "code": line.unit,
        "name": names.get(line.unit, line.unit),
        "open": sum(line.steps.values()),
        "late": line.late,
        "paused": line.paused,
        "steps": line.steps,
    }


def _trend(session: Session, now: datetime, language: str) -> dict[str, Any]:
    days = queries.trend_between(session, now - timedelta(days=TREND_DAYS), now)
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
    return {"points": points, "top": top}


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
