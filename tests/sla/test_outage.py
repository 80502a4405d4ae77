"""The outage drill: everything stands still for days, then one sweep says what was missed, once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

import routing.service
from core.desk import Office
from core.events import ClockBreached, ClockWarned, OrderEscalated
from core.moments import SHANGHAI
from core.permissions import SYSTEM
from core.tables import Entry
from core.timeline import fact
from notify.service import plan_letters
from notify.tables import Letter, Unplanned
from routing.service import Assignment
from sla import clocks, extensions, holds, supervision
from sla.policies import ISSUED
from sla.standards import calendar_of, policy_of
from sla.sweep import sweep
from sla.tables import ClockRow, FiringRow
from sla.worktime import Mode
from tests.cast import APPROVAL, DISPATCHER, SUPERVISOR, handler, unit
from tests.conftest import Clock
from tests.makers import answered, facts, file, lead, reply, sign, step, whole
from tests.makers import clocks as clocks_of

LEVELS = (ClockWarned, ClockBreached, OrderEscalated)
Fired = ClockWarned | ClockBreached | OrderEscalated


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]


# --- a district at work -----------------------------------------------------------------


def contacted(office: Office, ticket_id: UUID) -> None:
    """Signed and spoken with: the one promise that runs is the answer."""
    order = lead(office, ticket_id)
    sign(office, order)
    act = routing.service.contact
    step(office, handler(order.department), act, order.id, channel="phone", reached=True)


def one_of_each(office: Office, clock: Clock) -> None:
    """What comes in on one morning, in as many states as there are."""
    new = [file(office).ticket.id for _ in range(8)]
    fresh, signed, *handled = new
    sign(office, lead(office, signed))
    for each in handled:
        contacted(office, each)
    replied, told, longer, parked, pressed, _ = handled
    reply(office, lead(office, replied))
    answered(office, told)
    head = unit(APPROVAL)
    request = step(
        office, head, extensions.ask, lead(office, longer).id, days=2, reason="须现场勘验"
    )
    step(office, DISPATCHER, extensions.grant, request)
    review = clock().date() + timedelta(days=30)
    hold = step(
        office, head, holds.ask, lead(office, parked).id,
        ground="waiting_law", review_on=review, reason="等待法院判决",
    )  # fmt: skip
    step(office, SUPERVISOR, holds.grant, hold)
    order = lead(office, pressed).id
    step(office, SUPERVISOR, supervision.issue, order, level="red", ground="quality")
    question = file(office, request="inquiry").ticket.id
    contacted(office, question)
    file(office, category=None)  # for the dispatchers
    returned = file(office).ticket.id
    step(
        office, head, routing.service.ask_return, lead(office, returned).id,
        ground="not_ours", reason="不属本单位职责", suggested=None,
    )  # fmt: skip
    assert fresh != returned


def work(office: Office, clock: Clock, *days: datetime) -> None:
    """Some days on which requests come in and every promise is watched, hour by hour."""
    for day in days:
        clock.at = day.replace(hour=10)
        sweep(office)
        one_of_each(office, clock)
        for hour in (12, 17, 18):
            clock.at = day.replace(hour=hour)
            sweep(office)


# --- what ought to happen, from the stored promises before the outage -------------------


@dataclass(frozen=True)
class Missed:
    """What a clock missed, in order, and what comes after."""

    row: ClockRow
    levels: tuple[clocks.Action, ...]
    following: clocks.Action | None


def planned(session: Session, row: ClockRow) -> tuple[clocks.Action, ...]:
    assert row.due_at is not None
    policy = policy_of(session, row.policy, row.policy_version)
    begun = row.counts_from or row.started_at
    return clocks.actions(begun, row.due_at, policy, calendar_of(session, row.calendar))


def missed(office: Office, now: datetime) -> dict[UUID, Missed]:
    """By clock, the levels between the last that fired and `now`."""
    return {found.row.id: found for found in _missed(office, now) if found.levels}


def _missed(office: Office, now: datetime) -> Iterator[Missed]:
    active = col(ClockRow.state).in_(("running", "breached"))
    with Session(office.engine, expire_on_commit=False) as session:
        query = select(ClockRow).where(active, col(ClockRow.stopped_at).is_(None))
        for row in session.exec(query).all():
            acts = planned(session, row)
            after = [action.level for action in acts].index(row.level) + 1 if row.level else 0
            due = tuple(action for action in acts[after:] if action.at <= now)
            later = acts[after + len(due) :]
            yield Missed(row, due, later[0] if later else None)


def told_since(office: Office, number: int) -> list[Fired]:
    """The levels that the timelines tell of, beyond the first `number` of all entries."""
    with Session(office.engine) as session:
        query = select(Entry).order_by(col(Entry.at), col(Entry.id)).offset(number)
        found = [fact(entry) for entry in session.exec(query)]
    return [event for event in found if isinstance(event, LEVELS)]


def number(office: Office, table: type) -> int:
    with Session(office.engine) as session:
        return len(session.exec(select(table)).all())


def row_of(office: Office, clock_id: UUID) -> ClockRow:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.get_one(ClockRow, clock_id)


def letters(office: Office) -> list[Letter]:
    """Plan everything that waits to be planned; the letters of the desks' inboxes."""
    with Session(office.engine) as session:
        waiting = list(session.exec(select(Unplanned.entry_id)))
    for entry_id in waiting:
        with office.desk(SYSTEM) as desk:
            plan_letters(desk, entry_id, ("inbox",))
    with Session(office.engine, expire_on_commit=False) as session:
        return list(session.exec(select(Letter)))


# --- the drill ---------------------------------------------------------------------------

DAYS = [at(2026, 11, day) for day in (11, 13, 16, 17)]
STOPPED = at(2026, 11, 17, 18)


@pytest.fixture
def district(office: Office, clock: Clock) -> Office:
    """Four days' work, up to date as the lights go out on Tuesday evening."""
    work(office, clock, *DAYS)
    assert clock() == STOPPED
    assert sweep(office) == 0
    return office


@pytest.mark.parametrize("outage", [timedelta(days=2), timedelta(days=20)], ids=str)
def test_after_an_outage_every_promise_speaks_once_and_says_how_late_it_does(
    district: Office, clock: Clock, outage: timedelta
) -> None:
    entries, firings = number(district, Entry), number(district, FiringRow)
    clock.at = STOPPED + outage
    expected = missed(district, clock())
    assert len(expected) >= 20
    assert any(len(found.levels) > 1 for found in expected.values())
    assert any(found.row.level for found in expected.values())

    fired = sweep(district)

    told = told_since(district, entries)
    assert fired == len(told) == number(district, FiringRow) - firings
    assert max(Counter(event.clock for event in told).values()) == 1
    for event in told:
        found = expected[event.clock]
        highest, lower = found.levels[-1], found.levels[:-1]
        assert event.level == highest.level
        assert event.late_by == (clock() - highest.at) // timedelta(seconds=1) > 0
        assert event.due == found.row.due_at
        if isinstance(event, ClockWarned):
            assert highest.at < found.row.due_at
            assert lower == ()
            continue
        assert event.collapsed == tuple(action.level for action in lower)
        assert event.issue == max((each.issue for each in found.levels), key=ISSUED.index)
        first = found.row.state == "running"
        assert isinstance(event, ClockBreached if first else OrderEscalated)
    # silent are only those that ended by what another one led to
    for clock_id in expected.keys() - {event.clock for event in told}:
        assert row_of(district, clock_id).stopped_at == clock()
    for clock_id, found in expected.items():
        row = row_of(district, clock_id)
        if row.stopped_at is None:
            following = (found.following.at, found.following.level) if found.following else None
            assert (row.next_action_at, row.next_level) == (following or (None, None))

    assert sweep(district) == 0
    assert told_since(district, entries) == told
    assert whole(district)


def test_after_an_outage_nobody_gets_two_letters_about_one_promise(
    district: Office, clock: Clock
) -> None:
    before = {letter.id for letter in letters(district)}
    entries = number(district, Entry)
    clock.at = STOPPED + timedelta(days=20)
    sweep(district)
    told = told_since(district, entries)
    with Session(district.engine) as session:
        query = select(Entry).order_by(col(Entry.at), col(Entry.id)).offset(entries)
        by_entry = {entry.id: fact(entry) for entry in session.exec(query)}
    new = [letter for letter in letters(district) if letter.id not in before]
    about = Counter(
        (event.clock, letter.recipient)
        for letter in new
        if isinstance(event := by_entry[letter.entry_id], LEVELS)
    )
    assert about
    assert set(about.values()) == {1}
    assert {key[0] for key in about} <= {event.clock for event in told}
    # the whole outage, however long, costs each reader at most a letter for each fact
    assert max(Counter((x.entry_id, x.recipient) for x in new).values()) == 1
    count = len(new)
    sweep(district)
    assert len(letters(district)) == len(before) + count


def test_in_an_outage_paused_promises_stand_still_and_what_was_answered_stays_answered(
    district: Office, clock: Clock
) -> None:
    def settled() -> dict[UUID, tuple[object, ...]]:
        with Session(district.engine) as session:
            rows = session.exec(select(ClockRow)).all()
        return {
            row.id: (row.state, row.level, row.due_at, row.on_time, row.stopped_at)
            for row in rows
            if row.state == "paused" or row.stopped_at is not None
        }

    before = settled()
    assert {state for state, *_ in before.values()} >= {"paused", "met"}
    clock.at = STOPPED + timedelta(days=20)
    sweep(district)
    after = settled()
    assert {key: after[key] for key in before} == before


def test_an_outage_of_two_days_worked_by_hand(office: Office, clock: Clock) -> None:
    """Filed Wednesday 11 November at ten; out from Tuesday 17, 18:00 to Thursday 19, 18:00."""
    clock.at = at(2026, 11, 11, 10)
    unsigned = file(office).ticket.id
    slow = file(office).ticket.id
    contacted(office, slow)
    question = file(office, request="inquiry").ticket.id
    contacted(office, question)
    for day in (11, 12, 13, 16, 17):
        for hour in range(9, 19):
            clock.at = max(clock(), at(2026, 11, day, hour))
            sweep(office)
    assert clock() == STOPPED
    entries = number(office, Entry)
    clock.at = at(2026, 11, 19, 18)
    sweep(office)
    said = {(event.clock, event.level): event for event in told_since(office, entries)}

    def event(ticket_id: UUID, metric: str, level: str) -> Fired:
        [row] = clocks_of(office, ticket_id, metric)
        return said.pop((row.id, level))

    # seven working days end Fri 20 at 17:00; of 6 + 7*7 = 55 h, 44 are used Thu 19 at noon
    for each in (unsigned, slow):
        warned = event(each, "resolve", "blue")
        assert isinstance(warned, ClockWarned)
        assert warned.late_by == 6 * 3600
    # a question's working day ended Thu 12; yellow then, red Fri 13, circular Thu 19 at 17:00
    escalated = event(question, "resolve", "circular")
    assert isinstance(escalated, OrderEscalated)
    assert (escalated.late_by, escalated.collapsed) == (3600, ())
    # its red supervision order of Fri 13, 17:00: two working days end Tue 17; listed three later
    # an unsigned order had both its rungs before: nothing more is said of it
    assert said == {}
    assert sweep(office) == 0
    assert whole(office)


# --- a holiday is no outage of working promises ------------------------------------------

EVE = at(2026, 9, 30, 18)
MORNING = datetime(2026, 10, 8, 8, 59, 59, tzinfo=SHANGHAI)


def test_over_a_long_holiday_only_promises_by_the_clock_are_missed(
    office: Office, clock: Clock
) -> None:
    work(office, clock, *(at(2026, 9, day) for day in (28, 29, 30)))
    assert clock() == EVE
    emergency = file(office, urgency="critical").ticket.id  # a person looks at such first
    to = Assignment(APPROVAL)
    step(office, DISPATCHER, routing.service.dispatch, emergency, to, category=None)
    entries = number(office, Entry)
    clock.at = MORNING
    expected = missed(office, clock())
    assert sweep(office) == len(expected)
    told = told_since(office, entries)
    assert {event.clock for event in told} == expected.keys()
    with Session(office.engine) as session:
        for found in expected.values():
            policy = policy_of(session, found.row.policy, found.row.policy_version)
            assert policy.promise.mode is Mode.NATURAL_HOURS
            assert found.row.ticket_id == emergency
    by_metric = {event.metric: event for event in told}
    # 15 minutes, half an hour and a day after six in the evening, told eight days later
    assert {name: event.level for name, event in by_metric.items()} == dict.fromkeys(
        ("sign", "first_contact", "resolve"), "yellow"
    )
    assert all(event.collapsed == ("blue",) for event in facts(office, emergency, ClockBreached))
    late = {name: event.late_by for name, event in by_metric.items()}
    whole_time = (MORNING - EVE) // timedelta(seconds=1)
    assert late == {
        "sign": whole_time - 15 * 60,
        "first_contact": whole_time - 30 * 60,
        "resolve": whole_time - 24 * 3600,
    }
    assert sweep(office) == 0
    assert whole(office)


def test_over_a_long_holiday_without_an_emergency_nothing_at_all_is_missed(
    office: Office, clock: Clock
) -> None:
    work(office, clock, at(2026, 9, 29), at(2026, 9, 30))
    entries = number(office, Entry)
    day = date(2026, 10, 1)
    while day <= date(2026, 10, 7):
        clock.at = datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)
        assert sweep(office) == 0
        day += timedelta(days=1)
    clock.at = MORNING
    assert sweep(office) == 0
    assert number(office, Entry) == entries
    # the first working day has plenty that is due at its close
    clock.at = at(2026, 10, 8, 17)
    expected = missed(office, clock())
    assert sweep(office) == len(expected) > 5
    assert all(event.late_by >= 0 for event in told_since(office, entries))
    assert whole(office)
