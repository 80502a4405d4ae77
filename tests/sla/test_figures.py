"""Figures: the published numbers of real bulletins, and what each share counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.figures import (
    Case,
    Figure,
    accuracy,
    band,
    by,
    change,
    closing,
    early,
    firsts,
    overdue,
    overdue_hours,
    percent,
    quality,
    wilson,
)

START = datetime(2026, 11, 2, 1, tzinfo=UTC)
DUE = START + timedelta(days=7)
NOW = START + timedelta(days=30)
CASE = Case(
    unit="a",
    channel="web",
    request="complaint",
    received_at=START,
    issued_at=START,
    sign_due_at=START + timedelta(days=1),
    due_at=DUE,
    original_due_at=DUE,
)


def case(**changes: Any) -> Case:
    return replace(CASE, **changes)


def shares(cases: list[Case], now: datetime = NOW) -> dict[str, tuple[int, int]]:
    return {figure.id: (figure.part, figure.whole) for figure in quality(cases, now=now)}


# as published by the counties and cities named in the reference's golden numbers
@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (792, 839, "94.40"),
        (47, 839, "5.60"),
        (1273, 1774, "71.76"),
        (15, 1833, "0.82"),
        (1821 + 98, 2084 + 297, "80.60"),
        (3112, 3456, "90.05"),
        (7.25, 9.67, "74.97"),
        (20168, 20818, "96.88"),
        (263.04, 358.27, "73.42"),
        (1001.38, 1103.94, "90.71"),
        (597, 601, "99.33"),
    ],
)
def test_published_shares_are_met_to_the_hundredth(part, whole, expected):
    assert percent(part, whole) == Decimal(expected)


def test_published_sums_are_met():
    assert 13 + 387 + 394 + 14 + 31 == 839
    assert closing(1821 + 98, 297, 2084).percent == Decimal("80.60")
    assert 2954 + 480 + 139 + 66 + 17 == 3656
    assert change(11862 + 10577, 20168) == Decimal("11.26")


def test_the_quarter_of_feng_county_case_by_case():
    cases = (
        [case(replied_at=DUE)] * 792
        + [case(replied_at=DUE + timedelta(hours=1))] * 40
        + [case()] * 7
    )
    on_time = quality(cases, now=NOW)[1]
    assert (on_time.id, on_time.part, on_time.whole) == ("on_time", 792, 839)
    assert on_time.percent == Decimal("94.40")
    assert overdue(cases, now=NOW).count == 47


def test_halves_are_rounded_up_and_nothing_of_nothing_is_no_share():
    assert percent(1, 800) == Decimal("0.13")
    assert percent(-1, 800) == Decimal("-0.13")
    assert percent(0, 0) is None
    assert wilson(0, 0) is None
    assert change(5, 0) is None


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    # the textbook's 95 % bounds
    [(9, 10, "59.58"), (0, 10, "0.00"), (10, 10, "72.25"), (50, 100, "40.38"), (1, 1, "20.65")],
)
def test_lower_bounds_are_wilson_s(part, whole, expected):
    assert wilson(part, whole) == Decimal(expected)


@given(st.integers(1, 5000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_the_lower_bound_is_below_the_share_and_rises_with_the_sample(counts):
    part, whole = counts
    low, share, more = wilson(part, whole), percent(part, whole), wilson(part * 4, whole * 4)
    assert low is not None
    assert share is not None
    assert more is not None
    assert Decimal(0) <= low <= share
    assert more >= low


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (9, 9, "small"),
        (0, 0, "small"),
        (10, 10, "C"),
        (1000, 1000, "A"),
        (93, 100, "B"),
        (5, 10, "D"),
    ],
)
def test_bands_stand_on_the_lower_bound_and_small_samples_are_not_judged(part, whole, expected):
    assert band(Figure("on_time", part, whole)) == expected


def test_on_time_is_until_the_due_instant_itself():
    assert shares([case(replied_at=DUE)])["on_time"] == (1, 1)
    assert shares([case(replied_at=DUE + timedelta(seconds=1))])["on_time"] == (0, 1)


def test_an_extension_helps_the_extended_figure_only():
    later = case(due_at=DUE + timedelta(days=3), replied_at=DUE + timedelta(days=1), extensions=1)
    found = shares([later])
    assert (found["on_time"], found["on_time_original"], found["extended"]) == (
        (1, 1),
        (0, 1),
        (1, 1),
    )


def test_what_is_neither_due_nor_answered_says_nothing_yet():
    assert shares([case()], now=DUE - timedelta(seconds=1))["on_time"] == (0, 0)
    assert shares([case()], now=DUE)["on_time"] == (0, 1)
    assert shares([case(replied_at=START)], now=START)["on_time"] == (1, 1)
    assert shares([case()], now=START)["sign_on_time"] == (0, 0)
    assert shares([case(signed_at=START)], now=START)["sign_on_time"] == (1, 1)


def test_a_returned_order_counts_for_returns_and_nothing_else():
    found = shares(
        [
            case(returned=True, replied_at=DUE, closed_at=DUE, grade=5, solved=False),
            case(replied_at=DUE),
        ]
    )
    assert found["returned"] == (1, 2)
    assert found["on_time"] == (1, 1)
    assert found["satisfied"] == (0, 0)
    assert accuracy([case(returned=True), case(), case()]).percent == Decimal("66.67")


def test_silence_is_not_satisfaction_and_every_denominator_stands_beside_the_other():
    closed = {"closed_at": DUE, "replied_at": DUE}
    cases = [case(grade=grade, **closed) for grade in (1, 2, 3, 4, None, None)]
    found = shares(cases)
    assert found["satisfied"] == (3, 4)
    assert found["explicit"] == (2, 4)
    assert found["rated"] == (4, 6)
    assert found["strict"] == (2, 6)


def test_a_redo_does_not_improve_what_was_said_first():
    redone = case(
        closed_at=DUE,
        redos=1,
        first_solved=False,
        solved=True,
        first_grade=5,
        grade=1,
        first_contacted=False,
        contacted=True,
    )
    first = {figure.id: (figure.part, figure.whole) for figure in firsts([redone])}
    assert first == {"first_contacted": (0, 1), "first_solved": (0, 1), "first_satisfied": (0, 1)}
    assert shares([redone])["solved"] == (1, 1)
    assert shares([redone])["redone"] == (1, 1)


def test_early_is_within_half_of_the_time_allowed():
    half = START + (DUE - START) / 2
    found = early([case(replied_at=half), case(replied_at=half + timedelta(seconds=1)), case()])
    assert (found.part, found.whole) == (1, 2)


def test_lateness_is_told_by_its_middle_and_its_worst_tenth():
    cases = [case(replied_at=DUE + timedelta(hours=hours)) for hours in range(11)]
    found = overdue(cases, now=NOW)
    assert (found.count, found.median, found.p90) == (10, 5.5, 9.1)
    assert overdue_hours(cases, now=NOW) == 5.5
    assert overdue([case(replied_at=DUE)], now=NOW).median is None
    assert overdue([case()], now=DUE + timedelta(hours=3)).p90 == 3.0


@given(st.permutations(["b", "a", "b", "c", None, "a"]))
def test_groups_come_the_largest_first_whatever_the_order_of_cases(units):
    cases = [case(category=unit) for unit in units]
    assert list(by(cases, lambda item: item.category)) == ["a", "b", "c"]
