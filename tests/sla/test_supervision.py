"""Supervision orders: numbered without gaps, answered in time, judged by another, listed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import (
    OrderReminded,
    SupervisionIssued,
    SupervisionJudged,
    SupervisionLifted,
    TalkHeld,
)
from core.permissions import SYSTEM, Role
from routing import cooperation
from routing.service import review
from sla import supervision
from sla.sweep import sweep
from sla.tables import SupervisionRow
from tests.cast import (
    APPROVAL,
    DISPATCHER,
    LABOUR,
    OPERATOR,
    SUPERVISOR,
    handler,
    staff,
    unit,
)
from tests.makers import (
    answered,
    clocks,
    facts,
    file,
    lead,
    rate,
    reply,
    sign,
    step,
    ticket,
    together,
    whole,
)

HEAD = unit(APPROVAL)
OTHER = staff("supervisor2", Role.OFFICE, unit="qzfb")


@pytest.fixture
def order(office: Office):
    """A signed lead order, its promise running."""
    made = lead(office, file(office).ticket.id)
    sign(office, made)
    return made


def issue(office: Office, order, *, level: str = "red", ground: str = "quality", actor=SUPERVISOR):
    demanded = "请于两日内说明进展"
    return step(
        office, actor, supervision.issue, order.id, level=level, ground=ground, demanded=demanded
    )


def rows(office: Office) -> list[SupervisionRow]:
    with Session(office.engine, expire_on_commit=False) as session:
        return list(session.exec(select(SupervisionRow).order_by(col(SupervisionRow.id))))


def clock_of(office: Office, order):
    return [c for c in clocks(office, order.ticket_id, supervision.METRIC) if not c.stopped_at]


def test_a_demand_has_a_number_a_promise_and_an_end(office: Office, order) -> None:
    made = issue(office, order)
    [row] = rows(office)
    assert (row.year, row.serial, row.state, row.level) == (2026, 1, "open", "red")
    [clock] = clock_of(office, order)
    assert (row.due_at, clock.department) == (clock.due_at, APPROVAL)
    step(office, HEAD, supervision.answer, made, "已约见企业，周五前办结")
    assert clock_of(office, order) == []
    step(office, SUPERVISOR, supervision.judge, made, enough=True)
    [row] = rows(office)
    assert (row.state, row.closed_by) == ("closed", SUPERVISOR.tag)
    assert whole(office)


def test_a_weak_answer_is_asked_for_again_with_a_promise_of_its_own(office: Office, order) -> None:
    made = issue(office, order)
    step(office, HEAD, supervision.answer, made, "正在办理")
    with pytest.raises(Invalid):
        step(office, SUPERVISOR, supervision.judge, made, enough=False)
    step(office, SUPERVISOR, supervision.judge, made, enough=False, remark="请写明完成日期")
    [row] = rows(office)
    assert (row.state, row.rounds) == ("open", 2)
    assert len(clock_of(office, order)) == 1
    with pytest.raises(Conflict):
        step(office, SUPERVISOR, supervision.judge, made, enough=True)
    step(office, HEAD, supervision.answer, made, "周五前完成")
    step(office, SUPERVISOR, supervision.judge, made, enough=True)
    assert [f.enough for f in facts(office, order.ticket_id, SupervisionJudged)] == [False, True]
    assert whole(office)


def test_only_one_demand_stands_on_an_order_and_a_higher_one_takes_its_place(
    office: Office, order
) -> None:
    made = issue(office, order)
    with pytest.raises(Conflict):
        issue(office, order)
    for level in ("red", "yellow"):
        with pytest.raises(Invalid):
            step(office, SUPERVISOR, supervision.raise_level, made, level=level, demanded="")
    step(office, SUPERVISOR, supervision.raise_level, made, level="listed", demanded="挂牌督办")
    assert [(r.level, r.state, r.serial) for r in rows(office)] == [
        ("red", "closed", 1),
        ("listed", "open", 2),
    ]
    assert len(clock_of(office, order)) == 1
    assert whole(office)


def test_what_cannot_be_demanded_is_refused_by_its_field(office: Office, order) -> None:
    for values, field in (({"level": "green"}, "level"), ({"ground": ""}, "ground")):
        with pytest.raises(Invalid) as refused:
            issue(office, order, **values)
        assert refused.value.faults[0].field == field
    with pytest.raises(Conflict):
        step(office, SUPERVISOR, supervision.issue, uuid4(), level="red", ground="late")
    with pytest.raises(NotFound):
        step(office, HEAD, supervision.answer, uuid4(), "x")
    made = issue(office, order)
    with pytest.raises(Invalid):
        step(office, HEAD, supervision.answer, made, "  ")
    with pytest.raises(Invalid):
        step(office, SUPERVISOR, supervision.lift, made, reason="")


def test_who_may_demand_answer_and_judge(office: Office, order) -> None:
    for actor in (OPERATOR, DISPATCHER, HEAD, handler(APPROVAL)):
        with pytest.raises(Forbidden):
            issue(office, order, actor=actor)
    made = issue(office, order)
    for actor in (handler(APPROVAL), unit(LABOUR), SUPERVISOR):
        with pytest.raises(Forbidden):
            step(office, actor, supervision.answer, made, "已办")
    step(office, HEAD, supervision.answer, made, "已办")
    with pytest.raises(Forbidden):
        step(office, HEAD, supervision.judge, made, enough=True)


def test_the_ladder_issues_a_red_order_a_working_day_over(office: Office, order, clock) -> None:
    [promise] = clocks(office, order.ticket_id, "resolve")
    clock.at = promise.due_at
    sweep(office)
    assert rows(office) == []
    clock.move(days=4)
    sweep(office)
    [row] = rows(office)
    assert (row.level, row.ground, row.issued_by) == ("red", "ladder", SYSTEM.tag)
    assert sweep(office) == 0
    assert whole(office)


def test_an_outage_that_swallows_the_red_rung_does_not_swallow_its_order(
    office: Office, order, clock
) -> None:
    clock.move(days=22)
    sweep(office)
    [promise] = clocks(office, order.ticket_id, "resolve")
    assert promise.level == "circular"
    assert [row.level for row in rows(office)] == ["red"]
    assert whole(office)


def test_an_unanswered_red_order_is_listed_and_a_problem_order_takes_its_place(
    office: Office, order, clock
) -> None:
    for _ in range(40):
        clock.move(days=1)
        sweep(office)
    levels = [(row.level, row.state) for row in rows(office)]
    assert levels == [("red", "lifted"), ("listed", "lifted"), ("problem", "open")]
    assert [row.serial for row in rows(office)] == [1, 2, 3]
    assert whole(office)


def test_two_redos_call_for_a_red_order_and_three_for_a_problem_order(
    office: Office, order
) -> None:
    for times in range(1, 4):
        reply(office, order)
        step(office, DISPATCHER, review, order.ticket_id, approve=False)
        levels = [row.level for row in rows(office) if row.state == "open"]
        assert levels == {1: [], 2: ["red"], 3: ["problem"]}[times]
    assert whole(office)


def test_a_demand_ends_with_its_order_and_with_its_case(office: Office, order) -> None:
    issue(office, order)
    step(office, DISPATCHER, cooperation.reassign, order.id, new_lead=LABOUR, reason="职责调整")
    assert [row.state for row in rows(office)] == ["lifted"]
    other = lead(office, order.ticket_id)
    sign(office, other)
    step(office, SUPERVISOR, supervision.issue, other.id, level="red", ground="late")
    answered(office, order.ticket_id)
    rate(office, order.ticket_id, solved=True, grade=1)
    assert ticket(office, order.ticket_id).status == "closed"
    assert [row.state for row in rows(office)] == ["lifted", "lifted"]
    assert len(facts(office, order.ticket_id, SupervisionLifted)) == 2
    assert whole(office)


def test_numbers_have_no_gaps_though_many_issue_at_once_and_some_are_rolled_back(
    office: Office,
) -> None:
    made = [lead(office, file(office).ticket.id) for _ in range(8)]

    def one(place: int) -> None:
        with office.desk(SUPERVISOR) as desk:
            supervision.issue(desk, made[place].id, level="red", ground="late")
            if place % 3 == 0:
                raise Conflict

    together(8, one)
    assert sorted(row.serial for row in rows(office)) == [1, 2, 3, 4, 5]
    assert whole(office)


def test_a_talk_is_on_record_for_oversight_alone(office: Office, order, clock) -> None:
    early = clock().replace(year=1)
    with pytest.raises(Invalid):
        step(office, SUPERVISOR, supervision.talk, order.id, held_at=early, notes="x")
    later = clock() + timedelta(hours=1)
    with pytest.raises(Invalid):
        step(office, SUPERVISOR, supervision.talk, order.id, held_at=later, notes="x")
    with pytest.raises(Invalid):
        step(office, SUPERVISOR, supervision.talk, order.id, held_at=clock(), notes=" ")
    step(office, SUPERVISOR, supervision.talk, order.id, held_at=clock(), notes="要求本周整改")
    [fact] = facts(office, order.ticket_id, TalkHeld)
    assert fact.audience == "oversight"
    assert whole(office)


def test_a_unit_is_reminded_once_a_day_and_of_many_at_once(office: Office, order, clock) -> None:
    [promise] = clocks(office, order.ticket_id, "resolve")
    other = lead(office, file(office).ticket.id)
    [second] = clocks(office, other.ticket_id, "resolve")
    step(office, SUPERVISOR, supervision.remind, promise.id)
    refused = step(office, SUPERVISOR, supervision.remind_all, [promise.id, second.id, uuid4()])
    assert set(refused) == {promise.id}
    clock.move(days=1)
    step(office, SUPERVISOR, supervision.remind, promise.id)
    assert len(facts(office, order.ticket_id, OrderReminded)) == 2
    assert len(facts(office, other.ticket_id, OrderReminded)) == 1
    reply(office, order)
    with pytest.raises(Conflict):
        step(office, SUPERVISOR, supervision.remind, promise.id)
    with pytest.raises(Forbidden):
        step(office, HEAD, supervision.remind, second.id)
    assert whole(office)


def test_the_list_shows_what_its_reader_may_see_page_by_page(office: Office) -> None:
    for _ in range(3):
        issue(office, lead(office, file(office).ticket.id))
    with Session(office.engine) as session:
        first = supervision.listed(session, SUPERVISOR, limit=2)
        rest = supervision.listed(session, SUPERVISOR, before=(2026, first[-1][0].serial))
        assert [row.serial for row, _ in (*first, *rest)] == [3, 2, 1]
        assert supervision.listed(session, unit(LABOUR)) == []
        assert len(supervision.listed(session, HEAD, state="open", level="red")) == 3
        assert supervision.listed(session, HEAD, state="closed") == []


def test_the_second_supervisor_may_judge_what_the_first_demanded(office: Office, order) -> None:
    made = issue(office, order)
    step(office, HEAD, supervision.answer, made, "已办")
    step(office, OTHER, supervision.judge, made, enough=True)
    assert [f.ground for f in facts(office, order.ticket_id, SupervisionIssued)] == ["quality"]
