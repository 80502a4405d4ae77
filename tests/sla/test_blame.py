"""Lateness divided by who had the case: worked by hand, and exact whatever happens."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.moments import SHANGHAI
from sla import blame
from sla.blame import account, divide
from sla.calendars import china
from sla.intervals import Kind, cut
from sla.worktime import Mode, Promise

CALENDAR = china()
WORKING = blame.measure(CALENDAR, Mode.WORKING_DAYS)
RESOLVE, SIGN, SIGN_AGAIN, CO, CO_TOO, RULING, ACCEPT = (UUID(int=n) for n in range(1, 8))
LEAD, SECOND, HELPER, OTHER = (str(UUID(int=n)) for n in range(101, 105))
H = timedelta(hours=1)
NOTHING = timedelta()


@dataclass(frozen=True)
class Line:
    kind: str
    facts: dict[str, Any]
    at: datetime


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026: the 16th is a Monday, the 21st and 22nd a weekend."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def started(moment, clock, metric, due, since=None, order=None) -> Line:
    facts = {
        "clock": str(clock),
        "metric": metric,
        "policy": "p@1",
        "calendar": "c",
        "due": due.isoformat() if due else None,
        "since": (since or moment).isoformat(),
        "order": order,
        "department": None,
        "generation": 1,
    }
    return Line("clock.started", facts, moment)


def moved(moment, clock, before, due, ground="extension", metric="resolve") -> Line:
    facts = {
        "clock": str(clock),
        "metric": metric,
        "ground": ground,
        "due": due.isoformat(),
        "before": before.isoformat(),
        "order": None,
        "department": None,
    }
    return Line("clock.moved", facts, moment)


def met(moment, *, on_time=False) -> Line:
    return Line(
        "clock.met", {"clock": str(RESOLVE), "metric": "resolve", "on_time": on_time}, moment
    )


def ticket(moment, verb: str, **facts: Any) -> Line:
    return Line(f"ticket.{verb}", facts, moment)


def order(moment, verb: str, order=LEAD, unit="lead", part="lead") -> Line:
    return Line(f"order.{verb}", {"order": order, "department": unit, "part": part}, moment)


def taken_in(moment, issued, due, sign_due, accept_due=None) -> list[Line]:
    """Received, accepted within its own promise, and given to the lead."""
    return [
        ticket(moment, "received"),
        started(moment, ACCEPT, "accept", accept_due or at(30, 17)),
        order(issued, "issued"),
        started(issued, SIGN, "sign", sign_due, order=LEAD),
        started(issued, RESOLVE, "resolve", due, since=moment, order=LEAD),
    ]


def replied(moment) -> list[Line]:
    return [order(moment, "replied"), met(moment)]


def shares(lines, now=None, length=WORKING) -> dict[tuple[str, str | None], timedelta]:
    found = account(lines, now or at(30, 17), length)
    assert found is not None
    assert sum((part.share for part in found.parts), NOTHING) == found.lateness
    return {(holder.kind.value, holder.unit): share for holder, share in found.shares().items()}


# --- worked by hand ----------------------------------------------------------------------


def test_a_lead_that_is_late_with_everybody_else_in_time_answers_for_all_of_it() -> None:
    # due Wednesday 17:00, replied Thursday 11:00: two working hours
    lines = [
        *taken_in(at(16, 9), at(16, 10), at(18, 17), at(17, 17)),
        order(at(16, 14), "signed"),
        *replied(at(19, 11)),
    ]
    assert shares(lines) == {("lead", "lead"): 2 * H}


def test_who_overran_his_own_limit_answers_first_and_the_lead_for_the_rest() -> None:
    # signed six hours after its limit; late by seven
    lines = [
        *taken_in(at(16, 9), at(16, 9), at(18, 17), at(16, 17)),
        order(at(17, 16), "signed"),
        *replied(at(19, 17)),
    ]
    assert shares(lines) == {("sign", "lead"): 6 * H, ("lead", "lead"): 1 * H}


def test_a_lead_that_makes_up_for_others_answers_for_nothing_and_they_in_proportion() -> None:
    # the desk three hours over its limit, the signing seven; together they are late by three
    lines = [
        *taken_in(at(16, 9), at(17, 13), at(18, 17), at(17, 14), accept_due=at(16, 17)),
        order(at(18, 14), "signed"),
        *replied(at(19, 12)),
    ]
    found = account(lines, at(30, 17), WORKING)
    assert [(p.holder.kind, p.used, p.limit, p.beyond) for p in found.parts] == [
        (Kind.INTAKE, 10 * H, 7 * H, 3 * H),
        (Kind.SIGN, 8 * H, 1 * H, 7 * H),
        (Kind.LEAD, 6 * H, None, NOTHING),
    ]
    assert found.lateness == 3 * H
    assert shares(lines) == {
        ("intake", None): 0.9 * H,
        ("sign", "lead"): 2.1 * H,
    }


def test_nobody_answers_for_more_time_than_he_had_the_case() -> None:
    # the desk within its three days took them all; the lead had the case for an hour
    lines = [
        *taken_in(at(16, 9), at(18, 16), at(16, 17), at(19, 17), accept_due=at(19, 17)),
        order(at(18, 16), "signed"),
        *replied(at(18, 17)),
    ]
    assert shares(lines) == {("lead", "lead"): 1 * H, ("intake", None): 13 * H}


def test_a_returned_order_names_both_halves() -> None:
    lines = [
        *taken_in(at(16, 9), at(16, 9), at(17, 17), at(16, 17)),
        order(at(17, 10), "return_asked"),
        started(at(17, 10), RULING, "ruling", at(17, 14, 30), order=LEAD),
        order(at(17, 16), "returned"),
        order(at(17, 16), "issued", SECOND, "second"),
        started(at(17, 16), SIGN_AGAIN, "sign", at(18, 17), order=SECOND),
        order(at(18, 10), "signed", SECOND, "second"),
        order(at(18, 14), "replied", SECOND, "second"),
        met(at(18, 14)),
    ]
    found = account(lines, at(30, 17), WORKING)
    assert [(p.holder.kind, p.holder.unit, p.used, p.beyond) for p in found.parts] == [
        (Kind.RETURN, "lead", 8 * H, 1 * H),
        (Kind.RULING, None, 5 * H, 1.5 * H),
        (Kind.SIGN, "second", 2 * H, NOTHING),
        (Kind.LEAD, "second", 3 * H, NOTHING),
    ]
    assert shares(lines) == {
        ("return", "lead"): 1 * H,
        ("ruling", None): 1.5 * H,
        ("lead", "second"): 1.5 * H,
    }


def test_a_refused_return_is_signed_in_a_new_turn_with_a_limit_of_its_own() -> None:
    lines = [
        *taken_in(at(16, 9), at(16, 9), at(17, 17), at(16, 17)),
        order(at(16, 11), "return_asked"),
        started(at(16, 11), RULING, "ruling", at(16, 15, 30), order=LEAD),
        order(at(16, 14), "return_refused"),
        started(at(16, 14), SIGN_AGAIN, "sign", at(17, 17), order=LEAD),
        order(at(17, 9), "signed"),
        *replied(at(18, 10)),
    ]
    found = account(lines, at(30, 17), WORKING)
    assert [(p.holder.kind, p.limit) for p in found.parts] == [
        (Kind.RETURN, 7 * H),
        (Kind.RULING, 3.5 * H),
        (Kind.SIGN, 10 * H),
        (Kind.LEAD, None),
    ]
    assert shares(lines) == {("lead", "lead"): 1 * H}


def called_in(moment, due, order_id=HELPER, unit="helper", clock=CO) -> list[Line]:
    return [
        order(moment, "issued", order_id, unit, "co"),
        started(moment, clock, "co_reply", due, order=order_id),
    ]


def test_the_lead_waits_for_a_co_handler_from_its_own_due_time_until_it_replies() -> None:
    lines = [
        *taken_in(at(16, 9), at(16, 9), at(18, 17), at(17, 17)),
        order(at(16, 9), "signed"),
        *called_in(at(16, 9), at(17, 17)),
        # being told of it ends nothing
        Line("order.escalated", {"order": HELPER, "clock": str(CO), "level": "red"}, at(18, 9)),
        order(at(19, 11), "replied", HELPER, "helper", "co"),
        *replied(at(19, 14)),
    ]
    assert shares(lines) == {("co", "helper"): 4 * H}


def test_several_late_co_handlers_share_the_time_by_name() -> None:
    lines = [
        *taken_in(at(16, 9), at(16, 9), at(18, 17), at(17, 17)),
        order(at(16, 9), "signed"),
        *called_in(at(16, 9), at(18, 17)),
        *called_in(at(16, 9), at(18, 17), OTHER, "other", CO_TOO),
        order(at(19, 11), "replied", HELPER, "helper", "co"),
        order(at(19, 12), "replied", OTHER, "other", "co"),
        *replied(at(19, 14)),
    ]
    assert shares(lines) == {
        ("co", "helper"): 1 * H,
        ("co", "other"): 2 * H,
        ("lead", "lead"): 1 * H,
    }


def test_a_co_handler_whose_return_lies_with_the_desk_is_not_waited_for() -> None:
    lines = [
        *taken_in(at(16, 9), at(16, 9), at(18, 17), at(17, 17)),
        order(at(16, 9), "signed"),
        *called_in(at(16, 9), at(17, 17)),
        order(at(18, 9), "return_asked", HELPER, "helper", "co"),
        order(at(19, 11), "returned", HELPER, "helper", "co"),
        *replied(at(19, 14)),
    ]
    assert shares(lines) == {("ruling", None): 4 * H}


def test_what_a_business_took_to_answer_is_not_charged_to_an_office() -> None:
    lines = [
        ticket(at(16, 9), "received"),
        started(at(16, 9), ACCEPT, "accept", at(16, 17)),
        ticket(at(16, 10), "info_requested"),
        ticket(at(18, 10), "info_supplied"),
        started(at(18, 10), ACCEPT, "accept", at(16, 17), since=at(16, 9)),
        order(at(18, 12), "issued"),
        started(at(18, 12), RESOLVE, "resolve", at(18, 17), since=at(16, 9), order=LEAD),
        order(at(18, 12), "signed"),
        *replied(at(20, 17)),
    ]
    # fourteen hours with the business, and it is late by fourteen; the desk's own limit of seven
    # hours was hardly touched
    assert shares(lines) == {("business", None): 14 * H}
    assert account(lines, at(30, 17), WORKING).parts[2].limit == 6 * H


def test_an_extension_covers_its_part_of_the_lateness_and_no_more() -> None:
    lines = [
        *taken_in(at(16, 9), at(16, 9), at(17, 17), at(17, 17)),
        order(at(16, 9), "signed"),
        moved(at(17, 10), RESOLVE, at(17, 17), at(18, 17)),
        *replied(at(19, 10)),
    ]
    assert shares(lines) == {("extension", None): 7 * H, ("lead", "lead"): 1 * H}
    found = account(lines, at(30, 17), WORKING)
    assert (found.lateness, found.overdue) == (8 * H, 1 * H)


def test_a_reply_inside_the_extension_is_late_only_by_the_original_promise() -> None:
    lines = [
        *taken_in(at(16, 9), at(16, 9), at(17, 17), at(17, 17)),
        order(at(16, 9), "signed"),
        moved(at(17, 10), RESOLVE, at(17, 17), at(18, 17)),
        *replied(at(18, 12)),
    ]
    assert shares(lines) == {("extension", None): 3 * H}
    assert not account(lines, at(30, 17), WORKING).late


@pytest.mark.parametrize("moves", [True, False])
def test_a_hold_is_nobodys_whether_or_not_it_has_moved_the_due_time_yet(moves: bool) -> None:
    lines = [
        *taken_in(at(16, 9), at(16, 9), at(17, 17), at(17, 17)),
        order(at(16, 9), "signed"),
        ticket(at(17, 9), "held"),
        ticket(at(18, 9), "resumed"),
        *([moved(at(18, 9), RESOLVE, at(17, 17), at(18, 17), "hold")] if moves else []),
        *replied(at(19, 10)),
    ]
    assert shares(lines) == {("hold", None): 7 * H, ("lead", "lead"): 1 * H}


def test_an_open_case_is_judged_as_it_stands_now() -> None:
    lines = taken_in(at(16, 9), at(16, 9), at(17, 17), at(16, 17))
    assert shares(lines, at(17, 17)) == {}
    found = account(lines, at(18, 10), WORKING)
    assert (found.ended, found.lateness) == (False, 1 * H)
    assert shares(lines, at(18, 10)) == {("sign", "lead"): 1 * H}


def test_a_promise_of_natural_hours_is_divided_by_the_wall_clock() -> None:
    lines = [
        *taken_in(at(20, 9), at(20, 9), at(21, 9), at(20, 10)),
        order(at(20, 12), "signed"),
        *replied(at(21, 21)),
    ]
    natural = blame.measure(CALENDAR, Mode.NATURAL_HOURS)
    assert shares(lines, length=natural) == {("sign", "lead"): 2 * H, ("lead", "lead"): 10 * H}


def test_a_reply_after_hours_on_the_last_day_is_late_by_no_working_time() -> None:
    lines = [
        *taken_in(at(16, 9), at(16, 9), at(17, 17), at(17, 17)),
        order(at(16, 9), "signed"),
        *replied(at(17, 20)),
    ]
    found = account(lines, at(30, 17), WORKING)
    assert (found.late, found.lateness, found.shares()) == (True, NOTHING, {})


def test_a_ticket_without_a_promise_of_handling_has_no_account() -> None:
    assert account([ticket(at(16, 9), "received")], at(17, 9), WORKING) is None
    lines = taken_in(at(16, 9), at(16, 9), None, at(17, 17))
    assert account(lines, at(17, 9), WORKING) is None


def test_the_review_comes_after_the_promise_and_is_told_apart() -> None:
    lines = [
        *taken_in(at(16, 9), at(16, 9), at(17, 17), at(17, 17)),
        order(at(16, 9), "signed"),
        *replied(at(18, 12)),
        ticket(at(19, 12), "reply_approved", order=LEAD),
    ]
    review = account(lines, at(30, 17), WORKING).review
    assert (review.start, review.end) == (at(18, 12), at(19, 12))


# --- whatever happens --------------------------------------------------------------------

FIRST = at(2, 9)
STEPS = [
    "issued",
    "signed",
    "return_asked",
    "return_refused",
    "returned",
    "reissued",
    "recalled",
    "co",
    "co_replied",
    "co_returns",
    "info_requested",
    "info_supplied",
    "held",
    "resumed",
    "extended",
    "paused_over",
    "late_note",
]


def story(steps) -> tuple[list[Line], datetime]:
    """Facts in any order at all, sensible or not: a division must be exact even so."""
    now = FIRST
    due = CALENDAR.add(FIRST, Promise(Mode.WORKING_DAYS, Fraction(2)))
    lines = [ticket(now, "received"), started(now, ACCEPT, "accept", at(3, 17))]
    lines.append(started(now, RESOLVE, "resolve", due, order=LEAD))
    for name, minutes in steps:
        now += timedelta(minutes=minutes)
        match name:
            case "issued":
                lines += [order(now, "issued"), started(now, SIGN, "sign", now + 5 * H, order=LEAD)]
            case "reissued":
                lines.append(order(now, "issued", SECOND, "second"))
            case "co":
                lines += called_in(now, now + 9 * H)
            case "co_replied":
                lines.append(order(now, "replied", HELPER, "helper", "co"))
            case "co_returns":
                lines.append(order(now, "return_asked", HELPER, "helper", "co"))
            case "info_requested" | "info_supplied" | "held" | "resumed":
                lines.append(ticket(now, name))
            case "extended" | "paused_over":
                before, due = due, CALENDAR.add(due, Promise(Mode.WORKING_DAYS, Fraction(1)))
                ground = "extension" if name == "extended" else "hold"
                lines.append(moved(now, RESOLVE, before, due, ground))
            case "late_note":
                lines.append(ticket(now, "noted"))
            case _:
                lines.append(order(now, name))
    return lines, now


STORIES = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 40 * 60)), min_size=1, max_size=14
).map(story)


@given(
    STORIES, st.integers(0, 5 * 24 * 60), st.sampled_from([Mode.WORKING_DAYS, Mode.NATURAL_HOURS])
)
def test_shares_add_up_to_the_lateness_and_nobody_answers_for_more_than_he_had(
    told, more: int, mode: Mode
) -> None:
    lines, last = told
    length = blame.measure(CALENDAR, mode)
    found = account(lines, last + timedelta(minutes=more), length)
    assert sum((part.share for part in found.parts), NOTHING) == found.lateness
    used = [part for part in found.parts if part.holder.kind is not Kind.EXTENSION and part.used]
    assert all(NOTHING <= part.share <= part.used for part in used)
    assert all(part.share >= NOTHING for part in found.parts)
    assert sum((part.used for part in found.parts), NOTHING) == length(found.start, found.end)
    assert found.overdue <= found.lateness


@given(STORIES, st.integers(0, 5 * 24 * 60))
def test_intervals_are_consecutive_and_cover_everything(told, more: int) -> None:
    lines, last = told
    end = last + timedelta(minutes=more)
    found, _ = cut(lines, FIRST, end)
    if end == FIRST:
        assert found == ()
        return
    assert (found[0].start, found[-1].end) == (FIRST, end)
    assert all(one.end == two.start for one, two in pairwise(found))
    assert all(one.start < one.end and one.holders for one in found)
    assert all((one.holders, one.turn) != (two.holders, two.turn) for one, two in pairwise(found))


@given(st.integers(0, 10**13), st.lists(st.integers(0, 10**12), min_size=1, max_size=8))
def test_dividing_loses_nothing_and_gives_nobody_more_than_its_weight_of_it(
    amount: int, weights: list[int]
) -> None:
    parts = divide(timedelta(microseconds=amount), [timedelta(microseconds=w) for w in weights])
    whole = sum(weights)
    assert sum(parts, NOTHING) == (timedelta(microseconds=amount) if whole else NOTHING)
    for part, weight in zip(parts, weights, strict=True):
        fair = Fraction(amount * weight, whole) if whole else Fraction(0)
        assert abs(part // timedelta(microseconds=1) - fair) < 1
