"""The line to the upper platform: reports leave in order, and once a day the lists are compared."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core import logs
from core.desk import Desk, Office
from core.errors import Conflict, Refused
from core.moments import SHANGHAI, local_day
from core.numbers import masked
from core.outbox import post
from core.permissions import SYSTEM, Actor
from core.settings import Settings
from core.tables import Ticket, Words
from intake import lines, relay, relays
from intake.draft import Draft
from intake.relays import Push
from intake.service import Filed
from intake.tables import LineRow, RelayCase, RelayDifference, RelayReport
from notify.service import pause
from notify.transports.base import DeliveryFailed
from notify.transports.partner import Partner, networks
from routing import queries as routing_queries
from web import filing, relay_cases

log = logs.get("relay")
LINE = "relay"
# the hour of the day at which the lists are compared
HOUR = 6
WINDOW = timedelta(days=30)
PATIENCE = timedelta(minutes=10)
LONGEST = timedelta(hours=1)


def partner(settings: Settings, office: Office) -> Partner | None:
    """The platform that the settings name, if they name one."""
    if settings.relay_url is None or settings.relay_secret is None:
        return None
    return Partner(
        settings.relay_url,
        settings.relay_secret.get_secret_value(),
        allowed=networks(settings.relay_networks),
        now=office.now,
    )


def register(settings: Settings, desk: Desk, wanted: Draft, limit: datetime) -> Filed:
    """A case becomes a ticket the way every channel's does, with the platform's limit."""
    return filing.register(desk, settings, wanted, limit=limit)


# --- reports ------------------------------------------------------------------------------


def report(office: Office, settings: Settings, ticket_id: UUID) -> int:
    """Tell the platform, in order, what it has not heard of a ticket. How many went."""
    line, went = partner(settings, office), 0
    if line is None:
        return 0
    while True:
        with office.desk(SYSTEM) as desk:
            due = relays.next_report(desk, ticket_id)
            body = _body(desk.session, due) if due is not None else {}
        if due is None or not _told(office, line, due, body):
            return went
        went += 1


def _told(office: Office, line: Partner, due: RelayReport, body: dict[str, Any]) -> bool:
    """Whether the next one may go: it arrived, or the platform will never take it."""
    state, error, at = "sent", None, office.now()
    try:
        line.report(str(due.id), body)
    except DeliveryFailed as failed:
        log.warning("report_failed", report=str(due.id), reason=failed.reason)
        state = "refused" if failed.permanent else "queued"
        error = failed.reason
        at += min(pause(due.attempts, 0.5), LONGEST)
    with office.desk(SYSTEM) as desk:
        relays.settle(desk, due, state, error, at)
    return state != "queued"


def _body(session: Session, due: RelayReport) -> dict[str, Any]:
    """What is said: the public words of a reply, never who complained."""
    case = session.get_one(RelayCase, due.ticket_id)
    ticket = session.get_one(Ticket, due.ticket_id)
    words = session.get(Words, due.words) if due.words else None
    facts = dict(due.facts)
    if facts.get("department"):
        facts["unit"] = routing_queries.unit_name(session, facts["department"])
    return {
        "id": str(due.id),
        "upper_number": case.upper_number,
        "number": ticket.number,
        "sequence": due.sequence,
        "kind": due.kind,
        "state": due.state,
        "at": due.at.astimezone(SHANGHAI).isoformat(),
        "due_at": ticket.due_at.astimezone(SHANGHAI).isoformat() if ticket.due_at else None,
        "text": masked(words.body) if words else None,
        "facts": facts,
    }


def resend_due(office: Office, settings: Settings) -> int:
    """Promise again the reports that are due."""
    if settings.relay_url is None:
        return 0
    with office.desk(SYSTEM) as desk:
        return relays.resend_due(desk)


# --- comparing ----------------------------------------------------------------------------


def ask_if_due(office: Office, settings: Settings) -> int:
    """Have the lists compared, once a day after the hour; again when nothing came of it."""
    if settings.relay_url is None:
        return 0
    with office.desk(SYSTEM) as desk:
        line, here = lines.line(desk, LINE), desk.now.astimezone(SHANGHAI)
        done = line.done_at is not None and local_day(line.done_at) == here.date()
        asked = line.asked_at is not None and desk.now < line.asked_at + PATIENCE
        if here.hour < HOUR or done or asked:
            return 0
        _ask(desk, line)
    return 1


def ask(office: Office, actor: Actor) -> None:
    """Have the lists compared now."""
    with office.desk(actor) as desk:
        _ask(desk, lines.line(desk, LINE))


def _ask(desk: Desk, line: LineRow) -> None:
    line.asked_at = desk.now
    post(desk, "intake.relay_compare", asked=desk.now.isoformat())


def compare(office: Office, settings: Settings) -> int:
    """Hold the platform's list against ours; how many differences stand."""
    line = partner(settings, office)
    if line is None:
        return 0
    since = office.now() - WINDOW
    found, listed, error = 0, 0, None
    try:
        with Session(office.engine) as session:
            before = relays.known_since(session, since)
        theirs = relay.lines(line.cases(local_day(since).isoformat()))
        listed = len(theirs)
        with office.desk(SYSTEM) as desk:
            # what moved while they were asked is judged the next time
            still = set(before) & set(relays.known_since(desk.session, since))
            differ = list(relay.differences(theirs, still))
            found = relays.write_down(desk, relays.unlisted(desk.session, differ))
    except DeliveryFailed as failed:
        error = failed.reason
    except Refused as refused:
        error = refused.code
    if error:
        log.warning("compare_failed", reason=error)
    with office.desk(SYSTEM) as desk:
        row = lines.line(desk, LINE)
        row.tried_at, row.error = desk.now, error
        if error is None:
            row.done_at, row.result = desk.now, {"listed": listed, "found": found}
    return found


def repair(office: Office, settings: Settings, actor: Actor, difference: UUID) -> str:
    """Mend one difference. DeliveryFailed where the platform must be asked and does not answer."""
    fetched = _fetched(office, settings, difference)

    def take_in(desk: Desk, number: str) -> Filed:
        if fetched is None or fetched.number != number:
            raise Conflict("上级平台给出的是另一件", code="another_case")
        return relays.push(
            desk, fetched, lambda at, wanted, until: register(settings, at, wanted, until)
        )

    with office.desk(actor) as desk:
        return relays.repair(desk, difference, take_in)


def _fetched(office: Office, settings: Settings, difference: UUID) -> Push | None:
    """The case that is missing here, asked for before anything is locked."""
    with Session(office.engine) as session:
        row = session.get(RelayDifference, difference)
        if row is None or row.kind != "missing_here" or row.outcome != "open":
            return None
        number = row.upper_number
    line = partner(settings, office)
    if line is None:
        raise Conflict("没有设置上级平台地址", code="no_relay")
    return relay_cases.checked(line.case(number), settings)
