"""Cases parked until a review date: asked for, granted by another, running on by themselves."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session

import intake.service
from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, NotFound, TransitionRefused
from core.events import (
    ClockMoved,
    ClockPaused,
    ClockWarned,
    HoldAsked,
    HoldProlonged,
    HoldRefused,
    TicketHeld,
    TicketResumed,
)
from core.permissions import SYSTEM, business
from routing import cooperation
from sla import extensions, holds
from sla.standards import calendar_of
from sla.sweep import sweep
from sla.tables import ClockRow
from sla.worktime import Mode, Promise
from tests.cast import APPROVAL, DISPATCHER, LABOUR, SUPERVISOR, handler, unit
from tests.makers import (
    clocks,
    facts,
    file,
    lead,
    reply,
    sign,
    step,
    ticket,
    together,
    whole,
)

HEAD = unit(APPROVAL)
REVIEW = date(2026, 12, 18)


@pytest.fixture
def order(office: Office):
    """A signed lead order, its promise running; filed on Wednesday 18 November 2026 at ten."""
    made = lead(office, file(office).ticket.id)
    sign(office, made)
    return made


def resolve(office: Office, order) -> ClockRow:
    [clock] = clocks(office, order.ticket_id, "resolve")
    return clock


def ask(office: Office, order, *, actor=HEAD, review_on=REVIEW, **values):
    given = {"ground": "waiting_law", "reason": "等待法院判决，判决后五日内办理"} | values
    return step(office, actor, holds.ask, order.id, review_on=review_on, **given)


def parked(office: Office, order) -> None:
    step(office, SUPERVISOR, holds.grant, ask(office, order))


def worked(office: Office, clock: ClockRow, start, end) -> timedelta:
    with Session(office.engine) as session:
        return calendar_of(session, clock.calendar).elapsed(start, end)


def test_a_granted_hold_stops_every_promise_and_the_resumption_gives_back_what_it_took(
    office: Office, order, clock
) -> None:
    before = resolve(office, order)
    clock.move(days=1)
    parked(office, order)
    held = clock()
    seen = ticket(office, order.ticket_id)
    assert seen.status == "on_hold"
    assert resolve(office, order).state == "paused"
    assert resolve(office, order).next_action_at is None
    clock.move(days=14)
    assert sweep(office) == 0
    step(office, SUPERVISOR, holds.resume, order.ticket_id)
    after = resolve(office, order)
    assert after.state == "running"
    assert after.original_due_at == before.due_at
    paused = worked(office, after, held, clock())
    assert paused > timedelta(0)
    # a promise of days ends at close of business: never less than what the pause took
    assert worked(office, after, before.due_at, after.due_at) >= paused
    assert after.generation == before.generation + 1
    assert ticket(office, order.ticket_id).due_at == after.due_at
    assert lead(office, order.ticket_id).due_at == after.due_at
    [fact] = [f for f in facts(office, order.ticket_id, ClockMoved) if f.metric == "resolve"]
    assert (fact.ground, fact.before, fact.due) == ("resumed", before.due_at, after.due_at)
    assert {f.metric for f in facts(office, order.ticket_id, ClockPaused)} >= {"resolve"}
    assert whole(office)


def test_the_warning_after_a_hold_comes_when_its_share_of_the_promise_is_used_anew(
    office: Office, order, clock
) -> None:
    before = resolve(office, order)
    warned = before.next_action_at
    clock.at = warned - timedelta(hours=1)
    parked(office, order)
    clock.move(days=7)
    step(office, SUPERVISOR, holds.resume, order.ticket_id)
    sweep(office)
    after = resolve(office, order)
    assert (after.level, after.next_level) == (None, "blue")
    assert clock() < after.next_action_at < after.due_at
    assert whole(office)


def test_a_hold_over_a_holiday_alone_moves_nothing(office: Office, clock) -> None:
    clock.at = clock.at.replace(year=2026, month=9, day=28, hour=10)
    made = lead(office, file(office).ticket.id)
    sign(office, made)
    before = resolve(office, made)
    clock.at = clock.at.replace(month=9, day=30, hour=18)
    parked_until = date(2026, 10, 30)
    step(office, SUPERVISOR, holds.grant, ask(office, made, review_on=parked_until))
    clock.at = clock.at.replace(month=10, day=7, hour=18)  # the last day off
    step(office, SUPERVISOR, holds.resume, made.ticket_id)
    after = resolve(office, made)
    assert (after.due_at, after.generation) == (before.due_at, before.generation)
    assert whole(office)


def test_what_nobody_prolongs_runs_on_at_its_review(office: Office, order, clock) -> None:
    parked(office, order)
    clock.at = facts(office, order.ticket_id, TicketHeld)[0].review_at - timedelta(seconds=1)
    assert holds.resume_due(office) == 0
    clock.move(seconds=1)
    assert holds.resume_due(office) == 1
    assert holds.resume_due(office) == 0
    assert ticket(office, order.ticket_id).status == "in_handling"
    assert facts(office, order.ticket_id, TicketResumed)[0].by == "review_date"
    assert whole(office)


def test_a_hold_can_be_prolonged_at_its_review_with_a_reason(office: Office, order, clock) -> None:
    parked(office, order)
    with pytest.raises(Invalid):
        step(office, SUPERVISOR, holds.prolong, order.ticket_id, review_on=REVIEW, reason="x")
    later = date(2026, 12, 25)
    with pytest.raises(Invalid):
        step(office, SUPERVISOR, holds.prolong, order.ticket_id, review_on=later, reason=" ")
    with pytest.raises(Forbidden):
        step(office, HEAD, holds.prolong, order.ticket_id, review_on=later, reason="仍在审理")
    step(office, SUPERVISOR, holds.prolong, order.ticket_id, review_on=later, reason="仍在审理")
    clock.at = facts(office, order.ticket_id, TicketHeld)[0].review_at
    assert holds.resume_due(office) == 0
    clock.at = facts(office, order.ticket_id, HoldProlonged)[0].review_at
    assert holds.resume_due(office) == 1
    assert whole(office)


def test_a_hold_needs_a_ground_a_reason_and_a_review_within_half_a_year(
    office: Office, order, clock
) -> None:
    for values, field in (
        ({"ground": "tired"}, "ground"),
        ({"reason": "  "}, "reason"),
        ({"review_on": None}, "review_on"),
        ({"review_on": date(2026, 11, 18)}, "review_on"),
        ({"review_on": date(2027, 6, 1)}, "review_on"),
        ({"review_on": date(2027, 1, 4)}, "review_on"),  # not published yet
    ):
        with pytest.raises(Invalid) as refused:
            ask(office, order, **values)
        assert [fault.field for fault in refused.value.faults] == [field]
    assert facts(office, order.ticket_id, HoldAsked) == []


def test_who_may_ask_and_who_may_grant(office: Office, order) -> None:
    for actor in (DISPATCHER, handler(APPROVAL), unit(LABOUR)):
        with pytest.raises(Forbidden):
            ask(office, order, actor=actor)
    with pytest.raises(NotFound):
        step(office, HEAD, holds.ask, uuid4(), ground="waiting_law", review_on=REVIEW, reason="x")
    request = ask(office, order)
    with pytest.raises(Conflict):
        ask(office, order)
    for actor in (HEAD, DISPATCHER, SYSTEM):
        with pytest.raises(Forbidden):
            step(office, actor, holds.grant, request)
    step(office, SUPERVISOR, holds.grant, request)
    with pytest.raises(Conflict):
        step(office, SUPERVISOR, holds.grant, request)
    with pytest.raises(Forbidden):
        step(office, unit(LABOUR), holds.resume, order.ticket_id)
    step(office, HEAD, holds.resume, order.ticket_id)
    with pytest.raises(Conflict):
        step(office, HEAD, holds.resume, order.ticket_id)
    assert whole(office)


def test_a_refused_hold_moves_nothing_and_may_be_asked_for_again(office: Office, order) -> None:
    request = ask(office, order)
    with pytest.raises(Invalid):
        step(office, SUPERVISOR, holds.refuse, request, reason="")
    step(office, SUPERVISOR, holds.refuse, request, reason="材料齐全，应继续办理")
    assert ticket(office, order.ticket_id).status == "in_handling"
    assert len(facts(office, order.ticket_id, HoldRefused)) == 1
    assert ask(office, order) != request
    assert whole(office)


def test_what_is_late_already_stays_late_and_its_ladder_goes_on(
    office: Office, order, clock
) -> None:
    clock.at = resolve(office, order).due_at + timedelta(seconds=1)
    sweep(office)
    parked(office, order)
    assert resolve(office, order).state == "breached"
    clock.move(days=3)
    assert sweep(office) >= 1
    assert resolve(office, order).level == "red"
    step(office, SUPERVISOR, holds.resume, order.ticket_id)
    assert resolve(office, order).state == "breached"
    assert whole(office)


def test_nobody_replies_on_a_case_that_stands_still_and_its_owner_may_still_withdraw(
    office: Office, order
) -> None:
    parked(office, order)
    with pytest.raises(TransitionRefused):
        reply(office, order)
    owner = business(ticket(office, order.ticket_id).number)
    step(office, owner, intake.service.withdraw, order.ticket_id)
    assert {row.state for row in clocks(office, order.ticket_id)} <= {"met", "cancelled"}
    assert [row.state for row in _holds(office, order)] == ["ended"]
    assert whole(office)


def test_a_request_of_a_lead_that_the_case_left_binds_nobody(office: Office, order) -> None:
    request = ask(office, order)
    step(office, DISPATCHER, cooperation.reassign, order.id, new_lead=LABOUR, reason="职责调整")
    with pytest.raises(Conflict):
        step(office, SUPERVISOR, holds.grant, request)
    other = lead(office, order.ticket_id)
    sign(office, other)
    step(office, SUPERVISOR, holds.grant, ask(office, other, actor=unit(LABOUR)))
    assert ticket(office, order.ticket_id).status == "on_hold"
    assert whole(office)


def test_an_extension_after_a_hold_starts_from_the_moved_due_time(
    office: Office, order, clock
) -> None:
    parked(office, order)
    clock.move(days=7)
    step(office, SUPERVISOR, holds.resume, order.ticket_id)
    due = resolve(office, order).due_at
    wanted = step(office, HEAD, extensions.ask, order.id, days=2, reason="须现场勘验")
    step(office, DISPATCHER, extensions.grant, wanted)
    with Session(office.engine) as session:
        calendar = calendar_of(session, resolve(office, order).calendar)
    assert resolve(office, order).due_at == calendar.add(due, Promise(Mode.WORKING_DAYS, 2))
    clock.move(hours=2)
    parked(office, order)
    clock.move(days=7)
    step(office, HEAD, holds.resume, order.ticket_id)
    assert whole(office)  # the audit folds pauses and extensions once more from the timeline


def test_two_who_grant_and_refuse_at_once_leave_one_decision(office: Office, order) -> None:
    request = ask(office, order)

    def decide(place: int) -> None:
        if place:
            step(office, SUPERVISOR, holds.grant, request)
        else:
            step(office, SUPERVISOR, holds.refuse, request, reason="应继续办理")

    outcomes = together(2, decide)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]
    assert whole(office)


def _holds(office: Office, order):
    with Session(office.engine, expire_on_commit=False) as session:
        return holds.of_ticket(session, order.ticket_id)


def test_a_warning_that_fell_into_the_hold_goes_out_at_once_and_is_not_called_late(
    office: Office, order, clock
) -> None:
    warned = resolve(office, order).next_action_at
    clock.at = warned - timedelta(minutes=30)
    parked(office, order)
    clock.move(days=1)
    step(office, SUPERVISOR, holds.resume, order.ticket_id)
    clock.at = resolve(office, order).next_action_at
    sweep(office)
    told = [f for f in facts(office, order.ticket_id, ClockWarned) if f.metric == "resolve"]
    assert [fact.late_by for fact in told] == [0]
    assert whole(office)
