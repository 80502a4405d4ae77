"""Drafts from outside: what can be read is a whole body, what cannot is refused by its field."""

from contextlib import suppress

import pytest
from hypothesis import given as tried
from hypothesis import strategies as st

from core.errors import Invalid
from sla.bodies import given
from sla.calendars import from_body
from sla.policies import PRESETS, as_json, from_json
from sla.worktime import OFFICE, sessions_text

OFFICE_BODY = {"years": [2025, 2026], "sessions": sessions_text(OFFICE), "overrides": []}
BASE = {"policies": as_json(PRESETS), "calendars": {"office": OFFICE_BODY}}
SETS = ("kinds", "urgencies", "categories", "tasks")
SNOW = {"day": "2026-11-24", "working": False, "reason": "暴雪停工"}


def field_of(value: object) -> str:
    with pytest.raises(Invalid) as refused:
        given(value, BASE)
    [fault] = refused.value.faults
    return fault.field


def changed(**values: object) -> dict:
    return {"policies": [as_json(PRESETS)[0] | values]}


def test_what_is_not_said_stays_as_it_is_in_force() -> None:
    assert given({"policies": BASE["policies"]}, BASE) == BASE
    day_off = OFFICE_BODY | {"overrides": [SNOW]}
    wanted = {"policies": BASE["policies"], "calendars": {"office": day_off}}
    assert given({"calendar": day_off}, BASE) == wanted
    assert given({"calendars": {"office": day_off}}, BASE) == wanted
    assert BASE["calendars"]["office"]["overrides"] == []


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, {"limits": []}, {"policies": [], "x": 1}])
def test_what_is_no_draft_is_refused_as_a_whole(value: object) -> None:
    assert field_of(value) == "draft"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"policies": []}, "policies"),
        ({"policies": {"a": 1}}, "policies"),
        ({"policies": [7]}, "policies.0"),
        ({"policies": [{}]}, "policies.0.id"),
        (changed(kinds="complaint"), "policies.0.kinds"),
        (changed(kinds=["complaints"]), "policies.0.kinds"),
        (changed(tasks=["25"]), "policies.0.tasks"),
        (changed(enterprise="yes"), "policies.0.enterprise"),
        (changed(warnat="1/2"), "policies.0.warnat"),
        (changed(metric="nonsense"), "policies.0.metric"),
        (changed(promise={"mode": "working_days", "n": "0"}), "policies.0.n"),
        (changed(promise={"mode": "working_days", "n": "1/0"}), "policies.0"),
        (changed(promise={"mode": "weeks", "n": "1"}), "policies.0"),
        (changed(promise={"mode": "working_days"}), "policies.0.n"),
        (changed(warn_at="3/2"), "policies.0.warn_at"),
        (changed(calendar="window"), "calendar"),
        ({"policies": [*as_json(PRESETS)[:1] * 2]}, "policies.1.id"),
        ({"calendars": []}, "calendars"),
        ({"calendars": {"moon": OFFICE_BODY}}, "calendars.moon"),
        ({"calendar": 7}, "calendars.office"),
        ({"calendar": {}}, "calendars.office"),
        ({"calendar": OFFICE_BODY | {"years": []}}, "calendar"),
        ({"calendar": OFFICE_BODY | {"years": [2030]}}, "calendar"),
        ({"calendar": OFFICE_BODY | {"years": ["2026"]}}, "calendars.office"),
        ({"calendar": OFFICE_BODY | {"sessions": []}}, "sessions"),
        ({"calendar": OFFICE_BODY | {"sessions": [["9", "12"]]}}, "sessions"),
        ({"calendar": OFFICE_BODY | {"overrides": [SNOW | {"reason": ""}]}}, "calendar"),
        (
            {"calendar": OFFICE_BODY | {"overrides": [SNOW | {"working": "no"}]}},
            "calendars.office.overrides.0.working",
        ),
        ({"calendar": OFFICE_BODY | {"holidays": []}}, "calendars.office.holidays"),
        ({"calendar": OFFICE_BODY | {"overrides": [SNOW | {"day": "soon"}]}}, "calendars.office"),
    ],
)
def test_each_fault_is_told_at_its_field(value: object, field: str) -> None:
    assert field_of(value) == field


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9999) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=5,
)


@tried(st.sampled_from(sorted(BASE["policies"][0])), JUNK)
def test_no_value_of_a_promise_breaks_the_reader(name: str, junk: object) -> None:
    with suppress(Invalid):
        made = given(changed(**{name: junk}), BASE)
        read = as_json(from_json(made["policies"]))[0][name]
        assert read == (sorted(set(junk)) if name in SETS else junk)


@tried(st.sampled_from(["years", "sessions", "overrides", "notices", "kind"]), JUNK)
def test_no_value_of_a_calendar_breaks_the_reader(name: str, junk: object) -> None:
    with suppress(Invalid):
        made = given({"calendar": OFFICE_BODY | {name: junk}}, BASE)
        from_body(made["calendars"]["office"])
