"""The tables of transitions: no dead ends by accident, no way back by accident."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TransitionRefused
from core.events import KINDS
from core.states import (
    ENDED,
    LEAD_STEPS,
    OPEN,
    ORDER_ENDED,
    ORDER_OPEN,
    ORDER_STEPS,
    TICKET_STEPS,
    OrderStatus,
    PublicStep,
    Status,
    advance,
    advance_order,
    public_step,
)

steps = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.booleans()), max_size=40)
order_kinds = st.lists(st.sampled_from(sorted(ORDER_STEPS)), max_size=30)
# what was joined follows its parent: it is told what the parent is told, or parts again
OUT_OF_THE_END = {
    ("closed", "ticket.reopened"),
    ("rejected", "ticket.review_overturned"),
    ("final", "ticket.review_overturned"),
    ("merged", "ticket.unmerged"),
    ("merged", "ticket.reply_approved"),
    ("merged", "ticket.answered"),
    ("merged", "ticket.finalised"),
}


def moves(status):
    """What can happen in a status: (kind, lead, next)."""
    for kind in KINDS:
        for lead in (False, True):
            try:
                yield kind, lead, advance(status, kind, lead=lead)
            except TransitionRefused:
                continue


def reached(start, following):
    found, waiting = {start}, [start]
    while waiting:
        for after in following(waiting.pop()) - found:
            found.add(after)
            waiting.append(after)
    return found


@given(steps)
def test_a_ticket_that_ended_stays_ended_unless_reopened_or_reviewed(path):
    status = Status.NEW
    for kind, lead in path:
        before = status
        try:
            status = advance(status, kind, lead=lead)
        except TransitionRefused:
            continue
        if before in ENDED:
            assert status in {before, Status.ARCHIVED} or (before, kind) in OUT_OF_THE_END
        if before is Status.ARCHIVED:
            assert status is Status.ARCHIVED


def test_every_way_out_of_an_end_is_archiving_reopening_a_review_or_following_a_parent():
    ways = {
        (status.value, kind)
        for status in ENDED
        for kind, _, after in moves(status)
        if after not in {status, Status.ARCHIVED}
    }
    assert ways == OUT_OF_THE_END


def test_every_status_is_reached_from_the_beginning():
    after = reached(Status.NEW, lambda status: {to for _, _, to in moves(status)})
    assert after == set(Status)


def test_every_open_ticket_can_still_end():
    for status in OPEN:
        assert reached(status, lambda s: {to for _, _, to in moves(s)}) & ENDED


def test_every_order_status_is_reached_and_every_open_order_can_end():
    def following(status):
        return {
            advance_order(status, kind)
            for kind, step in ORDER_STEPS.items()
            if status in step.sources
        }

    assert reached(OrderStatus.NEW, following) == set(OrderStatus)
    for status in ORDER_OPEN:
        assert reached(status, following) & ORDER_ENDED


@given(order_kinds)
def test_a_returned_or_cancelled_order_never_comes_back(kinds):
    status = OrderStatus.NEW
    for kind in kinds:
        before = status
        try:
            status = advance_order(status, kind)
        except TransitionRefused:
            continue
        assert before not in {OrderStatus.RETURNED, OrderStatus.CANCELLED}
        assert before is not OrderStatus.DONE or kind == "ticket.reopened"


def test_open_and_ended_divide_the_statuses():
    assert OPEN | ENDED | {Status.NEW} == set(Status)
    assert not OPEN & ENDED
    assert ORDER_OPEN | ORDER_ENDED | {OrderStatus.NEW} == set(OrderStatus)
    assert not ORDER_OPEN & ORDER_ENDED


def test_nothing_happens_to_a_ticket_before_it_is_received():
    assert {kind for kind, _, _ in moves(Status.NEW)} == {"ticket.received", "ticket.imported"}


def test_a_ticket_is_received_once():
    for status in set(Status) - {Status.NEW}:
        with pytest.raises(TransitionRefused):
            advance(status, "ticket.received")


def test_only_what_the_lead_did_moves_the_case():
    assert advance(Status.IN_HANDLING, "order.replied", lead=True) is Status.REPLY_REVIEW
    assert advance(Status.IN_HANDLING, "order.replied") is Status.IN_HANDLING
    assert advance(Status.IN_HANDLING, "order.returned", lead=True) is Status.ACCEPTED
    assert advance(Status.IN_HANDLING, "order.returned") is Status.IN_HANDLING


def test_a_remark_is_allowed_in_every_status_and_moves_nothing():
    for status in set(Status) - {Status.NEW}:
        assert advance(status, "ticket.noted") is status


def test_every_step_is_about_a_fact_that_exists():
    assert TICKET_STEPS.keys() | LEAD_STEPS.keys() | ORDER_STEPS.keys() <= KINDS.keys()


def test_every_status_has_a_public_step_signed_or_not():
    shown = {public_step(status, signed=s) for status in Status for s in (True, False)}
    assert shown == set(PublicStep)


def test_a_business_reads_that_the_unit_signed():
    assert public_step(Status.IN_HANDLING, signed=False) is PublicStep.DISPATCHED
    assert public_step(Status.IN_HANDLING, signed=True) is PublicStep.HANDLING


def test_every_ended_ticket_shows_as_closed_and_no_open_one_does():
    for signed in (True, False):
        for status in ENDED:
            assert public_step(status, signed=signed) is PublicStep.CLOSED
        for status in OPEN:
            assert public_step(status, signed=signed) is not PublicStep.CLOSED
