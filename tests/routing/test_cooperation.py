"""More hands on a ticket, on the whole house: co-handlers, reassignment, desks, bodies outside."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

import routing.service
from core import permissions
from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, NotFound, TransitionRefused
from core.events import ClockMoved, OrderAssigned, PartnerAnswered, PartnerAsked
from core.moments import local_day
from core.tables import Department, Staff, Ticket
from routing import cooperation, proposals, publishing, versions
from routing.tables import PartnerRequest, RulebookRow, RuleProposal, WorkOrder
from tests.cast import (
    APPROVAL,
    DISPATCHER,
    GOVERNMENT,
    HOUSING,
    LABOUR,
    OPERATOR,
    OTTO,
    PARK,
    SUPERVISOR,
    handler,
    unit,
)
from tests.makers import (
    clocks,
    facts,
    file,
    lead,
    orders,
    reply,
    sign,
    step,
    ticket,
    together,
    whole,
)


def shape(office: Office, made: Ticket) -> list[tuple[str, str, str]]:
    return [(order.department, order.part, order.status) for order in orders(office, made.id)]


def of(office: Office, made: Ticket, code: str) -> WorkOrder:
    return next(order for order in orders(office, made.id) if order.department == code)


def outside(office: Office) -> str:
    with Session(office.engine) as session:
        return session.exec(
            select(Department.code).where(Department.kind == "outside").order_by(Department.code)
        ).first()


def colleague(office: Office, code: str, **values: object) -> UUID:
    with Session(office.engine, expire_on_commit=False) as session, session.begin():
        row = Staff(
            **{
                "id": uuid4(),
                "username": f"{code}-{uuid4().hex[:6]}",
                "name": "综合股经办",
                "password": "-",
                "department": code,
                "roles": ["handler"],
                "created_at": office.now(),
            }
            | values
        )
        session.add(row)
    return row.id


# --- co-handlers -----------------------------------------------------------------------------


def test_a_dispatcher_calls_in_a_unit_with_its_own_promises(office: Office) -> None:
    made = file(office).ticket
    step(office, DISPATCHER, cooperation.call_in, made.id, HOUSING)
    assert (HOUSING, "co", "pending_sign") in shape(office, made)
    own = {c.metric for c in clocks(office, made.id) if c.department == HOUSING}
    assert own == {"sign", "co_reply"}
    assert whole(office)


def test_the_lead_waits_for_the_called_in_before_it_replies(office: Office) -> None:
    made = file(office).ticket
    step(office, DISPATCHER, cooperation.call_in, made.id, HOUSING)
    sign(office, lead(office, made.id))
    with pytest.raises(Conflict) as refused:
        reply(office, lead(office, made.id))
    assert refused.value.code == "co_handlers_open"
    co = of(office, made, HOUSING)
    sign(office, co)
    reply(office, co)
    reply(office, lead(office, made.id))
    assert ticket(office, made.id).status == "reply_review"
    assert whole(office)


def test_a_lead_calls_in_only_whom_the_plan_names_for_its_task(office: Office) -> None:
    made = file(office, category="gcsp", content="施工许可办了两个月没有结果。").ticket
    order = lead(office, made.id)
    with Session(office.engine) as session:
        planned = cooperation.supports(session, session.get_one(WorkOrder, order.id))
    head = unit(order.department)
    stranger = next(c for c in (LABOUR, APPROVAL, HOUSING) if c not in {*planned, order.department})
    with pytest.raises(Forbidden):
        step(office, head, cooperation.call_in, made.id, stranger)
    for code in sorted(planned)[:1]:
        step(office, head, cooperation.call_in, made.id, code)
        assert (code, "co", "pending_sign") in shape(office, made)
    for actor in (OTTO, OPERATOR, handler(order.department)):
        with pytest.raises(Forbidden):
            step(office, actor, cooperation.call_in, made.id, stranger)


def test_a_unit_is_called_in_once_and_never_when_it_is_complained_of(office: Office) -> None:
    made = file(office, respondent=HOUSING).ticket
    step(office, DISPATCHER, cooperation.call_in, made.id, LABOUR)
    for code in (LABOUR, HOUSING, lead(office, made.id).department):
        with pytest.raises(Conflict):
            step(office, DISPATCHER, cooperation.call_in, made.id, code)
    with pytest.raises(Invalid):
        step(office, DISPATCHER, cooperation.call_in, made.id, "nowhere")


def test_eight_dispatchers_call_in_the_same_unit_once(office: Office) -> None:
    made = file(office).ticket
    results = together(
        8, lambda _n: step(office, DISPATCHER, cooperation.call_in, made.id, HOUSING)
    )
    assert results.count(None) == 1
    assert sum(code == HOUSING for code, _, _ in shape(office, made)) == 1


def test_a_co_handler_not_needed_any_more_owes_nothing(office: Office) -> None:
    made = file(office).ticket
    step(office, DISPATCHER, cooperation.call_in, made.id, HOUSING)
    co = of(office, made, HOUSING)
    with pytest.raises(Forbidden):
        step(office, unit(HOUSING), cooperation.call_off, co.id)
    step(office, DISPATCHER, cooperation.call_off, co.id)
    assert (HOUSING, "co", "cancelled") in shape(office, made)
    left = {c.state for c in clocks(office, made.id) if c.department == HOUSING}
    assert left == {"cancelled"}
    with pytest.raises(Conflict):
        step(office, DISPATCHER, cooperation.call_off, lead(office, made.id).id)
    assert whole(office)


# --- reassignment --------------------------------------------------------------------------


def test_a_moved_case_keeps_its_promise_and_proposes_a_rule(office: Office) -> None:
    made = file(office).ticket
    first = lead(office, made.id)
    sign(office, first)
    due = ticket(office, made.id).due_at
    step(office, DISPATCHER, cooperation.reassign, first.id, new_lead=LABOUR, reason="属于社保登记")
    assert shape(office, made) == [
        (APPROVAL, "lead", "cancelled"),
        (LABOUR, "lead", "pending_sign"),
    ]
    after = ticket(office, made.id)
    assert (after.lead, after.due_at, after.status) == (LABOUR, due, "in_handling")
    assert facts(office, made.id, ClockMoved)[-1].department == LABOUR
    with Session(office.engine) as session:
        [proposal] = proposals.listed(session)
    assert (proposal.category, proposal.sent_to, proposal.went_to, proposal.seen) == (
        "qykb", APPROVAL, LABOUR, 1,
    )  # fmt: skip
    assert whole(office)


def test_a_co_handler_that_becomes_the_lead_has_one_order_left(office: Office) -> None:
    made = file(office).ticket
    step(office, DISPATCHER, cooperation.call_in, made.id, LABOUR)
    first = lead(office, made.id)
    step(office, DISPATCHER, cooperation.reassign, first.id, new_lead=LABOUR, reason="由其主办")
    standing = [line for line in shape(office, made) if line[2] == "pending_sign"]
    assert standing == [(LABOUR, "lead", "pending_sign")]
    assert whole(office)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"new_lead": LABOUR, "reason": " "}, "reason"),
        ({"new_lead": APPROVAL, "reason": "x"}, "lead"),
        ({"new_lead": "nowhere", "reason": "x"}, "lead"),
    ],
)
def test_a_move_without_reason_or_place_is_refused_at_its_field(
    office: Office, values: dict, field: str
) -> None:
    made = file(office).ticket
    with pytest.raises(Invalid) as refused:
        step(office, DISPATCHER, cooperation.reassign, lead(office, made.id).id, **values)
    assert [fault.field for fault in refused.value.faults] == [field]


def test_only_dispatchers_move_cases_and_only_while_they_are_worked_on(office: Office) -> None:
    made = file(office).ticket
    order = lead(office, made.id)
    values = {"new_lead": LABOUR, "reason": "理由"}
    for actor in (unit(APPROVAL), OPERATOR, OTTO):
        with pytest.raises(Forbidden):
            step(office, actor, cooperation.reassign, order.id, **values)
    sign(office, order)
    reply(office, order)
    with pytest.raises(TransitionRefused):
        step(office, DISPATCHER, cooperation.reassign, order.id, **values)


def test_a_case_is_never_moved_to_the_unit_it_complains_of(office: Office) -> None:
    made = file(office, respondent=LABOUR).ticket
    with pytest.raises(Conflict):
        step(
            office, DISPATCHER, cooperation.reassign, lead(office, made.id).id,
            new_lead=LABOUR, reason="理由",
        )  # fmt: skip


# --- returns inside their window -------------------------------------------------------------


def test_a_unit_that_lets_its_promise_to_sign_pass_is_first_responsible(
    office: Office, clock
) -> None:
    made = file(office).ticket
    order = lead(office, made.id)
    assert order.return_until is not None
    values = {"ground": "outside_duty", "reason": "不属于本单位", "suggested": None}
    clock.at = order.return_until + timedelta(seconds=1)
    with pytest.raises(Conflict) as refused:
        step(office, unit(APPROVAL), routing.service.ask_return, order.id, **values)
    assert refused.value.code == "return_window"
    clock.at = order.return_until
    step(office, unit(APPROVAL), routing.service.ask_return, order.id, **values)
    assert orders(office, made.id)[0].status == "return_review"


# --- inside the unit ------------------------------------------------------------------------


def test_a_head_hands_an_order_to_a_colleague_or_a_desk_of_the_unit(office: Office) -> None:
    made = file(office).ticket
    order = lead(office, made.id)
    person = colleague(office, APPROVAL)
    step(office, unit(APPROVAL), cooperation.assign, order.id, staff=person)
    with Session(office.engine, expire_on_commit=False) as session, session.begin():
        session.add(
            Department(code="xzspj-1", name="企业登记科", kind="department", parent=APPROVAL)
        )
    [row] = orders(office, made.id)
    assert (row.handler, row.desk) == (person, None)
    step(office, unit(APPROVAL), cooperation.assign, order.id, unit="xzspj-1")
    [row] = orders(office, made.id)
    assert (row.handler, row.desk) == (None, "xzspj-1")
    assert len(facts(office, made.id, OrderAssigned)) == 2
    assert whole(office)


def test_nobody_outside_the_unit_hands_its_orders_on_nor_receives_them(office: Office) -> None:
    made = file(office).ticket
    order = lead(office, made.id)
    ours, gone = colleague(office, APPROVAL), colleague(office, APPROVAL, active=False)
    theirs = colleague(office, LABOUR)
    for actor in (OTTO, unit(LABOUR), handler(APPROVAL), DISPATCHER):
        with pytest.raises(Forbidden):
            step(office, actor, cooperation.assign, order.id, staff=ours)
    for wrong in ({"staff": theirs}, {"staff": gone}, {"staff": uuid4()}):
        with pytest.raises(Invalid):
            step(office, unit(APPROVAL), cooperation.assign, order.id, **wrong)
    for code in (LABOUR, APPROVAL, "nowhere"):
        with pytest.raises(Invalid):
            step(office, unit(APPROVAL), cooperation.assign, order.id, unit=code)
    with pytest.raises(Invalid):
        step(office, unit(APPROVAL), cooperation.assign, order.id)


# --- bodies outside the district -----------------------------------------------------------


def asked(office: Office, made: Ticket) -> UUID:
    order = lead(office, made.id)
    if order.status == "pending_sign":
        sign(office, order)
    return step(
        office, unit(order.department), cooperation.ask_partner, order.id,
        partner=outside(office), question="请核对接入方案。",
    )  # fmt: skip


def test_a_body_outside_answers_once_through_its_signed_link(office: Office) -> None:
    made = file(office).ticket
    request = asked(office, made)
    token = cooperation.link(office.keys, request)
    actor = permissions.partner(outside(office))
    step(office, actor, cooperation.answer_partner, token, "方案已核对，下周一施工。")
    with pytest.raises(Conflict):
        step(office, actor, cooperation.answer_partner, token, "再答一次")
    assert [f.partner for f in facts(office, made.id, PartnerAsked)] == [outside(office)]
    assert len(facts(office, made.id, PartnerAnswered)) == 1
    assert whole(office)


def test_a_link_that_is_wrong_ended_or_of_another_installation_opens_nothing(
    office: Office, clock
) -> None:
    made = file(office).ticket
    request = asked(office, made)
    token = cooperation.link(office.keys, request)
    name, _, signature = token.partition(".")
    wrong = (f"{name}.{signature[:-2]}xx", f"{uuid4()}.{signature}", name, "", "x.y", token + "é")
    with Session(office.engine) as session:
        for text in wrong:
            with pytest.raises(NotFound):
                cooperation.partner_request(session, office.keys, text, office.now())
        row = cooperation.partner_request(session, office.keys, token, office.now())
        with pytest.raises(NotFound):
            cooperation.partner_request(session, office.keys, token, row.expires_at)


def test_eight_answers_at_once_are_one(office: Office) -> None:
    made = file(office).ticket
    token = cooperation.link(office.keys, asked(office, made))
    actor = permissions.partner(outside(office))
    results = together(
        8, lambda n: step(office, actor, cooperation.answer_partner, token, f"答复{n}")
    )
    assert results.count(None) == 1
    assert len(facts(office, made.id, PartnerAnswered)) == 1


def test_only_a_lead_that_is_working_asks_and_only_a_body_outside(office: Office) -> None:
    made = file(office).ticket
    order = lead(office, made.id)
    values = {"partner": outside(office), "question": "请协助。"}
    with pytest.raises(Conflict):
        step(office, unit(APPROVAL), cooperation.ask_partner, order.id, **values)
    sign(office, order)
    for actor in (OTTO, OPERATOR, unit(LABOUR)):
        with pytest.raises(Forbidden):
            step(office, actor, cooperation.ask_partner, order.id, **values)
    for wrong in ({"partner": LABOUR}, {"partner": "nowhere"}, {"question": "  "}):
        with pytest.raises(Invalid):
            step(office, unit(APPROVAL), cooperation.ask_partner, order.id, **values | wrong)
    with Session(office.engine) as session:
        assert session.exec(select(PartnerRequest)).all() == []


# --- what practice teaches -------------------------------------------------------------------


def test_the_same_detour_is_one_proposal_counted(office: Office) -> None:
    for _ in range(3):
        order = lead(office, file(office).ticket.id)
        step(office, DISPATCHER, cooperation.reassign, order.id, new_lead=LABOUR, reason="社保登记")
    with Session(office.engine) as session:
        [proposal] = proposals.listed(session)
    assert proposal.seen == 3


def test_an_editor_decides_on_a_proposal_once_and_the_next_detour_opens_another(
    office: Office,
) -> None:
    def detour() -> None:
        order = lead(office, file(office).ticket.id)
        step(office, DISPATCHER, cooperation.reassign, order.id, new_lead=LABOUR, reason="理由")

    detour()
    with Session(office.engine) as session:
        [proposal] = proposals.listed(session)
    with pytest.raises(Forbidden):
        step(office, OTTO, proposals.adopt, proposal.id)
    with pytest.raises(Invalid):
        step(office, SUPERVISOR, proposals.dismiss, proposal.id, reason=" ")
    step(office, SUPERVISOR, proposals.dismiss, proposal.id, reason="个案")
    with pytest.raises(Conflict):
        step(office, SUPERVISOR, proposals.adopt, proposal.id)
    detour()
    with Session(office.engine) as session:
        states = session.exec(select(RuleProposal.state).order_by(col(RuleProposal.state))).all()
    assert states == ["dismissed", "open"]


def test_an_adopted_proposal_is_a_draft_that_sends_the_next_case_where_the_last_ones_went(
    office: Office, clock
) -> None:
    for _ in range(2):
        order = lead(office, file(office).ticket.id)
        step(office, DISPATCHER, cooperation.reassign, order.id, new_lead=LABOUR, reason="理由")
    with Session(office.engine) as session:
        [proposal] = proposals.listed(session)
    version, rule = step(office, DISPATCHER, proposals.adopt, proposal.id)
    with Session(office.engine) as session:
        row = session.get_one(RulebookRow, version)
        changed = next(r for r in versions.rules_of(row) if r["id"] == rule)
        assert changed["then"]["lead"] == LABOUR
        assert changed["reason"].startswith("2件")
        assert not versions.certificate(session, row, date(2026, 11, 18)).findings
        seen = row.revision
    assert lead(office, file(office).ticket.id).department == APPROVAL
    # the proposer of the draft is not the one who makes it law
    publish = publishing.publish
    today = local_day(clock())
    with pytest.raises(Forbidden):
        step(office, DISPATCHER, publish, version, seen, day=today)
    step(office, SUPERVISOR, publish, version, seen, day=today)
    assert lead(office, file(office).ticket.id).department == LABOUR


def test_a_case_kept_from_the_unit_it_complains_of_teaches_no_rule(office: Office) -> None:
    made = file(office, respondent=APPROVAL).ticket
    order = lead(office, made.id)
    assert order.department == GOVERNMENT
    step(office, DISPATCHER, cooperation.reassign, order.id, new_lead=PARK, reason="由其核查")
    with Session(office.engine) as session:
        assert [p.sent_to for p in proposals.listed(session)] in ([], [GOVERNMENT])
