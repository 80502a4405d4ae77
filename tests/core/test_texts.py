"""Text as people send it: what is put right, what survives, what is refused with its place."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.texts import BIDI, INVISIBLE, UncleanText, clean, half_width

anything = st.text(st.characters(), max_size=60)


@given(anything, st.booleans())
def test_clean_text_is_clean_for_good(text, lines):
    try:
        once = clean(text, lines=lines)
    except UncleanText as error:
        place = error.position
    else:
        place = None
    if place is not None:
        assert 1 <= place <= len(text)
        return
    assert clean(once, lines=lines) == once
    assert once == once.strip() == unicodedata.normalize("NFC", once)
    assert not set(once) & BIDI
    assert not set(map(ord, once)) & set(INVISIBLE)
    assert once.encode().decode() == once


@given(st.text(st.characters(categories=["Lo", "Lu", "Nd", "Cn"]), max_size=20))
def test_letters_and_digits_are_never_lost(text):
    text = "".join(char for char in text if ord(char) & 0xFFFE != 0xFFFE)
    assert clean(text) == unicodedata.normalize("NFC", text.translate(INVISIBLE))


@pytest.mark.parametrize(
    "text",
    [
        "𠮷野家",
        "䶮",
        "㛃㼆",
        "\U000323af",  # the last sign of extension H
        "葛\U000e0100城",  # an ideographic variation
        "王\ue000",  # private use: registries print rare names with it
        "👨‍👩‍👧",  # joiners shape signs
        "क्‍ष",
        "·阿卜杜拉·买买提",
    ],
)
def test_rare_signs_survive(text):
    assert clean(text) == text


@pytest.mark.parametrize("sign", sorted(BIDI))
def test_signs_that_reorder_what_is_read_are_refused_with_their_place(sign):
    with pytest.raises(UncleanText) as caught:
        clean(f"甲乙{sign}丙", lines=True)
    assert (caught.value.code, caught.value.position) == ("bidi", 3)


@pytest.mark.parametrize(
    ("sign", "code"),
    [
        ("\0", "control"),
        ("\x07", "control"),
        ("\x0b", "control"),
        ("\x1b", "control"),
        ("\x7f", "control"),
        ("\x85", "control"),
        ("\ufffe", "control"),
        ("\U0010ffff", "control"),
        (chr(0xD842), "surrogate"),
        (chr(0xDFB7), "surrogate"),
    ],
)
def test_what_cannot_be_stored_or_sent_is_refused_even_in_long_texts(sign, code):
    with pytest.raises(UncleanText) as caught:
        clean(f"甲{sign}", lines=True)
    assert (caught.value.code, caught.value.position) == (code, 2)


@pytest.mark.parametrize("sign", ["\n", "\t", "\r\n", "\r", "\u2028", "\u2029"])
def test_lines_are_only_where_lines_may_be(sign):
    assert clean(f"甲{sign}乙", lines=True) == ("甲\t乙" if sign == "\t" else "甲\n乙")
    with pytest.raises(UncleanText) as caught:
        clean(f"甲{sign}乙")
    assert caught.value.code == "control"


@pytest.mark.parametrize(
    "text", ["", "  ", "\u3000\u00a0", "\u200b\ufeff", "\u200d\u200d", "\ufe0f", "\u3164", "\u2063"]
)
def test_a_text_nobody_can_see_is_empty(text):
    assert clean(text) == ""


def test_composed_and_decomposed_letters_become_one():
    assert clean("Cafe\u0301") == clean("Café") == "Café"
    assert clean("甲\u200b乙") == "甲乙"


def test_half_width_touches_only_the_full_width_twins_of_ascii():
    assert half_width("ＡＢｃ１２３－（＋）！～\u3000") == "ABc123-(+)!~ "
    assert half_width("。、「」ｱ￥𠮷") == "。、「」ｱ￥𠮷"


@given(anything)
def test_half_width_is_idempotent_and_keeps_every_place(text):
    assert half_width(half_width(text)) == half_width(text)
    assert len(half_width(text)) == len(text)
