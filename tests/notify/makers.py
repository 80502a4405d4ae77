"""Tickets with facts, and people to be told, straight into a bare office."""

from datetime import datetime
from uuid import UUID, uuid4

from core import ids, timeline
from core.desk import Desk, Office
from core.events import Event, OrderIssued, TicketAccepted, TicketReceived
from core.ledger import GENESIS
from core.moments import SHANGHAI
from core.permissions import SYSTEM
from core.states import Status
from core.tables import Contact, Department, Staff, Ticket
from notify.tables import Letter
from notify.wording import Site

SITE = Site("https://jiesu.example", "宝鸡市渭滨区")
NUMBER = "610302202611181W000001"
DUE = datetime(2026, 11, 25, 17, 0, tzinfo=SHANGHAI)
EMAIL = "owner@firm.example"
UNITS = {"bj": "区审批局", "cg": "区城管局"}
PEOPLE = (
    ("dispatch", None, ("dispatcher",), "dispatch@gov.example", "zh"),
    ("office", None, ("office",), None, "zh"),
    ("bj-liaison", "bj", ("liaison",), "liaison@bj.example", "zh"),
    ("bj-handler", "bj", ("handler",), None, "en"),
    ("bj-head", "bj", ("head",), None, "zh"),
    ("cg-liaison", "cg", ("liaison",), None, "zh"),
    ("gone", "bj", ("handler",), "gone@bj.example", "zh"),
)


def settle(office: Office) -> None:
    """Two units and their people."""
    with office.desk(SYSTEM) as desk:
        for code, name in UNITS.items():
            desk.session.add(Department(code=code, name=name, kind="department"))
        desk.session.flush()
        for username, unit, roles, email, language in PEOPLE:
            desk.session.add(
                Staff(
                    id=uuid4(), username=username, name=username, password="-", department=unit,
                    roles=list(roles), email=email, language=language,
                    active=username != "gone", created_at=desk.now,
                )
            )  # fmt: skip


def ticket(desk: Desk, *, email: str | None = EMAIL, language: str = "zh", **values) -> Ticket:
    """A new ticket that is not yet received."""
    ticket_id = desk.new_id()
    number = ids.ticket_number("610302", desk.now.date(), "W", ticket_id.int % 10**6)
    made = Ticket(
        id=ticket_id, number=number, query_code=desk.keys.seal(f"query_code:{ticket_id}", "12345678"), title="t", content="c", status=Status.NEW,
        request="complaint", channel="web", received_at=desk.now, updated_at=desk.now,
        last_hash=GENESIS, **values,
    )  # fmt: skip
    desk.session.add(made)
    desk.session.flush()
    sealed = desk.keys.seal(f"email:{ticket_id}", email) if email else None
    desk.session.add(Contact(ticket_id=ticket_id, email=sealed, language=language))
    return made


def received(**values) -> TicketReceived:
    return TicketReceived(request="complaint", channel="web", urgency="normal", **values)


def issued(department: str = "bj", part: str = "lead", **values) -> OrderIssued:
    facts = {"request": "complaint", "urgency": "normal"} | values
    return OrderIssued(order=uuid4(), department=department, part=part, **facts)


def filed(office: Office, *events: Event, **values) -> UUID:
    """A received ticket with these facts after it, all at once. The id of the last entry."""
    before = (received(), TicketAccepted("rule")) if events else (received(),)
    with office.desk(SYSTEM) as desk:
        made = ticket(desk, **values)
        return [timeline.record(desk, made, event).id for event in (*before, *events)][-1]


def letters(office: Office) -> list[Letter]:
    from sqlmodel import Session, col, select

    with Session(office.engine, expire_on_commit=False) as session:
        return list(session.exec(select(Letter).order_by(col(Letter.id))))


def one_email(office: Office) -> Letter:
    """The only e-mail there is."""
    (letter,) = (letter for letter in letters(office) if letter.channel == "email")
    return letter
