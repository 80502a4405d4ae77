"""Changes of the rules that returns and rulings ask for, and what became of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core.errors import Invalid, Refused
from core.permissions import Act, demand
from core.tables import Ticket
from routing import proposals, queries
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.forms import faults_of
from web.rendering import page

router = APIRouter(include_in_schema=False)
STATES = ("open", "adopted", "dismissed")


@router.get("/proposals")
def listed(
    request: Request,
    asker: TheStaff,
    session: TheReader,
    state: Annotated[str, Query(max_length=20)] = "open",
) -> Response:
    """What practice proposes."""
    return _page(request, asker, session, state, {})


def _page(
    request: Request,
    asker: Asker,
    session: Session,
    state: str,
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    demand(asker.actor, Act.EDIT_RULES)
    shown = state if state in STATES else "open"
    names = queries.unit_names(session)
    categories = views.category_names(session, language_of(request))
    rows = [
        {
            "id": row.id,
            "category": categories.get(row.category, row.category),
            "sent_to": names.get(row.sent_to, row.sent_to),
            "went_to": names.get(row.went_to, row.went_to),
            "seen": row.seen,
            "number": session.get_one(Ticket, row.ticket_id).number,
            "last_at": row.last_at,
            "reason": row.reason or "",
        }
        for row in proposals.listed(session, state=shown)
    ]
    return page(
        request, "oversight/proposals.html", status=status, rows=rows, state=shown, faults=faults
    )


@router.post("/proposals/{proposal}", dependencies=[Checked])
def decide_on(
    request: Request,
    proposal: UUID,
    home: TheHouse,
    asker: TheStaff,
    state: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Taken into a draft, or not, and why."""
    try:
        with home.office.desk(asker.actor) as desk:
            if state == proposals.ADOPTED:
                version, rule = proposals.adopt(desk, proposal, reason=reason)
                back = f"/rulebooks/{version}?q={rule}#rule-{rule}"
            elif state == proposals.DISMISSED:
                proposals.dismiss(desk, proposal, reason=reason)
                back = "/proposals"
            else:
                raise Invalid.one("state", "unknown", "请选择采纳或不采纳")
    except Refused as refused:
        return _refused(request, home, asker, refused)
    return RedirectResponse(back, 303)


def _refused(request: Request, home: House, asker: Asker, refused: Refused) -> Response:
    with Session(home.office.engine, expire_on_commit=False) as session:
        return _page(request, asker, session, "open", faults_of(request, refused), 409)
