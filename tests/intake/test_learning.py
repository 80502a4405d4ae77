"""The suggester learns from dispatchers, takes over only when better, and can be sent back."""

from uuid import UUID

import pytest
from sqlmodel import Session, select

import routing.service
from core.desk import Office
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.permissions import SYSTEM
from core.tables import OutboxRow
from intake import learning, suggesters
from intake.suggesters import NEVER, in_use, shipped
from intake.tables import SuggesterAct, SuggesterRow
from routing.service import Assignment
from tests.cast import APPROVAL, DISPATCHER, LABOUR, OPERATOR, OTTO, SUPERVISOR
from tests.makers import file, step

ASKED = UUID(int=7)


def corrected(office: Office, content: str, category: str, lead: str = LABOUR) -> None:
    """A case nobody could sort, and what the dispatcher made of it."""
    made = file(office, category=None, title=content[:20], content=content).ticket
    step(office, DISPATCHER, routing.service.dispatch, made.id, Assignment(lead), category=category)


def using(office: Office) -> str:
    with Session(office.engine) as session:
        return in_use(session).model.version


def test_until_somebody_adopts_another_the_shipped_one_guesses(office: Office) -> None:
    assert using(office) == shipped().version


def test_a_correction_is_learnt_from_once_and_some_are_held_back_for_good(office: Office) -> None:
    for n in range(30):
        corrected(office, f"第{n}次反映布袋除尘的补贴没有发", "zcdx")
    with Session(office.engine) as session:
        first, again = learning.corrections(session), learning.corrections(session)
    assert first == again
    assert len(first.learn) + len(first.held) == 30
    assert first.held
    assert {example.category for example in (*first.learn, *first.held)} == {"zcdx"}


def test_cases_a_rule_routed_teach_nothing(office: Office) -> None:
    file(office)
    with Session(office.engine) as session:
        known = learning.corrections(session)
    assert (known.learn, known.held) == ((), ())


@pytest.mark.slow
def test_a_better_one_takes_over_and_the_earlier_one_comes_back_on_demand(office: Office) -> None:
    # a matter the shipped texts know nothing of, always sorted the same way
    for n in range(250):
        corrected(office, f"布袋除尘器核验卡在第{n}道，科室不给签章", "xzsp", APPROVAL)
    lesson = learning.retrain(office, SYSTEM, asked=ASKED)
    assert lesson is not None
    assert lesson.new.right > lesson.old.right
    assert lesson.adopts
    assert using(office) == lesson.version
    # asked again with the same id, nothing happens twice
    assert learning.retrain(office, SYSTEM, asked=ASKED) is None
    step(office, SUPERVISOR, suggesters.go_back)
    assert using(office) == shipped().version
    with pytest.raises(Conflict):
        step(office, SUPERVISOR, suggesters.go_back)
    step(office, SUPERVISOR, suggesters.adopt, lesson.version)
    assert using(office) == lesson.version
    with Session(office.engine) as session:
        states = session.exec(select(SuggesterRow.state)).all()
        acts = session.exec(select(SuggesterAct.act).order_by(SuggesterAct.id)).all()
    assert (states, set(acts)) == (["adopted"], {"adopt"})


@pytest.mark.slow
def test_with_few_corrections_the_new_one_is_kept_but_not_adopted(office: Office) -> None:
    corrected(office, "布袋除尘器核验卡住了", "xzsp", APPROVAL)
    lesson = learning.retrain(office, SYSTEM, asked=ASKED)
    assert lesson is not None
    assert not lesson.adopts
    assert using(office) == shipped().version
    with Session(office.engine) as session:
        assert session.exec(select(SuggesterRow.state)).all() == ["candidate"]


def test_only_editors_of_the_rules_touch_the_suggester(office: Office) -> None:
    for actor in (OPERATOR, OTTO):
        with pytest.raises(Forbidden):
            step(office, actor, learning.ask)
        with pytest.raises(Forbidden):
            step(office, actor, suggesters.set_threshold, 80)
        with pytest.raises(Forbidden):
            step(office, actor, suggesters.adopt, "x")
        with pytest.raises(Forbidden):
            step(office, actor, suggesters.go_back)


def test_the_office_sets_the_threshold_within_bounds(office: Office) -> None:
    step(office, SUPERVISOR, suggesters.set_threshold, NEVER)
    with Session(office.engine) as session:
        assert in_use(session).threshold == NEVER
    for wrong in (0, 49, 102):
        with pytest.raises(Invalid):
            step(office, SUPERVISOR, suggesters.set_threshold, wrong)
    with pytest.raises(NotFound):
        step(office, SUPERVISOR, suggesters.adopt, "nowhere")


def test_asking_posts_one_message_with_the_id_of_the_act(office: Office) -> None:
    step(office, SUPERVISOR, learning.ask)
    with Session(office.engine) as session:
        [row] = session.exec(select(OutboxRow).where(OutboxRow.actor == "intake.retrain")).all()
        [act] = session.exec(select(SuggesterAct)).all()
    assert row.args == {"asked": str(act.id)}


def test_the_ticker_asks_only_when_people_decided_often_enough(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "ENOUGH_NEW", 2)
    assert step(office, SYSTEM, learning.ask_if_due) is False
    corrected(office, "第一件说不清的事情", "xzsp", APPROVAL)
    corrected(office, "第二件说不清的事情", "xzsp", APPROVAL)
    assert step(office, SYSTEM, learning.ask_if_due) is True
    assert step(office, SYSTEM, learning.ask_if_due) is False
