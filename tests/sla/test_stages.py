"""Promises on the way: how far it is, told stage by stage, and the review of a reply."""

from datetime import date

import pytest

from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, TransitionRefused
from core.events import StageReplied
from routing import cooperation
from routing.service import review, stage_reply
from sla import holds
from sla.sweep import sweep
from tests.cast import APPROVAL, DISPATCHER, LABOUR, SUPERVISOR, handler, unit
from tests.makers import clocks, facts, file, lead, orders, reply, sign, step, whole

TEXT = "已受理补正材料，预计三日内完成核验。"


def stages(office: Office, ticket_id) -> list[str]:
    return sorted(clock.state for clock in clocks(office, ticket_id, "stage_reply"))


def test_long_handling_is_told_of_stage_by_stage(office: Office, clock) -> None:
    order = lead(office, file(office).ticket.id)
    assert stages(office, order.ticket_id) == []
    sign(office, order)
    assert stages(office, order.ticket_id) == ["running"]
    step(office, unit(APPROVAL), stage_reply, order.id, TEXT)
    assert stages(office, order.ticket_id) == ["met", "running"]
    [told] = facts(office, order.ticket_id, StageReplied)
    assert told.audience == "public"
    [second] = [c for c in clocks(office, order.ticket_id, "stage_reply") if not c.stopped_at]
    clock.at = second.due_at
    sweep(office)
    assert stages(office, order.ticket_id) == ["breached", "met"]
    reply(office, order)
    assert stages(office, order.ticket_id) == ["cancelled", "met"]
    assert whole(office)


def test_short_handling_needs_no_stages(office: Office) -> None:
    order = lead(office, file(office, request="inquiry", company_name="").ticket.id)
    sign(office, order)
    assert stages(office, order.ticket_id) == []


def test_only_the_lead_that_has_signed_tells_how_far_it_is(office: Office) -> None:
    order = lead(office, file(office).ticket.id)
    with pytest.raises(TransitionRefused):
        step(office, unit(APPROVAL), stage_reply, order.id, TEXT)
    sign(office, order)
    with pytest.raises(Invalid):
        step(office, unit(APPROVAL), stage_reply, order.id, "  ")
    with pytest.raises(Forbidden):
        step(office, unit(LABOUR), stage_reply, order.id, TEXT)
    step(office, DISPATCHER, cooperation.call_in, order.ticket_id, LABOUR)
    [co] = [o for o in orders(office, order.ticket_id) if o.part == "co"]
    sign(office, co)
    with pytest.raises(Conflict):
        step(office, handler(LABOUR), stage_reply, co.id, TEXT)


def test_while_a_case_stands_still_nobody_has_to_tell_how_far_it_is(office: Office) -> None:
    order = lead(office, file(office).ticket.id)
    sign(office, order)
    wanted = step(
        office, unit(APPROVAL), holds.ask, order.id, ground="waiting_law",
        review_on=date(2026, 12, 18), reason="等待判决",
    )  # fmt: skip
    step(office, SUPERVISOR, holds.grant, wanted)
    assert stages(office, order.ticket_id) == ["paused"]
    step(office, unit(APPROVAL), stage_reply, order.id, TEXT)
    assert stages(office, order.ticket_id) == ["met"]
    assert whole(office)


def test_the_stage_falls_away_with_the_order(office: Office) -> None:
    order = lead(office, file(office).ticket.id)
    sign(office, order)
    step(office, DISPATCHER, cooperation.reassign, order.id, new_lead=LABOUR, reason="职责调整")
    assert stages(office, order.ticket_id) == ["cancelled"]
    assert whole(office)


def test_a_reply_is_reviewed_within_its_own_promise(office: Office, clock) -> None:
    order = lead(office, file(office).ticket.id)
    sign(office, order)
    reply(office, order)
    [first] = clocks(office, order.ticket_id, "review")
    assert first.state == "running"
    step(office, DISPATCHER, review, order.ticket_id, approve=False)
    reply(office, order)
    [second] = [c for c in clocks(office, order.ticket_id, "review") if not c.stopped_at]
    clock.at = second.due_at
    sweep(office)
    clock.move(hours=1)
    step(office, DISPATCHER, review, order.ticket_id, approve=True)
    kept = {c.on_time for c in clocks(office, order.ticket_id, "review")}
    assert kept == {True, False}
    assert whole(office)
