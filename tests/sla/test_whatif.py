"""What if: the same facts under other limits, calendars and reminders."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sqlmodel import Session

from core import jobs
from core.desk import Office
from core.errors import Forbidden
from core.moments import SHANGHAI
from core.tables import JobRow
from routing.service import contact
from sla import holds, standard_drafts, whatifs
from sla.calendars import Override, china
from sla.clocks import actions
from sla.histories import Step
from sla.policies import PRESETS, WARNING, Facts, Policy
from sla.sweep import sweep
from sla.whatif import Past, Rules, Tally, outcome, replay, through
from sla.worktime import Mode, Promise
from tests.cast import APPROVAL, DISPATCHER, SUPERVISOR, handler, unit
from tests.makers import file, lead, reply, sign, step
from web.wiring import WORKS

CHINA = {"office": china()}
NOW = datetime(2026, 11, 30, 9, tzinfo=SHANGHAI)
FIRM = "resolve.complaint.normal.enterprise"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def rules(n: int, share: str = "4/5", **calendar) -> Rules:
    promise = Promise(Mode.WORKING_DAYS, Fraction(n))
    policy = Policy("p", "resolve", promise, warn_at=Fraction(share))
    return Rules((policy,), {"office": china(**calendar)} if calendar else CHINA)


def past(started: str, stopped: str | None = None, *between: Step) -> Past:
    steps = [Step("started", at(started)), *between]
    if stopped:
        steps.append(Step("stopped", at(stopped)))
    ended = at(stopped) if stopped else None
    return Past("t", "bj", "resolve", Facts("help", "normal"), tuple(steps), ended)


def tried(pasts, old: Rules, new: Rules) -> Tally:
    tally = Tally()
    replay(pasts, old, new, tally, now=NOW)
    return tally


def test_a_shorter_limit_makes_late_what_was_kept() -> None:
    # begun on Monday 2 November, answered on Friday the 6th: day four
    found = tried([past("2026-11-02 10:00", "2026-11-06 10:00")], rules(5), rules(3))
    assert (found.total.before.late, found.total.after.late) == (0, 1)
    assert (found.total.newly_late, found.total.newly_kept) == (1, 0)
    assert found.units["bj"].newly_late == 1
    assert found.examples == [{"ticket": "t", "unit": "bj", "metric": "resolve", "late": True}]


def test_a_day_off_keeps_what_was_late() -> None:
    # three working days from Monday end on Thursday the 5th at five; answered on Friday at ten
    story = past("2026-11-02 10:00", "2026-11-06 10:00")
    storm = rules(3, overrides=[Override(date(2026, 11, 4), working=False, reason="暴雪")])
    found = tried([story], rules(3), storm)
    assert (found.total.newly_late, found.total.newly_kept) == (0, 1)


def test_an_earlier_reminder_leaves_more_time_and_reaches_more() -> None:
    # five days end on Monday the 9th; answered on Thursday the 5th at noon
    story = past("2026-11-02 09:00", "2026-11-05 12:00")
    found = tried([story], rules(5), rules(5, "1/2"))
    assert (found.total.before.warned, found.total.after.warned) == (0, 1)
    assert found.total.after.leads[0] > found.total.before.leads[0]


def test_what_still_runs_is_judged_now_and_what_stands_still_is_not_late() -> None:
    open_ = past("2026-11-16 10:00")
    held = past("2026-11-16 10:00", None, Step("paused", at("2026-11-17 10:00"), {"ground": "x"}))
    found = tried([open_, held], rules(15), rules(5))
    assert (found.total.before.late, found.total.after.late) == (0, 1)


def pause(when: str) -> Step:
    return Step("paused", at(when), {"ground": "waiting_works"})


def test_what_was_late_before_it_stood_still_is_late_while_it_does() -> None:
    # five working days from Monday 2 November end on the 9th; held from the 12th, and still held
    held = past("2026-11-02 10:00", None, pause("2026-11-12 10:00"))
    found = tried([held], rules(15), rules(5))
    assert (found.total.before.late, found.total.after.late) == (0, 1)


def test_nobody_is_warned_by_what_stands_still() -> None:
    # fifteen days would warn on the 19th; held from the second day on
    held = past("2026-11-02 10:00", None, pause("2026-11-03 10:00"))
    running = past("2026-11-02 10:00")
    assert outcome(held, rules(15), NOW).warned is False
    assert outcome(running, rules(15), NOW).warned is True


def test_a_hold_that_came_too_late_counts_where_the_limit_is_longer() -> None:
    # late since the 5th, so the hold of the 9th to the 23rd changed nothing; in ten days it does:
    # they would have ended on the 16th, and the hold's ten working days move that to the 30th
    plain = past("2026-11-02 10:00", "2026-11-27 10:00")
    hold = (at("2026-11-09 09:00"), at("2026-11-23 09:00"))
    story = replace(plain, steps=tuple(through(plain.steps, [hold], plain.stopped)))
    assert [step.kind for step in story.steps] == ["started", "paused", "resumed", "stopped"]
    found = tried([story], rules(3), rules(10))
    assert (found.total.before.late, found.total.after.late) == (1, 0)
    assert outcome(plain, rules(10), NOW).late is True  # without the hold it would not have done


def test_a_hold_is_put_in_once_and_only_while_the_promise_ran() -> None:
    story = past("2026-11-04 10:00", None, pause("2026-11-05 10:00"))
    known = (at("2026-11-05 10:00"), None)
    before = (at("2026-11-02 10:00"), at("2026-11-03 10:00"))
    assert tuple(through(story.steps, [before, known], None)) == story.steps
    ended = past("2026-11-02 10:00", "2026-11-04 10:00")
    inside, after = (at("2026-11-03 10:00"), at("2026-11-09 10:00")), (at("2026-11-12 10:00"), None)
    kinds = [step.kind for step in through(ended.steps, [inside, after], ended.stopped)]
    assert kinds == ["started", "paused", "stopped"]


# begun at night before a day off: 26 hours before the due time nobody works
@example(90_722, Mode.WORKING_HOURS, 6, Promise(Mode.NATURAL_HOURS, Fraction(26)))
@given(
    st.integers(0, 200_000),
    st.sampled_from(list(Mode)),
    st.integers(1, 9),
    st.none() | st.builds(lambda mode, n: Promise(mode, Fraction(n)), st.sampled_from(
        [Mode.NATURAL_HOURS, Mode.WORKING_HOURS]), st.integers(1, 30)),
)  # fmt: skip
def test_an_unbroken_promise_warns_when_its_own_clock_would(start, mode, n, left) -> None:
    promise = Promise(mode, Fraction(n))
    assume(left is None or left.mode is not mode or left.n <= n)
    policy = Policy("p", "resolve", promise, warn_at=Fraction(4, 5), warn_left=left)
    begun = at("2026-03-02 00:00") + timedelta(minutes=start)
    due = CHINA["office"].add(begun, promise)
    planned = actions(begun, due, policy, CHINA["office"])
    real = next((act.at for act in planned if act.level == WARNING), None)
    story = Past("t", "bj", "resolve", Facts("help", "normal"), (Step("started", begun),))
    for now in [due] if real is None else [real - timedelta(microseconds=1), real]:
        expected = real is not None and now >= real
        assert outcome(story, Rules((policy,), CHINA), now).warned is expected


def test_extensions_and_pauses_count_under_the_other_rules_too() -> None:
    by = {"by": Promise(Mode.WORKING_DAYS, Fraction(3)), "ground": "extension"}
    story = past(
        "2026-11-02 10:00", "2026-11-10 10:00", Step("extended", at("2026-11-04 10:00"), by)
    )
    assert outcome(story, rules(5), NOW).late is False
    assert outcome(story, rules(3), NOW).late is False  # day three, and three more: the 10th
    assert outcome(story, rules(2), NOW).late is True


def test_what_cannot_be_judged_is_counted_apart() -> None:
    beyond = past("2026-12-30 10:00")
    other = replace(past("2026-11-02 10:00"), metric="review")
    found = tried([beyond, other], rules(5), rules(5))
    assert found.total.promises == 0
    assert found.unknown == {"calendar": 1, "no_policy": 1}


STORIES = st.builds(
    lambda kind, urgency, start, length, unit: Past(
        "t",
        unit,
        "resolve",
        Facts(kind, urgency),
        (
            Step("started", at("2026-03-02 09:00") + timedelta(minutes=start)),
            Step("stopped", at("2026-03-02 09:00") + timedelta(minutes=start + length)),
        ),
        at("2026-03-02 09:00") + timedelta(minutes=start + length),
    ),
    st.sampled_from(["complaint", "help", "inquiry"]),
    st.sampled_from(["critical", "urgent", "normal"]),
    st.integers(0, 200_000),
    st.integers(1, 40_000),
    st.sampled_from(["bj", "cg"]),
)


@given(st.lists(STORIES, max_size=8))
def test_the_same_standards_change_nothing(stories) -> None:
    same = Rules(PRESETS, CHINA)
    found = tried(stories, same, same)
    assert found.total.before == found.total.after
    assert (found.total.newly_late, found.total.newly_kept, found.examples) == (0, 0, [])


@given(st.lists(STORIES, max_size=8), st.integers(1, 10), st.integers(0, 10))
def test_a_longer_limit_never_makes_anything_late(stories, n, more) -> None:
    found = tried(stories, rules(n), rules(n + more))
    assert found.total.newly_late == 0
    assert found.total.after.late <= found.total.before.late
    assert found.total.promises == sum(line.promises for line in found.units.values())


def test_the_past_quarter_of_a_district_is_replayed_in_the_background(
    office: Office, clock
) -> None:
    kept, late = (lead(office, file(office).ticket.id) for _ in range(2))
    for order in (kept, late):
        sign(office, order)
        step(office, handler(APPROVAL), contact, order.id, channel="phone", reached=True)
    clock.move(days=7)  # Wednesday to Wednesday: five working days
    reply(office, kept)
    clock.move(days=14)
    sweep(office)
    reply(office, late)
    draft = step(office, DISPATCHER, standard_drafts.start, note="缩短时限")
    same = _work(office, step(office, DISPATCHER, whatifs.ask, draft.id))
    assert same["total"]["before"] == same["total"]["after"]
    assert same["metrics"]["resolve"]["before"]["late"] == 1
    shorter = {"metric": "resolve", "kinds": ["complaint"], "enterprise": "yes", "n": "3",
               "mode": "working_days", "warn_percent": "50"}  # fmt: skip
    step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 1, FIRM, shorter)
    clock.move(seconds=1)
    found = _work(office, step(office, DISPATCHER, whatifs.ask, draft.id))
    resolve = found["metrics"]["resolve"]
    assert (resolve["before"]["late"], resolve["after"]["late"]) == (1, 2)
    assert found["units"][APPROVAL]["newly_late"] == 1
    assert found["examples"][0]["ticket"] == str(kept.ticket_id)
    with Session(office.engine) as session:
        assert whatifs.newest(session, draft.id)["revision"] == 2
    with pytest.raises(Forbidden):
        step(office, handler(APPROVAL), whatifs.ask, draft.id)


def test_the_districts_holds_are_read_and_what_broke_agrees_with_what_is_counted(
    office: Office, clock
) -> None:
    """Promises of seven working days from 18 November, due on the 27th at five."""
    orders = [lead(office, file(office).ticket.id) for _ in range(3)]
    for order in orders:
        sign(office, order)
        step(office, handler(APPROVAL), contact, order.id, channel="phone", reached=True)
    early, belated, _ = orders
    clock.move(days=2)
    _hold(office, early)
    clock.set(2026, 12, 1, 10)
    sweep(office)
    _hold(office, belated)  # late already: its clock runs on
    clock.set(2026, 12, 9, 10)
    step(office, SUPERVISOR, holds.resume, belated.ticket_id)
    reply(office, belated)
    draft = step(office, DISPATCHER, standard_drafts.start, note="延长时限")
    same = _work(office, step(office, DISPATCHER, whatifs.ask, draft.id))["metrics"]["resolve"]
    assert same["promises"] == 3
    assert same["actual"] == same["before"]["late"] == same["after"]["late"] == 2
    # ten days would end on the 2nd: held on the 1st for six working days, it ends after the 9th
    longer = {"metric": "resolve", "kinds": ["complaint"], "enterprise": "yes", "n": "10",
              "mode": "working_days"}  # fmt: skip
    step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 1, FIRM, longer)
    clock.move(seconds=1)
    found = _work(office, step(office, DISPATCHER, whatifs.ask, draft.id))
    assert found["metrics"]["resolve"]["newly_kept"] == 1
    assert [line["ticket"] for line in found["examples"]] == [str(belated.ticket_id)]


def _hold(office: Office, order) -> None:
    request = step(
        office, unit(APPROVAL), holds.ask, order.id,
        ground="waiting_law", review_on=date(2026, 12, 28), reason="等待法院判决",
    )  # fmt: skip
    step(office, SUPERVISOR, holds.grant, request)


def _work(office: Office, job: UUID) -> dict:
    assert jobs.run(office, WORKS, job)
    with Session(office.engine) as session:
        row = session.get_one(JobRow, job)
        assert row.state == "done", row.code
        assert row.done == row.total
        return dict(row.result or {})
