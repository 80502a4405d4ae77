"""Limits and calendars as drafts: changed with care, tried dry, published by a second person."""

import copy
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, select

from core import jobs
from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid
from core.events import ClockMoved, ClockStarted
from core.moments import SHANGHAI
from core.tables import JobRow
from sla import limits, recounting, standard_drafts
from sla.standards import calendar_of, standards
from sla.sweep import sweep
from sla.tables import ClockRow, StandardDraft
from tests.cast import APPROVAL, DISPATCHER, OPERATOR, SUPERVISOR
from tests.makers import clocks, facts, file, lead, sign, step, ticket, whole
from web.wiring import WORKS

# what a complaint of a firm is promised: seven working days
FIRM = "resolve.complaint.normal.enterprise"
LONGER = {
    "metric": "resolve", "kinds": ["complaint"], "enterprise": "yes", "n": "9",
    "mode": "working_days", "warn_percent": "50", "warn": ["handler"],
    "ladder": [{"level": "yellow", "tell": ["head"]}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _later(clock) -> None:
    """What is published comes after what the district began with."""
    clock.move(seconds=1)


def begin(office: Office) -> StandardDraft:
    return step(office, DISPATCHER, standard_drafts.start, note="按新办法调整时限")


def publish(office: Office, draft: UUID, revision: int, **values):
    given = {"effective_on": None, "recount": False} | values
    return step(office, SUPERVISOR, standard_drafts.publish, draft, revision, **given)


def work(office: Office, job: UUID) -> dict:
    assert jobs.run(office, WORKS, job)
    with Session(office.engine) as session:
        row = session.get_one(JobRow, job)
        assert row.state == "done", row.code
        return dict(row.result or {})


def resolve(office: Office, ticket_id: UUID) -> ClockRow:
    [clock] = clocks(office, ticket_id, "resolve")
    return clock


def test_what_a_second_person_publishes_counts_for_new_promises_only(office: Office) -> None:
    before = file(office).ticket.id
    draft = begin(office)
    changed = step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 1, FIRM, LONGER)
    assert changed.revision == 2
    with pytest.raises(Forbidden):
        step(
            office, DISPATCHER, standard_drafts.publish, draft.id, 2,
            effective_on=None, recount=False,
        )  # fmt: skip
    done = publish(office, draft.id, 2)
    assert done.version == "limits-2026-11-18-1"
    after = file(office).ticket.id
    old, new = resolve(office, before), resolve(office, after)
    assert old.policy_version != done.version
    assert (new.policy_version, new.policy) == (done.version, FIRM)
    assert new.due_at - old.due_at == timedelta(days=4)  # two working days and a weekend
    with pytest.raises(Conflict):
        publish(office, draft.id, 2)
    assert whole(office)


def test_a_later_day_of_effect_changes_nothing_until_then(office: Office, clock) -> None:
    draft = begin(office)
    step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 1, FIRM, LONGER)
    with pytest.raises(Invalid):
        publish(office, draft.id, 2, effective_on=date(2026, 11, 17))
    with pytest.raises(Invalid):
        publish(office, draft.id, 2, effective_on=date(2026, 12, 1), recount=True)
    done = publish(office, draft.id, 2, effective_on=date(2026, 12, 1))
    assert resolve(office, file(office).ticket.id).policy_version != done.version
    clock.at = datetime(2026, 12, 1, tzinfo=SHANGHAI)
    assert resolve(office, file(office).ticket.id).policy_version == done.version


def test_running_promises_follow_where_that_is_chosen_and_say_so(office: Office, clock) -> None:
    ticket_id = file(office).ticket.id
    order = lead(office, ticket_id)
    sign(office, order)
    before = resolve(office, ticket_id)
    draft = begin(office)
    step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 1, FIRM, LONGER)
    tried = work(office, step(office, DISPATCHER, recounting.ask, draft.id, dry=True))
    assert tried["kinds"]["later"] == 1
    assert tried["units"][APPROVAL]["later"] == 1
    assert resolve(office, ticket_id).due_at == before.due_at  # only tried
    with Session(office.engine) as session:
        row = session.get_one(StandardDraft, draft.id)
        assert standard_drafts.newest_dry_run(session, row)["revision"] == 2
    done = publish(office, draft.id, 2, recount=True)
    result = work(office, done.recount)
    assert result["kinds"]["later"] == 1
    after = resolve(office, ticket_id)
    assert after.due_at > before.due_at
    assert after.original_due_at == before.due_at
    assert after.generation == before.generation + 1
    assert (after.policy, after.policy_version) == (FIRM, done.version)
    [moved] = [f for f in facts(office, ticket_id, ClockMoved) if f.metric == "resolve"]
    assert (moved.ground, moved.policy) == ("recounted", f"{FIRM}@{done.version}")
    # the warning is the new policy's: half of the time, not four fifths
    with Session(office.engine) as session:
        calendar = calendar_of(session, after.calendar)
    worked = calendar.elapsed(after.started_at, after.due_at)
    assert after.next_action_at == calendar.add_working(after.started_at, worked / 2)
    assert work(office, step(office, SUPERVISOR, recounting.ask, draft.id, dry=False))[
        "kinds"
    ].keys() == {"same"}
    assert whole(office)


def test_a_shorter_limit_never_moves_a_running_promise_into_the_past(office: Office, clock) -> None:
    ticket_id = file(office).ticket.id
    before = resolve(office, ticket_id)
    clock.move(days=5)
    draft = begin(office)
    shorter = LONGER | {"n": "1"}
    step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 1, FIRM, shorter)
    done = publish(office, draft.id, 2, recount=True)
    assert work(office, done.recount)["kinds"]["at_once"] == 1
    assert resolve(office, ticket_id).due_at == before.due_at
    assert whole(office)


def test_a_day_off_by_decision_moves_what_counts_over_it(office: Office) -> None:
    ticket_id = file(office).ticket.id
    before = resolve(office, ticket_id)
    draft = begin(office)
    storm = {"day": date(2026, 11, 24), "working": False, "reason": "暴雪停工"}
    step(office, DISPATCHER, standard_drafts.set_day, draft.id, 1, "office", **storm)
    done = publish(office, draft.id, 2, recount=True)
    assert (done.version, len(done.calendars)) == (None, 1)
    work(office, done.recount)
    after = resolve(office, ticket_id)
    assert after.due_at - before.due_at == timedelta(days=3)  # Friday to Monday
    assert after.calendar == done.calendars[0]
    assert whole(office)


def test_promises_beyond_the_published_years_settle_when_the_year_is_published(
    office: Office, clock
) -> None:
    clock.at = datetime(2026, 12, 29, 10, tzinfo=SHANGHAI)
    ticket_id = file(office).ticket.id
    waiting = resolve(office, ticket_id)
    assert (waiting.state, waiting.due_at) == ("unpublished", None)
    assert recounting.settle(office) == 0
    draft = begin(office)
    off = "2027-01-01 2027-02-05 2027-02-06 2027-05-01 2027-10-01 2027-10-02 2027-10-03"
    notice = {"year": 2027, "off": off, "worked": "2027-01-09", "source": "试验用通知"}
    step(office, DISPATCHER, standard_drafts.set_year, draft.id, 1, **notice)
    publish(office, draft.id, 2)
    assert recounting.settle(office) > 0
    assert recounting.settle(office) == 0
    settled = resolve(office, ticket_id)
    # 30, 31 December, 4 to 8 January: seven working days, the 1st being free
    assert settled.due_at == datetime(2027, 1, 8, 17, tzinfo=SHANGHAI)
    assert settled.original_due_at == settled.due_at
    assert ticket(office, ticket_id).due_at == settled.due_at
    assert settled.next_level == "blue"
    assert whole(office)


def test_two_who_change_one_draft_are_told_of_each_other(office: Office) -> None:
    draft = begin(office)
    step(office, DISPATCHER, standard_drafts.set_sessions, draft.id, 1, "office", "08:30-12:00")
    with pytest.raises(Conflict) as refused:
        step(office, SUPERVISOR, standard_drafts.drop_policy, draft.id, 1, FIRM)
    assert refused.value.code == "stale"
    with pytest.raises(Forbidden):
        step(office, OPERATOR, standard_drafts.start, note="x")
    step(office, SUPERVISOR, standard_drafts.drop_policy, draft.id, 2, FIRM)
    with pytest.raises(Forbidden):  # now both have changed it
        publish(office, draft.id, 3)
    step(office, DISPATCHER, standard_drafts.discard, draft.id)
    with pytest.raises(Conflict):
        publish(office, draft.id, 3)


def test_an_unchanged_draft_is_not_published(office: Office) -> None:
    draft = begin(office)
    with pytest.raises(Conflict):
        publish(office, draft.id, 1)
    with pytest.raises(Invalid):
        step(office, DISPATCHER, standard_drafts.start, note="  ")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"n": ""}, "n"),
        ({"n": "0"}, "n"),
        ({"n": "-3"}, "n"),
        ({"n": "1.5"}, "n"),
        ({"n": "９"}, "n"),
        ({"n": "400"}, "n"),
        ({"mode": ""}, "mode"),  # a policy without a unit
        ({"mode": "weeks"}, "mode"),
        ({"warn_percent": "100"}, "warn_percent"),  # a warning after the deadline
        ({"warn_percent": "0"}, "warn_percent"),
        ({"left_n": "10", "left_mode": "working_days"}, "warn_left"),
        ({"left_n": "1"}, "left_mode"),
        ({"kinds": ["nonsense"]}, "kinds"),
        ({"tasks": "1 x"}, "tasks"),
        ({"metric": "speed"}, "metric"),
        ({"calendar": "moon"}, "calendar"),
        ({"ladder": [{"level": "blue"}]}, "ladder-0-level"),
        ({"ladder": [{"level": "red"}, {"level": "red"}]}, "ladder"),
        ({"ladder": [{"level": "red", "issue": "yellow"}]}, "ladder-0-issue"),
        ({"ladder": [{"level": "red", "redos": "0"}]}, "ladder-0-redos"),
        ({"ladder": [{"level": "red", "n": "1"}]}, "ladder-0-mode"),
        ({"ladder": [{"level": "red", "tell": ["visitor"]}]}, "tell"),
        ({"enterprise": "no"}, "metric"),  # the conditions of another one
    ],
)
def test_a_promise_that_cannot_stand_is_refused_by_its_field(office: Office, values, field) -> None:
    draft = begin(office)
    with pytest.raises(Invalid) as refused:
        step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 1, FIRM, LONGER | values)
    assert [fault.field for fault in refused.value.faults] == [field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda body: limits.set_sessions(body, "office", ""), "sessions"),
        (lambda body: limits.set_sessions(body, "office", "9-12"), "sessions"),
        (lambda body: limits.set_sessions(body, "office", "12:00-09:00"), "sessions"),
        (lambda body: limits.set_sessions(body, "office", "09:00-12:00 11:00-17:00"), "sessions"),
        (lambda body: limits.set_sessions(body, "duty", "09:00-12:00"), "calendar"),
        (lambda body: _set(body, None), "day"),
        (lambda body: _set(body, date(2026, 10, 1), working=True), "day"),  # a holiday
        (lambda body: _set(body, date(2026, 11, 24), working=True), "day"),  # worked already
        (lambda body: _set(body, date(2030, 1, 2)), "day"),
        (lambda body: _set(body, date(2026, 11, 24), reason=" "), "reason"),
        (lambda body: [_set(body, date(2026, 11, n)) for n in range(23, 28)], "day"),
        (lambda body: limits.set_year(body, 2026, "", "", "x"), "year"),
        (lambda body: limits.set_year(body, 2027, "", "", "x"), "off"),
        (lambda body: limits.set_year(body, 2027, FIXED, "", " "), "source"),
        (lambda body: limits.set_year(body, 2027, FIXED, "2027-01-04", "x"), "worked"),
        (lambda body: limits.set_year(body, 2027, FIXED + " 2026-01-02", "", "x"), "year"),
        (lambda body: limits.set_year(body, 2028, FIXED.replace("2027", "2028"), "", "x"), "year"),
        (lambda body: limits.set_year(body, 2027, "1月1日", "", "x"), "off"),
        (lambda body: limits.drop_day(body, "office", "2026-11-24"), "day"),
        (lambda body: limits.without_policy(body, "callback"), "policy"),  # the last of its kind
        (lambda body: limits.without_policy(body, "nothing"), "policy"),
    ],
)
def test_a_calendar_that_cannot_stand_is_refused_by_its_field(
    office: Office, change, field
) -> None:
    with Session(office.engine) as session:
        body = copy.deepcopy(standard_drafts.in_force(session, office.now()))
    with pytest.raises(Invalid) as refused:
        change(body)
    assert [fault.field for fault in refused.value.faults] == [field]


FIXED = "2027-01-01 2027-05-01 2027-10-01 2027-10-02 2027-10-03"


def _set(body, day, *, working=False, reason="停工") -> None:
    limits.set_day(body, "office", day, working=working, reason=reason)


def test_a_promise_may_count_round_the_clock_or_by_the_hall_s_hours(office: Office, clock) -> None:
    draft = begin(office)
    step(office, DISPATCHER, standard_drafts.add_window, draft.id, 1)
    hall = LONGER | {"n": "4", "mode": "working_hours", "calendar": "window"}
    step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 2, FIRM, hall)
    publish(office, draft.id, 3)
    clock.move(seconds=1)
    # filed at ten; the hall is open without a break
    ticket_id = file(office).ticket.id
    assert resolve(office, ticket_id).due_at == clock() + timedelta(hours=4)
    assert resolve(office, ticket_id).calendar.startswith("window-")
    again = begin(office)
    duty = hall | {"n": "10", "calendar": "duty"}
    step(office, DISPATCHER, standard_drafts.set_policy, again.id, 1, FIRM, duty)
    publish(office, again.id, 2)
    clock.move(seconds=1)
    ticket_id = file(office).ticket.id
    assert resolve(office, ticket_id).due_at == clock() + timedelta(hours=10)
    [started] = [f for f in facts(office, ticket_id, ClockStarted) if f.metric == "resolve"]
    assert started.calendar.startswith("duty-")
    assert whole(office)


def test_standards_of_both_days_differ_by_what_was_changed(office: Office, clock) -> None:
    with Session(office.engine) as session:
        old = standard_drafts.in_force(session, office.now())
    draft = begin(office)
    step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 1, FIRM, LONGER)
    own = LONGER | {"tasks": "25", "n": "3"}
    step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 2, "", own)
    publish(office, draft.id, 3)
    with Session(office.engine) as session:
        new = standard_drafts.in_force(session, office.now())
        assert standards(session, office.now()).policy("resolve.own.1").tasks == frozenset({25})
        assert len(list(session.exec(select(StandardDraft)))) == 1
    found = limits.differences(old, new)
    assert [pair["id"] for pair in found["policies"]] == [FIRM, "resolve.own.1"]
    assert found["calendars"] == []
    assert sweep(office) == 0
