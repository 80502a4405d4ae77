"""Blame over stored cases, on the whole house: a period's delay by kind of holder and by unit."""

from datetime import timedelta

from sqlmodel import Session

from core.desk import Office
from routing import cooperation
from routing.service import Assignment, dispatch
from sla import blaming, extensions
from sla.blaming import Length
from sla.bulletins import period
from sla.intervals import Holder, Kind
from tests.cast import APPROVAL, DISPATCHER, HOUSING, LABOUR, SUPERVISOR, unit
from tests.makers import clocks, file, lead, orders, reply, sign, step

H = timedelta(hours=1)
NOVEMBER, DECEMBER = period("2026-11"), period("2026-12")


def late_case(office: Office, clock) -> object:
    """Due on Friday the 27th at five: signed two hours over the limit, replied three hours late."""
    clock.set(2026, 11, 18, 10)
    order = lead(office, file(office).ticket.id)
    clock.set(2026, 11, 20, 11)
    sign(office, order)
    clock.set(2026, 11, 30, 12)
    reply(office, order)
    return order


def blame(office: Office, chosen=NOVEMBER):
    with Session(office.engine) as session:
        return blaming.by_holder(session, chosen, office.now())


def shares(tallies) -> dict[tuple[str, str | None], tuple[timedelta, int]]:
    return {(t.holder.kind, t.holder.unit): (t.share.working, t.cases) for t in tallies}


def test_the_delay_of_a_period_is_told_by_kind_of_holder_and_by_unit(office: Office, clock) -> None:
    late_case(office, clock)
    late_case(office, clock)
    found = blame(office)
    assert (found.cases, found.lateness, found.overdue) == (2, Length(6 * H), Length(6 * H))
    assert shares(found.kinds) == {(Kind.SIGN, None): (4 * H, 2), (Kind.LEAD, None): (2 * H, 2)}
    assert shares(found.units) == {
        (Kind.SIGN, APPROVAL): (4 * H, 2),
        (Kind.LEAD, APPROVAL): (2 * H, 2),
    }
    assert [t.holder.kind for t in found.kinds] == [Kind.SIGN, Kind.LEAD]


def test_a_promise_counts_in_the_period_in_which_it_was_due_and_only_when_late(
    office: Office, clock
) -> None:
    late_case(office, clock)
    clock.set(2026, 11, 18, 10)
    kept = lead(office, file(office).ticket.id)
    sign(office, kept)
    reply(office, kept)
    assert blame(office).cases == 1
    assert blame(office, DECEMBER).cases == 0
    assert blame(office, period("2026")).cases == 1


def test_an_open_case_counts_as_it_stands(office: Office, clock) -> None:
    file(office)
    clock.set(2026, 11, 27, 17)
    assert blame(office).cases == 0
    clock.set(2026, 11, 30, 10)
    found = blame(office)
    assert (found.cases, found.lateness.working) == (1, 1 * H)
    assert shares(found.kinds) == {(Kind.SIGN, None): (1 * H, 1)}


def test_what_a_granted_extension_allowed_is_no_units(office: Office, clock) -> None:
    order = lead(office, file(office).ticket.id)
    sign(office, order)
    request = step(office, unit(APPROVAL), extensions.ask, order.id, days=1, reason="须现场勘验")
    step(office, DISPATCHER, extensions.grant, request)
    clock.set(2026, 12, 1, 10)
    reply(office, order)
    [promise] = clocks(office, order.ticket_id, "resolve")
    assert promise.due_at == clock.set(2026, 11, 30, 17)
    assert blame(office).overdue == Length(1 * H)
    assert shares(blame(office).kinds) == {
        (Kind.EXTENSION, None): (7 * H, 1),
        (Kind.LEAD, None): (1 * H, 1),
    }
    assert shares(blame(office).units) == {(Kind.LEAD, APPROVAL): (1 * H, 1)}


def test_a_co_handler_that_kept_the_lead_waiting_answers_by_name(office: Office, clock) -> None:
    order = lead(office, file(office).ticket.id)
    sign(office, order)
    step(office, DISPATCHER, cooperation.call_in, order.ticket_id, LABOUR)
    [helper] = [o for o in orders(office, order.ticket_id) if o.part == "co"]
    clock.set(2026, 11, 30, 11)
    sign(office, helper)
    reply(office, helper)
    clock.set(2026, 11, 30, 14)
    reply(office, order)
    assert shares(blame(office).units) == {(Kind.CO, LABOUR): (4 * H, 1)}


def test_promises_by_the_clock_stand_apart_from_working_time(office: Office, clock) -> None:
    late_case(office, clock)
    clock.set(2026, 11, 18, 10)
    filed = file(office, urgency="critical").ticket.id
    # nothing critical goes out by rule
    step(office, DISPATCHER, dispatch, filed, Assignment(APPROVAL), category="qykb")
    urgent = lead(office, filed)
    sign(office, urgent)
    clock.set(2026, 11, 19, 16)
    reply(office, urgent)
    clock.set(2026, 11, 30, 12)
    assert blame(office).lateness == Length(working=3 * H, natural=6 * H)


def test_chunks_make_no_difference(office: Office, clock, monkeypatch) -> None:
    for _ in range(3):
        late_case(office, clock)
    whole = blame(office)
    monkeypatch.setattr(blaming, "CHUNK", 2)
    assert whole.cases == 3
    assert blame(office) == whole


def test_the_account_of_one_promise_is_its_part_of_the_whole(office: Office, clock) -> None:
    order = late_case(office, clock)
    [promise] = clocks(office, order.ticket_id, "resolve")
    with Session(office.engine) as session:
        found, working = blaming.of_clock(session, promise, office.now())
    assert working
    assert found.shares() == {
        Holder(Kind.SIGN, APPROVAL): 2 * H,
        Holder(Kind.LEAD, APPROVAL): 1 * H,
    }


def test_behind_a_number_stand_the_tickets_that_the_reader_may_see(office: Office, clock) -> None:
    order = late_case(office, clock)

    def behind(actor, holder: Holder) -> list[tuple]:
        with Session(office.engine) as session:
            found = blaming.tickets_of(session, actor, NOVEMBER, office.now(), holder)
            return [(ticket.id, share.working) for ticket, share in found]

    assert behind(SUPERVISOR, Holder(Kind.SIGN)) == [(order.ticket_id, 2 * H)]
    assert behind(SUPERVISOR, Holder(Kind.LEAD, APPROVAL)) == [(order.ticket_id, 1 * H)]
    assert behind(SUPERVISOR, Holder(Kind.LEAD, HOUSING)) == []
    assert behind(unit(HOUSING), Holder(Kind.SIGN)) == []
