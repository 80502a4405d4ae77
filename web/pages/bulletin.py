"""A period's bulletin as a page: frozen by one person, published by another."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from core.errors import Invalid
from core.i18n import day
from core.moments import local_day
from core.permissions import Act, demand
from routing import queries
from sla import press
from sla import queries as sla_queries
from sla.bulletins import Period, PeriodRefused, month_of, period
from web import words
from web.deps import Checked, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/bulletins")
def bulletins(request: Request, home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """Those frozen, and the one that can be frozen now."""
    demand(asker.actor, Act.FIGURES_ALL)
    current = month_of(local_day(home.office.now()))
    return page(
        request,
        "bulletin/list.html",
        rows=sla_queries.bulletins(session),
        periods=[current.name, current.before.name],
        can_make=asker.may(Act.PUBLISH_BULLETIN),
    )


@router.post("/bulletins/{name}", dependencies=[Checked])
def make(name: str, home: TheHouse, asker: TheStaff) -> Response:
    """Freeze the period's figures now."""
    with home.office.desk(asker.actor) as desk:
        press.freeze(desk, wanted_period(name))
    return RedirectResponse(f"/bulletins/{name}", 303)


@router.post("/bulletins/{name}/publish", dependencies=[Checked])
def publish(name: str, home: TheHouse, asker: TheStaff) -> Response:
    """Signed by a second person."""
    with home.office.desk(asker.actor) as desk:
        press.publish(desk, wanted_period(name))
    return RedirectResponse(f"/bulletins/{name}", 303)


def wanted_period(name: str) -> Period:
    """The period of that name. Invalid for anything else."""
    try:
        return period(name)
    except PeriodRefused as refused:
        raise Invalid.one("period", "unknown", "期间应写作 2026-11、2026Q3 或 2026") from refused


@router.get("/bulletins/{name}")
def show(
    request: Request, name: str, home: TheHouse, asker: TheStaff, session: TheReader
) -> Response:
    """The frozen bulletin, or a preview that says it is one."""
    demand(asker.actor, Act.FIGURES_ALL)
    wanted = wanted_period(name)
    row = sla_queries.bulletin(session, wanted.name)
    body = press.opened(row) if row else press.preview(session, wanted, home.office.now())
    return page(
        request,
        "bulletin/show.html",
        row=row,
        can_make=asker.may(Act.PUBLISH_BULLETIN),
        **pages_of(
            body,
            queries.unit_names(session),
            views.category_names(session, language_of(request)),
            language_of(request),
        ),
    )


def pages_of(
    body: dict[str, Any], names: dict[str, str], topics: dict[str, str], language: str
) -> dict[str, Any]:
    """The bulletin's JSON in words, for the page and the HTML file alike."""
    counts = body["counts"]
    return {
        "period": body["period"]["name"],
        "first": body["period"]["first"],
        "cut_off": datetime.fromisoformat(body["cut_off"]),
        "counts": counts,
        "before": body["before"],
        "change": body["received_change"],
        "cases": body["cases"],
        "figures": views.figure_tiles_of(body["figures"], language),
        "units": [views.plain_row(row, names, language) for row in body["units"]],
        "categories": [views.plain_row(row, topics, language) for row in body["categories"]],
        "channels": [
            (words.word(language, words.CHANNEL, code), count)
            for code, count in counts["by_channel"].items()
        ],
        "requests": [
            (words.word(language, words.REQUEST, code), count)
            for code, count in counts["by_request"].items()
        ],
        "warnings": [
            (words.word(language, words.LEVEL, code), count)
            for code, count in counts["warnings"].items()
        ],
        "day": lambda value: day(language, value),
    }
