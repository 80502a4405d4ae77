"""Drafts of limits and calendars: every step of changing, trying and publishing them."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid
from sla import recounting, standard_drafts, whatifs
from sla.policies import METRICS
from web.deps import Asker, Checked, House, TheHouse, TheStaff
from web.errors import status_of
from web.pages import limits, views
from web.pages.forms import chosen_day, faults_of, form, texts

router = APIRouter(include_in_schema=False)
SHOWN = (Invalid, Conflict, Forbidden)
Text = Annotated[str, Form(max_length=4000)]
Seen = Annotated[int, Form()]
Again = Callable[[Session, dict[str, str], int], Response]


def _do(
    request: Request,
    home: House,
    asker: Asker,
    work: Callable[[Desk], Any],
    again: Again,
    after: str,
) -> Response:
    """Do it and go on; a refusal is told on the page it was asked for on."""
    try:
        with home.office.desk(asker.actor) as desk:
            work(desk)
    except SHOWN as refused:
        faults, status = faults_of(request, refused), status_of(refused)
        with Session(home.office.engine, expire_on_commit=False) as session:
            return again(session, faults, status)
    return RedirectResponse(after, 303)


@router.post("/limits/drafts", dependencies=[Checked])
def start(request: Request, home: TheHouse, asker: TheStaff, note: Text = "") -> Response:
    """A new draft."""
    made: list[UUID] = []

    def again(session: Session, faults: dict[str, str], status: int) -> Response:
        return limits.front(request, home, asker, session, faults, status=status)

    def work(desk: Desk) -> None:
        made.append(standard_drafts.start(desk, note=note).id)

    answer = _do(request, home, asker, work, again, "/limits")
    return RedirectResponse(f"/limits/drafts/{made[0]}", 303) if made else answer


@router.post("/limits/drafts/{draft}/policies/{policy}", dependencies=[Checked])
async def save(
    request: Request, home: TheHouse, asker: TheStaff, draft: UUID, policy: str
) -> Response:
    """One promise as it is to be."""
    data = await form(request)
    return await views.in_thread(_save, request, home, asker, draft, policy, data)


def _save(
    request: Request, home: House, asker: Asker, draft: UUID, policy: str, data: FormData
) -> Response:
    values = _values(data)

    def again(session: Session, faults: dict[str, str], status: int) -> Response:
        return limits.policy_page(
            request, asker, session, draft, policy, values, faults, status=status
        )

    def work(desk: Desk) -> None:
        known = "" if policy == limits.NEW else policy
        standard_drafts.set_policy(desk, draft, _seen(data), known, values)

    return _do(request, home, asker, work, again, f"/limits/drafts/{draft}")


@router.post("/limits/drafts/{draft}/policies/{policy}/delete", dependencies=[Checked])
def drop(
    request: Request, home: TheHouse, asker: TheStaff, draft: UUID, policy: str, seen: Seen = 0
) -> Response:
    """One promise less."""

    def again(session: Session, faults: dict[str, str], status: int) -> Response:
        return limits.policies_page(request, home, asker, session, draft, faults, status=status)

    def work(desk: Desk) -> None:
        standard_drafts.drop_policy(desk, draft, seen, policy)

    return _do(request, home, asker, work, again, f"/limits/drafts/{draft}")


@router.post("/limits/drafts/{draft}/calendars", dependencies=[Checked])
async def calendar(request: Request, home: TheHouse, asker: TheStaff, draft: UUID) -> Response:
    """Sessions, a day by decision, a year by notice, the hall's hours: `act` says which."""
    data = await form(request)
    return await views.in_thread(_calendar, request, home, asker, draft, data)


def _calendar(request: Request, home: House, asker: Asker, draft: UUID, data: FormData) -> Response:
    given = texts(data)

    def again(session: Session, faults: dict[str, str], status: int) -> Response:
        return limits.calendars_page(
            request, asker, session, draft, faults, values=given, status=status
        )

    def work(desk: Desk) -> None:
        _change_calendar(desk, draft, _seen(data), given)

    return _do(request, home, asker, work, again, f"/limits/drafts/{draft}/calendars")


def _change_calendar(desk: Desk, draft: UUID, seen: int, given: dict[str, str]) -> None:
    name, act = given.get("calendar", "office"), given.get("act", "")
    if act == "sessions":
        standard_drafts.set_sessions(desk, draft, seen, name, given.get("sessions", ""))
    elif act == "day":
        standard_drafts.set_day(
            desk,
            draft,
            seen,
            name,
            day=chosen_day(given.get("day", "")),
            working=given.get("working") == "yes",
            reason=given.get("reason", ""),
        )
    elif act == "drop":
        standard_drafts.drop_day(desk, draft, seen, name, given.get("day", ""))
    elif act == "year":
        standard_drafts.set_year(
            desk,
            draft,
            seen,
            year=_year(given.get("year", "")),
            off=given.get("off", ""),
            worked=given.get("worked", ""),
            source=given.get("source", ""),
        )
    elif act == "window":
        standard_drafts.add_window(desk, draft, seen)
    else:
        raise Invalid.one("act", "unknown", "选择的内容不正确")


@router.post("/limits/drafts/{draft}/try", dependencies=[Checked])
def dry_run(request: Request, home: TheHouse, asker: TheStaff, draft: UUID) -> Response:
    """What the draft would do to running promises, found in the background."""
    made: list[UUID] = []

    def again(session: Session, faults: dict[str, str], status: int) -> Response:
        return limits.publish_page(request, home, asker, session, draft, faults, status=status)

    def work(desk: Desk) -> None:
        standard_drafts.get(desk.session, draft)
        made.append(recounting.ask(desk, draft, dry=True))

    answer = _do(request, home, asker, work, again, "/limits")
    return RedirectResponse(f"/jobs/{made[0]}", 303) if made else answer


@router.post("/limits/drafts/{draft}/what-if", dependencies=[Checked])
def what_if(request: Request, home: TheHouse, asker: TheStaff, draft: UUID) -> Response:
    """The past quarter by the draft's standards, found in the background."""
    made: list[UUID] = []

    def again(session: Session, faults: dict[str, str], status: int) -> Response:
        return limits.publish_page(request, home, asker, session, draft, faults, status=status)

    def work(desk: Desk) -> None:
        made.append(whatifs.ask(desk, draft))

    answer = _do(request, home, asker, work, again, "/limits")
    return RedirectResponse(f"/jobs/{made[0]}", 303) if made else answer


@router.post("/limits/drafts/{draft}/publish", dependencies=[Checked])
def publish(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    draft: UUID,
    seen: Seen = 0,
    effective_on: Text = "",
    recount: Text = "",
) -> Response:
    """In force, by a second person."""
    made: list[standard_drafts.Published] = []

    def again(session: Session, faults: dict[str, str], status: int) -> Response:
        return limits.publish_page(request, home, asker, session, draft, faults, status=status)

    def work(desk: Desk) -> None:
        day = chosen_day(effective_on)
        if day is None:
            raise Invalid.one("effective_on", "required", "请选择生效日期")
        done = standard_drafts.publish(
            desk, draft, seen, effective_on=day, recount=recount == "yes"
        )
        made.append(done)

    answer = _do(request, home, asker, work, again, "/limits")
    job = made[0].recount if made else None
    return RedirectResponse(f"/jobs/{job}", 303) if job else answer


@router.post("/limits/drafts/{draft}/discard", dependencies=[Checked])
def discard(request: Request, home: TheHouse, asker: TheStaff, draft: UUID) -> Response:
    """Laid aside."""

    def again(session: Session, faults: dict[str, str], status: int) -> Response:
        return limits.publish_page(request, home, asker, session, draft, faults, status=status)

    def work(desk: Desk) -> None:
        standard_drafts.discard(desk, draft)

    return _do(request, home, asker, work, again, "/limits")


def _seen(data: FormData) -> int:
    return _whole(str(data.get("seen", "")))


def _year(text: str) -> int:
    year = _whole(text)
    if not 2000 <= year <= 2100:
        raise Invalid.one("year", "range", "请填写年份，例如2027")
    return year


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _values(data: FormData) -> dict[str, Any]:
    """The form of a promise; the ladder's rungs are numbered, empty ones are left out."""
    plain = texts(data)
    plain["metric"] = plain.get("metric", "") if plain.get("metric") in METRICS else ""
    rungs = [_rung(data, place) for place in range(10)]
    return {
        **plain,
        "kinds": [str(item) for item in data.getlist("kinds")],
        "urgencies": [str(item) for item in data.getlist("urgencies")],
        "warn": [str(item) for item in data.getlist("warn")],
        "ladder": [rung for rung in rungs if rung["level"]],
    }


def _rung(data: FormData, place: int) -> dict[str, Any]:
    at = f"ladder-{place}-"
    names = ("level", "n", "mode", "issue", "redos")
    return {name: str(data.get(at + name, "")) for name in names} | {
        "tell": [str(item) for item in data.getlist(at + "tell")]
    }
