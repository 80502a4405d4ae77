"""The sweep: every level at its instant, once, whoever else sweeps and whatever is broken."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text
from sqlmodel import Session, select

import intake.closing
import intake.service
import routing.service
from core import timeline
from core.database import connect
from core.desk import Office
from core.events import (
    ClockBreached,
    ClockWarned,
    NoteAdded,
    OrderEscalated,
    TicketAccepted,
    TicketClosed,
)
from core.ids import row_id
from core.moments import SHANGHAI
from core.permissions import SYSTEM, business
from core.tables import Entry, Ticket
from routing.service import Assignment
from sla.firing import POISON
from sla.sweep import sweep
from sla.tables import ClockRow, FiringRow
from tests.cast import APPROVAL, DISPATCHER, LABOUR, OPERATOR, handler
from tests.makers import (
    answered,
    clocks,
    facts,
    file,
    kinds,
    lead,
    rate,
    reply,
    sign,
    step,
    ticket,
    together,
    whole,
)

MICROSECOND = timedelta(microseconds=1)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]


# filed on Wednesday 18 November 2026 at ten: seven working days end on the 27th; four fifths
# of the 55 working hours are used on the 26th at noon; then a working day, then five, later
WARNED = at(2026, 11, 26, 12, 0)
BREACHED = at(2026, 11, 27, 17, 0)
RED = at(2026, 11, 30, 17, 0)
CIRCULAR = at(2026, 12, 4, 17, 0)
PROBLEM = at(2026, 12, 11, 17, 0)


def handled(office: Office, **values) -> Ticket:
    """Filed, signed and contacted: the one promise that acts is the answer."""
    made = file(office, **values).ticket
    order = lead(office, made.id)
    sign(office, order)
    step(
        office, handler(order.department), routing.service.contact, order.id,
        channel="phone", reached=True,
    )  # fmt: skip
    running = {c.metric: c for c in clocks(office, made.id) if not c.stopped_at}
    if stage := running.pop("stage_reply", None):
        # where handling takes long: a promise of its own, tested in test_stages.py
        spoil(office, stage.id, next_action_at=None)
    assert set(running) == {"resolve"}
    return made


def fired(office: Office, ticket_id: UUID) -> list[tuple[str, str, int]]:
    levels = (ClockWarned, ClockBreached, OrderEscalated)
    return [
        (fact.kind, fact.level, fact.late_by)
        for cls in levels
        for fact in facts(office, ticket_id, cls)
        if fact.metric == "resolve"
    ]


def firings(office: Office) -> list[FiringRow]:
    with Session(office.engine) as session:
        return list(session.exec(select(FiringRow)))


def spoil(office: Office, clock_id: UUID, **values: object) -> None:
    with Session(office.engine) as session, session.begin():
        row = session.get_one(ClockRow, clock_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_every_level_fires_at_its_instant_and_not_a_microsecond_before(
    office: Office, clock
) -> None:
    made = handled(office)
    expected = []
    for instant, kind, level in (
        (WARNED, "clock.warned", "blue"),
        (BREACHED, "clock.breached", "yellow"),
        (RED, "order.escalated", "red"),
        (CIRCULAR, "order.escalated", "circular"),
        (PROBLEM, "order.escalated", "problem"),
    ):
        clock.at = instant - MICROSECOND
        sweep(office)  # the supervision order's own promise may be due
        assert fired(office, made.id) == expected
        clock.at = instant
        assert sweep(office) >= 1
        expected.append((kind, level, 0))
        assert fired(office, made.id) == expected
        assert sweep(office) == 0
    clock.move(days=300)
    sweep(office)
    assert fired(office, made.id) == expected
    assert whole(office)


def test_a_breach_marks_ticket_order_and_clock(office: Office, clock) -> None:
    made = handled(office)
    clock.at = BREACHED
    sweep(office)
    assert ticket(office, made.id).breached_at == BREACHED
    assert lead(office, made.id).breached_at == BREACHED
    [resolve] = clocks(office, made.id, "resolve")
    assert (resolve.state, resolve.stopped_at, resolve.next_action_at) == ("breached", None, RED)
    assert whole(office)


def test_the_right_people_are_named_at_every_level(office: Office, clock) -> None:
    made = handled(office)
    for instant in (WARNED, BREACHED, RED, CIRCULAR):
        clock.at = instant
        sweep(office)
    told = [
        fact.tell
        for cls in (ClockWarned, ClockBreached, OrderEscalated)
        for fact in facts(office, made.id, cls)
        if fact.metric == "resolve"
    ]
    assert told == [
        ("liaison", "handler"),
        ("head", "liaison", "office"),
        ("head", "office"),
        ("head", "office", "leader"),
    ]
    assert {fact.department for fact in facts(office, made.id, ClockBreached)} == {APPROVAL}


def test_after_ten_days_of_outage_only_the_highest_level_fires_and_says_how_late(
    office: Office, clock
) -> None:
    made = handled(office)
    clock.at = BREACHED - timedelta(days=2)
    # nothing swept from here for ten days: warning, breach and red were missed together
    clock.move(days=10)
    assert sweep(office) == 1
    late = int((clock() - CIRCULAR).total_seconds())
    assert late > 0
    # it is the first thing the ticket hears of its breach, so it is told as one
    assert fired(office, made.id) == [("clock.breached", "circular", late)]
    assert sweep(office) == 0
    assert [row.level for row in firings(office)] == ["circular"]
    assert whole(office)


def test_a_short_outage_collapses_the_warning_into_the_breach_and_goes_on_in_time(
    office: Office, clock
) -> None:
    made = handled(office)
    clock.at = BREACHED + timedelta(minutes=10)
    assert sweep(office) == 1
    clock.at = RED
    assert sweep(office) == 1
    assert fired(office, made.id) == [
        ("clock.breached", "yellow", 600),
        ("order.escalated", "red", 0),
    ]
    assert whole(office)


def test_what_was_answered_in_time_is_never_late(office: Office, clock) -> None:
    made = handled(office)
    clock.at = BREACHED  # the due instant itself is still in time, and the sweep comes second
    reply(office, lead(office, made.id))
    sweep(office)
    [resolve] = clocks(office, made.id, "resolve")
    assert (resolve.state, resolve.on_time) == ("met", True)
    assert ("clock.breached", "yellow", 0) not in fired(office, made.id)
    assert ticket(office, made.id).breached_at is None
    assert whole(office)


def test_an_answer_after_the_due_time_is_late_even_before_any_sweep(office: Office, clock) -> None:
    made = handled(office)
    clock.at = BREACHED + MICROSECOND
    reply(office, lead(office, made.id))
    [resolve] = clocks(office, made.id, "resolve")
    assert (resolve.state, resolve.on_time) == ("breached", False)
    assert whole(office)


def test_eight_sweepers_at_once_fire_each_level_once(office: Office, clock) -> None:
    made = [handled(office) for _ in range(12)]
    for instant in (WARNED, BREACHED, RED):
        clock.at = instant
        results = together(8, lambda _: sweep(office, batch=3))
        assert sum(results) + sweep(office) == 12
    counted = Counter((row.clock_id, row.level) for row in firings(office))
    assert set(counted.values()) == {1}
    assert len(counted) == 36
    for each in made:
        assert [level for _, level, _ in fired(office, each.id)] == ["blue", "yellow", "red"]
    assert whole(office)


def test_small_batches_reach_everything(office: Office, clock) -> None:
    for _ in range(5):
        handled(office)
    clock.at = BREACHED
    assert sweep(office, batch=2) == 5
    assert sweep(office, batch=2) == 0


# rungs issue supervision orders: their ids and numbers go to whoever is first
CHANCE = ("clock", "supervision", "serial")


def told(office: Office) -> Counter[tuple[object, ...]]:
    """Every line of every timeline but for what goes to whoever is first."""
    with Session(office.engine) as session:
        numbers = {t.id: t.number for t in session.exec(select(Ticket))}
        return Counter(
            (
                numbers[entry.ticket_id],
                entry.kind,
                entry.at,
                json.dumps({k: v for k, v in entry.facts.items() if k not in CHANCE}),
            )
            for entry in session.exec(select(Entry))
        )


def left(office: Office) -> Counter[tuple[object, ...]]:
    """What the clocks say of themselves, and what fired."""
    with Session(office.engine) as session:
        rows = {row.id: row.model_dump(exclude={"id"}) for row in session.exec(select(ClockRow))}
        fired = session.exec(select(FiringRow)).all()
        return Counter(
            [
                *(tuple(row.values()) for row in rows.values()),
                *((rows[f.clock_id]["metric"], f.level, f.planned_at, f.fired_at) for f in fired),
            ]
        )


@pytest.fixture
def crowd(office: Office, clock) -> str:
    """The database of an office with promises of every kind, one of them poisoned."""
    for _ in range(3):
        file(office)
        handled(office)
    file(office, category=None)
    answered(office, handled(office).id)
    [sick] = clocks(office, handled(office).id, "resolve")
    spoil(office, sick.id, policy="a policy that is gone")
    office.engine.dispose()
    return str(office.engine.url.database)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    batch=st.integers(1, 9),
    sweepers=st.integers(1, 4),
    hours=st.lists(st.integers(1, 24 * 9), min_size=1, max_size=3),
)
def test_neither_batch_size_nor_number_of_sweepers_changes_anything(
    admin: Engine, office: Office, clock, crowd: str, batch: int, sweepers: int, hours: list[int]
) -> None:
    begun, results = clock.at, []
    for size, hands in ((500, 1), (batch, sweepers)):
        with copy_of(admin, office, crowd) as other:
            clock.at = begun
            for step in hours:
                clock.move(hours=step)
                together(hands, lambda _, size=size, other=other: sweep(other, batch=size))
                # nobody waits for who holds a ticket: the next round takes what was passed over
                sweep(other, batch=size)
            results.append((told(other), left(other)))
    clock.at = begun
    assert results[0] == results[1]


@contextmanager
def copy_of(admin: Engine, office: Office, database: str) -> Iterator[Office]:
    name = f"{database}_copy"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {database}"))
    engine = connect(office.engine.url.set(database=name).render_as_string(hide_password=False))
    yield replace(office, engine=engine)
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def test_a_batch_costs_the_same_number_of_statements_whatever_its_size(
    office: Office, clock
) -> None:
    costs = []
    for tickets in (3, 12):
        for _ in range(tickets):
            handled(office)
        clock.at = max(c.due_at for c in waiting(office))
        sent: list[str] = []

        def note(_c, _cursor, statement, *_more, sent=sent) -> None:
            sent.append(statement)

        event.listen(office.engine, "before_cursor_execute", note)
        assert sweep(office, batches=1) == tickets
        event.remove(office.engine, "before_cursor_execute", note)
        costs.append(len(sent))
        for row in waiting(office, "breached"):
            spoil(office, row.id, next_action_at=None)
    assert costs[0] == costs[1] <= 14


def waiting(office: Office, state: str = "running") -> list[ClockRow]:
    with Session(office.engine) as session:
        return list(session.exec(select(ClockRow).where(ClockRow.state == state)))


def test_a_ticket_somebody_works_on_is_left_to_the_next_round(office: Office, clock) -> None:
    busy, free = handled(office), handled(office)
    clock.at = BREACHED
    with office.desk(SYSTEM) as desk:
        held = timeline.hold(desk, busy.id)
        assert sweep(office) == 1
        assert fired(office, busy.id) == []
        assert len(fired(office, free.id)) == 1
        timeline.record(desk, held, NoteAdded(row_id(desk.now)))
    assert sweep(office) == 1
    assert len(fired(office, busy.id)) == 1
    assert whole(office)


@pytest.mark.parametrize(
    "poison",
    [
        {"policy": "a policy that is gone"},
        {"policy_version": "a version that is gone"},
        {"calendar": "a calendar that is gone"},
    ],
)
def test_a_poisoned_clock_is_pushed_ahead_and_the_others_fire(
    office: Office, clock, poison: dict[str, str]
) -> None:
    sick, *well = [handled(office) for _ in range(4)]
    [resolve] = clocks(office, sick.id, "resolve")
    good = {name: getattr(resolve, name) for name in poison}
    spoil(office, resolve.id, **poison)
    clock.at = BREACHED
    assert sweep(office) == 3
    assert fired(office, sick.id) == []
    assert all(len(fired(office, each.id)) == 1 for each in well)
    [resolve] = clocks(office, sick.id, "resolve")
    assert resolve.next_action_at == BREACHED + POISON
    # mended, it fires at the next look and says how late it is
    spoil(office, resolve.id, **good)
    clock.move(hours=1)
    assert sweep(office) == 1
    assert fired(office, sick.id) == [("clock.breached", "yellow", 3600)]
    assert whole(office)


def test_a_poisoned_clock_does_not_silence_its_neighbour_on_the_same_ticket(
    office: Office, clock
) -> None:
    made = file(office).ticket
    [signing] = clocks(office, made.id, "sign")
    [contact] = clocks(office, made.id, "first_contact")
    assert signing.due_at == contact.due_at
    spoil(office, signing.id, policy="a policy that is gone")
    clock.at = contact.due_at
    sweep(office)
    assert [fact.metric for fact in facts(office, made.id, ClockBreached)] == ["first_contact"]
    [signing] = clocks(office, made.id, "sign")
    assert signing.next_action_at == clock() + POISON


def test_a_ticket_whose_followers_fail_rests_and_the_others_of_its_batch_fire(
    office: Office, clock
) -> None:
    sick, *well = [handled(office) for _ in range(4)]

    def choke(_desk, ticket: Ticket, _entry) -> None:
        if ticket.id == sick.id:
            raise RuntimeError("a follower that cannot cope")

    clock.at = BREACHED
    assert sweep(replace(office, followers=(*office.followers, choke))) == 3
    assert fired(office, sick.id) == []
    assert all(len(fired(office, each.id)) == 1 for each in well)
    [resolve] = clocks(office, sick.id, "resolve")
    assert (resolve.state, resolve.next_action_at) == ("running", BREACHED + POISON)
    assert whole(office)
    clock.move(hours=1)
    assert sweep(office) == 1
    assert fired(office, sick.id) == [("clock.breached", "yellow", 3600)]
    assert whole(office)


# --- what silence means -----------------------------------------------------------------


def test_silence_at_callback_closes_as_not_rated(office: Office, clock) -> None:
    made = handled(office)
    answered(office, made.id)
    [promise] = clocks(office, made.id, "callback")
    clock.at = promise.due_at - MICROSECOND
    sweep(office)
    assert ticket(office, made.id).status == "callback"
    clock.at = promise.due_at
    sweep(office)
    after = ticket(office, made.id)
    assert (after.status, after.result) == ("closed", "not_rated")
    assert (after.solved, after.grade) == (None, None)
    assert [fact.result for fact in facts(office, made.id, TicketClosed)] == ["not_rated"]
    assert lead(office, made.id).status == "done"
    assert all(c.stopped_at for c in clocks(office, made.id))
    assert whole(office)


def test_silence_after_an_answer_at_once_closes_as_not_rated_too(office: Office, clock) -> None:
    made = file(office, category=None).ticket
    step(office, OPERATOR, intake.service.answer, made.id, "已电话答复。")
    clock.move(days=30)
    sweep(office)
    after = ticket(office, made.id)
    assert (after.status, after.result) == ("closed", "not_rated")
    assert whole(office)


def test_an_answered_callback_is_not_closed_again_by_its_clock(office: Office, clock) -> None:
    made = handled(office)
    answered(office, made.id)
    rate(office, made.id, solved=True, grade=1)
    clock.move(days=30)
    assert sweep(office) == 0
    assert kinds(office, made.id).count("ticket.closed") == 1
    assert ticket(office, made.id).result == "solved"


def test_what_nobody_accepts_in_three_working_days_counts_as_accepted(
    office: Office, clock
) -> None:
    made = file(office, category=None).ticket
    [promise] = clocks(office, made.id, "accept")
    assert promise.due_at == at(2026, 11, 23, 17, 0)
    clock.at = promise.due_at
    sweep(office)
    assert [fact.by for fact in facts(office, made.id, TicketAccepted)] == ["deemed"]
    assert ticket(office, made.id).status == "accepted"
    [promise] = clocks(office, made.id, "accept")
    assert (promise.state, promise.stopped_at) == ("met", clock())
    assert whole(office)


def test_deemed_acceptance_after_an_outage_can_still_be_dispatched(office: Office, clock) -> None:
    made = file(office, category=None).ticket
    clock.move(days=10)
    sweep(office)
    assert [fact.by for fact in facts(office, made.id, TicketAccepted)] == ["deemed"]
    step(
        office, DISPATCHER, routing.service.dispatch, made.id,
        Assignment(LABOUR), category=None,
    )  # fmt: skip
    after = ticket(office, made.id)
    assert (after.status, after.lead) == ("in_handling", LABOUR)
    assert kinds(office, made.id).count("ticket.accepted") == 1
    # the promise counts from receipt: it is broken the moment it is made, and says so
    sweep(office)
    assert [f.metric for f in facts(office, made.id, ClockBreached)] == ["accept", "resolve"]
    [resolve] = clocks(office, made.id, "resolve")
    assert resolve.started_at == after.received_at
    assert whole(office)


def test_a_withdrawn_request_is_never_late(office: Office, clock) -> None:
    made = file(office).ticket
    step(office, business(made.number), intake.service.withdraw, made.id)
    clock.move(days=60)
    assert sweep(office) == 0
    assert fired(office, made.id) == []


def test_a_redo_has_a_promise_of_its_own(office: Office, clock) -> None:
    made = handled(office)
    answered(office, made.id)
    rate(office, made.id, solved=False)
    [redo] = clocks(office, made.id, "redo")
    clock.at = redo.due_at
    assert sweep(office) == 1
    assert [f.metric for f in facts(office, made.id, ClockBreached)] == ["redo"]
    assert ticket(office, made.id).breached_at == redo.due_at
    assert whole(office)
