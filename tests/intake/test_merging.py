"""One matter, many complainants: joined, told alike, each with a reply and a rating of its own."""

import pytest
from sqlmodel import Session

from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, TransitionRefused
from core.events import OrderCancelled, ReplyApproved, TicketUnmerged
from core.permissions import business
from core.tables import Words
from intake import closing, merging, service
from intake.service import Filed
from tests.cast import APPROVAL, CALLBACK, DISPATCHER, LABOUR, OPERATOR, unit
from tests.makers import answered, clocks, facts, file, kinds, lead, rate, step, ticket, whole


def joined(office: Office, *phones: str) -> tuple[Filed, list[Filed]]:
    """A parent, and a child for each telephone."""
    parent = file(office)
    made = [file(office, contact_phone=phone) for phone in phones]
    for child in made:
        step(office, DISPATCHER, merging.merge, child.ticket.id, parent.ticket.id)
    return parent, made


def test_a_joined_request_leaves_its_unit_and_its_promises_to_the_parent(office: Office) -> None:
    parent, [child] = joined(office, "13800000002")
    made = ticket(office, child.ticket.id)
    assert (made.status, made.parent, made.lead) == ("merged", parent.ticket.number, None)
    assert len(facts(office, made.id, OrderCancelled)) == 1
    assert all(clock.stopped_at for clock in clocks(office, made.id))
    assert ticket(office, parent.ticket.id).status == "in_handling"
    assert whole(office)


def test_heads_are_counted_once_each(office: Office) -> None:
    parent, _ = joined(office, "13800000001", "13800000002", "13800000002", "13800000003")
    with Session(office.engine) as session:
        assert merging.heads(session, ticket(office, parent.ticket.id)) == 3
        assert len(merging.children(session, DISPATCHER, parent.ticket)) == 4
        assert not merging.children(session, unit(LABOUR), parent.ticket)


def test_each_child_gets_its_own_reply_once_and_its_own_rating(office: Office) -> None:
    parent, made = joined(office, "13800000002", "13800000003")
    assert merging.settle(office) == 0
    answered(office, parent.ticket.id)
    assert merging.settle(office) == 2
    assert merging.settle(office) == 0
    for child in made:
        now = ticket(office, child.ticket.id)
        assert (now.status, now.closed_at) == ("callback", None)
        [sent] = facts(office, now.id, ReplyApproved)
        with Session(office.engine) as session:
            own = session.get_one(Words, sent.reply)
        assert (own.ticket_id, own.body) == (now.id, "已办结，请查收。")
        [running] = [clock for clock in clocks(office, now.id, "callback") if not clock.stopped_at]
        assert running.due_at is not None
    rate(office, made[0].ticket.id, solved=True, grade=1)
    # nothing to do again on its own: it is closed as the complainant says it is
    rate(office, made[1].ticket.id, solved=False, grade=5)
    results = [ticket(office, child.ticket.id).result for child in made]
    assert results == ["solved", "unsolved"]
    assert ticket(office, parent.ticket.id).status == "callback"
    assert whole(office)


def test_a_child_of_a_parent_taken_back_goes_its_own_way(office: Office) -> None:
    parent, [child] = joined(office, "13800000002")
    step(office, business(parent.ticket.number), service.withdraw, parent.ticket.id)
    assert merging.settle(office) == 1
    now = ticket(office, child.ticket.id)
    assert (now.status, now.parent, now.lead) == ("in_handling", None, APPROVAL)
    assert facts(office, now.id, TicketUnmerged)[0].reason == "parent_ended"
    answered(office, now.id)
    rate(office, now.id, solved=True, grade=1)
    assert whole(office)


def test_joining_is_undone_while_the_parent_is_open_and_not_after(office: Office) -> None:
    parent, [one, two] = joined(office, "13800000002", "13800000003")
    step(office, OPERATOR, merging.unmerge, one.ticket.id)
    assert lead(office, one.ticket.id).status == "pending_sign"
    answered(office, parent.ticket.id)
    rate(office, parent.ticket.id, solved=True, grade=1)
    with pytest.raises(Conflict, match="主件已经办结"):
        step(office, DISPATCHER, merging.unmerge, two.ticket.id)
    with pytest.raises(Conflict):
        step(office, DISPATCHER, merging.unmerge, one.ticket.id)
    assert kinds(office, one.ticket.id).count("ticket.unmerged") == 1


def test_what_cannot_be_joined_is_refused_and_stays_as_it_was(office: Office) -> None:
    parent, [child] = joined(office, "13800000002")
    other = file(office, contact_phone="13800000004")
    merge = merging.merge
    with pytest.raises(Invalid):
        step(office, DISPATCHER, merge, other.ticket.id, other.ticket.id)
    with pytest.raises(Conflict):  # children of children are nobody's to follow
        step(office, DISPATCHER, merge, parent.ticket.id, other.ticket.id)
    with pytest.raises(Conflict):
        step(office, DISPATCHER, merge, other.ticket.id, child.ticket.id)
    with pytest.raises(TransitionRefused):
        step(office, DISPATCHER, merge, child.ticket.id, other.ticket.id)
    for stranger in (unit(APPROVAL), CALLBACK, business(other.ticket.number)):
        with pytest.raises(Forbidden):
            step(office, stranger, merge, other.ticket.id, parent.ticket.id)
    assert ticket(office, other.ticket.id).status == "in_handling"


def test_nobody_is_joined_to_a_case_of_the_unit_he_complains_of(office: Office) -> None:
    parent = file(office)
    accusing = file(office, respondent=APPROVAL, contact_phone="13800000005")
    with pytest.raises(Conflict) as refused:
        step(office, DISPATCHER, merging.merge, accusing.ticket.id, parent.ticket.id)
    assert refused.value.code == "respondent_is_handler"


def test_a_child_may_be_rated_by_the_call_back_desk_too(office: Office) -> None:
    parent, [child] = joined(office, "13800000002")
    answered(office, parent.ticket.id)
    merging.settle(office)
    answer = closing.answer_callback
    step(office, CALLBACK, answer, child.ticket.id, contacted=True, solved=True, grade=2)
    assert ticket(office, child.ticket.id).status == "closed"
