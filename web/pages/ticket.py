"""One ticket as staff see it: everything on it, and whatever this person may do next."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from core import timeline
from core.desk import Desk
from core.errors import Forbidden, NotFound, Refused
from core.events import Audience, IdentityUnmasked
from core.i18n import translate
from core.people import departments, may_unmask, sealed
from core.permissions import UNIT_ROLES, Act
from core.privacy import mask_name, mask_phone
from core.states import Status
from core.tables import Ticket
from intake import callbacks, contacts, queries, scanning
from intake.contacts import Said
from intake.referral import GROUNDS
from routing import queries as routing_queries
from routing import service as orders
from sla import queries as sla_queries
from web import words
from web.api.tickets import found
from web.deps import Asker, Checked, Fresh, House, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.masking import told
from web.pages import views
from web.pages.card_words import fitting
from web.pages.console_receipt import filed_by
from web.pages.correction_words import correction
from web.pages.family import family
from web.pages.forms import faults_of
from web.pages.order_words import order_words, reply_words
from web.pages.pressing import pressing
from web.pages.referral_words import waiting_referral
from web.pages.relay import upper_of
from web.pages.review_words import waiting_review
from web.pages.suggestions import suggestions
from web.pages.teamwork import extension_lines, teamwork
from web.rendering import page

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=5000)]
Code = Annotated[str, Form(max_length=60)]


@router.get("/tickets/{number}")
def show(
    request: Request, number: str, home: TheHouse, asker: TheStaff, session: TheReader
) -> Response:
    """The ticket; who took in what is not for his eyes any more gets its receipt."""
    try:
        return ticket_page(request, home, asker, session, number, {})
    except NotFound:
        if filed_by(session, asker.actor, number, home.office.now()) is None:
            raise
        return RedirectResponse(f"/console/receipt/{number}", 303)


def ticket_page(
    request: Request,
    home: House,
    asker: Asker,
    session: Session,
    number: str,
    faults: dict[str, str],
    status: int = 200,
    contact: dict[str, str] | None = None,
    form: str = "",
) -> Response:
    ticket = found(session, asker, number)
    language = language_of(request)
    names = routing_queries.unit_names(session)
    eyes = Audience.OVERSIGHT if asker.may(Act.FIGURES_ALL) else Audience.STAFF
    entries = timeline.entries(session, ticket.id, eyes)
    rows = routing_queries.orders(session, ticket.id)
    parked, clear = Status(ticket.status) is Status.ON_HOLD, contact is not None
    return page(
        request,
        "department/ticket.html",
        status=status,
        # forms of one page share names: a fault is told beside the form it belongs to
        faults={"": " ".join(faults.values())} if form else faults,
        faults_in={form: faults} if form else {},
        ticket=_ticket(session, asker, ticket, names, language, clear=clear),
        contact=contact or masked(session, home, ticket),
        task=routing_queries.task_of(session, ticket),
        why=why(entries, language),
        orders=[order_words(session, row, names, language, asker, parked=parked) for row in rows],
        extensions=extension_lines(session, ticket, names, asker),
        clocks=clock_lines(session, ticket, language, home.office.now()),
        timeline=views.timeline_lines(session, entries, language, staff=True, clear=clear),
        replies=reply_words(session, rows, names, clear=clear),
        attachments=queries.attachments(session, ticket.id),
        targets=[(unit.code, unit.name) for unit in departments(session)],
        units=[(unit.code, unit.name) for unit in departments(session) if unit.kind != "outside"],
        **_doable(session, home, asker, ticket, rows, names, language),
    )


def _doable(
    session: Session,
    home: House,
    asker: Asker,
    ticket: Ticket,
    rows: Any,
    names: dict[str, str],
    language: str,
) -> dict[str, Any]:
    """What this reader may do next, and what the forms for it offer."""
    return {
        "can": _can(ticket, rows, asker),
        "pressing": pressing(session, asker, ticket, rows, names, language),
        "team": teamwork(session, home, asker, ticket, rows, names),
        "referral": waiting_referral(session, ticket, asker, names, language),
        "correction": correction(session, ticket, asker, names, language),
        "review": waiting_review(session, ticket, asker),
        "family": family(session, home, asker, ticket, names, language),
        "triage": _triage(ticket),
        "tries": callbacks.tries(session, [ticket.id]).get(ticket.id, callbacks.Tries()),
        "final_grounds": words.options(language, words.FINAL_GROUND),
        "call_channels": words.options(language, words.CALL_CHANNEL),
        "call_results": words.options(language, words.CALL_RESULT),
        "suggested": _suggested(session, home, asker, ticket, language),
        "cards": _cards(session, home, asker, ticket),
        "categories": views.category_tree(session, language),
        "referral_grounds": [(code, words.ground(language, code)) for code in GROUNDS],
    }


def _ticket(
    session: Session,
    asker: Asker,
    ticket: Ticket,
    names: dict[str, str],
    language: str,
    *,
    clear: bool,
) -> dict[str, Any]:
    return views.summary(ticket, names, language) | {
        "place": ticket.place,
        "confidential": sealed(ticket),
        "anonymous": ticket.anonymous,
        "respondent": names.get(ticket.respondent or "", ""),
        "channel": ticket.channel,
        "upper": upper_of(session, ticket),
        "category": views.category_name(session, ticket.category, language),
        **asdict(told(asker.actor, ticket, clear=clear)),
    }


def masked(session: Session, home: House, ticket: Ticket) -> dict[str, str]:
    """The contact as everybody first sees it."""
    row = queries.contact(session, ticket.id)
    if row is None:
        return {"name": "", "phone": "", "masked": "yes"}
    said = contacts.opened(home.keys, row)
    return {"name": mask_name(said.name), "phone": mask_phone(said.phone), "masked": "yes"}


def clear(said: Said) -> dict[str, str]:
    """The contact for one look at it."""
    return {"name": said.name, "phone": said.phone, "masked": ""}


def why(entries: Any, language: str) -> dict[str, Any] | None:
    """Why this unit: rule, version, what was tried, from the newest decision."""
    kinds = {"ticket.routed", "ticket.triage_needed"}
    decided = [entry for entry in entries if entry.kind in kinds]
    if not decided:
        return None
    facts = decided[-1].facts
    ground = facts.get("ground")
    return {
        "rule": facts.get("rule") or "",
        "book": facts.get("book") or "",
        "plan": facts.get("plan") or "",
        "by": facts.get("by", "rule"),
        "task": facts.get("task"),
        "conflict": facts.get("conflict", False),
        "ground": words.ground(language, ground) if ground else "",
        "route": facts.get("channel_hint") or "",
        "tried": facts.get("trace", []),
    }


def clock_lines(
    session: Session, ticket: Ticket, language: str, now: datetime
) -> list[dict[str, Any]]:
    """Every promise on the ticket, in words."""
    return [
        {
            "metric": words.word(language, words.METRIC, clock.metric),
            "state": clock.state,
            "due_at": clock.due_at,
            "level": clock.level,
            "level_word": words.word(language, words.LEVEL, clock.level),
            "running": clock.stopped_at is None,
            "late": clock.state == "breached",
            "stopped_at": clock.stopped_at,
            "left": views.left_word(sla_queries.left(session, clock, now), language),
        }
        for clock in sla_queries.clocks(session, ticket)
    ]


def _can(ticket: Ticket, rows: Any, asker: Asker) -> dict[str, bool]:
    status = Status(ticket.status)
    return {
        "dispatch": asker.may(Act.DISPATCH) and status in {Status.SUBMITTED, Status.ACCEPTED},
        "answer": asker.may(Act.ANSWER) and status is Status.SUBMITTED,
        "refuse": asker.may(Act.PROPOSE_REFUSAL) and status is Status.SUBMITTED,
        "refer": asker.may(Act.PROPOSE_REFUSAL) and status in {Status.SUBMITTED, Status.ACCEPTED},
        "rule_refusal": asker.may(Act.APPROVE_REFUSAL) and status is Status.SUBMITTED,
        "ask_info": asker.may(Act.ACCEPT) and status is Status.SUBMITTED,
        "review": asker.may(Act.REVIEW_REPLY) and status is Status.REPLY_REVIEW,
        "finalise": asker.may(Act.FINALISE) and status in {Status.IN_HANDLING, Status.REPLY_REVIEW},
        "call_back": asker.may(Act.CALL_BACK) and status is Status.CALLBACK,
        "unmask": may_unmask(asker.actor, ticket, rows),
        "note": asker.may(Act.NOTE),
        "unit": bool(asker.actor.roles & UNIT_ROLES) and bool(rows),
    }


def _suggested(
    session: Session, home: House, asker: Asker, ticket: Ticket, language: str
) -> dict[str, Any] | None:
    """What the suggester says to the dispatcher who has to decide."""
    if not (asker.may(Act.DISPATCH) and _triage(ticket)):
        return None
    text = f"{ticket.title}\n{ticket.content}"
    now = home.office.now
    return suggestions(session, now, text, language, actor=asker.actor, but=ticket.id)


def _cards(session: Session, home: House, asker: Asker, ticket: Ticket) -> list[dict[str, Any]]:
    """What the knowledge base has for the desk that may answer at once."""
    if not (asker.may(Act.ANSWER) and Status(ticket.status) is Status.SUBMITTED):
        return []
    return fitting(session, home, f"{ticket.title}\n{ticket.content}", ticket.category or "")


def _triage(ticket: Ticket) -> bool:
    return Status(ticket.status) in {Status.SUBMITTED, Status.ACCEPTED} and ticket.lead is None


def refused_page(
    request: Request,
    home: House,
    asker: Asker,
    number: str,
    refused: Refused,
    *,
    form: str = "",
) -> Response:
    """The page again, saying what could not be done and why; `form` is the one it was asked in."""
    faults = faults_of(request, refused)
    with Session(home.office.engine, expire_on_commit=False) as session:
        return ticket_page(request, home, asker, session, number, faults, status=409, form=form)


def acted(
    request: Request,
    home: House,
    asker: Asker,
    number: str,
    work: Callable[[Desk], object],
    *,
    form: str = "",
) -> Response:
    """Do it and show the ticket again; a refusal is told on its page, beside `form`."""
    try:
        with home.office.desk(asker.actor) as desk:
            work(desk)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused, form=form)
    return RedirectResponse(f"/tickets/{number}", 303)


def act_on_ticket(
    request: Request,
    home: House,
    asker: Asker,
    number: str,
    work: Callable[[Desk, Ticket], object],
    *,
    form: str = "",
) -> Response:
    """The same with the ticket that this number names to the asker."""

    def on_found(desk: Desk) -> None:
        work(desk, found(desk.session, asker, number))

    return acted(request, home, asker, number, on_found, form=form)


@router.post("/tickets/{number}/unmask", dependencies=[Checked, Fresh])
def unmask(
    request: Request, number: str, home: TheHouse, asker: TheStaff, reason: Code = ""
) -> Response:
    """The contact in clear: with a reason, and it stands on the timeline who read it."""
    if not reason.strip():
        said = translate(language_of(request), "请写明查看理由")
        with Session(home.office.engine, expire_on_commit=False) as session:
            return ticket_page(request, home, asker, session, number, {"reason": said}, status=422)
    with home.office.desk(asker.actor) as desk:
        ticket = timeline.hold(desk, found(desk.session, asker, number).id)
        if not may_unmask(asker.actor, ticket, routing_queries.orders(desk.session, ticket.id)):
            raise Forbidden
        row = queries.contact(desk.session, ticket.id)
        timeline.record(desk, ticket, IdentityUnmasked(str(timeline.write(desk, ticket, reason))))
    contact = clear(contacts.opened(home.keys, row))
    with Session(home.office.engine, expire_on_commit=False) as session:
        return ticket_page(request, home, asker, session, number, {}, contact=contact)


@router.post("/tickets/{number}/note", dependencies=[Checked])
def note(
    request: Request, number: str, home: TheHouse, asker: TheStaff, text: Text = ""
) -> Response:
    """Between colleagues."""
    return act_on_ticket(
        request, home, asker, number, lambda desk, ticket: orders.note(desk, ticket.id, text)
    )


@router.get("/tickets/{number}/files/{file}")
def attachment(
    number: str, file: UUID, home: TheHouse, asker: TheStaff, session: TheReader
) -> Response:
    """A file, by its id, always as a download and never sniffed."""
    ticket = found(session, asker, number)
    row = next((row for row in queries.attachments(session, ticket.id) if row.id == file), None)
    if row is None:
        raise NotFound
    scanning.check_served(row, scanning=home.settings.clamd is not None)
    headers = {"Content-Disposition": f'attachment; filename="{row.id}"'}
    return Response(row.body, media_type=row.media_type, headers=headers)
