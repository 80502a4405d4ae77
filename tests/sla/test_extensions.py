"""More time for a promise, on the whole house: asked in time, answered by another, counted."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import ClockMoved, ClockWarned, ExtensionAsked, ExtensionRefused
from core.permissions import SYSTEM
from routing import cooperation
from sla import extensions
from sla.standards import calendar_of
from sla.sweep import sweep
from sla.tables import CaseRow, ExtensionRow
from sla.worktime import Mode, Promise
from tests.cast import APPROVAL, DISPATCHER, LABOUR, OTTO, SUPERVISOR, handler, unit
from tests.makers import clocks, facts, file, lead, reply, sign, step, ticket, together, whole

HEAD = unit(APPROVAL)


@pytest.fixture
def order(office: Office):
    """A signed lead order, its promise running."""
    made = lead(office, file(office).ticket.id)
    sign(office, made)
    return made


def resolve(office: Office, order):
    [clock] = clocks(office, order.ticket_id, "resolve")
    return clock


def ask(office: Office, order, days: int = 3, actor=HEAD, reason: str = "须现场勘验"):
    return step(office, actor, extensions.ask, order.id, days=days, reason=reason)


def until(clock, office: Office, moment) -> None:
    """Let the time be so and every level fire that is due."""
    clock.at = moment
    sweep(office)


def test_a_granted_extension_moves_the_promise_by_working_days_and_keeps_the_original(
    office: Office, order
) -> None:
    before = resolve(office, order)
    request = ask(office, order)
    assert resolve(office, order).due_at == before.due_at
    step(office, DISPATCHER, extensions.grant, request)
    after = resolve(office, order)
    with Session(office.engine) as session:
        calendar = calendar_of(session, after.calendar)
    assert after.due_at == calendar.add(before.due_at, Promise(Mode.WORKING_DAYS, 3))
    assert after.original_due_at == before.due_at
    seen = ticket(office, order.ticket_id)
    assert (seen.due_at, seen.original_due_at) == (after.due_at, before.due_at)
    assert lead(office, order.ticket_id).due_at == after.due_at
    [moved] = [m for m in facts(office, order.ticket_id, ClockMoved) if m.ground == "extension"]
    assert (moved.before, moved.due) == (before.due_at, after.due_at)
    with Session(office.engine) as session:
        case = session.exec(select(CaseRow).where(CaseRow.order_id == order.id)).one()
        assert (case.extensions, case.due_at) == (1, after.due_at)
    assert whole(office)


def test_a_refused_extension_moves_nothing_and_another_may_be_asked_for(
    office: Office, order
) -> None:
    before = resolve(office, order).due_at
    request = ask(office, order)
    with pytest.raises(Invalid):
        step(office, DISPATCHER, extensions.refuse, request, reason=" ")
    step(office, DISPATCHER, extensions.refuse, request, reason="材料齐全，无需延期")
    assert resolve(office, order).due_at == before
    assert len(facts(office, order.ticket_id, ExtensionRefused)) == 1
    with pytest.raises(Conflict):
        step(office, DISPATCHER, extensions.grant, request)
    assert ask(office, order) != request
    assert whole(office)


def test_it_must_be_asked_for_a_working_day_ahead(office: Office, order, clock) -> None:
    due = resolve(office, order).due_at
    with Session(office.engine) as session:
        calendar = calendar_of(session, resolve(office, order).calendar)
    last = calendar.back(due, Promise(Mode.WORKING_DAYS, 1))
    clock.at = last + timedelta(seconds=1)
    with pytest.raises(Conflict) as refused:
        ask(office, order)
    assert refused.value.code == "too_late"
    clock.at = due + timedelta(seconds=1)
    with pytest.raises(Conflict) as refused:
        ask(office, order)
    assert refused.value.code in {"late", "not_running"}
    clock.at = last
    ask(office, order)
    assert len(facts(office, order.ticket_id, ExtensionAsked)) == 1


def test_what_is_answered_after_the_due_time_cannot_be_granted(
    office: Office, order, clock
) -> None:
    request = ask(office, order)
    until(clock, office, resolve(office, order).due_at + timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        step(office, DISPATCHER, extensions.grant, request)
    assert refused.value.code == "extension_late"
    step(office, DISPATCHER, extensions.refuse, request, reason="已过期限")
    assert whole(office)


def test_three_extensions_are_enough(office: Office, order) -> None:
    for _ in range(3):
        step(office, SUPERVISOR, extensions.grant, ask(office, order))
    with pytest.raises(Conflict) as refused:
        ask(office, order)
    assert refused.value.code == "too_many"
    assert whole(office)


@pytest.mark.parametrize("days", [-1, 0, 16, 10**9])
def test_no_more_days_than_the_rules_allow(office: Office, order, days: int) -> None:
    with pytest.raises(Invalid) as refused:
        ask(office, order, days=days)
    assert refused.value.faults[0].field == "days"


def test_only_the_head_of_the_unit_asks_and_only_somebody_else_answers(
    office: Office, order
) -> None:
    for actor in (OTTO, handler(APPROVAL), DISPATCHER):
        with pytest.raises(Forbidden):
            ask(office, order, actor=actor)
    with pytest.raises(Invalid):
        ask(office, order, reason="  ")
    with pytest.raises(NotFound):
        step(office, HEAD, extensions.ask, uuid4(), days=1, reason="理由")
    request = ask(office, order)
    for actor in (HEAD, OTTO, SYSTEM):
        with pytest.raises(Forbidden):
            step(office, actor, extensions.grant, request)


def test_one_request_waits_at_a_time_whoever_asks_at_once(office: Office, order) -> None:
    found = together(4, lambda _: ask(office, order))
    assert sum(isinstance(one, Conflict) for one in found) == 3
    with Session(office.engine) as session:
        assert len(session.exec(select(ExtensionRow)).all()) == 1


def test_of_two_who_answer_at_once_one_is_told_it_is_done(office: Office, order) -> None:
    request = ask(office, order)
    before = resolve(office, order).due_at
    found = together(
        2, lambda n: step(office, (DISPATCHER, SUPERVISOR)[n], extensions.grant, request)
    )
    assert sum(isinstance(one, Conflict) for one in found) == 1
    moves = [m for m in facts(office, order.ticket_id, ClockMoved) if m.ground == "extension"]
    assert [m.before for m in moves] == [before]


def test_the_warning_of_the_new_due_time_goes_out_though_the_old_one_did(
    office: Office, order, clock
) -> None:
    def warned() -> int:
        found = facts(office, order.ticket_id, ClockWarned)
        return sum(fact.metric == "resolve" for fact in found)

    first = resolve(office, order)
    request = ask(office, order)
    until(clock, office, first.next_action_at)
    assert warned() == 1
    step(office, DISPATCHER, extensions.grant, request)
    moved = resolve(office, order)
    assert moved.next_action_at > clock.at
    until(clock, office, first.due_at + timedelta(seconds=1))
    assert resolve(office, order).state == "running"
    until(clock, office, moved.due_at - timedelta(minutes=1))
    assert warned() == 2
    assert whole(office)


def test_what_the_earlier_lead_asked_for_binds_nobody_after_the_case_has_moved(
    office: Office, order
) -> None:
    request = ask(office, order)
    step(office, DISPATCHER, cooperation.reassign, order.id, new_lead=LABOUR, reason="职责不符")
    with Session(office.engine) as session:
        assert extensions.waiting(session, DISPATCHER) == []
    with pytest.raises(Conflict) as refused:
        step(office, DISPATCHER, extensions.grant, request)
    assert refused.value.code == "extension_moved"
    theirs = lead(office, order.ticket_id)
    before = resolve(office, order).due_at
    step(office, DISPATCHER, extensions.grant, ask(office, theirs, actor=unit(LABOUR)))
    assert resolve(office, order).due_at > before
    assert whole(office)


def test_an_answered_case_needs_no_extension_any_more(office: Office, order) -> None:
    request = ask(office, order)
    reply(office, order)
    with pytest.raises(NotFound):
        ask(office, order)
    with pytest.raises(Conflict):
        step(office, DISPATCHER, extensions.grant, request)
    with Session(office.engine) as session:
        assert extensions.waiting(session, DISPATCHER) == []
    assert whole(office)


def test_a_long_extension_is_the_office_s_to_grant(office: Office, order) -> None:
    before = resolve(office, order).due_at
    request = ask(office, order, days=10)
    with pytest.raises(Forbidden) as refused:
        step(office, DISPATCHER, extensions.grant, request)
    assert refused.value.code == "long_extension"
    step(office, SUPERVISOR, extensions.grant, request)
    after = resolve(office, order)
    with Session(office.engine) as session:
        calendar = calendar_of(session, after.calendar)
    assert after.due_at == calendar.add(before, Promise(Mode.WORKING_DAYS, 10))
    for days in (0, 16):
        with pytest.raises(Invalid):
            ask(office, order, days=days)
    assert whole(office)
