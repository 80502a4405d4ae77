"""Policies: the presets against the table they came from, the choice among them, their storage."""

import json
from datetime import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.moments import SHANGHAI
from sla.calendars import china
from sla.policies import (
    DUE,
    LADDER,
    METRICS,
    PRESETS,
    WARNING,
    Facts,
    Policy,
    Step,
    as_json,
    choose,
    from_json,
)
from sla.worktime import Mode, Promise, PromiseRefused
from web.seed.promises import PLAN

ONE_DAY = Promise(Mode.WORKING_DAYS, Fraction(1))
KINDS = ("complaint", "report", "inquiry", "help", "suggestion", "praise")
URGENCIES = ("critical", "urgent", "normal")
every_facts = st.builds(
    Facts, st.sampled_from(KINDS), st.sampled_from(URGENCIES), st.booleans(), st.booleans()
)


def limit(metric: str, kind: str, urgency: str = "normal", **more: bool) -> str:
    policy = choose(PRESETS, metric, Facts(kind, urgency, **more))
    assert policy is not None
    return str(policy.promise)


# the reference's table of default limits, row by row
@pytest.mark.parametrize(
    ("metric", "kind", "urgency", "more", "expected"),
    [
        ("resolve", "inquiry", "normal", {}, "working_days:1"),
        ("resolve", "inquiry", "urgent", {}, "working_hours:4"),
        ("resolve", "inquiry", "normal", {"complex": True}, "working_days:3"),
        ("resolve", "help", "normal", {}, "working_days:5"),
        ("resolve", "help", "urgent", {}, "working_days:2"),
        ("resolve", "help", "critical", {}, "natural_hours:24"),
        ("resolve", "help", "normal", {"complex": True}, "working_days:15"),
        ("resolve", "complaint", "normal", {}, "working_days:5"),
        ("resolve", "complaint", "urgent", {}, "working_days:3"),
        ("resolve", "complaint", "critical", {}, "natural_hours:24"),
        ("resolve", "complaint", "normal", {"complex": True}, "working_days:15"),
        ("resolve", "complaint", "normal", {"enterprise": True}, "working_days:7"),
        ("resolve", "complaint", "urgent", {"enterprise": True}, "working_days:5"),
        ("resolve", "complaint", "critical", {"enterprise": True}, "natural_hours:24"),
        (
            "resolve",
            "complaint",
            "normal",
            {"enterprise": True, "complex": True},
            "natural_days:30",
        ),
        ("resolve", "suggestion", "normal", {}, "working_days:5"),
        ("resolve", "suggestion", "normal", {"complex": True}, "working_days:15"),
        ("redo", "complaint", "normal", {}, "working_days:3"),
        ("redo", "complaint", "urgent", {}, "working_days:1"),
        ("redo", "complaint", "critical", {}, "natural_hours:2"),
        ("redo", "complaint", "normal", {"complex": True}, "working_days:5"),
        ("sign", "complaint", "normal", {}, "working_days:1"),
        ("sign", "complaint", "urgent", {}, "working_hours:2"),
        ("sign", "complaint", "critical", {}, "natural_hours:1/4"),
        ("first_contact", "help", "urgent", {}, "working_hours:1"),
        ("accept", "report", "normal", {}, "working_days:3"),
        ("stage_reply", "help", "normal", {}, "working_days:3"),
        ("supervision_reply", "help", "normal", {}, "working_days:2"),
    ],
)
def test_presets_promise_what_their_sources_say(metric, kind, urgency, more, expected):
    assert limit(metric, kind, urgency, **more) == expected


@given(st.sampled_from(METRICS), every_facts)
def test_every_request_has_exactly_one_promise_of_every_kind(metric, facts):
    chosen = choose(PRESETS, metric, facts)
    assert chosen is not None
    assert chosen.fits(facts)
    assert chosen.basis
    assert all(
        chosen.weight >= other.weight
        for other in PRESETS
        if other.metric == metric and other.fits(facts)
    )


@given(
    st.sampled_from(["resolve", "redo", "sign", "first_contact"]),
    every_facts.filter(lambda facts: facts.kind not in {"suggestion", "praise"}),
)
def test_a_life_in_danger_never_waits_for_a_complex_case(metric, facts):
    chosen = choose(PRESETS, metric, Facts(facts.kind, "critical", facts.complex, facts.enterprise))
    plain = choose(PRESETS, metric, Facts(facts.kind, "critical"))
    assert chosen is not None
    assert plain is not None
    assert chosen.promise == plain.promise


def test_preset_names_are_unique_and_ladders_rise_from_yellow():
    assert len({policy.id for policy in PRESETS}) == len(PRESETS)
    for policy in PRESETS:
        levels = [step.level for step in policy.ladder]
        known = ["yellow", "listed" if policy.metric == "supervision_reply" else "red"]
        assert levels == [*known, "circular", "problem"][: len(levels)]


def test_a_rung_issues_a_known_supervision_order_or_none():
    with pytest.raises(PromiseRefused, match="ladder"):
        Step("red", None, (), issue="yellow")
    issued = {step.level: step.issue for step in LADDER}
    assert issued == {"yellow": "", "red": "red", "circular": "", "problem": "problem"}


def test_the_more_telling_condition_wins():
    general = Policy("a", "resolve", ONE_DAY)
    urgent = Policy("b", "resolve", ONE_DAY, urgencies=frozenset({"urgent"}))
    category = Policy("c", "resolve", ONE_DAY, categories=frozenset({"yd"}))
    task = Policy("d", "resolve", ONE_DAY, tasks=frozenset({1}))
    rules = [general, urgent, category, task]
    assert choose(rules, "resolve", Facts("help", "normal")) is general
    assert choose(rules, "resolve", Facts("help", "urgent")) is urgent
    assert choose(rules, "resolve", Facts("help", "urgent", category="yd")) is category
    assert choose(rules, "resolve", Facts("help", "urgent", category="yd", task=1)) is task
    assert choose(rules, "sign", Facts("help", "normal")) is None
    assert (
        choose([general, Policy("e", "resolve", ONE_DAY)], "resolve", Facts("help", "normal"))
        is general
    )


def test_policies_survive_their_storage():
    rich = Policy(
        "x",
        "resolve",
        ONE_DAY,
        categories=frozenset({"yd"}),
        tasks=frozenset({5}),
        warn_left=ONE_DAY,
        warn_at=Fraction(1, 2),
    )
    rules = (*PRESETS, rich)
    assert from_json(json.loads(json.dumps(as_json(rules)))) == rules


def test_a_version_stored_before_later_conditions_can_be_read():
    rows = as_json([PRESETS[0]])
    for name in ("categories", "tasks", "warn_left"):
        del rows[0][name]
    assert from_json(rows) == (PRESETS[0],)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"metric": "happiness"}, "metric"),
        ({"warn_at": Fraction(1)}, "warn_at"),
        ({"warn_at": Fraction(0)}, "warn_at"),
        ({"warn_at": Fraction(3, 2)}, "warn_at"),
        ({"warn_left": Promise(Mode.WORKING_DAYS, Fraction(2))}, "warn_left"),
        ({"ladder": (Step("red", None, ()), Step("red", ONE_DAY, ()))}, "ladder"),
        ({"ladder": (Step(WARNING, None, ()),)}, "ladder"),
        ({"ladder": (Step(DUE, None, ()),)}, "ladder"),
    ],
)
def test_a_policy_that_cannot_stand_names_its_field(changes, field):
    with pytest.raises(PromiseRefused) as refused:
        Policy(**({"id": "x", "metric": "resolve", "promise": ONE_DAY} | changes))
    assert refused.value.field == field


def seeded(kind, urgency, task, **more):
    policy = choose((*PRESETS, *PLAN), "resolve", Facts(kind, urgency, task=task, **more))
    assert policy is not None
    return str(policy.promise)


@pytest.mark.parametrize(
    ("task", "urgency", "more", "expected"),
    [
        (1, "normal", {}, "working_days:1"),
        (1, "urgent", {}, "working_days:1"),
        (1, "critical", {}, "natural_hours:24"),
        (2, "normal", {}, "working_days:1"),
        (6, "normal", {}, "working_days:3"),
        (6, "urgent", {}, "working_days:2"),
        (6, "normal", {"complex": True}, "working_days:10"),
        (5, "normal", {}, "working_days:5"),
        (5, "normal", {"complex": True}, "working_days:12"),
        (7, "normal", {}, "working_days:5"),
    ],
)
def test_what_the_plan_promises_in_figures_is_promised_to_who_asks_for_it(
    task, urgency, more, expected
):
    assert seeded("help", urgency, task, **more) == expected
    assert seeded("complaint", urgency, task, **more) == limit(
        "resolve", "complaint", urgency, **more
    )


def test_a_repair_is_on_site_within_an_hour_of_the_clock():
    facts = Facts("help", "urgent", task=6)
    policy = choose((*PRESETS, *PLAN), "first_contact", facts)
    assert policy is not None
    assert str(policy.promise) == "natural_hours:1"


@given(every_facts, st.sampled_from([1, 2, 5, 6]))
def test_the_plan_never_makes_anybody_wait_longer(facts, task):
    begun = datetime(2026, 11, 18, 10, tzinfo=SHANGHAI)
    told = Facts(facts.kind, facts.urgency, facts.complex, facts.enterprise, task=task)
    for metric in ("resolve", "first_contact"):
        plain, own = choose(PRESETS, metric, told), choose((*PRESETS, *PLAN), metric, told)
        assert plain is not None
        assert own is not None
        assert china().add(begun, own.promise) <= china().add(begun, plain.promise)
