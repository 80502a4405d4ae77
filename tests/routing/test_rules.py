"""Deciding: rank, trace, the never-automatic classes, the conflict test, every category's end."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.data import district
from routing.rules import Facts, Is, Mentions, OneOf, Outcome, Rule, Within, decide, holds
from routing.units import Register, Unit

HOME = district("weibin")
PLAN = HOME.plan()
BOOK = HOME.book(PLAN)


def decided(**facts):
    return decide(Facts(**facts), BOOK, HOME.register)


def unit(name):
    return HOME.register.resolve(name).code


def test_a_stuck_company_start_up_goes_to_the_approval_bureau_by_task_one():
    decision = decided(category="qykb", text="公司开办卡了两周")
    assert (decision.task, decision.lead) == (1, unit("区行政审批局"))
    assert (decision.rule, decision.book) == ("c-qykb", "2023.1")
    assert unit("公安分局") in decision.co_handlers
    assert not decision.conflict


def test_the_trace_names_every_rule_tried_and_the_condition_it_failed_on():
    trace = decided(category="qykb", text="公司开办卡了两周").trace
    assert trace[0].rule == "n-critical"
    assert trace[0].failed == "urgency=critical"
    assert all(tried.failed for tried in trace[:-1])
    assert (trace[-1].rule, trace[-1].failed) == ("c-qykb", "")


def test_joint_leads_make_the_first_one_lead_and_the_others_co_handlers():
    decision = decided(category="bzj")
    assert decision.lead == unit("区财政局")
    assert decision.co_handlers[0] == unit("区发改局")


def test_an_outside_partner_comes_with_its_task():
    assert decided(category="yd").partners == (unit("国网宝鸡供电公司"),)


@pytest.mark.parametrize("category", HOME.categories, ids=lambda c: c.code)
def test_every_category_ends_where_its_plan_task_or_its_ground_says(category):
    decision = decided(category=category.code)
    if category.ground:
        assert (decision.lead, decision.ground) == (None, category.ground)
        assert decision.route
    elif category.suggestions_only:
        assert decision.ground == "NT"
        assert decided(category=category.code, kind="suggestion").task == category.task
    else:
        lead = PLAN.task(category.task).leads[0]
        assert (decision.task, decision.lead) == (category.task, unit(lead))


def test_all_seventy_two_tasks_can_be_reached_by_a_complaint():
    reached = {decided(category=category.code).task for category in HOME.categories}
    assert set(range(1, 73)) <= reached
    assert not set(range(73, 81)) & reached


@pytest.mark.parametrize(
    ("facts", "ground"),
    [
        ({"category": "yd", "urgency": "critical"}, "RJ01"),
        ({"category": "yqfw", "text": "隔壁厂房着火了"}, "RJ01"),
        ({"category": "qykb", "text": "窗口有人索贿"}, "RJ02J"),
        ({"category": "ldjc", "text": "已经起诉到法院"}, "RJ02"),
        ({"category": "tqzk", "text": "正在信访"}, "RJ03"),
        ({"category": "tqzk", "text": "对方公司欠我货款"}, "RJ04"),
        ({"category": "qykb", "place": "区外"}, "RJ10"),
        ({"category": "jyjx"}, "NT"),
        ({"category": "no-such-thing"}, "NR"),
        ({}, "NR"),
    ],
)
def test_what_is_never_automatic_goes_to_a_person_with_ground_and_route(facts, ground):
    decision = decided(**facts)
    assert decision.triage
    assert decision.lead is None
    assert decision.ground == ground
    assert decision.route


def test_circumstances_change_urgency_task_lead_or_helpers():
    assert decided(category="tqzk", amount=1_000_000).urgency == "urgent"
    assert decided(category="tqzk", amount=999_999).urgency == "normal"
    assert decided(category="tqzk").rule == "c-tqzk"
    assert decided(category="zrqd", enterprise="foreign").task == 37
    assert decided(category="qykb", text="公章备案").lead == unit("公安分局")
    assert unit("姜谭经开区管委会") in decided(category="gcsp", place="姜谭经开区").co_handlers


@pytest.mark.parametrize(
    ("category", "respondent", "lead"),
    [
        ("qykb", "区行政审批局", "区政府办"),
        ("qykb", "渭滨区行政审批局窗口的工作人员", "区政府办"),
        ("tsjb", "区政府办", "区纪委监委"),
        ("qykb", "区税务局", "区行政审批局"),
        ("nsfw", "swjs", "区政府办"),
    ],
)
def test_a_complaint_never_goes_to_the_unit_it_is_about(category, respondent, lead):
    decision = decided(category=category, respondent=respondent)
    assert decision.lead == unit(lead)
    assert decision.conflict == (lead in {"区政府办", "区纪委监委"})
    assert decision.sealed == decision.conflict
    assert HOME.register.find(respondent).code in decision.sealed_from


def test_praise_of_a_unit_goes_to_that_unit():
    decision = decided(category="qykb", kind="praise", respondent="区行政审批局")
    assert decision.lead == unit("区行政审批局")
    assert decision.sealed_from == ()


@given(
    category=st.sampled_from([c.code for c in HOME.categories]),
    respondent=st.sampled_from([u.code for u in HOME.register]),
    kind=st.sampled_from(["complaint", "report"]),
    amount=st.none() | st.integers(0, 10**8),
    place=st.sampled_from(HOME.vocabulary.places),
)
def test_whatever_the_circumstances_the_accused_and_those_below_never_handle_it(**facts):
    decision = decide(Facts(**facts), BOOK, HOME.register)
    accused = HOME.register.line_of(facts["respondent"])
    assert not {decision.lead, *decision.co_handlers} & set(accused)
    assert (decision.lead is None) == bool(decision.ground)


def test_a_subordinate_of_the_accused_is_no_handler_either():
    register = Register((
        Unit("a", "甲总局"), Unit("b", "乙分局", parent="a"), Unit("o", "政府办"), Unit("d", "纪委办")))  # fmt: skip
    book = type(BOOK)("1", (Rule("r", 1, (), Outcome(lead="b")),), {}, "o", "d")
    assert decide(Facts(respondent="甲总局"), book, register).lead == "o"
    assert decide(Facts(respondent="乙分局"), book, register).lead == "o"
    assert decide(Facts(respondent="政府办"), book, register).lead == "b"


def test_the_lowest_rank_that_holds_wins():
    rules = (
        Rule("late", 20, (Is("category", "x"),), Outcome(lead="a")),
        Rule("early", 10, (Is("category", "x"), Mentions(("水", "电"))), Outcome(lead="b")),
    )
    book = type(BOOK)("1", rules, {}, "o", "d")
    assert decide(Facts("x", text="停电了"), book, Register()).rule == "early"
    assert decide(Facts("x", text="停气了"), book, Register()).rule == "late"


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        (Is("kind", "help"), Facts(kind="help"), Facts(kind="praise")),
        (OneOf("place", frozenset({"甲", "乙"})), Facts(place="乙"), Facts(place="丙")),
        (Within("amount", 10, 20), Facts(amount=20), Facts(amount=21)),
        (Within("amount", 10), Facts(amount=10), Facts(amount=None)),
        (
            Within("day", None, date(2024, 1, 1)),
            Facts(day=date(2024, 1, 1)),
            Facts(day=date(2024, 1, 2)),
        ),
        (Mentions(("停电", "断电")), Facts(text="又断电了"), Facts(text="又停水了")),
    ],
)
def test_a_condition_holds_at_its_edge_and_not_beyond(condition, yes, no):
    assert holds(condition, yes)
    assert not holds(condition, no)


def test_a_book_is_in_force_between_its_dates():
    assert BOOK.effective_on(date(2023, 3, 1))
    assert not BOOK.effective_on(date(2023, 2, 28))
