"""Calendars: two packages on every published day, what may be set by hand, deadlines in lines."""

import json
from datetime import date, timedelta
from itertools import islice

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.calendars import (
    PUBLISHED,
    Override,
    OverrideRefused,
    china,
    deadline_lines,
    duty,
    with_sessions,
    working_days,
)
from sla.worktime import OFFICE, CalendarUnknown, parse_sessions

DAYS = [date(2023, 1, 1) + timedelta(days=n) for n in range(1461)]


def test_two_packages_agree_on_every_published_day():
    calendar = china()
    assert (DAYS[0].year, DAYS[-1]) == (PUBLISHED[0], date(PUBLISHED[-1], 12, 31))
    differing = [
        day for day in DAYS if calendar.is_working(day) != chinese_calendar.is_workday(day)
    ]
    assert differing == []


def test_years_have_the_working_days_that_were_counted_elsewhere():
    assert [len(list(working_days([year]))) for year in PUBLISHED] == [249, 251, 248, 248]


def test_make_up_weekends_are_worked():
    calendar = china()
    weekends = [day for day in DAYS if day.weekday() >= 5 and calendar.is_working(day)]
    assert date(2026, 2, 14) in weekends
    assert len([day for day in weekends if day.year == 2026]) == 6


def test_an_override_moves_one_day_and_names_another_version():
    flood = Override(date(2026, 7, 15), working=False, reason="防汛停工")
    plain, changed = china(), china(overrides=[flood])
    assert plain.is_working(flood.day)
    assert not changed.is_working(flood.day)
    assert sum(plain.is_working(day) != changed.is_working(day) for day in DAYS) == 1
    assert plain.version == "cn-2023-2026"
    assert changed.version not in (plain.version, china(sessions=((OFFICE[0]),)).version)
    assert changed.version == china(overrides=[flood]).version


def week_off(monday: date) -> list[Override]:
    return [Override(monday + timedelta(days=n), working=False, reason="停工") for n in range(5)]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ([Override(date(2026, 7, 15), working=False, reason=" ")], "needs its reason"),
        ([Override(date(2027, 7, 15), working=False, reason="x")], "not published"),
        ([Override(date(2026, 10, 1), working=True, reason="x")], "published holiday"),
        ([Override(date(2026, 10, 5), working=True, reason="x")], "published holiday"),
        ([Override(date(2026, 7, 15), working=True, reason="x")], "worked already"),
        ([Override(date(2026, 7, 18), working=False, reason="x")], "free already"),
        (week_off(date(2026, 7, 13)), "2026-07-13 is left without a working day"),
        ([Override(date(2026, 7, 15), working=False, reason="x")] * 2, "free already"),
    ],
)
def test_an_override_that_cannot_stand_says_what_to_do(overrides, words):
    with pytest.raises(OverrideRefused, match=words):
        china(overrides=overrides)


def test_a_week_emptied_but_for_an_extra_saturday_stands():
    saturday = Override(date(2026, 7, 18), working=True, reason="补班")
    calendar = china(overrides=[*week_off(date(2026, 7, 13)), saturday])
    assert calendar.is_working(saturday.day)


@pytest.mark.parametrize("years", [(), (2023, 2025), (2026, 2027), (2022,), (2024, 2024)])
def test_years_with_gaps_or_without_a_notice_make_no_calendar(years):
    with pytest.raises(OverrideRefused):
        china(years=years)


def test_one_year_alone_knows_only_itself():
    calendar = china(years=[2025])
    assert calendar.version == "cn-2025-2025"
    with pytest.raises(CalendarUnknown):
        calendar.is_working(date(2024, 12, 31))


def test_calendars_of_the_same_sessions_are_compiled_once():
    sessions = parse_sessions([["08:30", "12:00"]])
    assert with_sessions(sessions) is with_sessions(parse_sessions([["8:30", "12:00"]]))
    assert all(duty().is_working(day) for day in DAYS)


def ask(**row: object) -> dict[str, object]:
    return json.loads(next(deadline_lines([json.dumps(row)])))


WORKING_DAY = {"type": "working_days", "n": 1}


def test_a_deadline_is_printed_with_the_district_s_offset():
    assert ask(id="a", start="2026-11-02T10:00:00+08:00", policy=WORKING_DAY) == {
        "id": "a",
        "deadline": "2026-11-03T17:00:00+08:00",
    }
    assert (
        ask(id=1, start="2026-11-02T02:00:00Z", policy=WORKING_DAY)["deadline"]
        == "2026-11-03T17:00:00+08:00"
    )
    assert (
        ask(id=1, start="2026-11-01T21:00:00-05:00", policy=WORKING_DAY)["deadline"]
        == "2026-11-03T17:00:00+08:00"
    )
    hour = {"type": "natural_hours", "n": 1}
    assert (
        ask(id=1, start="2026-11-02T10:00:00.5+08:00", policy=hour)["deadline"]
        == "2026-11-02T11:00:00.500000+08:00"
    )
    # a summer with summer time
    assert (
        ask(id=1, start="1990-07-02T00:00:00Z", policy=hour)["deadline"]
        == "1990-07-02T09:00:00+08:00"
    )


def test_sessions_of_the_line_are_used():
    policy = {"type": "working_hours", "n": 4, "sessions": [["09:00", "12:00"], ["13:30", "18:00"]]}
    assert (
        ask(id=1, start="2026-11-02T10:00:00+08:00", policy=policy)["deadline"]
        == "2026-11-02T15:30:00+08:00"
    )


@pytest.mark.parametrize(
    "start",
    [
        "2027-01-04T10:00:00+08:00",
        "2026-12-31T10:00:00+08:00",
        "2022-06-01T10:00:00+08:00",
        "0001-01-01T00:00:00+08:00",
    ],
)
def test_a_deadline_beyond_the_published_years_is_said_to_be_unknown(start):
    assert ask(id=7, start=start, policy=WORKING_DAY) == {"id": 7, "deadline": "calendar_unknown"}


def test_a_deadline_no_date_can_hold_is_unknown():
    policy = {"type": "natural_hours", "n": 1e300}
    assert ask(id=7, start="2026-01-01T00:00:00Z", policy=policy)["deadline"] == "calendar_unknown"
    policy = {"type": "natural_hours", "n": 0.1}
    assert ask(id=7, start="9999-12-31T23:30:00Z", policy=policy)["deadline"] == "calendar_unknown"


@pytest.mark.parametrize(
    ("start", "policy", "field"),
    [
        ("2026-11-02T10:00:00", WORKING_DAY, "start"),
        ("2026-11-02", WORKING_DAY, "start"),
        ("tomorrow", WORKING_DAY, "start"),
        (20261102, WORKING_DAY, "start"),
        (None, WORKING_DAY, "start"),
        ("2026-11-02T10:00:00Z", None, "policy"),
        ("2026-11-02T10:00:00Z", {"type": "weeks", "n": 1}, "policy.type"),
        ("2026-11-02T10:00:00Z", {"type": "working_days", "n": 0}, "policy.n"),
        (
            "2026-11-02T10:00:00Z",
            {"type": "working_days", "n": 1, "sessions": []},
            "policy.sessions",
        ),
    ],
)
def test_a_line_at_fault_names_the_field(start, policy, field):
    answer = ask(id=9, start=start, policy=policy)
    assert answer["id"] == 9
    assert str(answer["error"]).startswith(f"{field}: ")
    assert "deadline" not in answer


def test_lines_that_are_no_objects_do_not_stop_the_rest():
    good = json.dumps({"id": "好", "start": "2026-11-02T10:00:00Z", "policy": WORKING_DAY})
    lines = [
        "\ufeff" + good,
        "",
        "nonsense",
        "[]",
        "[" * 100_000,
        '{"id": "\\ud800"}',
        '{"id": 1, "start": NaN}',
        good,
    ]
    answers = [json.loads(line) for line in deadline_lines(lines)]
    assert [answer["id"] for answer in answers] == ["好", None, None, None, "\ud800", None, "好"]
    assert answers[0] == answers[-1]
    assert all("error" in answer for answer in answers[1:-1])
    for line in deadline_lines(lines):
        line.encode()


def test_lines_are_answered_as_they_come():
    endless = iter(
        lambda: json.dumps({"id": 1, "start": "2026-11-02T10:00:00Z", "policy": WORKING_DAY}), None
    )
    assert len(list(islice(deadline_lines(endless), 3))) == 3


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
kinds = st.sampled_from(["working_hours", "working_days", "natural_hours", "natural_days"])


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "id": json_values,
            "start": json_values
            | st.datetimes(timezones=st.timezones()).map(lambda d: d.isoformat()),
            "policy": json_values
            | st.fixed_dictionaries(
                {"type": kinds, "n": json_values}, optional={"sessions": json_values}
            ),
        },
    )
)
def test_any_object_gets_exactly_one_answer(row):
    answers = [json.loads(line) for line in deadline_lines([json.dumps(row)])]
    assert len(answers) == 1
    assert answers[0]["id"] == row.get("id")
    assert ("deadline" in answers[0]) != ("error" in answers[0])
