"""Eight sweepers and the whole staff at once: nobody waits in a circle, nothing is told twice."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

import routing.service
from core.database import connect
from core.desk import Office
from core.errors import Refused
from core.events import ClockBreached, ClockWarned, OrderEscalated
from core.moments import SHANGHAI
from core.permissions import Actor
from core.privacy import Keys
from routing import cooperation
from routing.tables import WorkOrder
from sla import extensions, holds, supervision
from sla.sweep import sweep
from sla.tables import ClockRow, ExtensionRow, FiringRow, HoldRow, SupervisionRow
from tests.cast import APPROVAL, DISPATCHER, DISPATCHER2, LABOUR, SUPERVISOR, handler, unit
from tests.conftest import Clock, Servers, _clone
from tests.makers import clocks, entries, facts, file, lead, sign, step, together, whole
from web import wiring

SWEEPERS = 8
LEVELS = (ClockWarned, ClockBreached, OrderEscalated)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]


Another = Callable[[Clock], Office]
# what somebody tries on a ticket, one after the other: who, which use case, its arguments
Tries = Iterator[tuple[Actor, Callable[..., Any], tuple[Any, ...], dict[str, Any]]]
Member = Callable[[Office, UUID], Tries]


@pytest.fixture
def another(
    admin: Engine, servers: Servers, district_template: str, keys: Keys
) -> Iterator[Another]:
    """Makes offices, each over a database of its own, with a connection for every thread."""
    with ExitStack() as stack:

        def make(clock: Clock) -> Office:
            url = stack.enter_context(contextmanager(_clone)(admin, servers, district_template))
            engine = connect(url, pool=SWEEPERS + len(STAFF) + 2)
            stack.callback(engine.dispose)
            return wiring.office(engine, keys, now=clock)

        yield make


# --- the staff ----------------------------------------------------------------------------


def rows(office: Office, table: Any, *where: Any) -> list[Any]:
    with Session(office.engine, expire_on_commit=False) as session:
        return list(session.exec(select(table).where(*where).order_by(col(table.id))))


def standing(office: Office, ticket_id: UUID) -> WorkOrder:
    """The lead order as it is at this moment; by the next it may be another's."""
    ended = col(WorkOrder.status).in_(("returned", "cancelled"))
    lead_of = (WorkOrder.ticket_id == ticket_id, WorkOrder.part == "lead", ~ended)
    [order] = rows(office, WorkOrder, *lead_of)
    return order


def handlers(office: Office, ticket_id: UUID) -> Tries:
    order = standing(office, ticket_id)
    who = handler(order.department)
    yield who, routing.service.sign, (order.id,), {}
    yield who, routing.service.contact, (order.id,), {"channel": "phone", "reached": True}


def repliers(office: Office, ticket_id: UUID) -> Tries:
    order = standing(office, ticket_id)
    said = {"claim": "solved", "public": "已办结，请查收。"}
    yield unit(order.department), routing.service.reply, (order.id,), said


def heads(office: Office, ticket_id: UUID) -> Tries:
    order = standing(office, ticket_id)
    who = unit(order.department)
    back = {"ground": "not_ours", "reason": "不属本单位职责", "suggested": None}
    yield who, routing.service.ask_return, (order.id,), back
    yield who, extensions.ask, (order.id,), {"days": 2, "reason": "须现场勘验"}
    review = office.now().date() + timedelta(days=10)
    parked = {"ground": "waiting_law", "review_on": review, "reason": "等待法院判决"}
    yield who, holds.ask, (order.id,), parked
    for demand in rows(office, SupervisionRow, SupervisionRow.ticket_id == ticket_id):
        yield who, supervision.answer, (demand.id, "已约谈经办人"), {}


def dispatchers(office: Office, ticket_id: UUID) -> Tries:
    order = standing(office, ticket_id)
    to = LABOUR if order.department == APPROVAL else None
    yield DISPATCHER, routing.service.rule_on_return, (order.id,), {"new_lead": to}
    for request in rows(office, ExtensionRow, ExtensionRow.ticket_id == ticket_id):
        yield DISPATCHER, extensions.grant, (request.id,), {}
        yield DISPATCHER, extensions.refuse, (request.id,), {"reason": "材料齐全"}
    yield DISPATCHER, routing.service.review, (ticket_id,), {"approve": False}


def reassigners(office: Office, ticket_id: UUID) -> Tries:
    order = standing(office, ticket_id)
    to = APPROVAL if order.department == LABOUR else LABOUR
    if ticket_id.int % 3 == 0:
        moved = {"new_lead": to, "reason": "职责不符"}
        yield DISPATCHER2, cooperation.reassign, (order.id,), moved
    for request in rows(office, ExtensionRow, ExtensionRow.ticket_id == ticket_id):
        yield DISPATCHER2, extensions.grant, (request.id,), {}


def supervisors(office: Office, ticket_id: UUID) -> Tries:
    order = standing(office, ticket_id)
    pressed = {"level": "red", "ground": "quality"}
    yield SUPERVISOR, supervision.issue, (order.id,), pressed
    for request in rows(office, HoldRow, HoldRow.ticket_id == ticket_id):
        yield SUPERVISOR, holds.grant, (request.id,), {}
    for demand in rows(office, SupervisionRow, SupervisionRow.ticket_id == ticket_id):
        yield SUPERVISOR, supervision.judge, (demand.id,), {"enough": False}


def callers(office: Office, ticket_id: UUID) -> Tries:
    # of every ticket at once: the one act that holds many
    every = [row.id for row in rows(office, ClockRow, col(ClockRow.stopped_at).is_(None))]
    yield SUPERVISOR, supervision.remind_all, (every,), {}
    yield SUPERVISOR, holds.resume, (ticket_id,), {}


TIMEKEEPER = supervisors
STAFF: tuple[Member, ...] = (
    handlers,
    repliers,
    heads,
    dispatchers,
    reassigners,
    supervisors,
    callers,
)


def shift(office: Office, clock: Clock, member: Member, tickets: list[UUID]) -> Counter[str]:
    """One of the staff goes through all tickets in an order of his own: what was done, or not."""
    outcome: Counter[str] = Counter()
    dice = random.Random(f"{member.__name__} {clock()}")
    for ticket_id in dice.sample(tickets, len(tickets)):
        for actor, act, args, values in member(office, ticket_id):
            try:
                step(office, actor, act, *args, **values)
            except Refused:
                outcome["refused"] += 1
            else:
                outcome[act.__qualname__] += 1
        if member is TIMEKEEPER:
            clock.move(seconds=30)
    return outcome


def everybody(office: Office, clock: Clock, tickets: list[UUID], batch: int) -> Counter[str]:
    """A round of the staff among eight sweepers, while time passes; what the staff got done."""
    left, over = list(STAFF), Event()

    def one(place: int) -> Counter[str]:
        if place >= len(STAFF):
            fired = 0
            while not over.is_set():
                fired += sweep(office, batch=batch)
            return Counter(fired=fired)
        try:
            return shift(office, clock, STAFF[place], tickets)
        finally:
            left.pop()
            if not left:
                over.set()

    found = together(len(STAFF) + SWEEPERS, one)
    for back in found:
        if isinstance(back, Exception):
            raise back
    return sum(found, Counter())


# --- what must hold whoever was first ---------------------------------------------------------


def told_once(office: Office, tickets: list[UUID]) -> None:
    """Every firing is one entry and every entry one firing, levels in their order."""
    with Session(office.engine) as session:
        firings = Counter((row.clock_id, row.level) for row in session.exec(select(FiringRow)))
    told: Counter[tuple[UUID, str]] = Counter()
    for ticket_id in tickets:
        for kind in LEVELS:
            told.update((event.clock, event.level) for event in facts(office, ticket_id, kind))
    assert told == firings
    with Session(office.engine) as session:
        generations = {row.id: row.generation for row in session.exec(select(ClockRow))}
    # a level is told again only of another due time
    assert all(number <= generations[clock_id] for (clock_id, _), number in told.items())


def deadlocks(office: Office, admin: Engine) -> int:
    """How many circles PostgreSQL had to break in the office's database."""
    name = office.engine.url.database
    office.engine.dispose()  # a backend tells its statistics at the latest as it goes
    with admin.connect() as connection:
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        query = text("SELECT deadlocks FROM pg_stat_database WHERE datname = :name")
        return connection.execute(query, {"name": name}).scalar_one()


def quiet(office: Office) -> UUID:
    """A ticket signed and spoken about that its unit then forgets."""
    ticket_id = file(office).ticket.id
    order = lead(office, ticket_id)
    sign(office, order)
    act = routing.service.contact
    step(office, handler(order.department), act, order.id, channel="phone", reached=True)
    return ticket_id


# a minute before the promises of what was filed on Wednesday 18 November at ten act, and at which
# level of the forgotten ones: signing is due; a warning; due; red, with its supervision order
MOMENTS = (
    (at(2026, 11, 19, 16, 59), None),
    (at(2026, 11, 26, 11, 59), "blue"),
    (at(2026, 11, 27, 16, 59), "yellow"),
    (at(2026, 11, 30, 16, 59), "red"),
)


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_sweepers_and_staff_on_the_same_tickets_neither_block_nor_repeat_each_other(
    another: Another, clock: Clock, admin: Engine, batch: int, capsys: pytest.CaptureFixture[str]
) -> None:
    office = another(clock)
    forgotten = [quiet(office) for _ in range(4)]
    busy = [file(office).ticket.id for _ in range(6)]
    outcome: Counter[str] = Counter()
    for moment, level in MOMENTS:
        clock.at = moment
        outcome += everybody(office, clock, busy, batch)
        sweep(office)
        told_once(office, [*busy, *forgotten])
        for ticket_id in forgotten:
            [row] = clocks(office, ticket_id, "resolve")
            assert row.level == level
        assert whole(office)
    # everybody got something done, nobody everything
    assert outcome["fired"]
    assert outcome["refused"]
    assert len(outcome) >= 6
    said = capsys.readouterr().out
    assert "order.supervised" in said
    assert "batch_failed" not in said
    assert "clock_poisoned" not in said
    assert deadlocks(office, admin) == 0


# --- the same, whoever sweeps ---------------------------------------------------------------

# nobody acts here: only time passes, and a sweep now and then misses an instant
WATCHED = (
    at(2026, 11, 19, 17),
    at(2026, 11, 23, 12),
    at(2026, 11, 26, 12),
    at(2026, 11, 30, 18),
    at(2026, 12, 14, 9),
)


def history(office: Office, clock: Clock, sweepers: int, batch: int) -> list[Any]:
    """What a small district went through, without the names that differ from run to run."""
    tickets = [quiet(office) for _ in range(3)]
    tickets += [file(office).ticket.id for _ in range(5)]
    tickets += [file(office, category=None).ticket.id for _ in range(2)]
    longer = tickets[0]
    head = unit(APPROVAL)
    request = step(
        office, head, extensions.ask, lead(office, longer).id, days=3, reason="须现场勘验"
    )
    step(office, DISPATCHER, extensions.grant, request)
    fired = []
    for moment in WATCHED:
        clock.at = moment
        fired.append(sum(together(sweepers, lambda _: sweep(office, batch=batch))))
        fired[-1] += sweep(office, batch=batch)
    told_once(office, tickets)
    assert whole(office)
    return [fired, [_told(office, ticket_id) for ticket_id in tickets]]


def _told(office: Office, ticket_id: UUID) -> list[Any]:
    names = {"level", "late_by", "tell", "due", "metric", "issue", "ground", "department"}
    said = [
        (entry.kind, entry.at, {name: entry.facts[name] for name in names & entry.facts.keys()})
        for entry in entries(office, ticket_id)
    ]
    kept = [
        (row.metric, row.state, row.level, row.due_at, row.next_action_at, row.next_level)
        for row in clocks(office, ticket_id)
    ]
    return [said, kept]


def test_the_outcome_is_the_same_for_any_number_of_sweepers_and_any_size_of_batch(
    another: Another,
) -> None:
    runs = [(1, 100), (1, 1), (3, 7), (8, 1), (8, 7), (8, 100)]
    first, *others = [
        history(another(clock), clock, sweepers, batch)
        for sweepers, batch in runs
        for clock in [Clock()]
    ]
    assert sum(first[0]) > 40
    for (sweepers, batch), found in zip(runs[1:], others, strict=True):
        assert found == first, f"{sweepers} sweepers in batches of {batch}"
