"""The department side on the whole house: dispatch, returns, co-handlers, conflicts, bad rules."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, select

import routing.service
from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, NotFound, TransitionRefused
from core.events import (
    ClockMoved,
    OrderIssued,
    RedoOrdered,
    TicketRouted,
    TriageNeeded,
)
from core.ids import row_id
from core.moments import local_day
from core.permissions import Actor, Role
from core.tables import Department, Ticket
from intake.queries import tickets as visible_tickets
from routing.data import district
from routing.service import Assignment
from routing.tables import RulebookRow, TaskRow, WorkOrder
from tests.cast import (
    APPROVAL,
    DISCIPLINE,
    DISPATCHER,
    GOVERNMENT,
    HOUSING,
    LABOUR,
    OPERATOR,
    OTTO,
    PARK,
    SUPERVISOR,
    handler,
    staff,
    unit,
)
from tests.makers import (
    answered,
    approve,
    clocks,
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

PARK_SITE = {"category": "gcsp", "place": "姜谭经开区", "content": "施工许可迟迟不批，影响开工。"}


def seen_by(office: Office, actor: Actor) -> set[str]:
    with Session(office.engine) as session:
        return {row.number for row in visible_tickets(session, actor)}


def shape(office: Office, made: Ticket) -> list[tuple[str, str, str]]:
    return [(order.department, order.part, order.status) for order in orders(office, made.id)]


# --- who it goes to -------------------------------------------------------------------------


def test_every_category_ends_with_one_open_lead_or_one_person(office: Office) -> None:
    for category in district().categories:
        made = file(office, category=category.code, content="请尽快处理这件事。").ticket
        leads = [order for order in orders(office, made.id) if order.part == "lead"]
        triage = facts(office, made.id, TriageNeeded)
        assert len(leads) + len(triage) == 1, category.code
    assert whole(office)


@pytest.mark.parametrize(
    ("values", "ground"),
    [
        ({"content": "隔壁厂房着火了，请马上来。"}, "RJ01"),
        ({"urgency": "critical"}, "RJ01"),
        ({"content": "这件事法院已立案，请协调。"}, "RJ02"),
        ({"content": "窗口人员索贿，不给就不办。"}, "RJ02J"),
        ({"content": "此事已经信访，没有结果。"}, "RJ03"),
        ({"category": "tqzk", "content": "对方公司欠我们货款三年。"}, "RJ04"),
        ({"place": "区外"}, "RJ10"),
        ({"category": None}, "NR"),
    ],
)
def test_what_no_rule_may_decide_waits_for_a_person(
    office: Office, values: dict, ground: str
) -> None:
    made = file(office, **values).ticket
    assert [fact.ground for fact in facts(office, made.id, TriageNeeded)] == [ground]
    assert orders(office, made.id) == []
    after = ticket(office, made.id)
    assert (after.status, after.lead) == ("submitted", None)
    assert [c.metric for c in clocks(office, made.id)] == ["accept"]
    assert whole(office)


def test_a_dispatcher_decides_what_waited(office: Office) -> None:
    made = file(office, category=None).ticket
    step(
        office, DISPATCHER, routing.service.dispatch, made.id,
        Assignment(LABOUR, (APPROVAL,), task=33), category="ldjc",
    )  # fmt: skip
    assert shape(office, made) == [
        (LABOUR, "lead", "pending_sign"),
        (APPROVAL, "co", "pending_sign"),
    ]
    after = ticket(office, made.id)
    assert (after.status, after.lead, after.category, after.task) == (
        "in_handling",
        LABOUR,
        "ldjc",
        33,
    )
    # the promise counts from receipt, however long the person took
    [resolve] = clocks(office, made.id, "resolve")
    assert resolve.started_at == after.received_at
    [routed] = facts(office, made.id, TicketRouted)
    assert (routed.by, routed.rule) == ("person", None)
    assert whole(office)


@pytest.mark.parametrize(
    ("assignment", "field"),
    [(Assignment("nowhere"), "lead"), (Assignment(LABOUR, ("nowhere",)), "co_handlers")],
)
def test_an_unknown_unit_is_refused(office: Office, assignment: Assignment, field: str) -> None:
    made = file(office, category=None).ticket
    with pytest.raises(Invalid) as refused:
        step(office, DISPATCHER, routing.service.dispatch, made.id, assignment, category=None)
    assert [fault.field for fault in refused.value.faults] == [field]
    assert (orders(office, made.id), ticket(office, made.id).status) == ([], "submitted")


def test_a_closed_unit_is_refused(office: Office) -> None:
    close(office, LABOUR)
    made = file(office, category=None).ticket
    with pytest.raises(Invalid):
        step(
            office, DISPATCHER, routing.service.dispatch, made.id,
            Assignment(LABOUR), category=None,
        )  # fmt: skip


def test_a_unit_takes_orders_until_the_day_it_is_closed(office: Office, clock) -> None:
    made = file(office, category=None).ticket
    call = (office, DISPATCHER, routing.service.dispatch, made.id, Assignment(LABOUR))
    with Session(office.engine) as session, session.begin():
        session.get_one(Department, LABOUR).valid_to = local_day(clock())
    with pytest.raises(Invalid):
        step(*call, category=None)
    with Session(office.engine) as session, session.begin():
        session.get_one(Department, LABOUR).valid_to = local_day(clock()) + timedelta(days=1)
    step(*call, category=None)
    assert ticket(office, made.id).lead == LABOUR


def test_only_dispatchers_dispatch(office: Office) -> None:
    made = file(office, category=None).ticket
    for actor in (OPERATOR, unit(LABOUR), DISCIPLINE):
        with pytest.raises(Forbidden):
            step(
                office, actor, routing.service.dispatch, made.id,
                Assignment(LABOUR), category=None,
            )  # fmt: skip
    assert orders(office, made.id) == []


def test_a_case_has_one_lead_even_when_eight_dispatch_at_once(office: Office) -> None:
    made = file(office, category=None).ticket

    def dispatch(_place: int) -> None:
        step(
            office, DISPATCHER, routing.service.dispatch, made.id,
            Assignment(LABOUR), category=None,
        )  # fmt: skip

    results = together(8, dispatch)
    assert results.count(None) == 1
    assert [order.part for order in orders(office, made.id)] == ["lead"]
    assert whole(office)


# --- conflict of interest ---------------------------------------------------------------


def test_a_complaint_about_the_lead_goes_to_the_government_office_and_is_sealed(
    office: Office,
) -> None:
    made = file(office, respondent=APPROVAL).ticket
    assert shape(office, made) == [(GOVERNMENT, "lead", "pending_sign")]
    after = ticket(office, made.id)
    assert after.confidential
    assert (after.lead, after.respondent) == (GOVERNMENT, APPROVAL)
    [routed] = facts(office, made.id, TicketRouted)
    assert routed.conflict
    assert seen_by(office, unit(APPROVAL)) == set()
    assert seen_by(office, OPERATOR) == set()
    assert made.number in seen_by(office, SUPERVISOR)
    assert whole(office)


def test_praise_of_the_lead_is_no_conflict(office: Office) -> None:
    made = file(office, request="praise", respondent=APPROVAL).ticket
    assert lead(office, made.id).department == APPROVAL
    assert not ticket(office, made.id).confidential
    assert seen_by(office, unit(APPROVAL)) == {made.number}
    other = file(office, request="inquiry", category=None, respondent=LABOUR).ticket
    step(
        office, DISPATCHER, routing.service.dispatch, other.id,
        Assignment(LABOUR), category=None,
    )  # fmt: skip
    assert seen_by(office, unit(LABOUR)) == {other.number}
    assert whole(office)


def test_the_accused_is_not_called_in_as_co_handler_by_a_rule(office: Office) -> None:
    # the rule of the development zone calls these two in beside the lead
    usual = file(office, **PARK_SITE).ticket
    assert {d for d, part, _ in shape(office, usual) if part == "co"} == {HOUSING, PARK}
    made = file(office, respondent=HOUSING, **PARK_SITE).ticket
    assert HOUSING not in {order.department for order in orders(office, made.id)}
    assert made.number not in seen_by(office, unit(HOUSING))
    assert whole(office)


def test_a_complaint_about_the_lead_calls_in_nobody_it_would_have_worked_with(
    office: Office,
) -> None:
    usual = file(office, **PARK_SITE).ticket
    accused = lead(office, usual.id).department
    made = file(office, respondent=accused, **PARK_SITE).ticket
    assert shape(office, made) == [(GOVERNMENT, "lead", "pending_sign")]
    assert whole(office)


def test_a_dispatcher_cannot_hand_a_complaint_to_the_accused(office: Office) -> None:
    made = file(office, category=None, respondent=APPROVAL).ticket
    for assignment in (Assignment(APPROVAL), Assignment(LABOUR, (APPROVAL,))):
        with pytest.raises(Conflict) as refused:
            step(office, DISPATCHER, routing.service.dispatch, made.id, assignment, category=None)
        assert refused.value.code == "respondent_is_handler"
    assert orders(office, made.id) == []


def test_nor_can_a_ruling_on_a_return(office: Office) -> None:
    made = file(office, respondent=APPROVAL).ticket
    ask_return(office, made)
    with pytest.raises(Conflict):
        uphold(office, made, APPROVAL)
    assert shape(office, made) == [(GOVERNMENT, "lead", "return_review")]


# --- signing and returning --------------------------------------------------------------


def ask_return(office: Office, made: Ticket, suggested: str | None = LABOUR) -> None:
    order = lead(office, made.id)
    step(
        office, unit(order.department), routing.service.ask_return, order.id,
        ground="not_ours", reason="不属于本单位职责", suggested=suggested,
    )  # fmt: skip


def uphold(office: Office, made: Ticket, new_lead: str | None) -> None:
    order = lead(office, made.id)
    step(office, DISPATCHER, routing.service.rule_on_return, order.id, new_lead=new_lead)


def test_an_upheld_return_moves_the_case_and_not_its_clock(office: Office, clock) -> None:
    made = file(office).ticket
    [before] = clocks(office, made.id, "resolve")
    clock.move(hours=1)
    ask_return(office, made)
    clock.move(hours=1)
    uphold(office, made, LABOUR)
    assert shape(office, made) == [
        (APPROVAL, "lead", "returned"),
        (LABOUR, "lead", "pending_sign"),
    ]
    [after] = clocks(office, made.id, "resolve")
    assert (after.id, after.due_at, after.started_at) == (
        before.id,
        before.due_at,
        before.started_at,
    )
    assert (after.department, after.order_id) == (LABOUR, lead(office, made.id).id)
    [moved] = facts(office, made.id, ClockMoved)
    assert moved.due == moved.before == before.due_at
    assert lead(office, made.id).due_at == ticket(office, made.id).due_at == before.due_at
    assert ticket(office, made.id).lead == LABOUR
    going = {(c.metric, c.department) for c in clocks(office, made.id) if not c.stopped_at}
    assert going == {("resolve", LABOUR), ("sign", LABOUR), ("first_contact", LABOUR)}
    assert whole(office)


def test_after_the_second_return_the_third_lead_is_bound(office: Office) -> None:
    made = file(office).ticket
    ask_return(office, made)
    uphold(office, made, LABOUR)
    assert not lead(office, made.id).binding
    ask_return(office, made, suggested=None)
    uphold(office, made, HOUSING)
    assert lead(office, made.id).binding
    assert [fact.binding for fact in facts(office, made.id, OrderIssued)] == [False, False, True]
    with pytest.raises(Conflict) as refused:
        ask_return(office, made)
    assert refused.value.code == "binding"
    assert ticket(office, made.id).lead == HOUSING
    assert whole(office)


def test_a_refused_return_binds(office: Office) -> None:
    made = file(office).ticket
    ask_return(office, made)
    uphold(office, made, None)
    order = lead(office, made.id)
    assert (order.department, order.status, order.binding) == (APPROVAL, "pending_sign", True)
    assert [c.metric for c in clocks(office, made.id) if not c.stopped_at].count("sign") == 1
    with pytest.raises(Conflict):
        ask_return(office, made)
    sign(office, order)
    assert whole(office)


def test_what_was_signed_is_not_returned(office: Office) -> None:
    made = file(office).ticket
    sign(office, lead(office, made.id))
    with pytest.raises(TransitionRefused):
        ask_return(office, made)
    assert lead(office, made.id).status == "handling"


def test_a_return_has_a_reason_and_its_own_unit_does_not_get_it_back(office: Office) -> None:
    made = file(office).ticket
    order = lead(office, made.id)
    with pytest.raises(Invalid):
        step(
            office, unit(APPROVAL), routing.service.ask_return, order.id,
            ground="not_ours", reason=" ", suggested=None,
        )  # fmt: skip
    ask_return(office, made)
    with pytest.raises(Invalid):
        uphold(office, made, APPROVAL)
    assert lead(office, made.id).status == "return_review"


def test_otto_of_another_unit_does_nothing_on_our_order(office: Office) -> None:
    made = file(office).ticket
    order = lead(office, made.id)
    otto = staff("otto", Role.HANDLER, Role.LIAISON, Role.HEAD, unit=LABOUR)
    service = routing.service
    for actor in (otto, OTTO):
        with pytest.raises(Forbidden):
            step(office, actor, service.sign, order.id)
        with pytest.raises(Forbidden):
            step(office, actor, service.reply, order.id, claim="solved", public="好")
        with pytest.raises(Forbidden):
            step(office, actor, service.contact, order.id, channel="phone", reached=True)
        with pytest.raises(Forbidden):
            step(
                office, actor, service.ask_return, order.id,
                ground="x", reason="x", suggested=None,
            )  # fmt: skip
        with pytest.raises(Forbidden):
            step(office, actor, service.note, made.id, "看看")
    assert shape(office, made) == [(APPROVAL, "lead", "pending_sign")]


def test_a_unit_does_not_rule_on_its_own_return_or_review_its_own_reply(office: Office) -> None:
    made = file(office).ticket
    ask_return(office, made)
    with pytest.raises(Forbidden):
        step(
            office, unit(APPROVAL), routing.service.rule_on_return,
            lead(office, made.id).id, new_lead=LABOUR,
        )  # fmt: skip
    with pytest.raises(Forbidden):
        step(office, unit(APPROVAL), routing.service.review, made.id, approve=True)


def test_an_order_nobody_issued_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound):
        step(office, unit(APPROVAL), routing.service.sign, row_id(office.now()))


def test_of_eight_who_sign_at_once_one_signs(office: Office) -> None:
    made = file(office).ticket
    order = lead(office, made.id)
    results = together(8, lambda _: sign(office, order))
    assert results.count(None) == 1
    assert sum(isinstance(result, TransitionRefused) for result in results) == 7
    assert kinds(office, made.id).count("order.signed") == 1
    assert whole(office)


# --- replying ---------------------------------------------------------------------------


def test_co_handlers_answer_before_the_lead(office: Office) -> None:
    made = file(office, **PARK_SITE).ticket
    main = lead(office, made.id)
    helpers = [order for order in orders(office, made.id) if order.part == "co"]
    assert len(helpers) == 2
    for order in (main, *helpers):
        sign(office, order)
    for helper in helpers:
        with pytest.raises(Conflict) as refused:
            reply(office, main)
        assert refused.value.code == "co_handlers_open"
        reply(office, helper)
        assert ticket(office, made.id).status == "in_handling"
    reply(office, main)
    assert ticket(office, made.id).status == "reply_review"
    approve(office, made.id)
    rate(office, made.id, solved=True, grade=1)
    assert {order.status for order in orders(office, made.id)} == {"done"}
    assert whole(office)


def test_a_co_handlers_upheld_return_leaves_the_lead_alone(office: Office) -> None:
    made = file(office, **PARK_SITE).ticket
    main = lead(office, made.id)
    first, second = [order for order in orders(office, made.id) if order.part == "co"]
    step(
        office, unit(first.department), routing.service.ask_return, first.id,
        ground="not_ours", reason="与本单位无关", suggested=None,
    )  # fmt: skip
    step(office, DISPATCHER, routing.service.rule_on_return, first.id, new_lead=LABOUR)
    assert lead(office, made.id).id == main.id
    assert ticket(office, made.id).lead == main.department
    for order in (main, second):
        sign(office, order)
    reply(office, second)
    reply(office, main)
    assert ticket(office, made.id).status == "reply_review"
    assert whole(office)


@pytest.mark.parametrize(
    ("claim", "public"), [("perfect", "好"), ("solved", " "), ("solved", "a\x00")]
)
def test_a_reply_without_a_known_claim_or_any_words_is_refused(
    office: Office, claim: str, public: str
) -> None:
    made = file(office).ticket
    order = lead(office, made.id)
    sign(office, order)
    with pytest.raises(Invalid):
        step(
            office, handler(APPROVAL), routing.service.reply, order.id,
            claim=claim, public=public,
        )  # fmt: skip
    assert lead(office, made.id).status == "handling"


def test_what_was_not_signed_is_not_answered(office: Office) -> None:
    made = file(office).ticket
    with pytest.raises(TransitionRefused):
        reply(office, lead(office, made.id))
    assert ticket(office, made.id).status == "in_handling"


def test_there_is_nothing_to_review_before_a_reply(office: Office) -> None:
    made = file(office).ticket
    with pytest.raises(Conflict) as refused:
        approve(office, made.id)
    assert refused.value.code == "no_reply"


def test_a_reply_sent_back_is_answered_again(office: Office) -> None:
    made = file(office).ticket
    sign(office, lead(office, made.id))
    reply(office, lead(office, made.id))
    step(office, DISPATCHER, routing.service.review, made.id, approve=False)
    assert (ticket(office, made.id).status, lead(office, made.id).status) == (
        "in_handling",
        "handling",
    )
    [redo] = facts(office, made.id, RedoOrdered)
    assert (redo.ground, redo.count) == ("review", 1)
    with pytest.raises(TransitionRefused):
        approve(office, made.id)
    answered(office, made.id)
    assert ticket(office, made.id).status == "callback"
    assert whole(office)


def test_a_contact_that_reached_nobody_keeps_the_promise_running(office: Office, clock) -> None:
    made = file(office).ticket
    order = lead(office, made.id)
    sign(office, order)
    act = routing.service.contact
    step(office, handler(APPROVAL), act, order.id, channel="phone", reached=False)
    [promise] = clocks(office, made.id, "first_contact")
    assert promise.state == "running"
    clock.move(minutes=30)
    step(office, handler(APPROVAL), act, order.id, channel="phone", reached=True)
    [promise] = clocks(office, made.id, "first_contact")
    assert (promise.state, promise.on_time) == ("met", True)
    assert lead(office, made.id).contacted_at == clock()
    assert whole(office)


# --- rules and plans that are broken ------------------------------------------------------


def publish(office: Office, body: object) -> None:
    """A newer rulebook in force, whatever is in it; a version is compiled once, so it is new."""
    with Session(office.engine) as session, session.begin():
        good = session.exec(select(RulebookRow)).one()
        session.add(
            RulebookRow(
                version=f"broken-{uuid4()}", state="published", plan=good.plan, body=body,
                effective_from=office.now() - timedelta(hours=1), proposed_by="a",
                published_by="b", created_at=office.now(),
            )
        )  # fmt: skip


def close(office: Office, code: str) -> None:
    with Session(office.engine) as session, session.begin():
        session.get_one(Department, code).valid_to = (office.now() - timedelta(days=30)).date()


def rules(*listed: object) -> dict[str, object]:
    return {"rules": list(listed), "routes": {}, "conflict_unit": GOVERNMENT, "second_unit": "jwjw"}


BROKEN = {
    "empty": {},
    "a list": [],
    "no rules": {"rules": None},
    "text for rules": {"rules": "nonsense", "routes": {}},
    "a rule that is text": rules("c-qykb"),
    "a rule that is a number": rules(7),
    "a rule without anything": rules({}),
    "conditions that are a list": rules({"id": "x", "rank": 1, "when": [1], "then": {"task": 1}}),
    "an outcome that is nothing": rules({"id": "x", "rank": 1, "when": {}, "then": None}),
    "words that are a number": rules(
        {"id": "x", "rank": 1, "when": {"words": 3}, "then": {"task": 1}}
    ),
    "a rank that is text": rules(
        {"id": "x", "rank": "first", "when": {}, "then": {"task": 1}},
        {"id": "y", "rank": 2, "when": {}, "then": {"task": 1}},
    ),
    "a task that is not in the plan": rules(
        {"id": "x", "rank": 1, "when": {}, "then": {"task": 999}}
    ),
    "routes that are a number": {**rules(), "routes": 7},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rulebook_still_files_and_asks_a_person(office: Office, name: str) -> None:
    publish(office, BROKEN[name])
    made = file(office).ticket
    assert len(facts(office, made.id, TriageNeeded)) == 1
    assert (ticket(office, made.id).status, orders(office, made.id)) == ("submitted", [])
    assert whole(office)


def test_a_lead_that_nobody_knows_is_asked_about_and_filing_goes_on(office: Office) -> None:
    with Session(office.engine) as session, session.begin():
        task = session.exec(select(TaskRow).where(TaskRow.number == 1)).one()
        task.leads = ["某新设单位"]
    publish(office, rules({"id": "x", "rank": 1, "when": {}, "then": {"task": 1}}))
    made = file(office).ticket
    assert len(facts(office, made.id, TriageNeeded)) == 1
    assert orders(office, made.id) == []
    assert whole(office)


def test_a_lead_that_was_closed_is_asked_about(office: Office) -> None:
    close(office, APPROVAL)
    publish(office, rules({"id": "x", "rank": 1, "when": {}, "then": {"task": 1}}))
    made = file(office).ticket
    assert len(facts(office, made.id, TriageNeeded)) == 1
    assert orders(office, made.id) == []
    assert whole(office)


def test_without_any_rulebook_a_person_decides(office: Office) -> None:
    with Session(office.engine) as session, session.begin():
        session.exec(select(RulebookRow)).one().state = "retired"
    made = file(office).ticket
    [fact] = facts(office, made.id, TriageNeeded)
    assert (fact.ground, fact.book) == ("NR", None)
    assert whole(office)


def test_the_orders_table_itself_keeps_one_lead(office: Office) -> None:
    made = file(office).ticket
    with Session(office.engine) as session:
        assert len(session.exec(select(WorkOrder).where(WorkOrder.ticket_id == made.id)).all()) == 1
    with pytest.raises(Exception, match="one_lead"), office.desk(DISPATCHER) as desk:  # noqa: PT012 - the desk fails
        held, _ = routing.service.held(desk, lead(office, made.id).id)
        routing.service.issue(desk, held, Assignment(LABOUR))
    assert len(orders(office, made.id)) == 1
    assert whole(office)
