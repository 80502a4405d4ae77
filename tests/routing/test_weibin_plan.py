"""The published plan of the seeded district against a careful reading of it."""

import pytest

from routing import plan
from routing.data import district, district_of, read_plan
from tests.routing.weibin_expected import GROUPS, TARGETS, matrix


@pytest.fixture(scope="module")
def tasks():
    return {task["number"]: task for task in plan.as_json(district("weibin").plan())}


def test_it_has_exactly_the_eighty_tasks_in_order(tasks):
    assert list(tasks) == list(range(1, 81))


@pytest.mark.parametrize("expected", list(matrix()), ids=lambda row: row["number"])
def test_every_role_of_a_task_is_as_a_person_reads_it(tasks, expected):
    read = tasks[expected["number"]]
    assert {key: read[key] for key in expected} == expected


def test_the_figures_promised_are_found_and_nothing_else_is_taken_for_one(tasks):
    found = [(n, t) for n, task in tasks.items() for t in task["targets"]]
    assert len(found) == len(TARGETS)
    for (number, target), (task, words, op, value, unit, by) in zip(found, TARGETS, strict=True):
        assert number == task
        assert words in target["what"]
        read = {key: target[key] for key in ("op", "value", "unit", "by")}
        assert read == {"op": op, "value": value, "unit": unit, "by": by}


def test_each_task_stands_under_its_section(tasks):
    for numbers, heading in GROUPS:
        for number in numbers:
            assert tasks[number]["section"] == f"二、重点任务 / {heading}"


def test_the_keys_are_exactly_the_promised_ones(tasks):
    promised = "number title section leads supports supports_all supports_scope coordinates"
    assert all(list(t) == [*promised.split(), "targets", "notes"] for t in tasks.values())
    assert all(
        list(target) == ["what", "op", "value", "unit", "by"]
        for task in tasks.values()
        for target in task["targets"]
    )


def test_only_the_two_known_traps_leave_a_note(tasks):
    noted = {number: task["notes"] for number, task in tasks.items() if task["notes"]}
    assert sorted(noted) == [20, 62]
    assert noted[20][0].startswith("confirmed_misspelling")
    assert "姜潭经开区管委会" in noted[20][0]
    assert noted[62][0].startswith("missing_etc")


def test_without_its_confirmation_the_misspelling_is_reported_and_not_merged():
    home = district("weibin")
    read = plan.read(home.plan_bytes, register=home.register)
    assert "姜潭经开区管委会" in read.task(20).supports
    assert [note.code for note in read.task(20).notes] == ["misspelling"]
    assert "姜谭经开区管委会" in read.task(20).notes[0].message


def test_an_unknown_district_reports_the_same_misspelling_from_the_document_alone():
    read = plan.read(district("weibin").plan_bytes)
    doubts = [(number, note.code) for number, note in read.doubts]
    assert doubts == [(20, "misspelling"), (62, "missing_etc")]


def test_goals_and_closing_words_are_no_tasks_and_nothing_blocks_the_plan():
    read = district("weibin").plan()
    assert read.title == "渭滨区推进营商环境突破年实施方案"
    assert read.year == 2023
    assert read.blocking == ()
    assert "3月10日" not in read.task(80).body


def test_the_district_is_known_by_the_opening_of_its_plan():
    home = district("weibin")
    assert district_of(home.plan_bytes.decode()).code == "weibin"
    assert district_of("某某县优化营商环境方案") is None
    assert read_plan(home.plan_bytes) == home.plan()
    assert read_plan(home.plan_bytes.decode().encode("gb18030")) == home.plan()


def test_a_bracket_torn_off_is_reported_with_its_line_and_blocks_applying():
    text = (
        district("weibin")
        .plan_bytes.decode()
        .replace("（区商务局负责，协调宝鸡海关做好相关工作）", "")
    )
    read = read_plan(text)
    assert len(read.tasks) == 80
    ((number, note),) = read.blocking
    assert (number, note.code) == (11, "no_duty")
    assert str(read.task(11).line) in note.message
