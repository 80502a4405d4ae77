"""Who is told what: the pure plans."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import events
from core.permissions import Role
from notify.addressing import Case
from notify.notices import FOLLOWED, WRITERS, notices_for
from notify.plans import Person, letters_for
from tests.notify.makers import DUE, NUMBER, issued, received

AT = DUE - timedelta(days=7)
CASE = Case(
    NUMBER, "complaint", "normal", received_at=AT, at=AT, actor="visitor", lead="bj", due_at=DUE
)
LATER = replace(CASE, at=AT + timedelta(hours=2))
OWNER = Person(f"business:{NUMBER}", ("email",), roles=frozenset({Role.BUSINESS}))


def worker(tag, role, department=None, channels=("inbox",)):
    return Person(f"staff:{tag}", channels, roles=frozenset({role}), department=department)


LIAISON = worker("liaison", Role.LIAISON, "bj", ("inbox", "email"))
HANDLER = worker("handler", Role.HANDLER, "bj")
HEAD = worker("head", Role.HEAD, "bj")
STRANGER = worker("stranger", Role.LIAISON, "cg")
DISPATCHER = worker("dispatcher", Role.DISPATCHER)
OFFICE = worker("office", Role.OFFICE)
LEADER = worker("leader", Role.LEADER)
ALL = (OWNER, LIAISON, HANDLER, HEAD, STRANGER, DISPATCHER, OFFICE, LEADER)
REPLY = {"order": uuid4(), "department": "bj"}
UNIT = ("liaison", "handler", "head")


def told(fact, case=LATER, people=ALL):
    return {
        (plan.kind, plan.recipient.removeprefix("staff:"))
        for plan in letters_for(fact, case, people)
    }


def clock(cls, *, metric="resolve", department="bj", tell=()):
    return cls(
        clock=uuid4(), metric=metric, level="yellow", due=DUE, department=department, tell=tell
    )


def test_a_received_request_is_confirmed_with_number_lead_and_due():
    (plan,) = letters_for(received(), CASE, ALL)
    assert (plan.kind, plan.recipient, plan.channel) == ("received", OWNER.tag, "email")
    assert plan.params["number"] == NUMBER
    assert plan.params["lead"] == "bj"
    assert plan.params["due"] == DUE.isoformat()


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (issued(), {("order_issued", "liaison"), ("order_issued", "handler"), ("dispatched", OWNER.tag)}),
        (issued(part="co"), {("order_issued", "liaison"), ("order_issued", "handler")}),
        (events.OrderSigned(**REPLY), set()),
        (events.ReturnAsked(**REPLY, ground="duty"), {("return_asked", "dispatcher")}),
        (events.OrderReturned(**REPLY, part="lead"), {("return_upheld", "liaison"), ("return_upheld", "handler")}),
        (events.ReturnRefused(**REPLY), {("return_refused", "liaison"), ("return_refused", "handler")}),
        (
            events.ExtensionAsked(uuid4(), "resolve", **REPLY, days=2, words=uuid4()),
            {("extension_asked", "dispatcher"), ("extension_asked", "office")},
        ),
        (
            events.ExtensionRefused(uuid4(), "resolve", **REPLY),
            {
                ("extension_refused", "liaison"),
                ("extension_refused", "handler"),
                ("extension_refused", "head"),
            },
        ),
        (
            events.ClockMoved(uuid4(), "resolve", "extension", due=DUE, before=LATER.at, department="bj"),
            {
                ("due_moved", OWNER.tag),
                ("extension_granted", "liaison"),
                ("extension_granted", "handler"),
                ("extension_granted", "head"),
            },
        ),
        (events.OrderCancelled(**REPLY), {("order_cancelled", "liaison"), ("order_cancelled", "handler")}),
        (events.OrderReplied(**REPLY, part="lead", claim="solved", reply=uuid4()), {("reply_submitted", "dispatcher")}),
        (
            events.OrderReplied(order=uuid4(), department="cg", part="co", claim="solved", reply=uuid4()),
            {("co_replied", "liaison"), ("co_replied", "handler")},
        ),
        (events.ReplyApproved(order=uuid4(), reply=uuid4()), {("reply", OWNER.tag)}),
        (
            events.RedoOrdered(**REPLY, ground="unsolved", count=1),
            {("redo_ordered", "liaison"), ("redo_ordered", "handler"), ("redo_ordered", "head")},
        ),
        (
            events.TicketReopened(**REPLY, ground="again"),
            {("reopened", "liaison"), ("reopened", "handler"), ("reopened", "head")},
        ),
        (events.TriageNeeded("gibberish"), {("triage_needed", "dispatcher")}),
        (events.RefusalProposed("RJ01"), {("refusal_proposed", "dispatcher"), ("refusal_proposed", "office")}),
        (events.TicketRejected("RJ01", "staff:x"), {("rejected", OWNER.tag)}),
        (events.TicketReferred("RJ02", "court"), {("referred", OWNER.tag)}),
        (events.InfoRequested(("uscc",)), {("info_requested", OWNER.tag)}),
        (events.TicketAnswered(uuid4()), {("answered", OWNER.tag)}),
        (events.TicketMerged(NUMBER, "same"), {("merged", OWNER.tag)}),
        (
            events.TicketHeld("law", DUE),
            {("held", OWNER.tag)} | {("hold_granted", role) for role in UNIT},
        ),
        (
            events.HoldProlonged("law", DUE, uuid4()),
            {("held", OWNER.tag)} | {("hold_granted", role) for role in UNIT},
        ),
        (
            events.TicketResumed(),
            {("resumed", OWNER.tag)} | {("resumed", role) for role in UNIT},
        ),
        (
            events.HoldAsked(**REPLY, ground="law", review_at=DUE, words=uuid4()),
            {("hold_asked", "office")},
        ),
        (events.OrderReminded(**REPLY), {("reminded", role) for role in UNIT}),
        (
            events.SupervisionIssued(
                uuid4(), **REPLY, level="red", ground="late", year=1, serial=1
            ),
            {("supervised", role) for role in (*UNIT, "office")},
        ),
        (
            events.SupervisionIssued(
                uuid4(), **REPLY, level="problem", ground="late", year=1, serial=1
            ),
            {("supervised", role) for role in (*UNIT, "office", "leader")},
        ),
        (
            events.SupervisionAnswered(uuid4(), **REPLY, words=uuid4()),
            {("supervision_answered", "office")},
        ),
        (
            events.SupervisionJudged(uuid4(), **REPLY, enough=False),
            {("supervision_again", role) for role in UNIT},
        ),
        (events.SupervisionLifted(uuid4(), **REPLY), set()),
        (events.TicketClosed("solved"), {("closed", OWNER.tag)}),
        (events.TicketFinalised(uuid4()), {("final_reply", OWNER.tag)}),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)  # fmt: skip
def test_each_fact_tells_those_it_concerns(fact, expected):
    assert told(fact) == expected


def test_an_order_issued_in_the_act_of_filing_needs_no_second_letter_to_the_complainant():
    assert {kind for kind, _ in told(issued(), CASE)} == {"order_issued"}


def test_acceptance_is_told_only_where_no_other_letter_says_it():
    fact = events.TicketAccepted("staff:x")
    waiting = replace(LATER, lead=None)
    assert told(fact, waiting) == {("accepted", OWNER.tag)}
    assert told(fact, LATER) == set()
    assert told(fact, replace(waiting, at=AT)) == set()


def test_the_ladder_chooses_who_hears_of_a_promise():
    fact = clock(events.ClockBreached, tell=("head", "office", "leader"))
    assert told(fact) == {
        ("clock_breached", "head"),
        ("clock_breached", "office"),
        ("clock_breached", "leader"),
    }
    assert told(clock(events.ClockWarned, tell=("dispatcher",))) == {("clock_warned", "dispatcher")}


def test_without_a_ladder_the_hands_are_warned_and_the_head_and_supervisors_hear_of_a_breach():
    assert told(clock(events.ClockWarned)) == {
        ("clock_warned", "liaison"),
        ("clock_warned", "handler"),
    }
    assert told(clock(events.ClockBreached)) == {
        ("clock_breached", "head"),
        ("clock_breached", "office"),
    }
    assert told(clock(events.OrderEscalated)) == {("escalated", "head"), ("escalated", "office")}


def test_a_promise_of_no_unit_tells_no_unit():
    assert told(clock(events.ClockWarned, department=None, tell=("head", "dispatcher"))) == {
        ("clock_warned", "dispatcher")
    }


def test_a_complainant_who_keeps_silent_is_no_ones_failure():
    assert told(clock(events.ClockBreached, metric="callback", department=None)) == set()


def test_only_a_promise_that_really_moved_is_told():
    def moved(**values):
        facts = {
            "clock": uuid4(),
            "metric": "resolve",
            "ground": "extension",
            "due": DUE,
            "before": AT,
        }
        return events.ClockMoved(**(facts | values))

    assert told(moved()) == {("due_moved", OWNER.tag)}
    assert told(moved(before=DUE)) == set()
    assert told(moved(before=None)) == set()
    assert told(moved(due=None)) == set()
    assert told(moved(metric="sign")) == set()


def test_the_accused_unit_hears_nothing():
    accused = replace(LATER, accused=frozenset({"bj"}))
    assert told(issued(), accused) == {("dispatched", OWNER.tag)}
    fact = clock(events.ClockBreached, tell=("head", "office", "liaison"))
    assert told(fact, accused) == {("clock_breached", "office")}


def test_nobody_is_told_what_he_did_himself():
    own = replace(LATER, actor=DISPATCHER.tag)
    assert told(events.TriageNeeded("gibberish"), own) == set()


def test_a_person_with_two_hats_gets_one_letter_for_each_channel():
    both = replace(LIAISON, roles=frozenset({Role.LIAISON, Role.HANDLER, Role.HEAD}))
    plans = letters_for(issued(), LATER, (both,))
    assert [plan.channel for plan in plans] == ["inbox", "email"]


def test_haste_and_breaches_are_urgent():
    assert not letters_for(issued(), LATER, (LIAISON,))[0].urgent
    assert letters_for(issued(urgency="critical"), LATER, (LIAISON,))[0].urgent
    assert letters_for(clock(events.ClockBreached), LATER, (HEAD,))[0].urgent
    assert not letters_for(clock(events.ClockWarned), LATER, (HANDLER,))[0].urgent


def test_facts_without_a_writer_call_for_nothing():
    silent = [cls for kind, cls in events.KINDS.items() if kind not in FOLLOWED]
    assert events.IdentityUnmasked in silent
    assert told(events.IdentityUnmasked("asked")) == set()
    assert notices_for(events.NoteAdded(uuid4()), LATER) == ()


@given(
    fact=st.one_of(
        [
            st.builds(cls)
            for cls in WRITERS
            if cls not in {events.ClockWarned, events.ClockBreached, events.OrderEscalated}
        ]
    ),
    people=st.permutations(ALL),
)
def test_letters_are_unique_by_person_and_channel_whatever_the_fact(fact, people):
    plans = letters_for(fact, LATER, people)
    assert len({(plan.recipient, plan.channel) for plan in plans}) == len(plans)
    for plan in plans:
        assert all(isinstance(value, str | int | None) for value in plan.params.values())
