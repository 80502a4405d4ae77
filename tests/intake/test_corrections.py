"""A bad rating is put right by its own clocks, and rated again beside the first rating."""

from datetime import UTC

import pytest
from sqlmodel import Session, select

import routing.service
from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, TransitionRefused
from core.events import CorrectionOpened
from core.permissions import business
from intake import corrections, merging, service
from sla.tables import CaseRow
from tests.cast import APPROVAL, CALLBACK, DISPATCHER, LABOUR, OPERATOR, unit
from tests.conftest import Clock
from tests.makers import (
    answered,
    approve,
    clocks,
    facts,
    file,
    kinds,
    lead,
    rate,
    reply,
    step,
    ticket,
    whole,
)

OURS = unit(APPROVAL)


def running(office: Office, made) -> list[str]:
    return sorted(clock.metric for clock in clocks(office, made.id) if clock.stopped_at is None)


def closed_badly(office: Office):
    """Twice done again, and still bad: closed, with a correction."""
    made = file(office).ticket
    answered(office, made.id)
    for _ in range(2):
        rate(office, made.id, solved=False, grade=5)
        reply(office, lead(office, made.id))
        approve(office, made.id)
    rate(office, made.id, solved=False, grade=5)
    return made


def again(office: Office, made, actor=None, *, grade: int | None = 2) -> None:
    actor = actor or business(made.number)
    step(office, actor, corrections.rate, made.id, solved=True, grade=grade)


def case(office: Office, made) -> CaseRow:
    with Session(office.engine) as session:
        return session.exec(select(CaseRow).where(CaseRow.ticket_id == made.id)).one()


def test_a_bad_rating_of_a_closed_case_is_contacted_answered_and_rated_again(
    office: Office,
) -> None:
    made = closed_badly(office)
    assert ticket(office, made.id).status == "closed"
    assert running(office, made) == ["correction", "correction_contact"]
    contact = corrections.contact
    step(office, OURS, contact, made.id, channel="phone", reached=False)
    assert running(office, made) == ["correction", "correction_contact"]
    step(office, OURS, contact, made.id, channel="phone", reached=True)
    with pytest.raises(Conflict):  # nothing to rate yet
        again(office, made)
    step(office, OURS, corrections.answer, made.id, "已当面说明并补办。")
    assert running(office, made) == []
    with pytest.raises(Conflict):
        step(office, OURS, corrections.answer, made.id, "再说一次。")
    again(office, made)
    with pytest.raises(Conflict):
        again(office, made)
    now, row = ticket(office, made.id), case(office, made)
    assert (now.status, now.grade, now.solved, now.result) == ("closed", 2, True, "solved")
    assert (row.first_grade, row.first_solved, row.grade, row.solved) == (5, False, 2, True)
    assert whole(office)


def test_its_clocks_are_one_and_five_working_days(office: Office) -> None:
    made = closed_badly(office)
    due = {
        clock.metric: clock.due_at.astimezone(UTC).isoformat()
        for clock in clocks(office, made.id)
        if clock.stopped_at is None
    }
    # rated on Wednesday 18 November: to the end of office hours on the 19th and the 25th
    assert due == {
        "correction_contact": "2026-11-19T09:00:00+00:00",
        "correction": "2026-11-25T09:00:00+00:00",
    }


def test_a_case_that_goes_back_is_put_right_by_its_own_new_reply(
    office: Office, clock: Clock
) -> None:
    made = file(office).ticket
    answered(office, made.id)
    rate(office, made.id, solved=True, grade=4)
    assert ticket(office, made.id).status == "in_handling"
    assert running(office, made) == ["correction", "correction_contact", "redo"]
    with pytest.raises(TransitionRefused):
        step(office, OURS, corrections.answer, made.id, "已整改")
    order = lead(office, made.id)
    called = {"channel": "phone", "reached": True}
    step(office, OURS, routing.service.contact, order.id, **called)
    assert running(office, made) == ["correction", "redo"]
    clock.move(hours=1)
    reply(office, order)
    assert running(office, made) == ["review"]
    approve(office, made.id)
    rate(office, made.id, solved=True, grade=1)
    with office.desk(OURS) as desk:
        assert corrections.standing(desk.session, ticket(office, made.id)) is None
    row = case(office, made)
    assert (row.first_grade, row.grade) == (4, 1)
    assert whole(office)


def test_a_good_rating_and_silence_open_nothing(office: Office) -> None:
    made = file(office).ticket
    answered(office, made.id)
    rate(office, made.id, solved=True, grade=3)
    assert running(office, made) == []
    assert "ticket.correction_opened" not in kinds(office, made.id)


def test_the_parents_unit_puts_right_what_a_joined_request_found_bad(office: Office) -> None:
    parent, child = file(office).ticket, file(office, contact_phone="13800000002").ticket
    step(office, DISPATCHER, merging.merge, child.id, parent.id)
    answered(office, parent.id)
    merging.settle(office)
    rate(office, child.id, solved=False, grade=5)
    assert facts(office, child.id, CorrectionOpened) == [CorrectionOpened(5, APPROVAL)]
    step(office, OURS, corrections.answer, child.id, "已补办。")
    step(office, CALLBACK, corrections.rate, child.id, solved=True, grade=2)
    assert ticket(office, child.id).grade == 2
    assert whole(office)


def test_what_the_desk_answered_the_desk_puts_right(office: Office) -> None:
    made = file(office, category=None, content="有人在网上说我们公司的坏话，不知道找谁。").ticket
    step(office, OPERATOR, service.answer, made.id, "可以向平台投诉。")
    rate(office, made.id, solved=False, grade=4)
    assert facts(office, made.id, CorrectionOpened) == [CorrectionOpened(4, None)]
    with pytest.raises(Forbidden):
        step(office, OURS, corrections.answer, made.id, "x")
    step(office, OPERATOR, corrections.answer, made.id, "已代为联系平台。")
    again(office, made, CALLBACK)
    assert whole(office)


def test_nobody_else_answers_and_no_handler_rates(office: Office) -> None:
    made, other = closed_badly(office), file(office, contact_phone="13800000002").ticket
    for actor in (unit(LABOUR), OPERATOR, CALLBACK):
        with pytest.raises(Forbidden):
            step(office, actor, corrections.answer, made.id, "x")
    with pytest.raises(Invalid):
        step(office, OURS, corrections.answer, made.id, " ")
    with pytest.raises(Invalid):
        step(office, OURS, corrections.contact, made.id, channel="pigeon", reached=True)
    step(office, OURS, corrections.answer, made.id, "已补办。")
    for actor in (OURS, OPERATOR, business(other.number)):
        with pytest.raises(Forbidden):
            again(office, made, actor)
    with pytest.raises(Invalid):
        again(office, made, grade=None)


def test_nobody_is_rung_up_who_gave_no_name(office: Office) -> None:
    made = file(office, anonymous=True, contact_phone=None, company_name=None).ticket
    answered(office, made.id)
    rate(office, made.id, solved=True, grade=5)
    assert "correction" in running(office, made)
    assert "correction_contact" not in running(office, made)
