"""The register: names, aliases, who stands under whom."""

from datetime import date

import pytest

from routing.data import district
from routing.units import Register, Unit


@pytest.fixture(scope="module")
def register():
    return district("weibin").register


@pytest.mark.parametrize(
    "name",
    [
        "区行政审批局",
        "xzspj",
        "渭滨区行政审批局",
        "行政审批局",
        "區行政審批局",
        "区审批局",
        "宝鸡市渭滨区行政审批局",
    ],
)
def test_a_unit_answers_to_its_code_its_names_and_their_traditional_form(register, name):
    assert register.resolve(name).code == "xzspj"


def test_free_words_are_searched_for_the_longest_name_at_the_districts_own_level(register):
    assert register.find("渭滨区税务局办税厅的工作人员").code == "swjs"
    assert register.find("宝鸡市公安局渭滨分局").code == "gafj"
    assert register.find("市税务局稽查局") is None
    assert register.find("某公司") is None


def test_every_unit_of_the_plan_is_in_the_register(register):
    plan = district("weibin").plan()
    named = {n for task in plan.tasks for n in (*task.leads, *task.supports, *task.coordinates)}
    assert all(register.resolve(name) for name in named)
    assert (
        len({task.leads[0] for task in plan.tasks} | {n for t in plan.tasks for n in t.leads}) == 21
    )


def test_a_unit_stands_beneath_itself_and_all_its_superiors():
    register = Register(
        (Unit("a", "甲局"), Unit("b", "乙所", parent="a"), Unit("c", "丙组", parent="b"))
    )
    assert register.line_of("a") == ("a", "b", "c")
    assert register.beneath("c", "a")
    assert not register.beneath("a", "c")


def test_two_units_cannot_share_a_name():
    with pytest.raises(ValueError, match="甲局"):
        Register((Unit("a", "甲局"), Unit("b", "乙局", aliases=("甲局",))))


def test_a_unit_lives_between_its_dates():
    unit = Unit("a", "甲局", opened=date(2024, 1, 1), closed=date(2025, 1, 1))
    assert [unit.open_on(date(year, 6, 1)) for year in (2023, 2024, 2025)] == [False, True, False]
