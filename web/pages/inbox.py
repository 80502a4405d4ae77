"""A person's letters inside the house."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from notify import queries, service
from notify.wording import render
from routing.queries import unit_names
from web.deps import Checked, TheHouse, TheReader, TheStaff
from web.mailing import site
from web.rendering import page

router = APIRouter(include_in_schema=False)
PAGE = 30


@router.get("/inbox")
def inbox(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    after: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Newest first."""
    rows = queries.inbox(session, asker.actor.tag, after=after, limit=PAGE + 1)
    names = unit_names(session)
    letters = []
    for row in rows[:PAGE]:
        said = render(row, site(home.settings), home.keys, names)
        letters.append(
            {
                "subject": said.subject,
                "text": said.text,
                "at": row.created_at,
                "read": row.read_at is not None,
                "href": f"/tickets/{row.params['number']}",
            }
        )
    more = str(rows[PAGE - 1].id) if len(rows) > PAGE else ""
    return page(request, "staff/inbox.html", letters=letters, next=more)


@router.get("/inbox/badge")
def badge(asker: TheStaff) -> HTMLResponse:
    """How many are unread, for the header that looks every half minute."""
    return HTMLResponse(str(asker.unread or ""))


@router.post("/inbox/read", dependencies=[Checked])
def read(home: TheHouse, asker: TheStaff) -> Response:
    """All of them are read now."""
    with home.office.desk(asker.actor) as desk:
        service.mark_read(desk)
    return RedirectResponse("/inbox", 303)
