"""Limits and calendars: what is in force, drafts of what is to be, the way to publishing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session, col, select

from core import jobs
from core.errors import NotFound
from core.moments import local_day
from core.people import visible
from core.permissions import Act, demand
from core.tables import Ticket
from routing import queries as routing_queries
from sla import limits, recounting, standard_drafts
from sla.limits import Body
from sla.standards import deciding
from sla.tables import StandardDraft
from web import words
from web.deps import Asker, House, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages import limit_words, views
from web.rendering import page

router = APIRouter(include_in_schema=False)
NEW = "new"
RUNGS_SHOWN = 5
BLANK_RUNG: dict[str, Any] = dict.fromkeys(("level", "n", "mode", "issue", "redos"), "") | {
    "tell": ()
}
BLANK: dict[str, Any] = dict.fromkeys(
    (
        *("metric", "n", "mode", "complex", "enterprise", "categories", "tasks", "basis"),
        *("warn_percent", "left_n", "left_mode", "calendar"),
    ),
    "",
) | dict.fromkeys(("kinds", "urgencies", "warn", "ladder"), ())
Faults = dict[str, str]


@router.get("/limits")
def in_force(request: Request, home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """What is promised today, by which calendars, and the drafts."""
    return front(request, home, asker, session, {})


def front(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    faults: Faults,
    *,
    status: int = 200,
) -> Response:
    """The first page; `faults` are those of a draft that could not be begun."""
    demand(asker.actor, Act.READ_TICKETS)
    language, now = language_of(request), home.office.now()
    body = standard_drafts.in_force(session, now)
    names = views.category_names(session, language)
    return page(
        request,
        "limits/front.html",
        status=status,
        version=deciding(session, now),
        groups=limit_words.groups(body["policies"], names, language),
        calendars=_calendars(body, language),
        drafts=[head(session, row, asker, language) for row in standard_drafts.drafts(session)],
        edits=asker.may(Act.EDIT_RULES),
        faults=faults,
    )


@router.get("/limits/drafts/{draft}")
def show(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, draft: UUID
) -> Response:
    """The promises of a draft."""
    return policies_page(request, home, asker, session, draft, {})


def policies_page(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    draft: UUID,
    faults: Faults,
    *,
    status: int = 200,
) -> Response:
    """Every promise of the draft, those that differ marked."""
    row, language = opened(session, asker, draft), language_of(request)
    old = standard_drafts.in_force(session, home.office.now())
    names = views.category_names(session, language)
    changed = {pair["id"] for pair in limits.differences(old, row.body)["policies"]}
    return page(
        request,
        "limits/policies.html",
        status=status,
        draft=head(session, row, asker, language),
        tab="policies",
        groups=limit_words.groups(row.body["policies"], names, language),
        changed=changed,
        faults=faults,
    )


@router.get("/limits/drafts/{draft}/policies/{policy}")
def policy(
    request: Request, asker: TheStaff, session: TheReader, draft: UUID, policy: str
) -> Response:
    """One promise, to be changed."""
    row = opened(session, asker, draft)
    if policy == NEW:
        values: dict[str, Any] = {"metric": "resolve", "mode": "working_days"}
    else:
        found = next((item for item in row.body["policies"] if item["id"] == policy), None)
        if found is None:
            raise NotFound
        values = limit_words.form_values(found)
    return policy_page(request, asker, session, draft, policy, values, {})


def policy_page(
    request: Request,
    asker: Asker,
    session: Session,
    draft: UUID,
    policy: str,
    values: dict[str, Any],
    faults: Faults,
    *,
    status: int = 200,
) -> Response:
    """The form of one promise, with what was given and what was wrong with it."""
    row, language = opened(session, asker, draft), language_of(request)
    values = BLANK | values
    rungs = list(values["ladder"])
    return page(
        request,
        "limits/policy.html",
        status=status,
        draft=head(session, row, asker, language),
        policy="" if policy == NEW else policy,
        values=values,
        ladder=[*rungs, *([BLANK_RUNG] * max(0, RUNGS_SHOWN - len(rungs)))],
        faults=faults,
        choices={
            "metric": words.options(language, words.METRIC),
            "mode": words.options(language, limit_words.MODE),
            "kinds": words.options(language, words.REQUEST),
            "urgencies": words.options(language, words.URGENCY),
            "roles": [(c, limit_words.roles([c], language)) for c in limits.TOLD],
            "levels": [(c, words.word(language, words.LEVEL, c)) for c in limits.LEVELS],
            "issues": words.options(language, words.SUPERVISION),
            "calendars": [
                (name, words.word(language, limit_words.CALENDAR, name))
                for name in row.body["calendars"]
            ],
        },
    )


@router.get("/limits/drafts/{draft}/calendars")
def calendars(request: Request, asker: TheStaff, session: TheReader, draft: UUID) -> Response:
    """The calendars of a draft."""
    return calendars_page(request, asker, session, draft, {})


def calendars_page(
    request: Request,
    asker: Asker,
    session: Session,
    draft: UUID,
    faults: Faults,
    *,
    values: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Sessions, days by decision and years by notice; `values` are what was just refused."""
    row, language = opened(session, asker, draft), language_of(request)
    return page(
        request,
        "limits/calendars.html",
        status=status,
        draft=head(session, row, asker, language),
        tab="calendars",
        calendars=_calendars(row.body, language),
        values=values or {},
        faults=faults,
    )


@router.get("/limits/drafts/{draft}/publish")
def before_publishing(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, draft: UUID
) -> Response:
    """What differs, what it would do to running promises, and the publishing."""
    return publish_page(request, home, asker, session, draft, {})


def publish_page(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    draft: UUID,
    faults: Faults,
    *,
    status: int = 200,
) -> Response:
    """The difference and the last dry run beside the form of the second person."""
    row, language = opened(session, asker, draft), language_of(request)
    old = standard_drafts.in_force(session, home.office.now())
    tried = standard_drafts.newest_dry_run(session, row)
    return page(
        request,
        "limits/publish.html",
        status=status,
        draft=head(session, row, asker, language),
        tab="publish",
        pairs=_pairs(session, limits.differences(old, row.body), language),
        tried=_tried(session, asker, tried, language) if tried else None,
        stale=tried is not None and tried["revision"] != row.revision,
        running=_under_way(session, asker, row),
        today=local_day(home.office.now()),
        log=[_logged(session, line, language) for line in reversed(row.log)],
        faults=faults,
    )


def opened(session: Session, asker: Asker, draft: UUID) -> StandardDraft:
    """The draft, for who may change the standards."""
    demand(asker.actor, Act.EDIT_RULES)
    return standard_drafts.get(session, draft)


def head(session: Session, row: StandardDraft, asker: Asker, language: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "href": f"/limits/drafts/{row.id}",
        "note": row.note,
        "state": row.state,
        "state_word": words.word(language, limit_words.STATE, row.state),
        "revision": row.revision,
        "made_at": row.made_at,
        "made_by": views.actor_word(session, row.made_by, language, staff=True),
        "published_at": row.published_at,
        "effective_from": row.effective_from,
        "editable": row.state == "draft" and asker.may(Act.EDIT_RULES),
        "publisher": asker.may(Act.PUBLISH_RULES),
        "author": asker.actor.tag in row.edited_by,
    }


def _calendars(body: Body, language: str) -> list[dict[str, Any]]:
    return [
        limit_words.calendar_words(name, stored, language)
        for name, stored in sorted(
            body["calendars"].items(), key=lambda pair: limits.CALENDARS.index(pair[0])
        )
    ]


def _pairs(session: Session, found: dict[str, list[dict[str, Any]]], language: str) -> Any:
    names = views.category_names(session, language)

    def told(pair: dict[str, Any], side: str) -> Any:
        row = pair[side]
        return limit_words.policy_words(row, names, language) if row else None

    def drawn(pair: dict[str, Any], side: str) -> Any:
        body = pair[side]
        return limit_words.calendar_words(pair["id"], body, language) if body else None

    return {
        "policies": [
            {"id": p["id"], "before": told(p, "before"), "after": told(p, "after")}
            for p in found["policies"]
        ],
        "calendars": [
            {"id": p["id"], "before": drawn(p, "before"), "after": drawn(p, "after")}
            for p in found["calendars"]
        ],
    }


def _tried(session: Session, asker: Asker, tried: Any, language: str) -> dict[str, Any]:
    names = routing_queries.unit_names(session)
    ids = [UUID(line["ticket"]) for line in tried["examples"]]
    query = select(Ticket).where(col(Ticket.id).in_(ids), visible(asker.actor))
    tickets = {ticket.id: ticket for ticket in session.exec(query)}
    kinds = [kind for kind in limit_words.CHANGE if tried["kinds"].get(kind)]
    return {
        "clocks": tried["clocks"],
        "at": tried["at"],
        "kinds": [
            (words.word(language, limit_words.CHANGE, kind), tried["kinds"][kind], kind)
            for kind in kinds
        ],
        "units": [
            {"name": names.get(unit, unit), "kinds": [found.get(kind, 0) for kind in kinds]}
            for unit, found in tried["units"].items()
        ],
        "examples": [
            {
                "ticket": tickets[UUID(line["ticket"])],
                "metric": words.word(language, words.METRIC, line["metric"]),
                "kind": words.word(language, limit_words.CHANGE, line["kind"]),
                "before": _moment(line["before"]),
                "after": _moment(line["after"]),
            }
            for line in tried["examples"]
            if UUID(line["ticket"]) in tickets
        ],
    }


def _under_way(session: Session, asker: Asker, row: StandardDraft) -> UUID | None:
    args = {"draft": str(row.id)}
    found = jobs.newest(session, recounting.KIND, args, states=("waiting", "running"))
    return found.id if found is not None and found.asked_by == asker.actor.tag else None


def _logged(session: Session, line: dict[str, Any], language: str) -> dict[str, Any]:
    about = [str(line[name]) for name in ("policy", "calendar", "day", "year") if line.get(name)]
    return {
        "at": _moment(line["at"]),
        "by": views.actor_word(session, line["by"], language, staff=True),
        "what": words.word(language, limit_words.STEP, line["what"]),
        "about": " · ".join(about),
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
