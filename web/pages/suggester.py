"""The suggester's page: which version guesses, how sure it must be, learn again, go back."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core.desk import Desk
from core.errors import Invalid, Refused
from core.permissions import Act, demand
from intake import learning, suggesters
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages.forms import faults_of
from web.pages.suggestions import suggestions
from web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/suggester")
def show(
    request: Request, home: TheHouse, asker: TheStaff, session: TheReader, text: str = ""
) -> Response:
    """Versions, threshold, history; and a text to try."""
    return _page(request, home, asker, session, {}, tried=text[:5000])


def _page(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    faults: dict[str, str],
    *,
    status: int = 200,
    tried: str = "",
) -> Response:
    demand(asker.actor, Act.EDIT_RULES)
    using = suggesters.in_use(session)
    known = learning.corrections(session)
    return page(
        request,
        "oversight/suggester.html",
        status=status,
        faults=faults,
        using=using.model.version,
        made=using.model.made,
        threshold=using.threshold,
        shipped=suggesters.shipped().version,
        corrections=len(known.learn) + len(known.held),
        versions=[
            {"version": version, "state": state, "measured": measured, "made_at": made_at}
            for version, state, measured, made_at in suggesters.versions(session)
        ],
        acts=suggesters.acts(session),
        tried=tried,
        suggested=suggestions(
            session, home.office.now, tried, language_of(request), actor=asker.actor
        ),
    )


@router.post("/suggester", dependencies=[Checked])
def act(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    do: Annotated[str, Form(max_length=20)] = "",
    version: Annotated[str, Form(max_length=60)] = "",
    threshold: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Learn again, adopt a version, go back to the shipped one, move the threshold."""
    try:
        with home.office.desk(asker.actor) as desk:
            _do(desk, do, version, threshold)
    except Refused as refused:
        with Session(home.office.engine, expire_on_commit=False) as session:
            faults = faults_of(request, refused)
            return _page(request, home, asker, session, faults, status=422)
    return RedirectResponse("/suggester", 303)


def _do(desk: Desk, do: str, version: str, threshold: str) -> Any:
    match do:
        case "learn":
            return learning.ask(desk)
        case "adopt" if version == suggesters.shipped().version:
            return suggesters.go_back(desk)
        case "adopt":
            return suggesters.adopt(desk, version)
        case "threshold" if threshold.isdecimal():
            return suggesters.set_threshold(desk, int(threshold))
        case "threshold":
            raise Invalid.one("threshold", "range", "门槛须在50到101之间，101表示一律由人派单")
        case _:
            raise Invalid.one("do", "unknown", "请选择一个操作")
