"""Holiday x pause x change of policy x warning: a table of cases, every instant worked by hand.

The table is matrix.txt beside this module, which says how it is read.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.events import ClockMoved, ClockPaused, ClockStarted, Event, ExtensionAsked, encode
from sla import clocks
from sla.calendars import Override, china, duty
from sla.clocks import actions
from sla.histories import histories
from sla.policies import Policy, Step
from sla.terms import Term, fold, unbroken_start
from sla.worktime import SHANGHAI, Calendar, Mode, Promise, parse_sessions

# the notices of the State Council's General Office: days off, and weekends that are worked instead
NOTICES = """
2023 off 01-01/01-02 01-21/01-27 04-05/04-05 04-29/05-03 06-22/06-24 09-29/10-06
2023 on  01-28 01-29 04-23 05-06 06-25 10-07 10-08
2024 off 01-01/01-01 02-10/02-17 04-04/04-06 05-01/05-05 06-10/06-10 09-15/09-17 10-01/10-07
2024 on  02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12
2025 off 01-01/01-01 01-28/02-04 04-04/04-06 05-01/05-05 05-31/06-02 10-01/10-08
2025 on  01-26 02-08 04-27 09-28 10-11
2026 off 01-01/01-03 02-15/02-23 04-04/04-06 05-01/05-05 06-19/06-21 09-25/09-27 10-01/10-07
2026 on  01-04 02-14 02-28 05-09 09-20 10-10
"""

MODES = {
    "WH": Mode.WORKING_HOURS,
    "WD": Mode.WORKING_DAYS,
    "NH": Mode.NATURAL_HOURS,
    "ND": Mode.NATURAL_DAYS,
}
PROMISE = re.compile(
    r"(?P<p>(?:WH|WD|NH|ND)[\d.]+)(?: (?P<share>\d/\d))?(?: left (?P<left>[\w.]+))?"
    r"(?: rungs (?P<rungs>\w+ \w+))?(?: by (?P<by>\S+))?"
)


@dataclass
class Said:
    kind: str
    at: datetime
    data: dict[str, Any] = field(default_factory=lambda: {"ground": "x"})


@dataclass
class Case:
    """What happened, and what is expected, as the three lines say."""

    start: datetime
    rules: list[tuple[Policy, Calendar]]
    facts: list[Said]
    expected: dict[str, Any]
    why: str
    text: str


def promise(text: str) -> Promise:
    return Promise(MODES[text[:2]], Fraction(text[2:]))


def moment(text: str, year: int) -> datetime:
    full = text if text.count("-") == 2 else f"{year}-{text}"
    return datetime.fromisoformat(full).replace(tzinfo=SHANGHAI).astimezone(UTC)


@cache
def calendar(name: str | None) -> Calendar:
    if name is None:
        return china()
    if name.startswith("-"):
        return china(overrides=[Override(date.fromisoformat(name[1:]), False, "停电检修")])
    named = {
        "2025": lambda: china(years=(2023, 2024, 2025)),
        "late": lambda: china(sessions=parse_sessions([["09:00", "12:00"], ["13:30", "18:00"]])),
        "duty": duty,
    }
    return named[name]()


def rule(text: str) -> tuple[Policy, Calendar]:
    found = PROMISE.fullmatch(text)
    assert found, text
    red, circular = (promise(part) for part in (found["rungs"] or "WD1 WD5").split())
    policy = Policy(
        text,
        "resolve",
        promise(found["p"]),
        warn_at=Fraction(found["share"]) if found["share"] else None,
        warn_left=promise(found["left"]) if found["left"] else None,
        warn=("handler",),
        ladder=(
            Step("yellow", None, ("head",)),
            Step("red", red, ("office",)),
            Step("circular", circular, ("leader",)),
        ),
    )
    return policy, calendar(found["by"])


def said(text: str, year: int) -> list[Said]:
    kind, _, rest = text.partition(" ")
    if kind == "pause":
        since, _, until = (part.strip() for part in rest.partition(".."))
        paused = Said("paused", moment(since, year))
        return [paused, Said("resumed", moment(until, year))] if until else [paused]
    when, _, days = rest.partition(" +")
    return [Said("extended", moment(when, year), {"by": promise(f"WD{days}"), "ground": "x"})]


def expectation(text: str, year: int) -> dict[str, Any]:
    due, *parts = (part.strip() for part in text.removeprefix("=").split("|"))
    found: dict[str, Any] = {"paused": due.endswith(" paused"), "warn": None, "rungs": []}
    found["due"] = instant(due.removesuffix(" paused"), year)
    for part in parts:
        name, _, rest = part.partition(" ")
        if name in {"warn", "was"}:
            found[name] = instant(rest, year)
        else:
            found["rungs"] = [moment(rung, year) for rung in part.split(", ") if rung != "-"]
    return found


def instant(text: str, year: int) -> datetime | None:
    return None if text in {"-", "unpublished"} else moment(text, year)


def case(what: str, expected: str, why: str) -> Case:
    begun, first, *rest = what.split("; ")
    year = int(begun[:4])
    facts = [Said("started", moment(begun, year))]
    rules = [rule(first)]
    for part in rest:
        if part.startswith("now "):
            rules.append(rule(part.removeprefix("now ")))
        else:
            facts += said(part, year)
    return Case(facts[0].at, rules, facts, expectation(expected, year), why, what)


def table() -> list[Case]:
    text = Path(__file__).with_name("matrix.txt").read_text(encoding="utf-8")
    blocks = (block.splitlines() for block in text.split("\n\n"))
    return [case(*lines) for lines in blocks if not lines[0].startswith("#")]


TABLE = table()


def acts(term: Term, policy: Policy, by: Calendar) -> tuple[datetime | None, list[datetime]]:
    """When it warns and when each rung is reached, as a promise that moved is planned."""
    if term.due is None or term.started is None or term.state == "paused":
        return None, []
    unbroken = unbroken_start(term, policy.promise.mode, by) if term.pauses else None
    found = actions(unbroken or term.started, term.due, policy, by)
    warn = next((action.at for action in found if action.level == "blue"), None)
    assert [action.at for action in found if action.level == "yellow"] == [term.due]
    return warn, [action.at for action in found if action.level in {"red", "circular"}]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.text)
def test_every_case_of_the_matrix_is_as_worked_by_hand(row: Case) -> None:
    term = fold(row.facts, *row.rules[-1])
    assert term.due == row.expected["due"], row.why
    assert acts(term, *row.rules[-1]) == (row.expected["warn"], row.expected["rungs"]), row.why
    state = "running" if term.due else "unpublished"
    assert term.state == ("paused" if row.expected["paused"] else state)
    if len(row.rules) > 1:
        assert fold(row.facts, *row.rules[0]).due == row.expected["was"]


# --- the table itself -------------------------------------------------------------------------


def noticed() -> tuple[set[date], set[date]]:
    """Days off, and weekends worked instead, of every year in NOTICES."""
    off: set[date] = set()
    worked: set[date] = set()
    for line in NOTICES.strip().splitlines():
        year, kind, *parts = line.split()
        for part in parts:
            first, last = (date.fromisoformat(f"{year}-{end}") for end in (part[:5], part[-5:]))
            days = {first + timedelta(days=n) for n in range((last - first).days + 1)}
            (off if kind == "off" else worked).update(days)
    return off, worked


OFF, MADE_UP = noticed()


def test_the_calendar_is_what_the_notices_say_on_every_day_of_four_years() -> None:
    days = [date(2023, 1, 1) + timedelta(days=n) for n in range(1461)]
    assert days[-1] == date(2026, 12, 31)
    expected = [d for d in days if d in MADE_UP or (d.weekday() < 5 and d not in OFF)]
    assert [d for d in days if china().is_working(d)] == expected
    assert len(MADE_UP) == 7 + 8 + 5 + 6
    assert all(d.weekday() >= 5 for d in MADE_UP)


def dimensions(row: Case) -> set[str]:
    """Which of the four things a case puts together."""
    ends = [row.expected["due"], row.expected.get("was"), *row.expected["rungs"], row.start]
    days = [d.astimezone(SHANGHAI).date() for d in ends if d is not None]
    stretch = {min(days) + timedelta(days=n) for n in range((max(days) - min(days)).days + 1)}
    kinds = {fact.kind for fact in row.facts}
    held = {
        "holiday": bool(stretch & (OFF | MADE_UP)),
        "pause": "paused" in kinds,
        "extension": "extended" in kinds,
        "change": len(row.rules) > 1,
        "warning": row.expected["warn"] is not None,
    }
    return {name for name, holds in held.items() if holds}


def test_every_pair_of_dimensions_meets_in_every_way_of_counting() -> None:
    assert len(TABLE) >= 60
    met = {
        (row.rules[-1][0].promise.mode, pair)
        for row in TABLE
        for pair in combinations(sorted(dimensions(row)), 2)
    }
    names = ("change", "holiday", "pause", "warning")
    missing = {(mode, pair) for mode in Mode for pair in combinations(names, 2)} - met
    assert missing == set()
    assert {mode for mode, pair in met if "extension" in pair} == set(Mode)


# --- laws over what the table only samples ------------------------------------------------------

CHINA = china()
starts = st.integers(0, 1200 * 86400).map(
    lambda seconds: datetime(2023, 1, 1, tzinfo=SHANGHAI) + timedelta(seconds=seconds)
)
modes = st.sampled_from(Mode)
# wait so long, then a pause of so long, or that many working days more
steps = st.lists(
    st.tuples(st.integers(1, 2 * 86400), st.integers(1, 9 * 86400), st.integers(0, 3)), max_size=5
)
shares = st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=20)
lefts = st.none() | st.builds(Promise, modes, st.integers(1, 12).map(Fraction))


def happened(start: datetime, told: list[tuple[int, int, int]], rule: Policy) -> list[Said]:
    """Pauses and extensions that the rules would have let happen: more time only before the end."""
    facts, now = [Said("started", start)], start
    for wait, length, more in told:
        now += timedelta(seconds=wait)
        due = fold(facts, rule, CHINA).due
        if more and due is not None and now <= due:
            facts.append(Said("extended", now, {"by": promise(f"WD{more}"), "ground": "x"}))
        else:
            facts.append(Said("paused", now))
            now += timedelta(seconds=length)
            facts.append(Said("resumed", now))
    return facts


def ruled(mode: Mode, n: int, share: Fraction | None = None, left: Promise | None = None) -> Policy:
    assume(left is None or left.mode is not mode or left.n <= n)
    ladder = (
        Step("yellow", None, ()),
        Step("red", promise("WD1"), ()),
        Step("circular", promise("NH30"), ()),
    )
    return Policy(
        "p", "resolve", Promise(mode, Fraction(n)), warn_at=share, warn_left=left, ladder=ladder
    )


@given(modes, st.integers(1, 25), starts, steps, shares, lefts)
def test_a_warning_lies_within_its_promise_and_the_rungs_follow_in_order(
    mode, n, start, told, share, left
):
    policy = ruled(mode, n, share, left)
    term = fold(happened(start, told, policy), policy, CHINA)
    assume(term.due is not None)
    warn, rungs = acts(term, policy, CHINA)
    assert term.started is not None
    assert warn is None or term.started <= warn < term.due
    assert rungs == sorted(rungs)
    assert all(rung >= term.due for rung in rungs)


@given(modes, st.integers(1, 20), st.integers(0, 10), starts, steps)
def test_a_longer_limit_never_ends_earlier_whatever_happened_meanwhile(mode, n, more, start, told):
    facts = happened(start, told, ruled(mode, n))
    short, long = (fold(facts, ruled(mode, length), CHINA).due for length in (n, n + more))
    assume(short is not None and long is not None)
    assert short <= long


@given(
    st.sampled_from([Mode.WORKING_HOURS, Mode.WORKING_DAYS]), st.integers(1, 30), starts, st.data()
)
def test_a_pause_outside_office_hours_costs_nothing_however_many_holidays_it_spans(
    mode, n, start, data
):
    policy = ruled(mode, n)
    free = fold([Said("started", start)], policy, CHINA)
    assert free.due is not None
    # from some close of business before the end to the next opening
    closings = [end for _, end in CHINA.spans(start, free.due) if end < free.due]
    assume(closings)
    since = data.draw(st.sampled_from(closings))
    until = CHINA.next_opening(since)
    paused = [Said("started", start), Said("paused", since), Said("resumed", until)]
    assert fold(paused, policy, CHINA).due == free.due


@pytest.mark.parametrize("day", sorted(MADE_UP), ids=str)
@pytest.mark.parametrize(("hour", "n"), [(9, 1), (11, 2), (12, 4), (13, Fraction(7, 2)), (16, 1)])
def test_every_made_up_day_is_worked_like_any_monday(day: date, hour: int, n: Fraction) -> None:
    monday = datetime(2026, 11, 2, hour, tzinfo=SHANGHAI)
    made_up = datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)
    wanted = Promise(Mode.WORKING_HOURS, Fraction(n))
    assert CHINA.add(made_up, wanted) - made_up == CHINA.add(monday, wanted) - monday
    eve = made_up - timedelta(days=1)
    assert CHINA.add(eve, promise("WD1")) == made_up.replace(hour=17)


@dataclass
class Entry:
    kind: str
    facts: dict[str, Any]
    at: datetime


CLOCK, ORDER = UUID(int=1), UUID(int=2)


def recorded(fact: Said, term: Term) -> list[Entry]:
    """What the timeline says of a fact and of the term as it was stored with it."""
    common = (CLOCK, "resolve")
    events: list[Event]
    match fact.kind:
        case "started":
            start = ClockStarted(*common, "p@1", term.calendar, term.due, since=fact.at)
            events = [replace(start, order=ORDER, department="x")]
        case "paused":
            events = [ClockPaused(*common, "waiting_law")]
        case "resumed":
            events = [ClockMoved(*common, "resumed", term.due, None, ORDER, "x")]
        case _:
            moved = ClockMoved(*common, "extension", term.due, None, ORDER, "x")
            days = int(fact.data["by"].n)
            events = [ExtensionAsked(*common, ORDER, "x", days, UUID(int=3)), moved]
    return [Entry(event.kind, encode(event), fact.at) for event in events]


@given(modes, st.integers(1, 20), starts, steps)
def test_a_term_is_counted_from_the_timeline_alone(mode, n, start, told):
    policy, entries = ruled(mode, n), []
    facts = happened(start, told, policy)
    for count, fact in enumerate(facts, start=1):
        stored = fold(facts[:count], policy, CHINA)
        entries += recorded(fact, stored)
        again = fold(histories(entries)[CLOCK].steps, policy, CHINA)
        assert (again.due, again.original_due) == (stored.due, stored.original_due)
        cached = clocks.fold(entries)[CLOCK]
        assert (cached.due, cached.original_due) == (stored.due, stored.original_due)
        assert cached.state == stored.state
