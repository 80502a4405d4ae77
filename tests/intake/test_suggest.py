"""The suggester: what it reads, what it never does, and that a model is plain data."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.data import CAUTIONS, texts
from intake.suggest import BadModel, Model, guess, opened
from intake.suggest.alarms import alarms
from intake.suggest.grams import grams, normal
from intake.suggest.measuring import Measured, better
from intake.suggest.training import Example, examples_from, train
from intake.suggesters import THRESHOLD, shipped
from routing.data import district
from web.filing import own_words
from web.suggesting import Adviser, suggest_lines

ANY = st.text(max_size=300)


@pytest.fixture(scope="module")
def adviser() -> Adviser:
    return Adviser(district())


# --- what is read ---------------------------------------------------------------------------


def test_a_text_is_read_in_one_width_and_numbers_lose_their_value() -> None:
    assert normal("ＡＢ１２：13812345678 元") == "ab0:0 元"
    assert normal("打12345和110") == "打12345和110"


def test_runs_stay_inside_a_stretch_of_signs() -> None:
    assert grams("停电，没水") == ["停", "电", "停电", "没", "水", "没水"]


@given(ANY)
def test_no_run_holds_a_number_a_person_could_be_known_by(text: str) -> None:
    assert not [gram for gram in grams(text + "13812345678") if "138" in gram]


# --- what it never does --------------------------------------------------------------------


@given(ANY)
def test_any_text_gets_a_guess_and_its_shares_are_shares(text: str) -> None:
    found = guess(text, shipped(), CAUTIONS)
    assert abs(sum(share for _, share in found.ranked)) <= 1 + 1e-5
    assert all(first[1] >= second[1] for first, second in pairwise(found.ranked))
    assert not {name for name, _ in found.ranked} & CAUTIONS
    assert found.urgency in {"critical", "urgent", "normal"}


@given(ANY)
def test_what_calls_for_a_person_is_never_sure(text: str) -> None:
    found = guess(text, shipped(), CAUTIONS)
    if found.caution:
        assert found.sure_of({name: "x" for name, _ in found.ranked}) == 0.0


def test_no_text_of_the_never_automatic_classes_dispatches_by_itself(adviser: Adviser) -> None:
    gone = [
        example.text
        for example in texts()
        if example.category in CAUTIONS and adviser.suggest(example.text)["auto_route"]
    ]
    assert gone == []


def test_every_text_of_danger_is_marked_critical_and_waits(adviser: Adviser) -> None:
    for example in texts():
        if example.category == "jjqx":
            said = adviser.suggest(example.text)
            assert (said["urgency"], said["auto_route"]) == ("critical", False), example.text


@pytest.mark.parametrize(
    "text",
    ["消防验收申请了一个月没人来", "店里生意火爆", "申请燃气报装没人理", "网红店火锅生意红火"],
)
def test_harmless_words_raise_no_alarm(text: str) -> None:
    assert alarms(text) == ()


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("仓库冒浓烟了", "jjqx"),
        ("师傅触电倒地", "jjqx"),
        ("有人要跳楼", "jjqx"),
        ("科长收了红包", "wjwf"),
        ("已经去信访局登记", "xffy"),
        ("法院已经立案了", "sszc"),
    ],
)
def test_alarms_name_their_class(text: str, category: str) -> None:
    assert category in {alarm.category for alarm in alarms(text)}


# --- the shipped model ----------------------------------------------------------------------


def test_the_shipped_model_was_trained_on_the_texts_that_ship() -> None:
    # a text changed without `.dev/train.py` would make the shipped model a stranger to its texts
    learnt = len(texts()) + len(own_words())
    assert shipped().made["texts"] == learnt


def test_the_shipped_model_knows_the_districts_categories_and_no_others() -> None:
    known = {category.code for category in district().categories}
    assert set(shipped().labels["category"]) == known
    assert known >= CAUTIONS
    assert frozenset(district().vocabulary.cautions) == CAUTIONS


def test_every_shipped_text_has_a_known_label() -> None:
    known = {category.code for category in district().categories}
    for example in texts():
        assert example.category in known, example
        assert example.kind in set(district().vocabulary.kinds), example
        assert example.urgency in set(district().vocabulary.urgencies), example


# --- a model is plain data ---------------------------------------------------------------------


def small(version: str = "small") -> Model:
    pairs = [("停电了没有电", "yd"), ("没水喝水管坏", "ysyq"), ("办执照核名", "qykb")]
    examples = [
        Example(f"{text}{extra}", category, kind, ("normal", "urgent", "critical")[n % 3])
        for text, category in pairs
        for n, extra in enumerate(("", "啊", "了吗", "急", "快来", "请问"))
        for kind in ("complaint", "inquiry", "help")
    ]
    return train(examples, version=version)


def test_a_model_is_the_same_after_it_was_written_and_read() -> None:
    model = small()
    again = opened(model.as_bytes())
    assert again.version == "small"
    assert again.scores("停电") == model.scores("停电")
    assert np.array_equal(again.weights, model.weights)
    assert guess("停电了", again, frozenset()).category == "yd"


@pytest.mark.parametrize("body", [b"", b"PK", b"\x93NUMPY", b"x" * 1000])
def test_bytes_that_are_no_model_are_refused(body: bytes) -> None:
    with pytest.raises(BadModel):
        opened(body)


def test_training_twice_gives_the_same_bytes_of_weights() -> None:
    assert np.array_equal(small().weights, small().weights)


def test_a_line_that_is_no_example_is_named() -> None:
    with pytest.raises(ValueError, match="line 2"):
        examples_from(["yd\tcomplaint\tnormal\t停电", "nonsense"], unclear="bqs")


# --- who takes over -------------------------------------------------------------------------


def counted(cases: int = 100, right: int = 50, missed: int = 0) -> Measured:
    return Measured(cases, right, right, 5, missed)


def test_a_new_model_takes_over_only_when_it_is_better_and_misses_no_more() -> None:
    assert better(counted(right=51), counted(right=50))
    assert not better(counted(right=50), counted(right=50))
    assert not better(counted(right=90, missed=1), counted(right=50, missed=0))
    assert not better(counted(cases=10, right=10), counted(cases=10, right=1))


# --- the command -----------------------------------------------------------------------------


def test_the_command_answers_line_by_line_whatever_comes() -> None:
    lines = ['{"id": 1, "text": "厂里停电三天了"}', "", "nonsense", "[]", '{"id": "b", "text": 5}']
    said = [json.loads(line) for line in suggest_lines(lines)]
    assert [line["id"] for line in said] == [1, None, None, "b"]
    assert set(said[0]) >= {
        "auto_route", "task", "category", "lead", "kind", "urgency", "top3", "reasons",
    }  # fmt: skip
    assert all("error" in line for line in said[1:])
    assert 50 <= THRESHOLD <= 100
