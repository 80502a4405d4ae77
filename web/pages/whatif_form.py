"""One change tried at once: a limit, a reminder or a day, as a draft of its own."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from core.desk import Desk
from core.errors import Invalid
from core.i18n import translate
from core.permissions import Act, demand
from sla import standard_drafts, whatifs
from sla.limits import Body
from web import words
from web.deps import Asker, Checked, House, TheHouse, TheReader, TheStaff
from web.errors import language_of, status_of
from web.pages import limit_words, views
from web.pages.forms import chosen_day, faults_of, form, texts
from web.rendering import page

router = APIRouter(include_in_schema=False)
EMPTY = dict.fromkeys(("policy", "n", "warn_percent", "day", "reason"), "") | {
    "mode": "working_days",
    "working": "no",
}


@router.get("/limits/what-if")
def show(request: Request, home: TheHouse, asker: TheStaff, session: TheReader) -> Response:
    """The form."""
    return _page(request, home, asker, session, {}, {})


def _page(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    values: Mapping[str, str],
    faults: dict[str, str],
    *,
    status: int = 200,
) -> Response:
    demand(asker.actor, Act.EDIT_RULES)
    language = language_of(request)
    body = standard_drafts.in_force(session, home.office.now())
    return page(
        request,
        "limits/what_if_form.html",
        status=status,
        policies=list(_names(session, body, language).items()),
        modes=words.options(language, limit_words.MODE),
        values=EMPTY | dict(values),
        faults=faults,
    )


@router.post("/limits/what-if", dependencies=[Checked])
async def ask(request: Request, home: TheHouse, asker: TheStaff) -> Response:
    """A draft with the one change, tried on the past quarter."""
    data = await form(request)
    return await views.in_thread(_ask, request, home, asker, data)


def _ask(request: Request, home: House, asker: Asker, data: FormData) -> Response:
    values = texts(data)
    try:
        with home.office.desk(asker.actor) as desk:
            draft = _tried(desk, values, language_of(request))
    except Invalid as refused:
        faults, status = faults_of(request, refused), status_of(refused)
        with Session(home.office.engine, expire_on_commit=False) as session:
            return _page(request, home, asker, session, values, faults, status=status)
    return RedirectResponse(f"/limits/drafts/{draft}/what-if", 303)


def _tried(desk: Desk, values: Mapping[str, str], language: str) -> UUID:
    demand(desk.actor, Act.EDIT_RULES)
    _says_something(values)
    body = standard_drafts.in_force(desk.session, desk.now)
    draft = standard_drafts.start(desk, note=_note(desk.session, body, values, language))
    if values.get("policy"):
        changed = _changed(body, values)
        standard_drafts.set_policy(desk, draft.id, draft.revision, values["policy"], changed)
    if values.get("day"):
        standard_drafts.set_day(
            desk,
            draft.id,
            draft.revision,
            "office",
            day=chosen_day(values["day"]),
            working=values.get("working") == "yes",
            reason=values.get("reason", ""),
        )
    whatifs.ask(desk, draft.id)
    return draft.id


def _says_something(values: Mapping[str, str]) -> None:
    """Half a change is refused: nobody should read a trial of what he did not mean."""
    given = [name for name in ("n", "warn_percent") if values.get(name, "").strip()]
    if values.get("policy") and not given:
        raise Invalid.one("n", "required", "请填写新的时限或提醒点")
    if not values.get("policy") and (given or not values.get("day")):
        raise Invalid.one("policy", "required", "请选择改哪一项时限，或只填写日期")


def _changed(body: Body, values: Mapping[str, str]) -> dict[str, Any]:
    """The promise as its form would send it, with what is to be different."""
    row = next((item for item in body["policies"] if item["id"] == values["policy"]), None)
    if row is None:
        raise Invalid.one("policy", "unknown", "没有这条时限标准")
    kept = limit_words.form_values(row)
    if values.get("n", "").strip():
        kept |= {"n": values["n"], "mode": values.get("mode", "")}
    if values.get("warn_percent", "").strip():
        kept["warn_percent"] = values["warn_percent"]
    return kept


def _note(session: Session, body: Body, values: Mapping[str, str], language: str) -> str:
    """What the draft is called among drafts."""
    parts = [_names(session, body, language).get(values.get("policy", ""), "")]
    if parts[0] and values.get("n"):
        parts.append(f"→ {values['n']} {_mode(values, language)}")
    if parts[0] and values.get("warn_percent"):
        percent = values["warn_percent"]
        parts.append(translate(language, "用去{percent}%时", percent=percent))
    if values.get("day"):
        working = translate(language, "上班" if values.get("working") == "yes" else "不上班")
        parts.append(f"{values['day']} {working}")
    return translate(language, "如果：{change}", change=" ".join(part for part in parts if part))


def _mode(values: Mapping[str, str], language: str) -> str:
    return words.word(language, limit_words.MODE, values.get("mode", ""))


def _names(session: Session, body: Body, language: str) -> dict[str, str]:
    """Every promise in one line, by its id: of what, for whom, how long."""
    joint = ", " if language == "en" else "、"
    groups = limit_words.groups(body["policies"], views.category_names(session, language), language)
    return {
        row["id"]: f"{group['word']} · {joint.join(row['for'])} · {row['length']}"
        for group in groups
        for row in group["rows"]
    }
