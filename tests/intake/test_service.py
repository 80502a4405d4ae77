"""Taking requests in: filed once and whole, refused in words, ended only by who may end them."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

import intake.callbacks
import intake.closing
import intake.service
import routing.service
from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, NotFound, TransitionRefused
from core.events import (
    CallbackAnswered,
    OrderCancelled,
    RedoOrdered,
    TicketRejected,
    TicketRouted,
    TriageNeeded,
)
from core.ids import is_ticket_number
from core.permissions import VISITOR, Actor, Role, business
from core.tables import Contact, OutboxRow, Ticket
from intake import contacts
from intake.closing import REOPEN_WINDOW
from intake.files import File
from intake.queries import tickets as visible_tickets
from intake.service import ReceiptKey, query_code
from intake.tables import Attachment, CategoryRow, Receipt
from sla.tables import ClockRow
from tests.cast import (
    APPROVAL,
    CALLBACK,
    DISPATCHER,
    DISPATCHER2,
    OPERATOR,
    SUPERVISOR,
    staff,
    unit,
)
from tests.makers import (
    answered,
    clocks,
    count,
    entries,
    facts,
    file,
    kinds,
    lead,
    orders,
    rate,
    reply,
    sign,
    step,
    ticket,
    together,
    whole,
)

EMERGENCY = "隔壁厂房着火了，还有人被困，请马上来。"


def seen_by(office: Office, actor: Actor) -> set[str]:
    with Session(office.engine) as session:
        return {row.number for row in visible_tickets(session, actor)}


# --- filing ---------------------------------------------------------------------------------


def test_a_stuck_start_up_is_routed_promised_and_explained(office: Office, clock) -> None:
    filed = file(office)
    made = ticket(office, filed.ticket.id)
    assert is_ticket_number(made.number)
    assert (made.task, made.lead, made.status) == (1, APPROVAL, "in_handling")
    # Wednesday 18 November; seven working days end on Friday the 27th at close of business
    assert made.due_at == clock.set(2026, 11, 27, 17, 0)
    [routed] = facts(office, made.id, TicketRouted)
    assert (routed.rule, routed.book, routed.plan) == (
        "c-qykb",
        "weibin-2023-2023.1",
        "weibin-2023",
    )
    assert routed.trace[-1] == {"rule": "c-qykb", "failed": ""}
    assert all(tried["failed"] for tried in routed.trace[:-1])
    [order] = orders(office, made.id)
    assert (order.department, order.part, order.status) == (APPROVAL, "lead", "pending_sign")
    assert order.due_at == made.due_at
    assert kinds(office, made.id)[0] == "ticket.received"
    assert whole(office)


def test_the_filer_alone_learns_the_query_code(office: Office) -> None:
    filed = file(office)
    assert len(filed.query_code) == 8
    assert filed.query_code.encode() not in bytes(filed.ticket.query_code)
    with Session(office.engine) as session:
        typed = f" {filed.ticket.number[:6]}-{filed.ticket.number[6:].lower()} "
        found = intake.service.owned(
            session, office.keys, typed, f" {filed.query_code[:4]} {filed.query_code[4:]}"
        )
        assert found.id == filed.ticket.id
        for number, code in (
            (filed.ticket.number, "00000000" if filed.query_code != "00000000" else "1"),
            (filed.ticket.number, ""),
            (filed.ticket.number, "１２３"),
            ("610302202611181W000000X", filed.query_code),
        ):
            with pytest.raises(NotFound):
                intake.service.owned(session, office.keys, number, code)


def test_the_contact_is_sealed_and_opens_only_with_the_keys(office: Office) -> None:
    filed = file(office, contact_name="某经理", contact_email="a@firm.example")
    with Session(office.engine) as session:
        contact = session.get_one(Contact, filed.ticket.id)
        assert b"13800000001" not in bytes(contact.phone or b"")
        assert contact.phone_tail == "0001"
        said = contacts.opened(office.keys, contact)
        assert (said.name, said.phone) == ("某经理", "13800000001")


def test_no_entry_carries_words_names_or_numbers_of_the_filer(office: Office) -> None:
    filed = file(office, contact_name="某经理")
    stored = "".join(str(entry.facts) for entry in entries(office, filed.ticket.id))
    for private in ("某经理", "13800000001", "石鼓新材料", "卡了两周"):
        assert private not in stored


def test_files_come_with_their_ticket_or_not_at_all(office: Office) -> None:
    filed = file(office, attachments=(File("证明.pdf", "application/pdf", b"%PDF-1.7 x"),))
    with Session(office.engine) as session:
        [row] = session.exec(select(Attachment)).all()
    assert (row.ticket_id, row.name, row.size) == (filed.ticket.id, "证明.pdf", 10)


@pytest.mark.parametrize("category", ["nothere", "qykb "])
def test_an_unknown_category_is_refused_and_nothing_is_stored(
    office: Office, category: str
) -> None:
    with pytest.raises(Invalid) as refused:
        file(office, category=category, receipt=ReceiptKey("ip", "k"))
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [
        ("category", "unknown")
    ]
    for table in (Ticket, Contact, Receipt, OutboxRow, ClockRow):
        assert count(office, table) == 0


def test_a_closed_category_is_refused(office: Office) -> None:
    with Session(office.engine) as session, session.begin():
        session.get_one(CategoryRow, "qykb").open = False
    with pytest.raises(Invalid):
        file(office)
    assert count(office, Ticket) == 0


def test_filing_without_a_category_asks_a_person(office: Office) -> None:
    made = file(office, category=None).ticket
    assert facts(office, made.id, TriageNeeded)
    assert orders(office, made.id) == []
    assert whole(office)


def test_only_who_may_file_files(office: Office) -> None:
    with pytest.raises(Forbidden):
        file(office, actor=unit(APPROVAL))
    assert count(office, Ticket) == 0


# --- the same call again ----------------------------------------------------------------


def test_the_same_key_and_body_answer_the_same_ticket(office: Office, clock) -> None:
    key = ReceiptKey("client:a", "k1")
    first = file(office, receipt=key)
    clock.move(hours=5)
    again = file(office, receipt=key)
    assert (again.ticket.id, again.query_code) == (first.ticket.id, first.query_code)
    assert (first.repeated, again.repeated) == (False, True)
    assert count(office, Ticket) == 1
    assert whole(office)


def test_the_same_key_with_another_body_is_a_conflict(office: Office) -> None:
    key = ReceiptKey("client:a", "k1")
    file(office, receipt=key)
    for change in (
        {"content": "另一件事，与上次不同。"},
        {"contact_phone": "13800000002"},
        {"attachments": (File("a.txt", "text/plain", b"x"),)},
    ):
        with pytest.raises(Conflict) as refused:
            file(office, receipt=key, **change)
        assert refused.value.code == "idempotency_key_reused"
    assert count(office, Ticket) == 1


def test_another_callers_same_key_is_another_request(office: Office) -> None:
    ids = {file(office, receipt=ReceiptKey(who, "k1")).ticket.id for who in ("a", "b")}
    assert len(ids) == 2


def test_eight_duplicates_at_once_make_one_ticket(office: Office) -> None:
    key = ReceiptKey("client:a", "k1")
    results = together(8, lambda _: file(office, receipt=key))
    assert {(filed.ticket.id, filed.query_code) for filed in results} == {
        (results[0].ticket.id, results[0].query_code)
    }
    assert sum(not filed.repeated for filed in results) == 1
    assert [count(office, table) for table in (Ticket, Contact, Receipt)] == [1, 1, 1]
    assert whole(office)


def test_eight_different_requests_at_once_have_eight_numbers(office: Office) -> None:
    results = together(8, lambda place: file(office, receipt=ReceiptKey("a", f"k{place}")))
    assert len({filed.ticket.number for filed in results}) == 8
    assert whole(office)


def test_a_key_whose_first_call_failed_is_free(office: Office) -> None:
    key = ReceiptKey("client:a", "k1")
    with pytest.raises(Invalid):
        file(office, receipt=key, category="nothere")
    assert not file(office, receipt=key).repeated


# --- asking, answering, refusing, withdrawing -------------------------------------------


def waiting(office: Office) -> Ticket:
    """A ticket that waits for a person."""
    made = file(office, content=EMERGENCY).ticket
    assert ticket(office, made.id).status == "submitted"
    return made


def test_what_is_missing_is_asked_once_and_the_answer_is_routed(office: Office) -> None:
    made = file(office, category=None).ticket
    step(office, OPERATOR, intake.service.ask_info, made.id, "请补充事项类别")
    assert ticket(office, made.id).status == "need_info"
    step(office, business(made.number), intake.service.supply_info, made.id, "是设立登记")
    assert ticket(office, made.id).status == "submitted"
    with pytest.raises(Conflict) as refused:
        step(office, OPERATOR, intake.service.ask_info, made.id, "还要补充")
    assert refused.value.code == "asked_before"
    assert whole(office)


def test_nobody_supplies_what_another_was_asked(office: Office) -> None:
    made = file(office, category=None).ticket
    step(office, OPERATOR, intake.service.ask_info, made.id, "请补充事项类别")
    other = file(office).ticket
    for actor in (business(other.number), staff("watcher", Role.WATCHER)):
        with pytest.raises(Forbidden):
            step(office, actor, intake.service.supply_info, made.id, "冒充")
    assert ticket(office, made.id).status == "need_info"


def test_an_inquiry_answered_at_once_is_rated_and_closed(office: Office) -> None:
    made = waiting(office)
    step(office, OPERATOR, intake.service.answer, made.id, "已电话告知，请拨打119。")
    assert orders(office, made.id) == []
    rate(office, made.id, solved=False, grade=5)
    # there is no order to send back: it closes as it was rated
    assert (ticket(office, made.id).status, ticket(office, made.id).result) == (
        "closed",
        "unsolved",
    )
    assert whole(office)


def test_a_refusal_needs_two_persons(office: Office) -> None:
    made = waiting(office)
    propose, decide = intake.service.propose_refusal, intake.service.rule_on_refusal
    with pytest.raises(Conflict):
        step(office, DISPATCHER, decide, made.id, agree=True)
    step(office, DISPATCHER, propose, made.id, "RJ02", "已在诉讼中")
    with pytest.raises(Forbidden) as refused:
        step(office, DISPATCHER, decide, made.id, agree=True)
    assert refused.value.code == "same_person"
    with pytest.raises(Forbidden):
        step(office, OPERATOR, decide, made.id, agree=True)
    assert ticket(office, made.id).status == "submitted"
    step(office, DISPATCHER2, decide, made.id, agree=True)
    assert ticket(office, made.id).status == "rejected"
    [fact] = facts(office, made.id, TicketRejected)
    assert (fact.ground, fact.proposed_by) == ("RJ02", DISPATCHER.tag)
    assert all(clock.stopped_at for clock in clocks(office, made.id))
    assert whole(office)


def test_a_declined_refusal_is_spent(office: Office) -> None:
    made = waiting(office)
    step(office, OPERATOR, intake.service.propose_refusal, made.id, "RJ02", "已在诉讼中")
    step(office, DISPATCHER, intake.service.rule_on_refusal, made.id, agree=False)
    with pytest.raises(Conflict):
        step(office, DISPATCHER2, intake.service.rule_on_refusal, made.id, agree=True)
    assert ticket(office, made.id).status == "submitted"
    assert whole(office)


def test_withdrawing_cancels_orders_and_clocks(office: Office) -> None:
    made = file(office).ticket
    sign(office, lead(office, made.id))
    step(office, business(made.number), intake.service.withdraw, made.id)
    after = ticket(office, made.id)
    assert (after.status, after.closed_at) == ("withdrawn", office.now())
    assert [order.status for order in orders(office, made.id)] == ["cancelled"]
    assert len(facts(office, made.id, OrderCancelled)) == 1
    assert {c.state for c in clocks(office, made.id)} <= {"met", "cancelled"}
    assert all(c.stopped_at and c.next_action_at is None for c in clocks(office, made.id))
    assert whole(office)


def test_nobody_withdraws_another_ones_request(office: Office) -> None:
    mine, other = file(office).ticket, file(office).ticket
    watcher = staff("watcher", Role.WATCHER)
    for actor in (business(other.number), VISITOR, OPERATOR, unit(APPROVAL), watcher):
        with pytest.raises(Forbidden):
            step(office, actor, intake.service.withdraw, mine.id)
    assert ticket(office, mine.id).status == "in_handling"


def test_what_was_withdrawn_cannot_be_handled_on(office: Office) -> None:
    made = file(office).ticket
    order = lead(office, made.id)
    step(office, business(made.number), intake.service.withdraw, made.id)
    before = len(entries(office, made.id))
    with pytest.raises(TransitionRefused):
        sign(office, order)
    assert len(entries(office, made.id)) == before


# --- the complainant's answers ----------------------------------------------------------


def test_solved_and_rated_closes_with_everything_ended(office: Office) -> None:
    made = file(office).ticket
    answered(office, made.id)
    rate(office, made.id, solved=True, grade=1)
    after = ticket(office, made.id)
    assert (after.status, after.result, after.solved, after.grade) == ("closed", "solved", True, 1)
    assert [order.status for order in orders(office, made.id)] == ["done"]
    assert all(c.stopped_at for c in clocks(office, made.id))
    assert whole(office)


def test_not_solved_goes_back_twice_and_then_closes_as_unsolved(office: Office) -> None:
    made = file(office).ticket
    for round_ in (1, 2):
        answered(office, made.id)
        rate(office, made.id, solved=False, grade=5)
        after = ticket(office, made.id)
        assert (after.status, after.redos) == ("in_handling", round_)
        assert lead(office, made.id).status == "handling"
        running = {c.metric for c in clocks(office, made.id) if not c.stopped_at}
        # a bad rating is to be put right; the second time round a supervision order goes with it
        more = {"supervision_reply"} if round_ == 2 else set()
        assert running == {"redo", "correction", "correction_contact"} | more
        assert after.due_at == clocks(office, made.id, "redo")[-1].due_at
    answered(office, made.id)
    rate(office, made.id, solved=False, grade=5)
    after = ticket(office, made.id)
    assert (after.status, after.result, after.redos) == ("closed", "unsolved", 2)
    assert [fact.count for fact in facts(office, made.id, RedoOrdered)] == [1, 2]
    assert [fact.verdict for fact in facts(office, made.id, CallbackAnswered)] == [
        "redo",
        "redo",
        "close",
    ]
    assert whole(office)


def test_a_handler_never_sets_the_complainants_answers(office: Office) -> None:
    made = file(office).ticket
    answered(office, made.id)
    for actor in (unit(APPROVAL), DISPATCHER, OPERATOR, SUPERVISOR, VISITOR):
        with pytest.raises(Forbidden):
            step(
                office, actor, intake.closing.answer_callback, made.id,
                contacted=True, solved=True, grade=1,
            )  # fmt: skip
    other = business(file(office).ticket.number)
    with pytest.raises(Forbidden):
        step(
            office, other, intake.closing.answer_callback, made.id,
            contacted=True, solved=True, grade=1,
        )  # fmt: skip
    assert facts(office, made.id, CallbackAnswered) == []


def test_the_callback_desk_writes_down_what_it_was_told_and_that_it_tried(office: Office) -> None:
    made = file(office).ticket
    answered(office, made.id)
    step(
        office, CALLBACK, intake.callbacks.attempt, made.id,
        channel="phone", result="no_answer", quiet=None,
    )  # fmt: skip
    step(
        office, CALLBACK, intake.closing.answer_callback, made.id,
        contacted=True, solved=True, grade=2, comment="电话回访",
    )  # fmt: skip
    [fact] = facts(office, made.id, CallbackAnswered)
    assert (fact.by, fact.grade) == ("staff", 2)
    assert fact.comment is not None
    assert ticket(office, made.id).result == "solved"
    assert whole(office)


@pytest.mark.parametrize(("solved", "grade"), [(None, None), (True, 0), (True, 6), (None, -1)])
def test_an_empty_or_impossible_answer_is_refused(
    office: Office, solved: bool | None, grade: int | None
) -> None:
    made = file(office).ticket
    answered(office, made.id)
    with pytest.raises(Invalid):
        rate(office, made.id, solved=solved, grade=grade)
    assert ticket(office, made.id).status == "callback"


def test_nothing_is_rated_before_it_was_answered(office: Office) -> None:
    made = file(office).ticket
    with pytest.raises(TransitionRefused):
        rate(office, made.id, solved=True, grade=1)
    assert facts(office, made.id, CallbackAnswered) == []


def reopen(office: Office, actor: Actor, made: Ticket, reason: str = "又出现同样的问题") -> None:
    order = orders(office, made.id)[0]
    step(
        office, actor, intake.closing.reopen, made.id,
        order=order.id, department=order.department, reason=reason,
    )  # fmt: skip


def closed(office: Office) -> Ticket:
    made = file(office).ticket
    answered(office, made.id)
    rate(office, made.id, solved=True, grade=1)
    return made


def test_a_closed_request_opens_again_until_the_last_instant_of_the_window(
    office: Office, clock
) -> None:
    made = closed(office)
    clock.at += REOPEN_WINDOW
    reopen(office, business(made.number), made)
    after = ticket(office, made.id)
    assert (after.status, after.closed_at, after.result) == ("in_handling", None, None)
    assert [order.status for order in orders(office, made.id)] == ["handling"]
    assert [c.metric for c in clocks(office, made.id) if not c.stopped_at] == ["redo"]
    reply(office, lead(office, made.id))
    assert ticket(office, made.id).status == "reply_review"
    assert whole(office)


def test_after_the_window_it_stays_closed(office: Office, clock) -> None:
    made = closed(office)
    clock.at += REOPEN_WINDOW + timedelta(microseconds=1)
    with pytest.raises(TransitionRefused) as refused:
        reopen(office, business(made.number), made)
    assert refused.value.code == "window_passed"
    assert ticket(office, made.id).status == "closed"


def test_reopening_asks_for_a_reason_and_for_the_right_person(office: Office) -> None:
    made = closed(office)
    with pytest.raises(Invalid):
        reopen(office, business(made.number), made, reason=" ")
    for actor in (VISITOR, unit(APPROVAL), OPERATOR, business(file(office).ticket.number)):
        with pytest.raises(Forbidden):
            reopen(office, actor, made)
    assert ticket(office, made.id).status == "closed"


def test_a_request_is_not_reopened_on_another_ones_order(office: Office) -> None:
    made, other = closed(office), closed(office)
    order = orders(office, other.id)[0]
    with pytest.raises(NotFound):
        step(
            office, business(made.number), intake.closing.reopen, made.id,
            order=order.id, department=order.department, reason="又出现同样的问题",
        )  # fmt: skip
    assert [ticket(office, each.id).status for each in (made, other)] == ["closed", "closed"]
    assert whole(office)


def test_an_open_request_cannot_be_reopened(office: Office) -> None:
    made = file(office).ticket
    with pytest.raises(TransitionRefused):
        reopen(office, business(made.number), made)


def test_a_reopened_and_twice_redone_case_is_not_sent_back_a_third_time(office: Office) -> None:
    made = file(office).ticket
    for _ in range(3):
        answered(office, made.id)
        rate(office, made.id, solved=False, grade=5)
    reopen(office, business(made.number), made)
    reply(office, lead(office, made.id))
    step(office, DISPATCHER, routing.service.review, made.id, approve=True)
    rate(office, made.id, solved=False, grade=5)
    assert ticket(office, made.id).status == "closed"
    assert whole(office)


# --- who reads it -----------------------------------------------------------------------


def test_a_filed_ticket_is_read_by_its_unit_and_not_by_others(office: Office) -> None:
    made = file(office).ticket
    assert seen_by(office, unit(APPROVAL)) == {made.number}
    assert seen_by(office, unit("rsj")) == set()
    assert seen_by(office, business(made.number)) == {made.number}
    assert seen_by(office, Actor("staff", "x", frozenset({Role.SYSADMIN}))) == set()


def test_the_query_code_survives_for_those_who_may_hand_it_out(office: Office) -> None:
    filed = file(office)
    assert query_code(office.keys, ticket(office, filed.ticket.id)) == filed.query_code
