"""Clocks: when they act, what fires after silence, and what their facts tell."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.calendars import china
from sla.clocks import actions, due_time, fold, judge, shown_remaining
from sla.policies import LADDER, PRESETS, Policy, Step
from sla.worktime import SHANGHAI, Mode, Promise

CHINA = china()
CLOCK = UUID(int=1)


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)


def policy(kind: str = "working_days", n: float = 5, **more: Any) -> Policy:
    more = {"warn_at": Fraction(4, 5), "ladder": LADDER} | more
    return Policy("p", "resolve", Promise(Mode(kind), Fraction(n)), **more)


def planned(start: str, rule: Policy) -> list[tuple[str, datetime]]:
    begun = at(start)
    due = due_time(begun, rule, CHINA)
    assert due is not None
    return [(action.level, action.at) for action in actions(begun, due, rule, CHINA)]


def test_the_ladder_of_a_week_worked_by_hand():
    # Monday 09:00 to Monday 17:00 a week later is 42 working hours, of which 80 % are 33.6:
    # four days and 5.6 hours of the Friday
    assert planned("2026-11-02 09:00", policy()) == [
        ("blue", at("2026-11-06 15:36")),
        ("yellow", at("2026-11-09 17:00")),
        ("red", at("2026-11-10 17:00")),
        ("circular", at("2026-11-16 17:00")),
        ("problem", at("2026-11-23 17:00")),
    ]


def test_a_warning_may_be_tied_to_what_is_left():
    rule = policy(warn_at=None, warn_left=Promise(Mode.WORKING_DAYS, Fraction(1)))
    assert planned("2026-11-02 09:00", rule)[0] == ("blue", at("2026-11-09 09:00"))


def test_of_two_warning_points_the_earlier_counts():
    left = Promise(Mode.WORKING_DAYS, Fraction(3))
    assert planned("2026-11-02 09:00", policy(warn_left=left))[0] == (
        "blue",
        at("2026-11-05 09:00"),
    )
    left = Promise(Mode.WORKING_HOURS, Fraction(1))
    assert planned("2026-11-02 09:00", policy(warn_left=left))[0] == (
        "blue",
        at("2026-11-06 15:36"),
    )


def test_clock_hours_are_warned_of_by_the_clock():
    rule = policy("natural_hours", 24)
    assert planned("2026-10-01 10:00", rule)[0] == (
        "blue",
        at("2026-10-01 10:00") + timedelta(hours=19.2),
    )


def test_a_warning_that_would_fall_on_the_due_time_or_before_the_start_is_left_out():
    hair = policy("working_hours", 1, warn_at=1 - Fraction(1, 10**12))
    assert next(level for level, _ in planned("2026-11-02 09:00", hair)) == "yellow"
    left = Promise(Mode.WORKING_DAYS, Fraction(3))
    early = policy("working_hours", 4, warn_at=None, warn_left=left)
    assert next(level for level, _ in planned("2026-11-02 09:00", early)) == "yellow"


def test_without_a_ladder_only_the_due_time_acts():
    assert planned("2026-11-02 09:00", policy(warn_at=None, ladder=())) == [
        ("due", at("2026-11-09 17:00"))
    ]


def test_rungs_beyond_the_published_years_wait_for_their_calendar():
    levels = [level for level, _ in planned("2026-12-24 09:00", policy())]
    assert levels == ["blue", "yellow"]


def test_a_due_time_beyond_the_published_years_is_not_published():
    assert due_time(at("2026-12-29 09:00"), policy(), CHINA) is None


starts = st.integers(0, 1200 * 86400).map(lambda s: at("2023-01-01 00:00") + timedelta(seconds=s))


@given(starts, st.sampled_from(PRESETS))
def test_no_warning_after_its_deadline_and_no_rung_before_the_last(start, rule):
    due = due_time(start, rule, CHINA)
    assert due is not None
    found = actions(start, due, rule, CHINA)
    instants = [action.at for action in found]
    assert instants == sorted(instants)
    for action in found:
        assert (action.at < due) == (action.level == "blue")
        assert action.at >= start


def test_a_rung_counted_otherwise_never_overtakes():
    ladder = (
        Step("yellow", Promise(Mode.WORKING_DAYS, Fraction(3)), ()),
        Step("red", Promise(Mode.NATURAL_HOURS, Fraction(1)), ()),
    )
    found = planned("2026-11-02 09:00", policy(ladder=ladder))
    assert found[1][1] == found[2][1]


def plan() -> tuple[Any, ...]:
    begun, rule = at("2026-11-02 09:00"), policy()
    due = due_time(begun, rule, CHINA)
    assert due is not None
    return actions(begun, due, rule, CHINA)


@pytest.mark.parametrize(
    ("fired", "now", "fire", "collapsed", "following"),
    [
        (None, "2026-11-02 10:00", None, (), "blue"),
        (None, "2026-11-06 15:36", "blue", (), "yellow"),
        ("blue", "2026-11-06 15:36", None, (), "yellow"),
        ("blue", "2026-11-09 16:59", None, (), "yellow"),
        ("blue", "2026-11-09 17:00", "yellow", (), "red"),
        # after an outage the highest due level speaks for those that were missed
        (None, "2026-11-11 10:00", "red", ("blue", "yellow"), "circular"),
        ("yellow", "2026-11-20 10:00", "circular", ("red",), "problem"),
        ("yellow", "2026-12-01 10:00", "problem", ("red", "circular"), None),
        ("problem", "2026-12-01 10:00", None, (), None),
    ],
)
def test_the_verdict_of_an_instant(fired, now, fire, collapsed, following):
    verdict = judge(plan(), fired, at(now))
    assert (verdict.fire.level if verdict.fire else None) == fire
    assert verdict.collapsed == collapsed
    assert (verdict.next.level if verdict.next else None) == following


@given(st.lists(st.integers(0, 40 * 24 * 60), max_size=12))
def test_however_often_one_looks_each_level_fires_at_most_once_and_in_order(minutes):
    fired: list[str] = []
    for minute in sorted(minutes):
        verdict = judge(
            plan(), fired[-1] if fired else None, at("2026-11-02 09:00") + timedelta(minutes=minute)
        )
        if verdict.fire:
            fired.append(verdict.fire.level)
    order = [action.level for action in plan()]
    assert fired == [level for level in order if level in fired]
    last = max(minutes, default=0)
    due = [
        action.level
        for action in plan()
        if action.at <= at("2026-11-02 09:00") + timedelta(minutes=last)
    ]
    assert fired[-1:] == due[-1:]


def test_what_is_left_is_shown_as_people_count_it():
    now, due = at("2026-11-06 16:00"), at("2026-11-09 10:00")
    assert shown_remaining(now, due, Mode.WORKING_DAYS, CHINA) == timedelta(hours=2)
    assert shown_remaining(now, due, Mode.NATURAL_HOURS, CHINA) == timedelta(days=2, hours=18)
    late = at("2026-11-09 11:00")
    assert shown_remaining(late, due, Mode.WORKING_HOURS, CHINA) == -timedelta(hours=1)
    after = at("2027-01-04 10:00")
    assert shown_remaining(now, after, Mode.WORKING_DAYS, CHINA) == after - now


@dataclass
class Line:
    kind: str
    facts: dict[str, Any]
    at: datetime


def line(kind: str, when: str, **facts: Any) -> Line:
    return Line(kind, {"clock": str(CLOCK), **facts}, at(when))


STARTED = line(
    "clock.started",
    "2026-11-02 09:00",
    metric="resolve",
    due="2026-11-09T17:00:00+08:00",
    since="2026-11-02T08:59:00+08:00",
    order=None,
    department="a",
)


def test_a_timeline_tells_every_clock():
    clock = fold(
        [
            line("ticket.received", "2026-11-02 09:00"),
            STARTED,
            line("clock.warned", "2026-11-06 15:00", level="blue"),
            line("clock.breached", "2026-11-09 17:00", level="yellow"),
            line("order.escalated", "2026-11-10 17:00", level="red"),
            line("clock.met", "2026-11-11 10:00", on_time=False),
        ][1:]
    )[CLOCK]
    assert (clock.started, clock.due) == (at("2026-11-02 08:59"), at("2026-11-09 17:00"))
    assert (clock.state, clock.level, clock.on_time) == ("breached", "red", False)
    assert clock.stopped == at("2026-11-11 10:00")


def test_a_moved_clock_keeps_its_original_due_time():
    moved = line(
        "clock.moved",
        "2026-11-05 10:00",
        due="2026-11-12T17:00:00+08:00",
        order=None,
        department="b",
    )
    clock = fold([STARTED, line("clock.paused", "2026-11-04 10:00"), moved])[CLOCK]
    assert (clock.original_due, clock.due) == (at("2026-11-09 17:00"), at("2026-11-12 17:00"))
    assert (clock.state, clock.department) == ("running", "b")


def test_a_clock_without_a_published_due_time_says_so_until_it_settles():
    facts = dict(STARTED.facts, due=None)
    clock = fold([Line("clock.started", facts, STARTED.at)])[CLOCK]
    assert (clock.state, clock.due) == ("unpublished", None)


def test_lines_without_a_clock_are_none_of_its_business():
    assert fold([Line("ticket.received", {}, at("2026-11-02 09:00"))]) == {}
