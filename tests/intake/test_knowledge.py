"""Cards from draft to answer: who may, in which order, and what is never rewritten."""

from datetime import date

import pytest
from sqlmodel import Session, select

from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import TicketAnswered, TicketReceived
from core.permissions import Role
from core.tables import Words
from intake import knowledge, service
from intake.cards import Card
from intake.tables import CardRow
from tests.cast import DISPATCHER, OPERATOR, staff
from tests.makers import AREA, draft, facts, file, kinds, step, ticket, whole
from tests.makers import orders as orders_of

EDITOR = staff("editor", Role.EDITOR, unit="zhzx")
HEAD = staff("xzspj.head", Role.HEAD, unit="xzspj")
OTHER = staff("rsj.head", Role.HEAD, unit="rsj")
CARD = Card(
    owner="xzspj",
    review_on=date(2027, 6, 30),
    question="变更经营范围要带什么",
    answer="请带营业执照。",
    source="unit",
    basis="区行政审批局窗口口径",
    category="bgdj",
    keywords=("变更", "经营范围"),
)


def rows(office: Office, number: int) -> list[tuple[int, str]]:
    with Session(office.engine) as session:
        found = knowledge.versions(session, number)
        return [(row.version, row.state) for row in reversed(found)]


def made(office: Office, card: Card = CARD) -> int:
    """A card in force."""
    number = step(office, EDITOR, knowledge.draft, card).number
    step(office, EDITOR, knowledge.submit, number)
    step(office, HEAD, knowledge.confirm, number)
    return number


def test_a_card_is_in_force_when_its_owners_head_has_confirmed_it(office: Office) -> None:
    number = step(office, EDITOR, knowledge.draft, CARD).number
    with Session(office.engine) as session, pytest.raises(NotFound):
        knowledge.in_force(session, number)
    step(office, EDITOR, knowledge.submit, number)
    with pytest.raises(Forbidden):
        step(office, OTHER, knowledge.confirm, number)
    with pytest.raises(Forbidden):
        step(office, EDITOR, knowledge.confirm, number)
    step(office, HEAD, knowledge.confirm, number)
    with Session(office.engine) as session:
        row = knowledge.in_force(session, number)
        assert (row.version, row.made_by, row.decided_by) == (1, EDITOR.tag, HEAD.tag)


def test_nobody_confirms_his_own_even_with_both_hats(office: Office) -> None:
    both = staff("both", Role.EDITOR, Role.HEAD, unit="xzspj")
    number = step(office, both, knowledge.draft, CARD).number
    step(office, both, knowledge.submit, number)
    with pytest.raises(Forbidden) as refused:
        step(office, both, knowledge.confirm, number)
    assert refused.value.code == "same_person"


def test_only_an_editor_drafts(office: Office) -> None:
    for actor in (HEAD, OPERATOR, DISPATCHER):
        with pytest.raises(Forbidden):
            step(office, actor, knowledge.draft, CARD)


def test_the_version_before_is_kept_and_stays_in_use_until_the_next_is_confirmed(
    office: Office,
) -> None:
    number = made(office)
    better = Card(**{name: getattr(CARD, name) for name in CARD.__slots__} | {"answer": "更好。"})
    assert step(office, EDITOR, knowledge.draft, better, number).version == 2
    assert step(office, EDITOR, knowledge.draft, better, number).version == 2  # rewritten
    assert rows(office, number) == [(1, "confirmed"), (2, "draft")]
    step(office, EDITOR, knowledge.submit, number)
    with pytest.raises(Conflict):
        step(office, EDITOR, knowledge.draft, better, number)
    step(office, HEAD, knowledge.send_back, number, "少了材料清单")
    assert rows(office, number) == [(1, "confirmed"), (2, "draft")]
    step(office, EDITOR, knowledge.submit, number)
    step(office, HEAD, knowledge.confirm, number)
    assert rows(office, number) == [(1, "replaced"), (2, "confirmed")]
    with Session(office.engine) as session:
        kept = session.exec(select(CardRow).where(CardRow.number == number)).all()
        assert {row.answer for row in kept} == {"请带营业执照。", "更好。"}


def test_sending_back_and_retiring_want_a_reason(office: Office) -> None:
    number = made(office)
    with pytest.raises(Invalid):
        step(office, HEAD, knowledge.retire, number, "  ")
    with pytest.raises(Forbidden):
        step(office, OTHER, knowledge.retire, number, "过时")
    step(office, HEAD, knowledge.retire, number, "过时")
    assert rows(office, number) == [(1, "retired")]
    with pytest.raises(Conflict):
        step(office, HEAD, knowledge.confirm, number)


def test_two_characters_find_a_card(office: Office) -> None:
    with Session(office.engine) as session:
        assert [row.number for row in knowledge.find(session, "注销")] == [3]
        assert knowledge.find(session, "") != []
        assert knowledge.find(session, "！") == []
        fitting = knowledge.fitting(session, "我想问问公司注销怎么这么慢，清税证明都拿到了", "")
        assert fitting[0].number == 3


def test_stale_cards_are_listed_for_their_owner(office: Office) -> None:
    with Session(office.engine) as session:
        today = date(2026, 11, 18)
        assert {row.owner for row in knowledge.overdue(session, today)} == {"qzfb", "zhzx"}
        assert [row.owner for row in knowledge.overdue(session, today, "zhzx")] == ["zhzx"]


def test_a_request_is_answered_at_once_with_the_cards_own_words(office: Office) -> None:
    number = made(office)
    with office.desk(OPERATOR) as desk:
        filed = service.register(desk, draft(request="inquiry"), area=AREA, at_once=True)
        knowledge.answer_from(desk, filed.ticket.id, number, 1)
    place = filed.ticket.id
    assert ticket(office, place).status == "answered"
    assert orders_of(office, place) == []
    assert [fact.at_once for fact in facts(office, place, TicketReceived)] == [True]
    [fact] = facts(office, place, TicketAnswered)
    assert (fact.card, fact.card_version) == (number, 1)
    with Session(office.engine) as session:
        body = session.get_one(Words, fact.text).body
    assert body == "请带营业执照。\n依据：区行政审批局窗口口径"
    assert whole(office)


def test_a_card_past_its_day_or_replaced_since_answers_nobody(office: Office, clock) -> None:
    number = made(office)
    place = file(office, actor=OPERATOR, category="bqs").ticket.id
    with pytest.raises(Conflict) as moved:
        step(office, OPERATOR, knowledge.answer_from, place, number, 2)
    assert moved.value.code == "card_moved"
    stale = 19  # shipped with its day behind it
    with pytest.raises(Conflict) as old:
        step(office, OPERATOR, knowledge.answer_from, place, stale, 1)
    assert old.value.code == "card_stale"
    assert "ticket.answered" not in kinds(office, place)
