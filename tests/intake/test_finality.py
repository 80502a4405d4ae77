"""The final reply: by the office, on a coded ground; joined requests hear it too."""

import pytest
from sqlmodel import Session

from core.desk import Office
from core.errors import Forbidden, Invalid, TransitionRefused
from core.events import TicketFinalised
from core.tables import Words
from intake import finality, merging
from tests.cast import APPROVAL, DISPATCHER, SUPERVISOR, unit
from tests.makers import (
    answered,
    clocks,
    facts,
    file,
    lead,
    orders,
    reply,
    sign,
    step,
    ticket,
    whole,
)


def finalise(office: Office, ticket_id, actor=SUPERVISOR, **changed: str) -> None:
    said = {"ground": "settled", "text": "已依法办结，同一事实不再受理。"} | changed
    step(office, actor, finality.finalise, ticket_id, **said)


def test_the_office_ends_a_case_with_a_ground_and_words(office: Office) -> None:
    made = file(office).ticket
    sign(office, lead(office, made.id))
    reply(office, lead(office, made.id))
    finalise(office, made.id)
    now = ticket(office, made.id)
    assert now.status == "final"
    assert now.closed_at is not None
    assert [order.status for order in orders(office, made.id)] == ["done"]
    assert all(clock.stopped_at for clock in clocks(office, made.id))
    [said] = facts(office, made.id, TicketFinalised)
    assert said.ground == "settled"
    assert whole(office)


def test_nobody_else_ends_it_and_not_without_ground_or_words(office: Office) -> None:
    made = file(office).ticket
    for actor in (DISPATCHER, unit(APPROVAL)):
        with pytest.raises(Forbidden):
            finalise(office, made.id, actor)
    for changed in ({"ground": "RJ99"}, {"text": " "}):
        with pytest.raises(Invalid):
            finalise(office, made.id, **changed)
    assert ticket(office, made.id).status == "in_handling"


def test_what_was_sent_to_the_complainant_is_not_ended_over_his_head(office: Office) -> None:
    made = file(office).ticket
    answered(office, made.id)
    with pytest.raises(TransitionRefused):
        finalise(office, made.id)


def test_who_was_joined_gets_the_final_reply_as_his_own(office: Office) -> None:
    parent, child = file(office).ticket, file(office, contact_phone="13800000002").ticket
    step(office, DISPATCHER, merging.merge, child.id, parent.id)
    finalise(office, parent.id)
    assert merging.settle(office) == 1
    assert merging.settle(office) == 0
    now = ticket(office, child.id)
    assert (now.status, now.parent) == ("final", parent.number)
    [said] = facts(office, child.id, TicketFinalised)
    with Session(office.engine) as session:
        own = session.get_one(Words, said.reply)
    assert (own.ticket_id, own.body, said.ground) == (
        child.id,
        "已依法办结，同一事实不再受理。",
        "settled",
    )
    assert whole(office)
