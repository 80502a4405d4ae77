"""What letters say: every kind, every language, and what they must never say."""

from dataclasses import dataclass
from typing import Any

import pytest
from jinja2 import UndefinedError

from core.permissions import Role
from core.privacy import Keys
from notify.notices import WRITERS
from notify.plans import LetterPlan, Person, letters_for
from notify.wording import LANGUAGES, TEMPLATES, link, render, units_in
from tests.notify.makers import NUMBER, SITE, UNITS
from tests.notify.samples import CASES, FACTS

KEYS = Keys.of("a master secret that only tests know")
OWNER = Person(f"business:{NUMBER}", ("email",), roles=frozenset({Role.BUSINESS}))
EVERYBODY = (
    OWNER,
    *(
        Person(f"staff:{role}-{unit}", ("inbox", "email"), roles=frozenset({role}), department=unit)
        for role in Role
        if role is not Role.BUSINESS
        for unit in ("bj", "cg", None)
    ),
)
PLANS = [plan for fact in FACTS for case in CASES for plan in letters_for(fact, case, EVERYBODY)]


@dataclass
class Letter:
    """A letter as wording sees it."""

    kind: str
    recipient: str
    channel: str
    language: str
    params: dict[str, Any]


def said(plan: LetterPlan, language: str = "zh", **params):
    letter = Letter(plan.kind, plan.recipient, plan.channel, language, plan.params | params)
    return render(letter, SITE, KEYS, UNITS)


def plan_of(kind, recipient="staff:", channel="email"):
    return next(
        plan for plan in PLANS
        if plan.kind == kind and plan.recipient.startswith(recipient) and plan.channel == channel
    )  # fmt: skip


def test_the_samples_hold_every_fact_that_calls_for_letters():
    assert {type(fact) for fact in FACTS} == set(WRITERS)


def test_every_kind_of_letter_has_its_templates_and_no_template_is_left_over():
    kinds = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}
    assert kinds == {plan.kind for plan in PLANS} | {"layout"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted({plan.kind for plan in PLANS}))
def test_every_letter_can_be_said(kind, language):
    for plan in (plan for plan in PLANS if plan.kind == kind):
        words = said(plan, language)
        everything = words.subject + words.text
        assert NUMBER in words.subject
        assert "\n" not in words.subject
        assert len(words.text) > 20
        for wrong in ("None", "{{", "{%", "\n\n\n", "bj", "cg", "T17:00", "<"):
            assert wrong not in everything
        chinese = any(
            "\u4e00" <= char <= "\u9fff"
            for char in words.text.split("http")[0].replace(SITE.district, "")
        )
        assert chinese or language == "en"


def test_instants_are_said_in_local_time():
    assert "2026年11月25日 17:00" in said(plan_of("received", "business")).text
    assert (
        "25 November 2026, 17:00 (Beijing time)" in said(plan_of("received", "business"), "en").text
    )


def test_units_are_named_and_an_unknown_one_stands_for_itself():
    assert "承办单位：区审批局。" in said(plan_of("received", "business")).text
    assert "承办单位：区某某局。" in said(plan_of("received", "business"), lead="区某某局").text
    assert units_in({"lead": "bj", "suggested": None, "number": "1"}) == {"bj"}


def test_only_the_complainant_gets_the_signed_link():
    signed = f"{SITE.public_url}/track/{NUMBER}?k={KEYS.sign(f'track:{NUMBER}')}"
    for plan in PLANS:
        own = plan.recipient == OWNER.tag
        letter = Letter(plan.kind, plan.recipient, plan.channel, "zh", plan.params)
        assert link(letter, SITE, KEYS) == (
            signed if own else f"{SITE.public_url}/tickets/{NUMBER}"
        )
        assert ("?k=" in said(plan).text) == own


def test_another_requests_complainant_gets_no_signed_link():
    letter = Letter(
        "received", "business:610302202611181W000002", "email", "zh", {"number": NUMBER}
    )
    assert "?k=" not in link(letter, SITE, KEYS)


def test_a_missing_value_is_an_error_and_not_a_gap():
    plan = plan_of("clock_warned")
    letter = Letter(plan.kind, plan.recipient, "email", "zh", {"number": NUMBER})
    with pytest.raises(UndefinedError):
        render(letter, SITE, KEYS, UNITS)


def test_values_are_never_read_as_templates():
    words = said(plan_of("referred", "business"), target="{{ link.__class__ }}")
    assert "{{ link.__class__ }}" in words.text


def test_an_unknown_language_falls_back_to_chinese_and_an_unknown_code_to_the_general_word():
    assert said(plan_of("received", "business"), "fr") == said(
        plan_of("received", "business"), "zh"
    )
    assert "办理时限" in said(plan_of("clock_warned"), metric="invented").text


def test_the_inbox_carries_the_bare_words_without_greeting_and_link():
    words = said(plan_of("order_issued", channel="inbox"))
    assert "http" not in words.text
    assert "您好" not in words.text
    assert "您好" in said(plan_of("order_issued", channel="email")).text
