"""What a call may be about already: only what is open, and only what these eyes may see."""

import pytest
from sqlmodel import Session

from core.desk import Office
from core.permissions import Role
from intake import service
from intake.companies import companies
from intake.likely import Call, likely
from tests.cast import DISPATCHER, OPERATOR, handler, staff
from tests.makers import file, step

PHONE = "13800000001"
TEXT = "设立登记提交后卡了两周，窗口每次说法都不一样。"


@pytest.fixture
def index(office: Office) -> bytes:
    return office.keys.blind("phone", PHONE)


def found(office: Office, call: Call, actor=OPERATOR) -> list[str]:
    with Session(office.engine) as session:
        return [one.ticket.number for one in likely(session, actor, call)]


def test_an_open_request_of_the_same_number_is_likely_whatever_it_says(office, index) -> None:
    number = file(office).ticket.number
    assert found(office, Call(phone_indexes=(index,))) == [number]
    assert found(office, Call(phone_indexes=(office.keys.blind("phone", "13800000002"),))) == []


def test_the_same_words_in_the_same_category_are_likely_and_other_words_are_not(office) -> None:
    number = file(office).ticket.number
    said = Call(text="设立登记交了以后卡了两周，窗口每次说法都不一样", category="qykb")
    assert found(office, said) == [number]
    assert found(office, Call(text="希望多装几个路灯", category="qykb")) == []


def test_the_same_company_helps_but_does_not_suffice(office) -> None:
    number = file(office).ticket.number
    company = "渭滨石鼓新材料有限公司"
    assert found(office, Call(company=company, text="路灯坏了一个月没人修")) == []
    assert found(office, Call(company=company, text=TEXT)) == [number]


def test_what_has_ended_or_has_its_answer_is_not_likely(office, index) -> None:
    place = file(office, actor=OPERATOR, category="bqs").ticket
    assert found(office, Call(phone_indexes=(index,))) == [place.number]
    step(office, OPERATOR, service.answer, place.id, "已说明。")
    assert found(office, Call(phone_indexes=(index,))) == []


def test_nobody_is_shown_what_he_may_not_see(office, index) -> None:
    file(office, confidential=True)
    call = Call(phone_indexes=(index,), text=TEXT, category="qykb")
    assert found(office, call, OPERATOR) == []
    assert len(found(office, call, DISPATCHER)) == 1
    assert found(office, call, handler("rsj")) == []
    assert found(office, call, staff("sysadmin", Role.SYSADMIN)) == []


def test_a_company_is_found_by_part_of_its_name_and_by_its_code(office) -> None:
    file(office)
    file(office, company_name="渭滨石鼓新材料有限公司二厂")
    with Session(office.engine) as session:
        named = companies(session, OPERATOR, "石鼓新材", "")
        assert {name for name, _ in named} == {
            "渭滨石鼓新材料有限公司",
            "渭滨石鼓新材料有限公司二厂",
        }
        assert companies(session, OPERATOR, "石", "") == []
        assert companies(session, OPERATOR, "%%", "") == []
        assert companies(session, OPERATOR, "", "9161030") == []
        assert companies(session, handler("rsj"), "石鼓新材", "") == []
