"""A draft becomes law: what a second person looks at, and publishing, and withdrawing."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from core.desk import Desk
from core.errors import Conflict, Invalid
from core.moments import local_day
from routing import publishing, versions
from web import rulewords
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import status_of
from web.pages import rulebook, views
from web.pages.forms import faults_of, form, texts
from web.pages.rulebook import opened
from web.pages.rulebook_edit import do, seen_of
from web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/rulebooks/{version}/publish")
def publish_form(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    version: str,
    day: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """What a second person looks at before it becomes law."""
    return _publish_page(request, home, asker, session, version, {"day": day}, {})


def _publish_page(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    version: str,
    values: Mapping[str, str],
    faults: dict[str, str],
    *,
    accepted: tuple[str, ...] = (),
    status: int = 200,
) -> Response:
    now = home.office.now()
    book = opened(request, session, asker, version, now)
    day = _day(values.get("day", "")) or local_day(now)
    against = publishing.weighed(session, book.row, day, now) if book.book["editable"] else ()
    deciding = versions.deciding(session, now)
    return page(
        request,
        "rulebook/publish.html",
        status=status,
        book=book.book,
        tab="publish",
        day=day,
        today=local_day(now),
        reason=values.get("reason", ""),
        accepted=accepted,
        against=[
            rulewords.finding(found.finding, book.lexicon, book.language)
            | {"key": found.key, "overridable": found.overridable}
            for found in against
        ],
        blocked=any(not found.overridable for found in against),
        current=deciding.version if deciding else "",
        changes=rulebook.changes(deciding, book),
        faults=faults,
    )


@router.post("/rulebooks/{version}/publish", dependencies=[Checked])
async def publish(request: Request, home: TheHouse, asker: TheStaff, version: str) -> Response:
    """It becomes law."""
    data = await form(request)
    return await views.in_thread(_publish, request, home, asker, version, data)


def _publish(request: Request, home: House, asker: Asker, version: str, data: FormData) -> Response:
    values = texts(data)
    accepted = tuple(str(key) for key in data.getlist("accepted"))
    try:
        day = _day(values.get("day", ""))
        if day is None:
            raise Invalid.one("day", "form", "请选择生效日期")
        with home.office.desk(asker.actor) as desk:
            publishing.publish(
                desk,
                version,
                seen_of(values),
                day=day,
                accepted=accepted,
                reason=values.get("reason", ""),
            )
    except (Invalid, Conflict) as refused:
        told, status = faults_of(request, refused), status_of(refused)
        with Session(home.office.engine, expire_on_commit=False) as session:
            return _publish_page(
                request, home, asker, session, version, values, told,
                accepted=accepted, status=status,
            )  # fmt: skip
    return RedirectResponse(f"/rulebooks/{version}", 303)


@router.post("/rulebooks/{version}/withdraw", dependencies=[Checked])
def withdraw(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    version: str,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """A book that does not decide yet becomes a draft again."""
    work: Callable[[Desk], Any] = lambda desk: publishing.withdraw(desk, version, reason)  # noqa: E731 - a use case waiting for its desk
    return do(request, home, asker, version, work)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
