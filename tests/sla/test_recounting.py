"""Promises counted anew: in a year just published, and by another mode after a pause."""

from datetime import date, datetime
from uuid import UUID

from core import jobs
from core.desk import Office
from core.moments import SHANGHAI
from sla import holds, recounting, standard_drafts
from sla.sweep import sweep
from tests.cast import DISPATCHER, SUPERVISOR, unit
from tests.conftest import Clock
from tests.makers import clocks, file, lead, sign, step, whole
from web.wiring import WORKS


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]


def publish_2027(office: Office, clock: Clock) -> None:
    """The next year's arrangement of holidays, entered and published; days as a test needs them."""
    clock.move(seconds=1)
    draft = step(office, DISPATCHER, standard_drafts.start, note="录入2027年放假安排")
    off = "2027-01-01 2027-02-05 2027-02-06 2027-05-01 2027-10-01 2027-10-02 2027-10-03"
    notice = {"year": 2027, "off": off, "worked": "2027-01-09", "source": "试验用通知"}
    step(office, DISPATCHER, standard_drafts.set_year, draft.id, 1, **notice)
    act = standard_drafts.publish
    step(office, SUPERVISOR, act, draft.id, 2, effective_on=None, recount=False)


def test_the_rungs_of_a_promise_due_at_the_years_end_follow_once_the_next_year_is_published(
    office: Office, clock: Clock
) -> None:
    clock.at = at(2026, 12, 22, 10)
    late = file(office).ticket.id  # seven working days: Thursday 31 December
    early = file(office, request="inquiry").ticket.id  # one: the 23rd; circular on the 30th
    for moment in (at(2026, 12, 23, 17), at(2026, 12, 24, 17), at(2026, 12, 30, 17)):
        clock.at = moment
        sweep(office)
    clock.at = at(2026, 12, 31, 17)
    sweep(office)

    def waits(ticket_id: UUID) -> tuple[object, ...]:
        [row] = clocks(office, ticket_id, "resolve")
        return row.state, row.level, row.next_level, row.next_action_at

    assert waits(late) == ("breached", "yellow", None, None)
    assert waits(early) == ("breached", "circular", None, None)
    assert recounting.settle(office) == 0
    publish_2027(office, clock)
    assert recounting.settle(office) > 0
    # Fri 1 January off; Mon 4 is the first working day, so red; the fifth is Fri 8
    assert waits(late) == ("breached", "yellow", "red", at(2027, 1, 4, 17))
    # ten after the 23rd: 24, 25, 28-31 (6), 4-7 January (10)
    assert waits(early) == ("breached", "circular", "problem", at(2027, 1, 7, 17))
    assert recounting.settle(office) == 0
    clock.at = at(2027, 1, 8, 17)
    sweep(office)
    assert waits(late)[:2] == ("breached", "circular")
    assert waits(early)[:2] == ("breached", "problem")
    assert whole(office)


# --- counted by another mode after a pause -------------------------------------------------------

# what a complaint of a firm is promised
FIRM = "resolve.complaint.normal.enterprise"
BY_THE_CLOCK = {
    "metric": "resolve", "kinds": ["complaint"], "enterprise": "yes", "n": "240",
    "mode": "natural_hours", "warn_percent": "50", "warn": ["handler"],
    "ladder": [{"level": "yellow", "tell": ["head"]}],
}  # fmt: skip


def test_a_promise_counted_by_the_clock_from_now_on_warns_by_what_its_pause_took_by_the_clock(
    office: Office, clock: Clock
) -> None:
    ticket_id = file(office).ticket.id  # Wednesday 18 November at ten
    order = lead(office, ticket_id)
    sign(office, order)
    clock.at = at(2026, 11, 20, 16)
    request = step(
        office, unit(order.department), holds.ask, order.id,
        ground="waiting_law", review_on=date(2026, 12, 18), reason="等待法院判决",
    )  # fmt: skip
    clock.at = at(2026, 11, 20, 17)
    step(office, SUPERVISOR, holds.grant, request)
    clock.at = at(2026, 11, 23, 9)
    step(office, SUPERVISOR, holds.resume, ticket_id)
    [row] = clocks(office, ticket_id, "resolve")
    assert row.due_at == at(2026, 11, 27, 17)  # a weekend took nothing
    draft = step(office, DISPATCHER, standard_drafts.start, note="按新办法调整时限")
    step(office, DISPATCHER, standard_drafts.set_policy, draft.id, 1, FIRM, BY_THE_CLOCK)
    act = standard_drafts.publish
    done = step(office, SUPERVISOR, act, draft.id, 2, effective_on=None, recount=True)
    assert jobs.run(office, WORKS, done.recount)
    [row] = clocks(office, ticket_id, "resolve")
    # ten days after the 18th, and the 64 hours from Friday at five to Monday at nine
    assert row.due_at == at(2026, 12, 1, 2)
    # half of 240 hours before that: the pause is no part of the promise
    assert (row.next_level, row.next_action_at) == ("blue", at(2026, 11, 26, 2))
    assert whole(office)
