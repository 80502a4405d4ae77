"""Finding tickets: two characters hit, filters narrow, and nobody finds what he may not see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from core.desk import Office
from core.tables import Ticket
from intake.grams import grams, words
from intake.search import Sought, find
from tests.cast import APPROVAL, DISPATCHER, LABOUR, OPERATOR, handler
from tests.makers import file


def numbers(office: Office, text: str = "", actor=DISPATCHER, **filters) -> set[str]:
    with Session(office.engine) as session:
        sought = Sought(text=text, **filters)
        return {ticket.number for ticket in find(session, actor, office.keys, sought)}


def test_pairs_and_words_are_what_text_is_found_by() -> None:
    assert grams("获得电力，ＥＴＣ 报装12") == sorted(["获得", "得电", "电力", "报装", "etc", "12"])
    assert words("电 报装 ETC") == ["报装", "etc"]
    assert Sought(text="电").too_short
    assert not Sought(text="").too_short


@given(st.text(alphabet="企业开办用电水气abc12 ，。", min_size=2, max_size=40), st.data())
def test_whatever_stands_in_a_text_is_found_by_its_pairs(text, data) -> None:
    start = data.draw(st.integers(0, len(text) - 2))
    length = data.draw(st.integers(2, 6))
    for word in words(text[start : start + length]):
        if not word.isascii():  # a piece of an ascii word is not that word
            assert set(grams(word)) <= set(grams(text))


def test_two_characters_find_a_ticket_and_longer_words_must_stand_as_written(
    office: Office,
) -> None:
    power = file(office, title="厂房用电报装", content="申请用电两个月没有接通。").ticket.number
    other = file(office, title="电力用房", content="报名装修许可，用户电话打不通。").ticket.number
    assert numbers(office, "报装") == {power}
    assert numbers(office, "用电") == {power}
    assert numbers(office, "用电报装") == {power}
    assert numbers(office, "用电 接通") == {power}
    assert numbers(office, "电力") == {other}
    # 「报名」「名装」「装修」 are there, 「报名装许」 is not
    assert numbers(office, "报名装许") == set()
    assert numbers(office, "不存在的") == set()


def test_number_code_company_and_telephone_find_it_too(office: Office) -> None:
    made = file(
        office, company_name="宝鸡秦川电子有限公司", uscc="91110000600037341L",
        contact_phone="13800009876",
    ).ticket  # fmt: skip
    file(office)
    assert numbers(office, made.number) == {made.number}
    assert numbers(office, "秦川电子") == {made.number}
    assert numbers(office, "91110000600037341l") == {made.number}
    assert numbers(office, "138-0000-9876") == {made.number}
    assert numbers(office, "9876") == {made.number}
    # who may not see a telephone number may not look for one either
    assert numbers(office, "9876", actor=handler(APPROVAL)) == set()


def test_filters_narrow_and_nobody_finds_what_is_not_for_him(office: Office, clock) -> None:
    first = file(office).ticket.number
    clock.move(days=3)
    second = file(office, request="inquiry").ticket.number
    assert numbers(office, "登记") == {first, second}
    assert numbers(office, "登记", request="inquiry") == {second}
    assert numbers(office, since=clock()) == {second}
    assert numbers(office, until=clock()) == {first}
    assert numbers(office, lead=APPROVAL) == {first, second}
    assert numbers(office, late=True) == set()
    assert numbers(office, status="closed") == set()
    assert numbers(office, "登记", actor=handler(LABOUR)) == set()
    hidden = file(office, title="举报执法人员", confidential=True).ticket.number
    assert hidden not in numbers(office, "举报", actor=OPERATOR)


def test_pages_follow_one_another_without_a_gap(office: Office, clock) -> None:
    for _ in range(5):
        file(office)
        clock.move(seconds=1)
    with Session(office.engine) as session:
        seen, before = [], None
        while rows := find(
            session, DISPATCHER, office.keys, Sought(text="登记"), before=before, limit=2
        ):
            seen += [row.number for row in rows]
            before = rows[-1].id
        every = session.exec(select(Ticket.number).order_by(col(Ticket.id).desc())).all()
    assert seen == list(every)


@pytest.mark.parametrize("text", ["%", "_", "'; --", "\\", "{}", "🙂", "𠮷野", "a" * 60, "\u202e"])
def test_nothing_typed_breaks_it(office: Office, text: str) -> None:
    file(office)
    assert numbers(office, text) == set()
