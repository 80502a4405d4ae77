"""Drafts: every channel's fields, each refusal under its own name, all of them told at once."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Fault, Invalid
from intake.draft import (
    CHANNEL_LETTERS,
    CONTENT_LEAST,
    KINDS,
    LIMITS,
    RAW_LIMIT,
    TITLE_CUT,
    URGENCIES,
    Draft,
    check,
)
from intake.files import File

GOOD = {
    "kind": "complaint",
    "title": "企业开办卡了两周",
    "content": "新公司的设立登记提交两周，一直没有结果。",
    "channel": "web",
    "category": "startup",
    "urgency": "urgent",
    "contact_name": "李某",
    "contact_phone": "13800000000",
    "contact_email": "someone@example.com",
    "company_name": "宝鸡某某科技有限公司",
    "uscc": "91350100M000100Y43",
    "place": "高新大道1号",
    "respondent": "shenpi",
    "complex": False,
    "anonymous": False,
    "confidential": True,
}
FLAGS = ("complex", "anonymous", "confidential")
TEXTS = tuple(name for name in GOOD if name not in FLAGS)
ONE_LINE = tuple(name for name in TEXTS if name != "content")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def faults(**values: object) -> list[Fault]:
    with pytest.raises(Invalid) as caught:
        check({**GOOD, **values})
    return list(caught.value.faults)


def codes(**values: object) -> list[tuple[str, str]]:
    return [(fault.field, fault.code) for fault in faults(**values)]


def sentence(fault: Fault) -> str:
    return fault.message.format(**fault.params)


def test_a_good_draft_comes_through_as_it_was_written():
    draft = check(GOOD)
    assert draft.request == GOOD["kind"]
    for name in GOOD.keys() - {"kind"}:
        assert getattr(draft, name) == GOOD[name]
    assert draft.enterprise


def test_the_least_a_complaint_needs_is_a_text_and_a_way_to_answer():
    draft = check({"content": "  门口的路灯不亮  ", "contact_phone": "0917 3261234"})
    assert draft == Draft(
        request="complaint",
        title="门口的路灯不亮",
        content="门口的路灯不亮",
        channel="web",
        contact_phone="0917-3261234",
    )
    assert not draft.enterprise
    assert check({"content": "门口的路灯不亮", "anonymous": True}).contact_phone is None
    by_mail = check({"content": "门口的路灯不亮", "contact_email": " Ａ@example.com "})
    assert by_mail.contact_email == "A@example.com"


def test_nothing_at_all_is_refused_with_both_missing_fields_named():
    with pytest.raises(Invalid) as caught:
        check({})
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [
        ("content", "required"),
        ("contact_phone", "required"),
    ]


@pytest.mark.parametrize(
    "typed",
    [
        "91350100m000100y43",
        "９１３５０１００Ｍ０００１００Ｙ４３",
        "９１３５０１００ｍ０００１００ｙ４３",
        " 913501 00M00010 0Y43 ",
        "91350100-M000100Y-43",
        "91350100\u200bM000100Y43",
        "91350100\u00a0M000100Y43",
    ],
)
def test_a_credit_code_is_taken_in_any_width_and_case(typed):
    assert check({**GOOD, "uscc": typed}).uscc == "91350100M000100Y43"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("uscc", "91350100M000100Y44", "check"),
        ("uscc", "91350100M000100Y4", "length"),
        ("uscc", "9135O100M000100Y43", "character"),
        ("uscc", "9135A100M000100Y43", "area"),
        ("uscc", "9" * 61, "too_long"),
        ("contact_phone", "12345678901", "prefix"),
        ("contact_phone", "1380000000", "length"),
        ("contact_phone", "3261234", "no_area"),
        ("contact_phone", "不告诉你", "character"),
        ("contact_email", "someone", "invalid"),
        ("contact_email", "a@b", "invalid"),
        ("contact_email", "a@.com", "invalid"),
        ("contact_email", "a@b..com", "invalid"),
        ("contact_email", "a@-b.com", "invalid"),
        ("contact_email", "a b@c.com", "invalid"),
        ("contact_email", "a@b.com,c@d.com", "invalid"),
        ("contact_email", ".a@b.com", "invalid"),
        ("contact_email", "x" * 65 + "@b.com", "invalid"),
        ("content", "", "required"),
        ("content", None, "required"),
        ("content", " \n\u3000\u200b ", "required"),
        ("content", "太短", "too_short"),
        ("content", "长" * (LIMITS["content"] + 1), "too_long"),
        ("content", "长" * (RAW_LIMIT + 1), "too_long"),
        ("content", "\u200b" * 5_000_000, "too_long"),
        ("title", "长" * 101, "too_long"),
        ("contact_name", "长" * 51, "too_long"),
        ("company_name", "长" * 101, "too_long"),
        ("place", "长" * 201, "too_long"),
        ("category", "x" * 61, "too_long"),
        ("respondent", "x" * 61, "too_long"),
        ("kind", "rant", "unknown"),
        ("kind", "Complaint", "unknown"),
        ("channel", "fax", "unknown"),
        ("urgency", "now", "unknown"),
        ("anonymous", "yes", "type"),
        ("complex", 1, "type"),
        ("confidential", [], "type"),
    ],
)
def test_a_refusal_names_its_field_and_only_that_one(field, value, code):
    assert codes(**{field: value}) == [(field, code)]


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize(
    ("sign", "code"),
    [("\0", "control"), ("\x1b", "control"), ("\u202e", "bidi"), ("\ud842", "surrogate")],
)
def test_every_text_refuses_deceiving_signs_under_its_own_name_with_their_place(field, sign, code):
    (fault,) = faults(**{field: f"甲{sign}乙"})
    assert (fault.field, fault.code, fault.params) == (field, code, {"position": 2})
    assert "第2个字符" in sentence(fault)


@pytest.mark.parametrize("field", ONE_LINE)
def test_only_the_content_has_lines(field):
    assert codes(**{field: "甲\n乙"}) == [(field, "control")]
    assert check({**GOOD, "content": "第一行\r\n\t第二行"}).content == "第一行\n\t第二行"


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("value", [0, 1, 1.5, float("nan"), True, [], ["甲"], {}, {"a": 1}, b"a"])
def test_what_is_no_text_is_refused_under_its_own_name(field, value):
    assert codes(**{field: value}) == [(field, "type")]


def test_all_faults_are_told_at_once():
    found = codes(content="", uscc="1", contact_phone="2", kind="3", urgency="4", title="\0")
    assert {field for field, _ in found} == {
        *("content", "uscc", "contact_phone", "kind", "urgency", "title")
    }


def test_sentences_say_what_is_wrong_and_how_much():
    (long,) = faults(title="长" * 101)
    assert sentence(long) == "最多100字，现有101字"
    (letter,) = faults(uscc="9135O100M000100Y43")
    assert "第5位“O”" in sentence(letter)
    (kind,) = faults(kind="rant")
    assert all(name in sentence(kind) for name in KINDS)


@pytest.mark.parametrize("field", ["title", "contact_name", "company_name", "place", "content"])
@pytest.mark.parametrize(
    "text", ["𠮷某某办事处", "䶮某某办事处", "葛\U000e0100某某办事处", "{0}{x}%s办事处"]
)
def test_rare_signs_and_braces_survive(field, text):
    assert getattr(check({**GOOD, field: text}), field) == text


def test_limits_count_signs_not_bytes():
    for field, limit in LIMITS.items():
        assert getattr(check({**GOOD, field: "𠮷" * limit}), field) == "𠮷" * limit
    assert check({**GOOD, "content": "𠮷" * CONTENT_LEAST}).content == "𠮷" * CONTENT_LEAST


@given(st.text(st.characters(), max_size=100))
def test_a_missing_title_is_one_short_line_of_the_content(content):
    with contextlib.suppress(Invalid):
        draft = check({"content": content, "anonymous": True})
        assert draft.title
        assert len(draft.title) <= TITLE_CUT
        assert draft.title == draft.title.strip()
        assert check({"content": draft.content, "title": draft.title, "anonymous": True}) == draft


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("甲\t乙的第一行\n第二行", "甲 乙的第一行"),
        ("一" * 29 + "\t二三四", "一" * 29),
        ("一" * 40, "一" * 30),
    ],
)
def test_a_missing_title_takes_nothing_a_title_may_not_hold(content, title):
    draft = check({**GOOD, "title": "", "content": content})
    assert draft.title == title
    assert check({**GOOD, "title": draft.title}).title == title


def test_only_the_channels_a_door_offers_may_be_named():
    assert check({**GOOD, "channel": ""}, channel="phone").channel == "phone"
    with pytest.raises(Invalid) as caught:
        check({**GOOD, "channel": "upper"}, channels=("web", "api"))
    assert caught.value.faults[0].params == {"allowed": "web、api"}
    for channel in CHANNEL_LETTERS:
        assert check({**GOOD, "channel": channel}).channel == channel


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        *((value, True) for value in (True, "on", "true", "1")),
        *((value, False) for value in (False, None, "", "off", "false", "0")),
    ],
)
def test_a_flag_is_read_from_forms_and_from_json(typed, read):
    assert check({**GOOD, "complex": typed}).complex is read


def test_files_and_language_are_carried_along():
    file = File("图.png", "image/png", b"x")
    draft = check(GOOD, attachments=(file,), language="en")
    assert (draft.attachments, draft.language) == ((file,), "en")


@pytest.mark.parametrize("field", sorted(GOOD))
@settings(max_examples=60)
@given(value=json_values)
def test_whatever_stands_in_a_field_is_taken_or_refused_under_a_known_name(field, value):
    try:
        draft = check({**GOOD, field: value})
    except Invalid as refused:
        found = refused.faults
    else:
        found = ()
        assert draft.request in KINDS
        assert draft.urgency in URGENCIES
        assert draft.channel in CHANNEL_LETTERS
    assert {fault.field for fault in found} <= {field}
    for fault in found:
        sentence(fault).encode()


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(sorted(GOOD)) | st.text(max_size=5), json_values))
def test_whatever_is_handed_in_is_taken_or_refused(values):
    try:
        draft = check(values)
    except Invalid as refused:
        assert refused.faults  # noqa: PT017 - either outcome is right, but each has its promise
    else:
        assert draft.content
        assert draft.title
