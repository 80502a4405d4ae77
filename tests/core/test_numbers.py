"""Personal numbers in free text: found however they are written, and nothing else is taken."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids
from core.numbers import Kind, find, masked

prose = st.text(
    st.characters(
        categories=["Lo"], exclude_characters="零一二三四五六七八九幺〇元万亿块吨公平立千美"
    ),
    max_size=12,
)
mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
ROUND = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")


def identity(area: str, born: date, serial: int) -> str:
    body = f"{area}{born:%Y%m%d}{serial:03d}"
    total = sum(int(d) * pow(2, 17 - place, 11) for place, d in enumerate(body))
    return body + "10X98765432"[total % 11]


def card(body: str) -> str:
    """The card number that begins so: the last digit makes the sum right."""
    for last in "0123456789":
        doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(body + last))]
        if sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0:
            return body + last
    raise AssertionError


identities = st.builds(
    identity,
    st.sampled_from(["610302", "110105", "440106", "830000"]),
    st.dates(date(1920, 1, 1), date(2015, 12, 31)),
    st.integers(0, 999),
)
cards = st.builds(card, st.from_regex(r"62[0-9]{4}[4-9](?:[0-9]{8}|[0-9]{11})", fullmatch=True))
usccs = st.builds(
    lambda body: body + ids.check_character(body),
    st.from_regex(r"[159][1-39][1-6][0-9]{5}[0-9ABCDEFGHJKLMNPQRTUWXY]{9}", fullmatch=True),
)


def kinds(text: str) -> list[Kind]:
    return [found.kind for found in find(text)]


@given(prose, st.lists(st.one_of(mobiles, identities), max_size=3), prose)
def test_numbers_inside_text_are_masked_and_the_words_stay(before, numbers, after):
    said = masked(before + "，".join(numbers) + after)
    assert not any(number in said for number in numbers)
    assert said.startswith(before)
    assert said.endswith(after)


@pytest.mark.parametrize("gap", ["", " ", "-", "—", "－", ".", " - ", "\u200d", "\u3000"])
@given(number=mobiles)
def test_a_mobile_is_found_with_whatever_between_its_digits(gap, number):
    written = gap.join((number[:3], number[3:7], number[7:]))
    for text in (written, gap.join(number), written.translate(WIDE), number.translate(ROUND)):
        assert masked(f"请打{text}找我") == f"请打{number[:3]}****{number[-4:]}找我"


@pytest.mark.parametrize("prefix", ["+86", "86", "0086", "+86 ", "+86-", "(+86)", "0"])
def test_a_mobile_with_its_country_is_masked_too(prefix):
    assert "13800138000" not in masked(f"请打{prefix}13800138000找我")


def test_a_mobile_said_in_words_is_one():
    assert masked("幺三八零零一三八〇〇〇就是我") == "138****8000就是我"
    assert masked("一三八零零一三八零零零") == "138****8000"
    assert kinds("一三五七九三五七九三五七九") == []


@given(identities, st.sampled_from(["", " ", "-"]))
def test_an_identity_number_is_known_by_its_day_and_check_digit(number, gap):
    written = gap.join((number[:6], number[6:14], number[14:]))
    for text in (written, written.lower(), written.translate(WIDE)):
        assert kinds(f"证{text}号") == [Kind.IDENTITY]
    wrong = number[:17] + ("0" if number[17] != "0" else "1")
    assert Kind.IDENTITY not in kinds(wrong)


def test_a_childs_identity_number_needs_its_label():
    child = identity("610302", date(2023, 5, 1), 12)
    assert kinds(child) == []
    assert kinds(f"孩子身份证号码：{child}") == [Kind.IDENTITY]


@given(cards)
def test_a_bank_card_is_known_by_its_check_digit(number):
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    assert kinds(f"卡号{number}") == [Kind.CARD]
    assert kinds(f"卡号{grouped}") == [Kind.CARD]
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert Kind.CARD not in kinds(f"卡号{wrong}")


@pytest.mark.parametrize(
    "text",
    [
        "0917-3000001",
        "（0917）3000001",
        "0917 300-0001",
        "０９１７３０００００１",
        "029-88001234",
        "电话：3261234",
        "tel 83261234",
    ],
)
def test_a_landline_shows_its_last_two_digits(text):
    assert kinds(text) == [Kind.LANDLINE]
    assert "30000" not in masked(text)
    assert "3261" not in masked(text)


@pytest.mark.parametrize(
    "text", ["a.b+c@example.com.cn", "ａｂｃ＠ｅｘａｍｐｌｅ．ｃｎ", "13800138000@example.cn"]
)
def test_an_e_mail_address_keeps_its_first_sign_and_its_house(text):
    assert kinds(f"写信{text}，谢谢") == [Kind.EMAIL]
    assert "***@example." in masked(text)


def test_passports_and_plates_are_masked():
    assert masked("护照E12345678。") == "护照E****78。"
    assert masked("护照EA1234567") == "护照E****67"
    assert masked("车牌陕C·12345停") == "车牌陕C****停"
    assert masked("陕CD12345被罚") == "陕C****被罚"
    assert masked("津B2B平台、川A类、E20261118号") == "津B2B平台、川A类、E20261118号"


@given(
    st.dates(date(2020, 1, 1), date(2099, 12, 31)),
    st.sampled_from("WPAGLETCU"),
    st.integers(0, 999_999),
)
def test_our_own_ticket_numbers_stay(day, letter, serial):
    number = ids.ticket_number("610302", day, letter, serial)
    for text in (number, f"见{number}，", f"{number[:6]} {number[6:14]} {number[14:]}"):
        assert masked(text) == text


@given(usccs)
def test_credit_codes_stay(code):
    assert masked(f"信用代码{code}。") == f"信用代码{code}。"


@given(st.integers(1990, 2099), st.integers(1, 99_999), st.integers(1, 9999))
def test_document_numbers_stay(year, serial, code):
    for text in (
        f"宝渭政办发〔{year}〕{serial}号",
        f"（{year}）陕0302民初{serial}号",
        f"GB/T {serial}-{year}",
        f"JY1610302{serial:07d}",
        f"610302{year}1118{serial:05d}{code:04d}",
    ):
        assert masked(text) == text


@given(st.decimals(0, 10**12, places=2), st.sampled_from(["元", "万元", "亿元", " 元", "吨", "㎡"]))
def test_sums_stay(amount, unit):
    for text in (f"{amount}{unit}", f"{amount:,}{unit}", f"¥{amount}", f"{int(amount)}{unit}"):
        assert masked(text) == text


@given(st.datetimes(), st.timedeltas(timedelta(), timedelta(days=900)))
def test_days_and_instants_stay(at, later):
    end = at + later if at.year < 9990 else at
    for text in (
        at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S}", f"{at:%Y%m%d%H%M%S}", f"{at:%Y年%m月%d日}",
        f"{at:%Y.%m.%d}-{end:%Y.%m.%d}", f"{at:%Y-%m-%d} {end:%Y-%m-%d}", f"{at:%Y/%m/%d}",
    ):  # fmt: skip
        assert masked(text) == text


@given(st.text(max_size=80))
def test_any_text_is_read_and_masking_twice_is_masking_once(text):
    once = masked(text)
    assert masked(once) == once
    ends = [0, *(place for found in find(text) for place in (found.start, found.end)), len(text)]
    assert ends == sorted(ends)


def test_a_long_text_without_an_end_is_read_at_once():
    for piece in ("1-", "a.", "a@", "13800138000", "1 ", "陕A1", "(+86"):
        text = piece * (50_000 // len(piece))
        assert len(masked(text)) <= len(text)
