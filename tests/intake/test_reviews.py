"""Review: asked once and in time, decided by somebody apart, and then it begins anew or stands."""

from datetime import timedelta

import pytest

import routing.service
from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, TransitionRefused
from core.permissions import Role, business
from intake import finality, reviews, service
from tests.cast import APPROVAL, DISPATCHER, DISPATCHER2, OPERATOR, SUPERVISOR, staff, unit
from tests.conftest import Clock
from tests.makers import clocks, file, kinds, lead, reply, sign, step, ticket, whole

UNCLEAR = "有人在网上说我们公司的坏话，不知道找谁。"
WINDOW = timedelta(days=15)


def refused(office: Office):
    made = file(office, category=None, content=UNCLEAR).ticket
    step(office, DISPATCHER, service.propose_refusal, made.id, "RJ04", "属于民事纠纷")
    step(office, DISPATCHER2, service.rule_on_refusal, made.id, agree=True)
    return made


def ask(office: Office, made, reason: str = "不是民事纠纷") -> None:
    step(office, business(made.number), reviews.ask, made.id, reason=reason, window=WINDOW)


def decide(office: Office, made, actor, *, overturn: bool, reason: str = "重新核实") -> None:
    step(office, actor, reviews.decide, made.id, overturn=overturn, reason=reason)


def running(office: Office, made, metric: str):
    return [clock for clock in clocks(office, made.id, metric) if clock.stopped_at is None]


def test_a_review_runs_by_its_own_clock_until_somebody_apart_decides(office: Office) -> None:
    made = refused(office)
    ask(office, made)
    [clock] = running(office, made, "refusal_review")
    assert clock.due_at is not None
    step(office, staff("passer-by", Role.DISPATCHER), routing.service.note, made.id, "已电话核实")
    assert running(office, made, "refusal_review")
    for actor in (DISPATCHER, DISPATCHER2):
        with pytest.raises(Forbidden) as error:
            decide(office, made, actor, overturn=True)
        assert error.value.code == "took_part"
    decide(office, made, SUPERVISOR, overturn=False)
    now = ticket(office, made.id)
    assert (now.status, running(office, made, "refusal_review")) == ("rejected", [])
    with pytest.raises(Conflict):
        decide(office, made, SUPERVISOR, overturn=True)
    with pytest.raises(Conflict):
        ask(office, made)
    assert whole(office)


def test_an_overturned_refusal_begins_anew_and_its_old_proposal_is_over(
    office: Office, clock: Clock
) -> None:
    made = refused(office)
    ask(office, made)
    clock.move(days=7)
    decide(office, made, SUPERVISOR, overturn=True)
    now = ticket(office, made.id)
    assert (now.status, now.closed_at) == ("submitted", None)
    assert kinds(office, made.id)[-2:] != ["ticket.review_overturned"]
    assert "ticket.triage_needed" in kinds(office, made.id)
    [accept] = running(office, made, "accept")
    assert accept.started_at == clock.at
    with pytest.raises(Conflict):
        step(office, SUPERVISOR, service.rule_on_refusal, made.id, agree=True)
    assert whole(office)


def test_a_final_reply_is_reviewed_too_and_the_unit_gets_its_whole_time(
    office: Office, clock: Clock
) -> None:
    made = file(office).ticket
    sign(office, lead(office, made.id))
    reply(office, lead(office, made.id))
    text = {"ground": "settled", "text": "已依法办结。"}
    step(office, SUPERVISOR, finality.finalise, made.id, **text)
    clock.move(days=10)
    ask(office, made)
    with pytest.raises(Forbidden):
        decide(office, made, SUPERVISOR, overturn=True)
    decide(office, made, DISPATCHER, overturn=True)
    now = ticket(office, made.id)
    assert (now.status, now.lead) == ("in_handling", APPROVAL)
    [resolve] = running(office, made, "resolve")
    assert resolve.started_at == clock.at
    assert now.due_at == resolve.due_at
    assert whole(office)


def test_it_is_asked_in_time_by_the_owner_and_with_a_reason(office: Office, clock: Clock) -> None:
    made, other = refused(office), file(office, contact_phone="13800000002").ticket
    with pytest.raises(Invalid):
        ask(office, made, " ")
    for stranger in (OPERATOR, business(other.number)):
        with pytest.raises(Forbidden):
            step(office, stranger, reviews.ask, made.id, reason="x", window=WINDOW)
    with pytest.raises(TransitionRefused):  # nothing was decided on it
        ask(office, other)
    clock.move(days=15, seconds=1)
    with pytest.raises(TransitionRefused):
        ask(office, made)
    assert "ticket.review_asked" not in kinds(office, made.id)


def test_units_and_operators_decide_no_review(office: Office) -> None:
    made = refused(office)
    ask(office, made)
    for actor in (OPERATOR, unit(APPROVAL)):
        with pytest.raises(Forbidden):
            decide(office, made, actor, overturn=True)
    with pytest.raises(Invalid):
        decide(office, made, SUPERVISOR, overturn=True, reason=" ")
    third = staff("dispatcher3", Role.DISPATCHER)
    with office.desk(third) as desk:
        assert [row.id for row in reviews.undecided(desk.session, third)] == [made.id]
    decide(office, made, third, overturn=False)
    with office.desk(third) as desk:
        assert not reviews.undecided(desk.session, third)
