"""Bulletins: periods of Shanghai days, the same bytes for the same inputs, what the public sees."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.bulletins import (
    Bulletin,
    Counts,
    PeriodRefused,
    compose,
    month_of,
    period,
    plain,
    public,
    public_form,
)
from sla.figures import Case, Point

NOVEMBER = period("2026-11")
CUT = datetime(2026, 11, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "end", "before"),
    [
        ("2026-11", date(2026, 11, 1), date(2026, 12, 1), "2026-10"),
        ("2026-01", date(2026, 1, 1), date(2026, 2, 1), "2025-12"),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1), "2026-11"),
        ("2026Q3", date(2026, 7, 1), date(2026, 10, 1), "2026Q2"),
        (" 2026q1 ", date(2026, 1, 1), date(2026, 4, 1), "2025Q4"),
        ("2026", date(2026, 1, 1), date(2027, 1, 1), "2025"),
    ],
)
def test_periods_have_their_days_and_the_one_before(text, first, end, before):
    found = period(text)
    assert (found.first, found.end, found.before.name) == (first, end, before)
    assert found.name == text.strip().upper()
    assert found.before.end == found.first


def test_a_period_begins_at_midnight_in_shanghai():
    assert NOVEMBER.starts_at == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert NOVEMBER.ends_at == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert NOVEMBER.shifted(-12).name == "2025-11"
    assert month_of(date(2026, 11, 30)) == NOVEMBER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-13",
        "2026-1",
        "2026-00",
        "2026Q5",
        "2026Q0",
        "26",
        "1999",
        "2026-11-01",
        "２０２６",
        "2026-11\n2026",
    ],
)
def test_what_is_no_period_is_refused(text):
    with pytest.raises(PeriodRefused, match="2026-11"):
        period(text)


def counts(received: int = 10, **more: dict[str, int]) -> Counts:
    tables = {
        "by_channel": {"web": 8, "phone": 2},
        "by_request": {},
        "refused": {},
        "warnings": {},
    } | more
    return Counts(received=received, closed=6, open_at_start=5, answered_directly=4, **tables)


def cases(n: int = 12, category: str = "yd", unit: str = "a") -> list[Case]:
    start = CUT - timedelta(days=20)
    return [
        Case(
            unit=unit,
            channel="web",
            request="complaint",
            received_at=start,
            issued_at=start,
            category=category,
            task=5,
            due_at=start + timedelta(days=7),
            original_due_at=start + timedelta(days=7),
            replied_at=start + timedelta(days=i),
            closed_at=start + timedelta(days=i + 1),
            grade=1 + i % 5,
            solved=bool(i % 2),
        )
        for i in range(n)
    ]


def made(found: list[Case], received: int = 10, **more: object) -> Bulletin:
    return compose(
        NOVEMBER,
        found,
        counts(received),
        counts(8),
        [Point(date(2026, 11, 2), 1, 0, 0)],
        cut_off=CUT,
        **more,
    )  # type: ignore[arg-type]


@given(st.permutations(cases(6) + cases(5, "tqzk", "b") + cases(3, "qykb", "c")))
def test_the_same_cases_in_any_order_give_the_same_bytes(found):
    plainly = cases(6) + cases(5, "tqzk", "b") + cases(3, "qykb", "c")
    assert made(found).canonical() == made(plainly).canonical()
    assert made(found).digest == made(plainly).digest


def test_one_changed_case_changes_the_bytes():
    assert made(cases(12)).digest != made(cases(11)).digest


def test_an_instant_has_one_spelling():
    local = CUT.astimezone(ZoneInfo("Asia/Shanghai"))
    same = compose(NOVEMBER, cases(), counts(), counts(8), [], cut_off=local)
    assert (
        same.canonical()
        == compose(NOVEMBER, cases(), counts(), counts(8), [], cut_off=CUT).canonical()
    )
    assert plain(local) == "2026-11-30T16:00:00+00:00"


def test_a_bulletin_is_valid_json_and_says_what_it_counted():
    body = json.loads(made(cases()).canonical())
    assert body["period"]["name"] == "2026-11"
    assert body["received_change"] == "25.00"
    figures = {row["id"]: row for row in body["figures"] + body["more"]}
    assert figures["on_time"] == {
        "id": "on_time",
        "part": 8,
        "whole": 12,
        "percent": "66.67",
        "lower": "39.06",
        "small": False,
    }
    assert figures["closing"]["percent"] == "40.00"
    assert figures["answered_directly"]["percent"] == "40.00"
    assert body["overdue"] == {"count": 4, "median": 60.0, "p90": 88.8}
    assert body["tasks"][0]["name"] == "05"


def test_small_units_and_exclusions_are_named():
    found = made(cases(12) + cases(3, unit="b"), excluded={"EX2": 4})
    assert found.small == ("b",)
    assert found.excluded == {"EX2": 4}


def test_an_empty_period_is_a_bulletin_too():
    empty = Counts(0, 0, 0, 0, {}, {}, {}, {})
    found = compose(NOVEMBER, [], empty, empty, [], cut_off=CUT)
    body = json.loads(found.canonical())
    assert body["received_change"] is None
    assert all(row["percent"] is None for row in body["figures"] + body["more"])
    assert body["units"] == body["rising"] == []


def test_classes_rise_against_the_period_before_and_last_year_stands_beside():
    steady = cases(100, "steady")
    found = made(cases(40) + steady, earlier=cases(10) + steady, last_year=counts(5))
    assert [rise.name for rise in found.rising] == ["yd"]
    assert found.year_change == Decimal("100.00")


def test_small_counts_are_hidden_and_cannot_be_had_by_subtraction():
    assert public({"a": 10, "b": 2, "c": 7}) == {"a": "10", "b": "<3", "c": "*"}
    assert public({"a": 10, "b": 2, "c": 1}) == {"a": "10", "b": "<3", "c": "<3"}
    assert public({"a": 10, "b": 0, "c": 3}) == {"a": "10", "b": "0", "c": "3"}
    assert public({"a": 1}) == {"a": "<3"}
    assert public({}) == {}


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=6))
def test_no_small_count_is_ever_shown(table):
    shown = public(table)
    assert shown.keys() == table.keys()
    assert not {"1", "2"} & set(shown.values())
    assert all(shown[name] in {str(count), "<3", "*"} for name, count in table.items())


def test_the_public_form_tells_no_small_group():
    body = public_form(made(cases(12) + cases(2, "tqzk", "b")))
    assert [row["name"] for row in body["units"]] == ["a"]
    assert [row["name"] for row in body["categories"]] == ["yd"]
    assert body["counts"]["by_channel"] == {"web": "*", "phone": "<3"}
    assert body["counts"]["received"] == 10
    few = public_form(made(cases(2)))
    on_time = next(row for row in few["figures"] if row["id"] == "on_time")
    assert (on_time["part"], on_time["percent"], on_time["whole"]) == (None, None, 2)
    json.dumps(body)
