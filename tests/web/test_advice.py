"""Filing with the suggester beside it: what it fills in, what it holds back, what it says."""

from sqlalchemy import text

from core.desk import Office
from core.permissions import SYSTEM
from intake import suggesters
from tests.web.test_filing import GOOD

CLEAR = "厂里申请用电增容，报了一个多月，供电公司一直说等通知，变压器太小天天跳闸。"
FIRE = "我们仓库着火了，里面还有人，快派人来。"
VAGUE = "还是上次那个事情，你们看着办。"


def row(office: Office, number: str) -> dict:
    query = (
        "SELECT category, lead, status, urgency, caution, guess_share, guess_model"
        " FROM ticket WHERE number = :number"
    )
    with office.engine.connect() as connection:
        return dict(connection.execute(text(query), {"number": number}).mappings().one())


def filed(client, content: str, **values: object) -> dict:
    body = {key: value for key, value in GOOD.items() if key != "category"}
    answer = client.post("/api/v1/tickets", json=body | {"content": content} | values)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_clear_text_without_a_category_is_dispatched_and_says_by_what(
    visitor, office: Office
) -> None:
    found = row(office, filed(visitor, CLEAR)["number"])
    assert (found["category"], found["status"]) == ("yd", "in_handling")
    assert found["guess_share"] >= suggesters.THRESHOLD
    assert found["guess_model"] == suggesters.shipped().version


def test_the_office_may_forbid_it(visitor, office: Office) -> None:
    with office.desk(SYSTEM) as desk:
        suggesters.set_threshold(desk, suggesters.NEVER)
    found = row(office, filed(visitor, CLEAR)["number"])
    assert (found["category"], found["lead"], found["guess_share"]) == (None, None, None)


def test_danger_waits_for_a_person_whatever_category_was_chosen(visitor, office: Office) -> None:
    for chosen in ({}, {"category": "qykb"}):
        found = row(office, filed(visitor, FIRE, **chosen)["number"])
        assert (found["lead"], found["caution"], found["urgency"]) == (None, "jjqx", "critical")


def test_what_says_nothing_waits_for_a_person(visitor, office: Office) -> None:
    assert row(office, filed(visitor, VAGUE)["number"])["lead"] is None


def test_a_chosen_category_is_never_replaced(visitor, office: Office) -> None:
    found = row(office, filed(visitor, CLEAR, category="qykb")["number"])
    assert (found["category"], found["guess_share"]) == ("qykb", None)


def test_the_same_key_answers_the_same_ticket_though_another_model_guesses_now(
    visitor, office: Office
) -> None:
    body = {key: value for key, value in GOOD.items() if key != "category"} | {"content": CLEAR}
    first = visitor.post("/api/v1/tickets", json=body, headers={"Idempotency-Key": "k1"})
    with office.desk(SYSTEM) as desk:
        suggesters.set_threshold(desk, suggesters.NEVER)
    again = visitor.post("/api/v1/tickets", json=body, headers={"Idempotency-Key": "k1"})
    assert first.json()["number"] == again.json()["number"]


def test_the_dispatcher_sees_suggestions_with_their_words_and_adopts_one(
    visitor, staff, office: Office
) -> None:
    with office.desk(SYSTEM) as desk:
        suggesters.set_threshold(desk, suggesters.NEVER)
    number = filed(visitor, CLEAR)["number"]
    dispatcher = staff("dispatcher")
    shown = dispatcher.get(f"/tickets/{number}").text
    assert 'class="quiet adopt"' in shown
    assert "「" in shown
    lead = row_of_lead(office)
    answer = dispatcher.post(
        f"/tickets/{number}/dispatch",
        data={"lead": lead, "category": "yd", "task": "5", "csrf": dispatcher.headers["X-CSRF-Token"]},
        follow_redirects=False,
    )  # fmt: skip
    assert answer.status_code == 303
    assert row(office, number)["lead"] == lead


def row_of_lead(office: Office) -> str:
    """Who leads the plan's task on electricity."""
    with office.engine.connect() as connection:
        name = connection.execute(text("SELECT leads[1] FROM task WHERE number = 5")).scalar_one()
        query = "SELECT code FROM department WHERE name = :name OR :name = ANY(aliases)"
        return connection.execute(text(query), {"name": name}).scalar_one()


def test_the_operator_sees_suggestions_while_typing(staff) -> None:
    operator = staff("operator")
    answer = operator.post(
        "/console/preview", data={"content": CLEAR, "csrf": operator.headers["X-CSRF-Token"]}
    )
    assert answer.status_code == 200
    assert 'data-choose="f-category"' in answer.text
    assert 'value="yd"' in answer.text


def test_the_suggesters_page_tries_a_text_and_moves_the_threshold(staff, office: Office) -> None:
    editor = staff("supervisor")
    token = {"csrf": editor.headers["X-CSRF-Token"]}
    assert (
        editor.post("/suggester", data={"do": "threshold", "threshold": "x", **token}).status_code
        == 422
    )
    assert editor.post("/suggester", data={"do": "nonsense", **token}).status_code == 422
    assert "85%" not in editor.get("/suggester").text
    editor.post("/suggester", data={"do": "threshold", "threshold": "85", **token})
    assert "85%" in editor.get("/suggester").text
    editor.post("/suggester", data={"do": "learn", **token})
    with office.engine.connect() as connection:
        posted = connection.execute(
            text("SELECT count(*) FROM outbox WHERE actor = 'intake.retrain'")
        )
        assert posted.scalar_one() == 1
