"""Tickets made the way the product makes them, the steps of a case, and what is left behind."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

import intake.closing
import intake.service
import routing.service
from core import ids, sealing, timeline
from core.desk import Desk, Office
from core.events import Event, TicketReceived
from core.ledger import GENESIS
from core.moments import local_day
from core.permissions import SYSTEM, VISITOR, Actor, business
from core.states import Status
from core.tables import Entry, Ticket
from intake.draft import Draft
from intake.service import Filed, ReceiptKey
from routing.tables import WorkOrder
from sla.tables import ClockRow
from tests.cast import DISPATCHER, handler, unit
from web.auditing import audit

AREA = "610302"


# --- a ticket without any room, for the floor's own tests -------------------------------


def new_ticket(desk: Desk, **values: Any) -> Ticket:
    """A ticket that is not yet received."""
    ticket_id = desk.new_id()
    number = ids.ticket_number(AREA, local_day(desk.now), "W", ticket_id.int % 10**6)
    return Ticket(
        **{
            "id": ticket_id,
            "number": number,
            "query_code": b"-",
            "title": "t",
            "content": "c",
            "status": Status.NEW,
            "request": "complaint",
            "channel": "web",
            "received_at": desk.now,
            "updated_at": desk.now,
            "last_hash": GENESIS,
        }
        | values
    )


def received(office: Office, *events: Event, **values: Any) -> UUID:
    """A received ticket with these facts after it, in one transaction. Its id."""
    fact = TicketReceived(request="complaint", channel="web", urgency="normal")
    with office.desk(SYSTEM) as desk:
        ticket = new_ticket(desk, **values)
        for event in (fact, *events):
            timeline.record(desk, ticket, event)
    return ticket.id


# --- the product's own way ------------------------------------------------------------


def draft(**values: Any) -> Draft:
    """A company start-up that has been stuck for two weeks."""
    return Draft(
        **{
            "request": "complaint",
            "title": "公司设立登记卡了两周",
            "content": "设立登记提交后卡了两周，窗口每次说法都不一样。",
            "channel": "web",
            "category": "qykb",
            "company_name": "渭滨石鼓新材料有限公司",
            "contact_phone": "13800000001",
        }
        | values
    )


def file(
    office: Office, *, actor: Actor = VISITOR, receipt: ReceiptKey | None = None, **values: Any
) -> Filed:
    with office.desk(actor) as desk:
        return intake.service.register(desk, draft(**values), area=AREA, receipt=receipt)


def step(office: Office, actor: Actor, use_case: Callable[..., Any], *args: Any, **kw: Any) -> Any:
    """One use case in a transaction of its own."""
    with office.desk(actor) as desk:
        return use_case(desk, *args, **kw)


def sign(office: Office, order: WorkOrder) -> None:
    step(office, handler(order.department), routing.service.sign, order.id)


def reply(office: Office, order: WorkOrder, claim: str = "solved") -> None:
    act = routing.service.reply
    step(office, unit(order.department), act, order.id, claim=claim, public="已办结，请查收。")


def approve(office: Office, ticket_id: UUID) -> None:
    step(office, DISPATCHER, routing.service.review, ticket_id, approve=True)


def answered(office: Office, ticket_id: UUID) -> None:
    """The lead signs where it has to, replies, and the reply is sent."""
    order = lead(office, ticket_id)
    if order.status == "pending_sign":
        sign(office, order)
    reply(office, order)
    approve(office, ticket_id)


def rate(office: Office, ticket_id: UUID, *, solved: bool | None, grade: int | None = None) -> None:
    step(
        office,
        business(ticket(office, ticket_id).number),
        intake.closing.answer_callback,
        ticket_id,
        contacted=True,
        solved=solved,
        grade=grade,
    )


# --- what is there afterwards -----------------------------------------------------------


def ticket(office: Office, ticket_id: UUID) -> Ticket:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.get_one(Ticket, ticket_id)


def orders(office: Office, ticket_id: UUID) -> Sequence[WorkOrder]:
    query = select(WorkOrder).where(WorkOrder.ticket_id == ticket_id).order_by(col(WorkOrder.id))
    with Session(office.engine, expire_on_commit=False) as session:
        return session.exec(query).all()


def lead(office: Office, ticket_id: UUID) -> WorkOrder:
    """The lead order that stands."""
    ended = ("returned", "cancelled")
    [order] = [o for o in orders(office, ticket_id) if o.part == "lead" and o.status not in ended]
    return order


def clocks(office: Office, ticket_id: UUID, metric: str | None = None) -> Sequence[ClockRow]:
    query = select(ClockRow).where(ClockRow.ticket_id == ticket_id).order_by(col(ClockRow.id))
    if metric is not None:
        query = query.where(ClockRow.metric == metric)
    with Session(office.engine, expire_on_commit=False) as session:
        return session.exec(query).all()


def entries(office: Office, ticket_id: UUID) -> Sequence[Entry]:
    query = select(Entry).where(Entry.ticket_id == ticket_id).order_by(col(Entry.number))
    with Session(office.engine, expire_on_commit=False) as session:
        return session.exec(query).all()


def kinds(office: Office, ticket_id: UUID) -> list[str]:
    return [entry.kind for entry in entries(office, ticket_id)]


def facts(office: Office, ticket_id: UUID, cls: type[Event]) -> list[Any]:
    """The typed facts of one kind, in order."""
    found = (timeline.fact(entry) for entry in entries(office, ticket_id))
    return [event for event in found if isinstance(event, cls)]


def count(office: Office, table: type) -> int:
    with Session(office.engine) as session:
        return len(session.exec(select(table)).all())


def whole(office: Office) -> bool:
    """What every story must leave behind: caches that agree with a ledger that holds."""
    assert list(audit(office)) == []
    assert sealing.verify(office.engine, office.keys.ledger) == []
    return True


def together(number: int, work: Callable[[int], Any]) -> list[Any]:
    """`work` in so many threads that all start at once; what each returned or raised."""
    start = Barrier(number)

    def one(place: int) -> Any:
        start.wait()
        try:
            return work(place)
        except Exception as error:  # noqa: BLE001 - the test judges what came back
            return error

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))
