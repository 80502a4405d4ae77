"""Cases of the upper platform: their numbers and limits, what it was told, where we differ."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core.errors import Conflict, Refused
from core.i18n import N_, translate
from core.permissions import Act, demand
from core.tables import Ticket
from intake import relays
from intake.tables import LineRow, RelayCase, RelayDifference
from notify.transports.base import DeliveryFailed
from routing import queries as routing_queries
from web import relaying
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff, cursor
from web.errors import language_of
from web.pages import views
from web.pages.forms import faults_of
from web.rendering import page

router = APIRouter(include_in_schema=False)
PAGE = 50
# how a case stands at the upper platform
STATE = {
    "received": N_("已接收"),
    "accepted": N_("已受理"),
    "need_info": N_("待补正"),
    "refused": N_("不予受理"),
    "referred": N_("已转送"),
    "signed": N_("已签收"),
    "returned": N_("已退单"),
    "on_hold": N_("挂账"),
    "handling": N_("办理中"),
    "replied": N_("已答复"),
    "closed": N_("已办结"),
    "merged": N_("已并单"),
    "withdrawn": N_("已撤回"),
}
KIND = {
    "missing_here": N_("上级有，本地没有"),
    "missing_there": N_("本地有，上级没有"),
    "state": N_("状态不一致"),
}
REPAIR = {
    "missing_here": N_("取回登记"),
    "missing_there": N_("重新报送"),
    "state": N_("重新报送"),
}


@router.get("/relay")
def show(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    q: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """The list, and what differs."""
    return _page(request, home, asker, session, q=q.strip(), after=after)


def _page(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    *,
    q: str = "",
    after: str = "",
    faults: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    demand(asker.actor, Act.DISPATCH)
    language, names = language_of(request), routing_queries.unit_names(session)
    found = relays.listed(session, asker.actor, text=q, after=cursor(after), limit=PAGE + 1)
    shown = found[:PAGE]
    sent = relays.reports(session, [case.ticket_id for case, _ in shown])
    return page(
        request,
        "oversight/relay.html",
        status=status,
        line=_line(home, session.get(LineRow, relaying.LINE)),
        differences=[_difference(row, language) for row in relays.differing(session)],
        rows=[
            _row(case, ticket, sent.get(case.ticket_id, {}), names, language)
            for case, ticket in shown
        ],
        q=q,
        following=str(shown[-1][0].ticket_id) if len(found) > PAGE else "",
        later=bool(after),
        faults=faults or {},
    )


def _line(home: House, line: LineRow | None) -> dict[str, Any]:
    return {
        "takes": home.settings.relay_token_hash is not None,
        "tells": home.settings.relay_url is not None,
        "tried_at": line.tried_at if line else None,
        "done_at": line.done_at if line else None,
        "failed": bool(line and line.error),
        "listed": line.result.get("listed", 0) if line else 0,
    }


def _difference(row: RelayDifference, language: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "upper_number": row.upper_number,
        "kind": translate(language, KIND[row.kind]),
        "theirs": state_word(row.theirs, language),
        "ours": state_word(row.ours, language),
        "found_at": row.found_at,
        "repair": translate(language, REPAIR[row.kind]),
    }


def state_word(state: str, language: str) -> str:
    """What a state of the platform is called; one that we do not know stands for itself."""
    return translate(language, STATE[state]) if state in STATE else state


def _row(
    case: RelayCase, ticket: Ticket, sent: dict[str, int], names: dict[str, str], language: str
) -> dict[str, Any]:
    return views.summary(ticket, names, language) | {
        "upper_number": case.upper_number,
        "limit_at": ticket.limit_at,
        "told": state_word(case.state, language),
        "waiting": sent.get("queued", 0) + sent.get("sending", 0),
        "refused": sent.get("refused", 0),
    }


def upper_of(session: Session, ticket: Ticket) -> dict[str, Any] | None:
    """The platform's number and limit, for the ticket's own page."""
    case = relays.of_ticket(session, ticket.id) if ticket.limit_at else None
    return {"number": case.upper_number, "limit_at": ticket.limit_at} if case else None


@router.post("/relay/compare", dependencies=[Checked])
def compare_now(home: TheHouse, asker: TheStaff) -> Response:
    """Have the lists compared now."""
    demand(asker.actor, Act.DISPATCH)
    if home.settings.relay_url is None:
        raise Conflict("没有设置上级平台地址", code="no_relay")
    relaying.ask(home.office, asker.actor)
    return RedirectResponse("/relay", 303)


@router.post("/relay/differences/{difference}", dependencies=[Checked])
def repair(request: Request, home: TheHouse, asker: TheStaff, difference: UUID) -> Response:
    """Mend one difference."""
    try:
        relaying.repair(home.office, home.settings, asker.actor, difference)
    except DeliveryFailed:
        refused: Refused = Conflict("上级平台没有应答，请稍后再试", code="relay_silent")
    except Refused as error:
        refused = error
    else:
        return RedirectResponse("/relay", 303)
    with Session(home.office.engine, expire_on_commit=False) as session:
        faults = {"": " ".join(faults_of(request, refused).values())}
        return _page(request, home, asker, session, faults=faults, status=409)
