"""The operator's desk: who calls, what about, where it will go, save."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core import ids
from core.errors import Refused
from core.moments import local_day
from core.people import departments
from core.permissions import Act, demand
from intake import draft, identity, queries, service
from routing import queries as routing_queries
from routing.amounts import largest
from routing.current import in_force
from routing.facts import enterprise_of
from routing.rules import Decision, Facts, decide
from sla import clocks, policies
from sla.standards import standards
from web import filing, words
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import views
from web.pages.forms import faults_of, form, texts
from web.pages.suggestions import suggestions
from web.rendering import page

router = APIRouter(include_in_schema=False)
RECENT = 12


@router.get("/console")
def desk(request: Request, asker: TheStaff, session: TheReader) -> Response:
    """The empty form, with what came in last beside it."""
    demand(asker.actor, Act.FILE_FOR_OTHERS)
    return _page(request, asker, session, {}, {})


def _page(
    request: Request,
    asker: Asker,
    session: Session,
    values: dict[str, str],
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    language = language_of(request)
    names = routing_queries.unit_names(session)
    saved = request.query_params.get("saved", "")
    return page(
        request,
        "console/desk.html",
        status=status,
        form=values,
        faults=faults,
        saved=saved if ids.is_ticket_number(saved) else "",
        categories=views.category_tree(session, language),
        units=[(unit.code, unit.name) for unit in departments(session)],
        recent=[
            views.summary(ticket, names, language)
            for ticket in queries.tickets(session, asker.actor, limit=RECENT)
        ],
        preview=None,
    )


@router.post("/console/preview", dependencies=[Checked])
async def preview(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """Where it would go and until when, before anything is saved."""
    values = texts(await form(request))
    return await views.in_thread(_preview, request, home, asker, values)


def _preview(request: Request, home: House, asker: Asker, values: dict[str, str]) -> Response:
    demand(asker.actor, Act.FILE_FOR_OTHERS)
    with Session(home.office.engine) as session:
        shown = routing_preview(session, home, values, language_of(request))
        text = f"{values.get('title', '')}\n{values.get('content', '')}"
        shown["suggested"] = suggestions(
            session, home.office.now, text, language_of(request), actor=asker.actor
        )
        shown["earlier"] = _earlier(request, home, session, asker, values)
    return page(request, "console/_preview.html", preview=shown)


def routing_preview(
    session: Session, home: House, values: dict[str, str], language: str
) -> dict[str, Any]:
    """What the rules and the limits say of a form that is still being filled in."""
    now = home.office.now()
    rules = in_force(session, now)
    text = f"{values.get('title', '')}\n{values.get('content', '')}"
    found = filing.guessed(session, text)
    facts = Facts(
        category=values.get("category") or filing.chosen(session, found, rules),
        kind=values.get("kind") or "complaint",
        text=text,
        place=values.get("place", ""),
        channel="phone",
        respondent=values.get("respondent", ""),
        amount=largest(text),
        day=local_day(now),
        enterprise=enterprise_of(values.get("uscc"), values.get("company_name")),
        urgency="critical" if found.urgency == "critical" else values.get("urgency") or "normal",
        caution=found.caution,
    )
    decision = decide(facts, rules.book, rules.register) if rules else None
    return {
        "lead": routing_queries.unit_name(session, decision.lead) if decision else None,
        "task": routing_queries.task(session, decision.task, rules.plan)
        if rules and decision
        else None,
        "rule": decision.rule if decision else "",
        "book": decision.book if decision else "",
        "conflict": bool(decision and decision.conflict),
        "ground": words.ground(language, decision.ground) if decision and decision.ground else "",
        "route": decision.route if decision else "",
        "due_at": _due(session, home, values, decision),
    }


def _due(session: Session, home: House, values: dict[str, str], decision: Decision | None) -> Any:
    if decision is None or decision.lead is None:
        return None
    now = home.office.now()
    limits = standards(session, now)
    facts = policies.Facts(
        values.get("kind") or "complaint",
        decision.urgency,
        enterprise=bool(values.get("company_name") or values.get("uscc")),
        category=values.get("category") or None,
        task=decision.task,
    )
    policy = policies.choose(limits.limits, "resolve", facts)
    return clocks.due_time(now, policy, limits.calendar_for(policy)) if policy else None


def _earlier(
    request: Request, home: House, session: Session, asker: Asker, values: dict[str, str]
) -> list[dict[str, Any]]:
    phone = identity.check_phone(values.get("contact_phone", "")[:40])
    if not phone.valid or phone.normal is None:
        return []
    names, language = routing_queries.unit_names(session), language_of(request)
    indexes = home.keys.blinds("phone", phone.normal)
    found = queries.same_phone(session, asker.actor, indexes)
    return [views.summary(ticket, names, language) for ticket in found]


@router.post("/console", dependencies=[Checked])
async def save(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """Save, and the form is empty for the next caller."""
    values = texts(await form(request))
    return await views.in_thread(_save, request, home, asker, values)


def _save(request: Request, home: House, asker: Asker, values: dict[str, str]) -> Response:
    try:
        demand(asker.actor, Act.FILE_FOR_OTHERS)
        wanted = draft.check(values, channels=("phone", "counter", "email"), channel="phone")
        once = values.get("once", "")[:64]
        receipt = service.ReceiptKey(asker.actor.tag, once) if once else None
        with home.office.desk(asker.actor) as desk:
            wanted = queries.with_respondent(desk.session, wanted)
            filed = filing.register(desk, home, wanted, receipt)
    except Refused as refused:
        with Session(home.office.engine, expire_on_commit=False) as session:
            return _page(request, asker, session, values, faults_of(request, refused), 422)
    return RedirectResponse(f"/console?saved={filed.ticket.number}", 303)
