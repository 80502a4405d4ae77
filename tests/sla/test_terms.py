"""Terms: holiday, pause, extension and each way of counting, by hand and by law."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sla.calendars import china
from sla.policies import Policy
from sla.terms import Allowance, Term, TermRefused, arithmetic, check_extension, fold
from sla.worktime import SHANGHAI, Mode, Promise

CHINA = china()


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)


@dataclass
class Said:
    kind: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


def said(kind: str, when: str, **data: Any) -> Said:
    return Said(kind, at(when), {"ground": "等待企业补充材料"} | data)


def promise(kind: str, n: float) -> Promise:
    return Promise(Mode(kind), Fraction(n))


def policy(kind: str, n: float) -> Policy:
    return Policy("p", "resolve", promise(kind, n))


def term(kind: str, n: float, *facts: Said) -> Term:
    return fold(facts, policy(kind, n), CHINA)


# Monday 2 November 2026 09:00; National Day 1-7 October, make-up Saturday 10 October
@pytest.mark.parametrize(
    ("kind", "n", "start", "paused", "resumed", "expected"),
    [
        # the pause's own working time is given back
        (
            "working_hours",
            7,
            "2026-11-02 09:00",
            "2026-11-02 11:00",
            "2026-11-02 15:00",
            "2026-11-03 12:00",
        ),
        # a pause over lunch or a weekend takes nothing and gives nothing
        (
            "working_hours",
            7,
            "2026-11-02 09:00",
            "2026-11-02 12:00",
            "2026-11-02 13:00",
            "2026-11-02 17:00",
        ),
        (
            "working_hours",
            9,
            "2026-11-06 09:00",
            "2026-11-06 17:00",
            "2026-11-09 09:00",
            "2026-11-09 11:00",
        ),
        # across a festival: Wednesday's last hour and Thursday's first after the week
        (
            "working_hours",
            7,
            "2026-09-30 09:00",
            "2026-09-30 16:00",
            "2026-10-08 10:00",
            "2026-10-08 11:00",
        ),
        # days end at close of business whatever moved them
        (
            "working_days",
            5,
            "2026-11-02 09:00",
            "2026-11-04 11:00",
            "2026-11-04 14:00",
            "2026-11-10 17:00",
        ),
        (
            "working_days",
            5,
            "2026-11-02 09:00",
            "2026-11-04 09:00",
            "2026-11-05 17:00",
            "2026-11-11 17:00",
        ),
        (
            "working_days",
            5,
            "2026-11-02 09:00",
            "2026-11-06 17:00",
            "2026-11-09 09:00",
            "2026-11-09 17:00",
        ),
        (
            "working_days",
            3,
            "2026-09-28 09:00",
            "2026-09-30 17:00",
            "2026-10-08 09:00",
            "2026-10-08 17:00",
        ),
        (
            "working_days",
            3,
            "2026-09-28 09:00",
            "2026-10-08 09:00",
            "2026-10-09 17:00",
            "2026-10-10 17:00",
        ),
        # clock hours give back clock hours
        (
            "natural_hours",
            24,
            "2026-10-01 09:00",
            "2026-10-01 10:00",
            "2026-10-02 22:00",
            "2026-10-03 21:00",
        ),
        # calendar days: a day begun is a day, and the last one rolls again
        (
            "natural_days",
            4,
            "2026-11-02 09:00",
            "2026-11-03 09:00",
            "2026-11-03 10:00",
            "2026-11-09 17:00",
        ),
        (
            "natural_days",
            2,
            "2026-11-02 09:00",
            "2026-11-03 09:00",
            "2026-11-05 09:00",
            "2026-11-06 17:00",
        ),
        # rolled from Saturday to Monday already: a pause of two days adds two to Saturday
        (
            "natural_days",
            5,
            "2026-11-02 09:00",
            "2026-11-03 09:00",
            "2026-11-05 09:00",
            "2026-11-09 17:00",
        ),
        (
            "natural_days",
            5,
            "2026-11-02 09:00",
            "2026-11-03 09:00",
            "2026-11-06 09:00",
            "2026-11-10 17:00",
        ),
    ],
)
def test_pauses_worked_by_hand(kind, n, start, paused, resumed, expected):
    found = term(kind, n, said("started", start), said("paused", paused), said("resumed", resumed))
    assert found.due == at(expected)
    assert found.state == "running"
    assert found.original_due == term(kind, n, said("started", start)).due


def test_many_short_pauses_of_one_day_cost_no_more_than_their_sum():
    facts = [said("started", "2026-11-02 09:00")]
    for hour in (9, 10, 14, 15):
        facts += [
            said("paused", f"2026-11-04 {hour:02}:10"),
            said("resumed", f"2026-11-04 {hour:02}:20"),
        ]
    assert term("working_days", 5, *facts).due == at("2026-11-10 17:00")


def test_a_pause_after_the_due_time_mends_nothing():
    late = [
        said("started", "2026-11-02 09:00"),
        said("paused", "2026-11-02 12:00"),
        said("resumed", "2026-11-04 09:00"),
    ]
    assert term("working_hours", 3, *late).due == at("2026-11-02 12:00")
    again = term("working_hours", 3, *late, said("stopped", "2026-11-04 09:01"))
    assert (again.state, again.on_time) == ("breached", False)


def test_a_clock_that_stands_still_cannot_become_late():
    facts = [said("started", "2026-11-02 09:00"), said("paused", "2026-11-03 09:00")]
    assert term("working_days", 2, *facts).state == "paused"
    stopped = term("working_days", 2, *facts, said("stopped", "2026-11-20 09:00"))
    assert (stopped.state, stopped.on_time, stopped.stopped) == (
        "met",
        True,
        at("2026-11-20 09:00"),
    )


@pytest.mark.parametrize(
    ("when", "state"), [("2026-11-09 17:00", "met"), ("2026-11-09 17:01", "breached")]
)
def test_the_due_instant_itself_is_in_time(when, state):
    assert (
        term("working_days", 5, said("started", "2026-11-02 09:00"), said("stopped", when)).state
        == state
    )


def test_an_extension_counts_from_the_due_time_and_later_pauses_from_it():
    extended = [
        said("started", "2026-11-02 09:00"),
        said("paused", "2026-11-03 09:00"),
        said("resumed", "2026-11-03 17:00"),
        said("extended", "2026-11-05 10:00", by=promise("working_days", 3)),
    ]
    found = term("working_days", 5, *extended)
    assert (found.original_due, found.due) == (at("2026-11-09 17:00"), at("2026-11-13 17:00"))
    assert found.extensions == 1
    later = term(
        "working_days",
        5,
        *extended,
        said("paused", "2026-11-06 09:00"),
        said("resumed", "2026-11-06 17:00"),
    )
    assert later.due == at("2026-11-16 17:00")


def test_a_due_time_beyond_the_published_years_is_marked_and_settles_with_them():
    start = said("started", "2025-12-29 09:00")
    waiting = fold([start], policy("working_days", 5), china(years=[2025]))
    assert (waiting.state, waiting.due) == ("unpublished", None)
    settled = fold([start], policy("working_days", 5), CHINA)
    assert (settled.state, settled.due) == ("running", at("2026-01-06 17:00"))
    moved = term(
        "working_hours",
        7,
        said("started", "2026-12-31 09:00"),
        said("paused", "2026-12-31 10:00"),
        said("resumed", "2026-12-31 14:00"),
    )
    assert (moved.state, moved.due) == ("unpublished", None)


def test_terms_that_fall_away():
    assert term("working_days", 5).state == "not_applicable"
    start = said("started", "2026-11-02 09:00")
    assert (
        term("working_days", 5, start, said("cancelled", "2026-11-03 09:00")).state == "cancelled"
    )
    waived = term("working_days", 5, start, said("waived", "2026-11-03 09:00"))
    assert (waived.state, waived.due) == ("not_applicable", None)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ([said("paused", "2026-11-03 09:00", ground=" ")], "no_ground"),
        (
            [said("extended", "2026-11-03 09:00", ground="", by=promise("working_days", 1))],
            "no_ground",
        ),
        ([said("resumed", "2026-11-03 09:00")], "out_of_turn"),
        ([said("paused", "2026-11-03 09:00"), said("paused", "2026-11-03 10:00")], "out_of_turn"),
        ([said("stopped", "2026-11-03 09:00"), said("paused", "2026-11-03 10:00")], "out_of_turn"),
        ([said("stopped", "2026-11-03 09:00"), said("stopped", "2026-11-03 10:00")], "out_of_turn"),
    ],
)
def test_facts_out_of_turn_or_without_ground_are_refused(facts, code):
    with pytest.raises(TermRefused) as refused:
        term("working_days", 5, said("started", "2026-11-02 09:00"), *facts)
    assert refused.value.code == code
    assert "{" not in str(refused.value)


@pytest.mark.parametrize(
    ("when", "by", "code"),
    [
        ("2026-11-09 17:01", ("working_days", 1), "late"),
        ("2026-11-09 09:01", ("working_days", 1), "too_late"),
        ("2026-11-05 10:00", ("working_days", 4), "too_long"),
        ("2026-11-05 10:00", ("natural_days", 1), "too_long"),
    ],
)
def test_an_extension_that_may_not_be_asked_for_says_why(when, by, code):
    running = term("working_days", 5, said("started", "2026-11-02 09:00"))
    with pytest.raises(TermRefused) as refused:
        check_extension(running, at(when), promise(*by), CHINA)
    assert refused.value.code == code


def test_an_extension_in_time_and_within_its_limits_may_be_asked_for():
    running = term("working_days", 5, said("started", "2026-11-02 09:00"))
    check_extension(running, at("2026-11-09 09:00"), promise("working_days", 3), CHINA)
    once = Allowance(times=1)
    check_extension(
        running, at("2026-11-05 09:00"), promise("working_days", 3), CHINA, allowance=once
    )
    extended = term(
        "working_days",
        5,
        said("started", "2026-11-02 09:00"),
        said("extended", "2026-11-05 09:00", by=promise("working_days", 1)),
    )
    with pytest.raises(TermRefused, match="too_many"):
        check_extension(
            extended, at("2026-11-05 09:00"), promise("working_days", 1), CHINA, allowance=once
        )
    paused = term(
        "working_days", 5, said("started", "2026-11-02 09:00"), said("paused", "2026-11-05 09:00")
    )
    with pytest.raises(TermRefused, match="not_running"):
        check_extension(paused, at("2026-11-05 09:00"), promise("working_days", 1), CHINA)


def test_a_deadline_prints_its_own_arithmetic():
    found = list(arithmetic(at("2026-11-06 16:00"), at("2026-11-09 10:00"), CHINA))
    assert [(stretch.start, stretch.end) for stretch in found] == [
        (at("2026-11-06 16:00"), at("2026-11-06 17:00")),
        (at("2026-11-09 09:00"), at("2026-11-09 10:00")),
    ]
    assert [stretch.total for stretch in found] == [timedelta(hours=1), timedelta(hours=2)]


# --- laws -------------------------------------------------------------------------------------

starts = st.integers(0, 1000 * 86400).map(lambda s: at("2023-01-01 00:00") + timedelta(seconds=s))
steps = st.lists(st.tuples(st.integers(1, 5 * 86400), st.integers(1, 5 * 86400)), max_size=6)
modes = st.sampled_from(Mode)


def paused_facts(start: datetime, gaps: list[tuple[int, int]]) -> list[Said]:
    facts, now = [Said("started", start)], start
    for wait, length in gaps:
        now += timedelta(seconds=wait)
        facts.append(Said("paused", now, {"ground": "x"}))
        now += timedelta(seconds=length)
        facts.append(Said("resumed", now))
    return facts


@given(modes, st.integers(1, 30), starts, steps)
def test_a_pause_never_makes_a_deadline_earlier(mode, n, start, gaps):
    rule, facts = Policy("p", "resolve", Promise(mode, Fraction(n))), paused_facts(start, gaps)
    dues = [fold(facts[: 2 * count + 1], rule, CHINA).due for count in range(len(gaps) + 1)]
    assert None not in dues
    assert dues == sorted(dues)  # type: ignore[type-var]


@given(st.integers(1, 200), starts, steps)
def test_what_a_pause_took_is_given_back_to_the_second(n, start, gaps):
    rule, facts = (
        Policy("p", "resolve", Promise(Mode.WORKING_HOURS, Fraction(n))),
        paused_facts(start, gaps),
    )
    found = fold(facts, rule, CHINA)
    assert found.due is not None
    standing = sum(
        (CHINA.elapsed(pause.since, pause.until) for pause in found.pauses if pause.until),
        timedelta(),
    )
    assert CHINA.elapsed(start, found.due) == timedelta(hours=n) + standing


@given(
    modes,
    st.integers(1, 20),
    starts,
    st.integers(0, 10 * 86400),
    st.integers(1, 86400),
    st.integers(0, 86400),
)
def test_a_longer_pause_never_ends_earlier(mode, n, start, wait, length, more):
    rule = Policy("p", "resolve", Promise(mode, Fraction(n)))
    assume(wait > 0)
    short = fold(paused_facts(start, [(wait, length)]), rule, CHINA).due
    long = fold(paused_facts(start, [(wait, length + more)]), rule, CHINA).due
    assert short is not None
    assert long is not None
    assert short <= long
