"""Figures over JSON."""

from typing import Any

from fastapi import APIRouter

from core.errors import Invalid
from core.moments import local_day
from core.permissions import Act, demand
from sla import boards, press, queries
from sla.bulletins import PeriodRefused, month_of, period, plain
from web.api.schemas import WRONG
from web.deps import TheCaller, TheHouse, TheReader

router = APIRouter(prefix="/api/v1/figures", tags=["figures"], responses=WRONG)


@router.get("/standing")
def standing(asker: TheCaller, session: TheReader) -> dict[str, Any]:
    """How things stand now."""
    demand(asker.actor, Act.FIGURES_ALL)
    return dict(plain(boards.standing(session)))


@router.get("/month")
def month(home: TheHouse, asker: TheCaller, session: TheReader) -> dict[str, Any]:
    """The month's handling figures, all together and unit by unit."""
    demand(asker.actor, Act.FIGURES_ALL)
    now = home.office.now()
    return dict(plain(queries.summary(session, month_of(local_day(now)), now)))


@router.get("/bulletins/{name}")
def bulletin(name: str, home: TheHouse, asker: TheCaller, session: TheReader) -> dict[str, Any]:
    """A period's bulletin: frozen when it was, else as the figures stand."""
    demand(asker.actor, Act.FIGURES_ALL)
    try:
        wanted = period(name)
    except PeriodRefused as refused:
        raise Invalid.one("name", "unknown", "期间应写作 2026-11、2026Q3 或 2026") from refused
    row = queries.bulletin(session, wanted.name)
    return press.opened(row) if row else press.preview(session, wanted, home.office.now())
