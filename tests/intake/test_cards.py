"""What a knowledge card must say, when it is past its day, and how one is found while typing."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from intake.cards import LONGEST, check, nearest, stale
from intake.data import CAUTIONS, cards
from routing.data import district

TODAY = date(2026, 11, 18)
GOOD = {
    "question": "企业开办需要几天",
    "answer": "目标是1个工作日以内。\n请以受理结果为准。",
    "owner": "xzspj",
    "source": "plan",
    "basis": "方案第1项",
    "category": "qykb",
    "keywords": "开公司、营业执照，设立登记",
    "review_on": "2027-06-30",
    "public": "on",
}


def faults(**values: str) -> set[str]:
    with pytest.raises(Invalid) as caught:
        check(GOOD | values, TODAY)
    return {fault.field for fault in caught.value.faults}


def test_a_form_becomes_a_card():
    card = check(GOOD, TODAY)
    assert card.keywords == ("开公司", "营业执照", "设立登记")
    assert card.public
    assert card.answer.count("\n") == 1
    assert "执照" in card.grams
    assert "时限" not in card.grams


@pytest.mark.parametrize("field", ["question", "answer", "owner", "source", "basis", "review_on"])
def test_what_is_missing_is_named(field):
    assert faults(**{field: ""}) == {field}


def test_every_fault_is_told_at_once():
    assert faults(question="", answer="字" * 2001, keywords="长" * 21) == {
        "question",
        "answer",
        "keywords",
    }


def test_signs_that_turn_the_text_around_are_refused_wherever_they_stand():
    turned = "\u202e"
    assert faults(question=f"问{turned}题", keywords=f"关{turned}键") == {"question", "keywords"}


@given(st.integers(min_value=-1000, max_value=2000))
def test_a_review_lies_ahead_but_not_further_than_two_years(days):
    day = TODAY + timedelta(days=days)
    if 0 < days <= LONGEST.days:
        assert check(GOOD | {"review_on": day.isoformat()}, TODAY).review_on == day
    else:
        assert faults(review_on=day.isoformat()) == {"review_on"}


@given(st.dates(), st.dates())
def test_a_card_is_stale_from_its_day_on(review_on, today):
    assert stale(review_on, today) is (today >= review_on)


def test_the_nearest_card_is_the_one_whose_rare_words_are_typed():
    shelf = [
        (n, f"{card['question']} {' '.join(card['keywords'])}", False)
        for n, card in enumerate(cards(), start=1)
    ]
    typed = "我们厂上个月申请用电报装，变压器一直没人来装，想问要等多久"
    assert nearest(typed, shelf, 3)[0][0] == 6
    assert nearest("请问投标只收现金的保证金合规吗", shelf, 3)[0][0] == 14
    assert nearest("今天天气真好啊", shelf, 3) == []


def test_a_category_chosen_helps_its_own_card():
    shelf = [(1, "开办 时间 很长", False), (2, "开办 时间 很久", True)]
    assert [key for key, _ in nearest("开办时间", shelf, 2)] == [2, 1]


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=8))
def test_likeness_is_a_share_and_in_order(typed, shelf):
    found = nearest(typed, [(n, own, False) for n, own in enumerate(shelf)], 5)
    shares = [share for _, share in found]
    assert shares == sorted(shares, reverse=True)
    assert all(0 < share <= 1 for share in shares)


# --- the shipped cards ------------------------------------------------------------------

TASKS = {task.number: task for task in district("weibin").plan().tasks}
SHIPPED = [card for card in cards() if card["source"] == "plan"]


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card["question"])
def test_a_plan_card_says_no_figure_that_its_items_do_not(card):
    items = [int(n) for n in re.findall(r"\d+", card["basis"].split("第")[1])]
    body = "".join(TASKS[n].body for n in items)
    said = re.sub(r"第[\d、]+项", "", card["answer"])
    for figure in re.findall(r"\d+(?:\.\d+)?%?", said):
        assert figure in body, figure


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card["question"])
def test_a_plan_card_belongs_to_a_lead_of_its_item(card):
    names = {unit.code: unit.name for unit in district("weibin").register}
    items = [int(n) for n in re.findall(r"\d+", card["basis"].split("第")[1])]
    assert names[card["owner"]] in {lead for n in items for lead in TASKS[n].leads}


def test_no_shipped_card_answers_what_only_a_person_may_decide():
    known = {category.code for category in district("weibin").categories}
    assert {card["category"] for card in cards()} <= known - CAUTIONS
