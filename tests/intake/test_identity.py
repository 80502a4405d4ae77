"""Identity codes and telephone numbers: what is normalised, what is refused, what only warns."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import ALPHABET
from intake.identity import (
    HYPHENS,
    TEXTS,
    check_character,
    check_lines,
    check_phone,
    check_uscc,
    organisation_check,
)

REAL = ("91110000600037341L", "91350100M000100Y43")

characters = st.text(ALPHABET, min_size=1, max_size=1)
bodies = st.builds(
    lambda head, area, rest: head + area + rest,
    st.text(ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
).filter(lambda body: body.strip("0"))
codes = bodies.map(lambda body: body + check_character(body))


def reason(text: object) -> str | None:
    return check_uscc(text).reason


@pytest.mark.parametrize("code", REAL)
def test_issued_codes_are_valid_and_keep_the_inner_rule(code):
    assert check_uscc(code).normal == code
    assert check_uscc(code).warnings == ()
    assert organisation_check(code[8:16]) == code[16]


@given(codes)
def test_a_code_with_its_check_character_is_valid(code):
    assert check_uscc(code).valid
    assert check_uscc(code).normal == code


@given(codes, st.integers(0, 17), characters)
def test_one_wrong_character_is_always_found(code, place, other):
    wrong = code[:place] + other + code[place + 1 :]
    assert check_uscc(wrong).valid == (wrong == code)


@given(codes, st.integers(0, 16))
def test_two_swapped_neighbours_are_always_found(code, place):
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert check_uscc(wrong).valid == (wrong == code)


@given(codes, st.data())
def test_width_case_spaces_hyphens_and_invisible_signs_do_not_matter(code, data):
    filler = st.sampled_from(["", " ", "\u3000", "\u00a0", "\t", "\u200b", "\ufeff", *HYPHENS])
    typed = "".join(
        data.draw(filler)
        + data.draw(st.sampled_from([char, char.lower(), chr(ord(char) + 0xFEE0)]))
        for char in code
    )
    assert check_uscc(typed).normal == code


@given(st.text())
def test_any_text_gets_an_answer_and_a_normal_form_stays_itself(text):
    found = check_uscc(text)
    assert found.valid == (found.normal is not None)
    assert bool(found.sentence) == (not found.valid) == bool(found.message)
    if found.normal:
        assert check_uscc(found.normal).normal == found.normal


@pytest.mark.parametrize("head", ["11", "51", "91", "N1", "Y1", "A1"])
def test_authorities_with_letters_are_accepted(head):
    body = f"{head}610302MA6X1234X"
    assert check_uscc(body + check_character(body)).valid


@pytest.mark.parametrize(
    ("code", "place", "char"),
    [
        ("9I350100M000100Y43", 2, "I"),
        ("91350100M00O100Y43", 12, "O"),
        ("9135010oM000100Y43", 8, "O"),
        ("91350100M000100Y4z", 18, "Z"),
        ("91350100M000100Ys3", 17, "S"),
        ("91350100v000100Y43", 9, "V"),
    ],
)
def test_a_letter_codes_never_use_is_named_with_its_place_and_never_read_as_another(
    code, place, char
):
    found = check_uscc(code)
    assert (found.reason, found.normal) == ("character", None)
    assert found.params == {"position": place, "char": char}
    assert f"第{place}位“{char}”" in found.sentence
    assert "I、O、Z、S、V" in found.sentence


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (None, "type"),
        (91350100, "type"),
        ("", "empty"),
        (" \u200b- ", "empty"),
        ("91350100M000100Y4", "length"),
        ("91350100M000100Y433", "length"),
        ("610302000012345", "length"),
        ("91A50100M000100Y43", "area"),
        ("0" * 18, "placeholder"),
        ("91350100M000100Y44", "check"),
        ("9135010\u041000100Y43", "character"),  # a Cyrillic letter
        ("9135010\u0660M000100Y43", "character"),  # an Arabic digit
        ("9135010\U0001d7d8M000100Y43", "character"),  # a mathematical digit
        ("9135010\u0131M000100Y43", "character"),  # a dotless i does not become an I
        ("9135010ßM000100Y43", "character"),
        ("9135010\ud800M000100Y43", "character"),
        ("91350100\u202eM000100Y43", "bidi"),
        ("91350100{M000100Y43", "character"),
    ],
)
def test_what_is_no_code_is_refused_for_its_own_reason(code, expected):
    assert reason(code) == expected
    assert check_uscc(code).sentence


def test_a_broken_inner_rule_only_warns():
    body = "91610302MA6X12345"
    assert organisation_check(body[8:16]) != body[16]
    found = check_uscc(body + check_character(body))
    assert found.valid
    assert found.warnings == ("organisation_check",)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("13812345678", "13812345678"),
        (" +86 138-1234-5678 ", "13812345678"),
        ("0086 13812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("（+86）138 1234 5678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("199\u20111234\u20115678", "19912345678"),
        ("0917-3261234", "0917-3261234"),
        ("0917-1234567", "0917-1234567"),
        ("09173261234", "0917-3261234"),
        ("(0917) 3261234", "0917-3261234"),
        ("（0917）3261234转801", "0917-3261234-801"),
        ("0917-3261234-801", "0917-3261234-801"),
        ("0917 3261234 ext. 12", "0917-3261234-12"),
        ("0917-3261234分机8", "0917-3261234-8"),
        ("029-87654321#3", "029-87654321-3"),
        ("+86 917 3261234", "0917-3261234"),
        ("+86 10 6512 3456", "010-65123456"),
        ("+86 (0)917 3261234", "0917-3261234"),
        ("400-123-4567", "4001234567"),
        ("95588", "95588"),
    ],
)
def test_numbers_come_to_the_form_they_are_dialled_in(typed, normal):
    assert check_phone(typed).normal == normal
    assert check_phone(normal).normal == normal


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (None, "type"),
        ("  ", "empty"),
        ("12812345678", "prefix"),
        ("1381234567", "length"),
        ("138123456789", "length"),
        ("13812345678-1", "length"),
        ("+1 650 253 0000", "country"),
        ("3261234", "no_area"),
        ("0917-326123", "length"),
        ("0917-0234567", "prefix"),
        ("010-651234567", "length"),
        ("0600000", "length"),
        ("0117-3261234", "prefix"),
        ("9512345", "no_area"),
        ("4001234", "no_area"),
        ("400-123-456", "length"),
        ("500-123-4567", "prefix"),
        ("955", "length"),
        ("138{}", "character"),
        ("13812345678/13912345678", "character"),
        ("\u0661\u0663\u0668\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", "character"),
        ("1381234567八", "character"),
    ],
)
def test_what_nobody_can_dial_is_refused_for_its_own_reason(typed, expected):
    found = check_phone(typed)
    assert (found.reason, found.normal) == (expected, None)
    assert found.sentence


@given(
    st.text(st.sampled_from("0123456789+-()（） 转#extEXT.·\u200b０９"), max_size=20) | st.text()
)
def test_any_text_gets_an_answer_as_a_number(text):
    found = check_phone(text)
    assert found.valid == (found.normal is not None)
    if found.normal:
        assert check_phone(found.normal).normal == found.normal


def test_every_reason_has_its_sentence():
    assert all(text.strip() for text in TEXTS.values())


def test_lines_are_answered_one_for_one_and_bad_ones_do_not_stop_the_rest():
    lines = [
        "\ufeff" + json.dumps({"id": "甲", "code": "91350100m000100y43"}),
        "not json",
        "",
        "[1]",
        '{"id": 3}',
        '{"id": 4, "code": null}',
        '{"id": "\\ud800", "code": "0"}',
        '{"id": NaN, "code": "0"}',
        "[" * 100_000,
        json.dumps({"id": 5, "code": "91350100M000100Y44"}),
    ]
    answers = [json.loads(line) for line in check_lines(lines)]
    assert answers[0] == {
        "id": "甲",
        "valid": True,
        "normal": "91350100M000100Y43",
        "reason": None,
    }
    assert [answer["id"] for answer in answers] == ["甲", None, None, 3, 4, "\ud800", None, None, 5]
    assert [answer["reason"] for answer in answers[1:]] == [
        *("malformed", "malformed", "type", "type", "length", "malformed", "malformed", "check")
    ]
    for line in check_lines(lines):
        line.encode()  # an output that UTF-8 cannot carry would stop the rest


def test_a_very_long_code_is_answered_with_its_length():
    found = check_uscc("9" * 1_000_000)
    assert (found.reason, found.params) == ("length", {"length": 1_000_000})
    line = json.dumps({"id": 1, "code": "Ｙ" * 1_000_000})
    assert [json.loads(answer)["reason"] for answer in check_lines([line])] == ["length"]
