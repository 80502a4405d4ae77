"""Passing on: a coded ground, a known body, two persons; only an emergency goes at once."""

import pytest

from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid
from core.events import TicketReferred
from intake import referral
from tests.cast import APPROVAL, DISCIPLINE_BODY, DISPATCHER, DISPATCHER2, OPERATOR, unit
from tests.makers import clocks, facts, file, kinds, step, ticket, whole
from tests.web.test_cooperation import form

UNCLEAR = "有人在网上说我们公司的坏话，不知道找谁。"


def waiting_ticket(office: Office):
    made = file(office, category=None, content=UNCLEAR).ticket
    assert ticket(office, made.id).status == "submitted"
    return made.id


def propose(office: Office, ticket_id, actor=OPERATOR, **changed: str) -> None:
    asked = {"ground": "RJ02", "target": DISCIPLINE_BODY, "reason": "应由其处理"} | changed
    step(office, actor, referral.propose, ticket_id, **asked)


def test_one_proposes_and_another_passes_it_on(office: Office) -> None:
    made = waiting_ticket(office)
    propose(office, made, DISPATCHER)
    with pytest.raises(Forbidden):
        step(office, DISPATCHER, referral.rule, made, agree=True)
    assert ticket(office, made).status == "submitted"
    step(office, DISPATCHER2, referral.rule, made, agree=True)
    assert ticket(office, made).status == "referred"
    [sent] = facts(office, made, TicketReferred)
    assert (sent.ground, sent.target) == ("RJ02", DISCIPLINE_BODY)
    assert all(clock.stopped_at for clock in clocks(office, made))
    assert whole(office)


def test_what_the_second_person_declines_may_be_proposed_again_but_not_twice_at_once(
    office: Office,
) -> None:
    made = waiting_ticket(office)
    propose(office, made)
    with pytest.raises(Conflict):
        propose(office, made)
    step(office, DISPATCHER, referral.rule, made, agree=False)
    with pytest.raises(Conflict):
        step(office, DISPATCHER, referral.rule, made, agree=True)
    propose(office, made)
    assert kinds(office, made).count("ticket.referral_proposed") == 2


def test_an_emergency_goes_at_once(office: Office) -> None:
    made = waiting_ticket(office)
    propose(office, made, ground="RJ01")
    assert ticket(office, made).status == "referred"


@pytest.mark.parametrize(
    ("field", "value"), [("ground", "RJ99"), ("target", "nobody"), ("reason", " ")]
)
def test_without_ground_body_or_reason_nothing_is_passed_on(
    office: Office, field: str, value: str
) -> None:
    made = waiting_ticket(office)
    with pytest.raises(Invalid):
        propose(office, made, **{field: value})
    assert "ticket.referral_proposed" not in kinds(office, made)


def test_a_unit_passes_nothing_on_and_an_operator_does_not_decide(office: Office) -> None:
    made = waiting_ticket(office)
    with pytest.raises(Forbidden):
        propose(office, made, unit(APPROVAL))
    propose(office, made)
    with pytest.raises(Forbidden):
        step(office, OPERATOR, referral.rule, made, agree=True)


def test_the_page_offers_it_and_the_second_person_decides_there(staff, office: Office) -> None:
    made = waiting_ticket(office)
    number = ticket(office, made).number
    one, two = staff("dispatcher"), staff("dispatcher2")
    asked = {"referral": "RJ02", "target": DISCIPLINE_BODY, "why": "应由其处理"}
    assert form(one, f"/tickets/{number}/refer", **asked | {"why": " "}) == 409
    assert form(one, f"/tickets/{number}/refer", **asked) == 303
    assert "agree-referral" not in one.get(f"/tickets/{number}").text
    assert "agree-referral" in two.get(f"/tickets/{number}").text
    assert form(one, f"/tickets/{number}/referral", agree="yes") == 409
    assert form(two, f"/tickets/{number}/referral", agree="yes") == 303
    assert "已转送" in two.get(f"/tickets/{number}").text
