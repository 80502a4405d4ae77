"""Repeated requests: the same caller or company, the same matter, still open, lately."""

from datetime import timedelta

from sqlmodel import Session, select

from core.desk import Office
from core.permissions import Actor
from core.tables import Ticket
from intake.similar import Likeness, likeness_of, similar
from tests.cast import DISPATCHER, HOUSING, OPERATOR, SYSADMIN, unit
from tests.makers import answered, file, rate


def repeats(office: Office, number: str, actor: Actor = DISPATCHER) -> list[str]:
    with Session(office.engine) as session:
        ticket = session.exec(select(Ticket).where(Ticket.number == number)).one()
        like = likeness_of(session, ticket)
        found = similar(session, actor, like, now=office.now(), but=ticket.id)
        return [row.number for row in found]


def test_the_same_caller_about_the_same_category_is_found_newest_first(
    office: Office, clock
) -> None:
    numbers = []
    for _ in range(3):
        numbers.append(file(office).ticket.number)
        clock.move(minutes=1)
    assert repeats(office, numbers[0]) == [numbers[2], numbers[1]]


def test_another_caller_or_another_matter_is_no_repeat(office: Office) -> None:
    number = file(office).ticket.number
    file(office, contact_phone="13800000002")
    file(office, category=None, content="完全另外一件事情，请帮忙。")
    assert repeats(office, number) == []


def test_the_same_company_by_another_telephone_is_found(office: Office) -> None:
    code = "91110000600037341L"
    number = file(office, uscc=code).ticket.number
    other = file(office, uscc=code, contact_phone="13800000002").ticket.number
    assert repeats(office, number) == [other]


def test_what_is_closed_or_long_ago_is_no_repeat(office: Office, clock) -> None:
    closed = file(office)
    answered(office, closed.ticket.id)
    rate(office, closed.ticket.id, solved=True, grade=1)
    file(office)
    clock.move(days=31)
    assert repeats(office, file(office).ticket.number) == []


def test_nobody_finds_what_he_may_not_see(office: Office) -> None:
    number = file(office).ticket.number
    sealed = file(office, confidential=True).ticket.number
    assert repeats(office, number) == [sealed]
    for outsider in (OPERATOR, unit(HOUSING), SYSADMIN):
        assert repeats(office, number, outsider) == []


def test_without_a_caller_or_a_matter_nothing_is_alike(office: Office) -> None:
    file(office)
    with Session(office.engine) as session:
        for like in (Likeness(), Likeness(category="qykb"), Likeness(uscc="x")):
            assert not similar(session, DISPATCHER, like, now=office.now(), window=timedelta(9))
