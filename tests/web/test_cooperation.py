"""Working together on a ticket through the pages and the interface, as each person would."""

import re

from fastapi.testclient import TestClient
from sqlalchemy import text

from core.desk import Office
from tests.web.test_filing import GOOD

OUTSIDE = "SELECT code FROM department WHERE kind = 'outside' ORDER BY code LIMIT 1"


def order_of(office: Office, number: str, part: str = "lead") -> tuple[str, str]:
    query = (
        "SELECT o.id, o.department FROM work_order o JOIN ticket t ON t.id = o.ticket_id"
        " WHERE t.number = :number AND o.part = :part AND o.status <> 'cancelled'"
    )
    with office.engine.connect() as connection:
        row = connection.execute(text(query), {"number": number, "part": part}).one()
    return str(row[0]), row[1]


def one(office: Office, query: str) -> str:
    with office.engine.connect() as connection:
        return connection.execute(text(query)).scalar_one()


def form(client: TestClient, address: str, **values: str) -> int:
    answer = client.post(
        address, data={**values, "csrf": client.headers["X-CSRF-Token"]}, follow_redirects=False
    )
    return answer.status_code


def test_a_dispatcher_moves_a_case_and_its_page_says_so(visitor, staff, office: Office) -> None:
    number = visitor.post("/api/v1/tickets", json=GOOD).json()["number"]
    order, _unit = order_of(office, number)
    dispatcher = staff("dispatcher")
    shown = dispatcher.get(f"/tickets/{number}").text
    assert f"/orders/{order}/reassign" in shown
    assert f"/tickets/{number}/call-in" in shown
    # what cannot be done is said on the ticket's page, at the field
    refused = dispatcher.post(
        f"/orders/{order}/reassign",
        data={"lead": "rsj", "reason": " ", "csrf": dispatcher.headers["X-CSRF-Token"]},
    )
    assert refused.status_code == 409
    assert "请写明改派理由" in refused.text
    assert form(dispatcher, f"/orders/{order}/reassign", lead="rsj", reason="属社保业务") == 303
    assert order_of(office, number)[1] == "rsj"
    assert "收回承办单" in dispatcher.get(f"/tickets/{number}").text
    proposals = dispatcher.get("/proposals").text
    assert number in proposals
    [proposal] = re.findall(r'action="/proposals/([0-9a-f-]+)"', proposals)
    assert form(dispatcher, f"/proposals/{proposal}", state="dismissed", reason="") == 409
    assert form(dispatcher, f"/proposals/{proposal}", state="adopted") == 303
    assert number in dispatcher.get("/proposals?state=adopted").text


def test_a_head_hands_an_order_on_and_the_page_names_the_hand(
    visitor, staff, office: Office
) -> None:
    number = visitor.post("/api/v1/tickets", json=GOOD).json()["number"]
    order, unit = order_of(office, number)
    head = staff(f"{unit}.head")
    [key] = set(re.findall(r'value="(staff:[0-9a-f-]+)"', head.get(f"/tickets/{number}").text)) & {
        "staff:" + one(office, f"SELECT id::text FROM staff WHERE username = '{unit}'")
    }
    assert form(head, f"/orders/{order}/assign", to=key) == 303
    assert "经办" in head.get(f"/tickets/{number}").text
    assert form(head, f"/orders/{order}/assign", to="staff:nobody") == 409
    assert form(staff("rsj"), f"/orders/{order}/assign", to=key) in {403, 404}


def test_a_body_outside_reads_what_it_is_asked_and_nothing_of_the_complainant(
    visitor, staff, office: Office
) -> None:
    filed = GOOD | {"contact_name": "王小丫", "contact_phone": "13800001234"}
    number = visitor.post("/api/v1/tickets", json=filed).json()["number"]
    order, unit = order_of(office, number)
    handler = staff(unit)
    assert handler.post(f"/api/v1/orders/{order}/sign").status_code == 200
    answer = handler.post(
        f"/api/v1/orders/{order}/partners",
        json={"partner": one(office, OUTSIDE), "question": "请核对接入方案。"},
    )
    assert answer.status_code == 200, answer.text
    path = answer.json()["link"].removeprefix("http://127.0.0.1:8000")
    shown = visitor.get(path)
    assert shown.status_code == 200
    assert "请核对接入方案。" in shown.text
    for secret in ("王小丫", "13800001234", "138****1234", GOOD["content"]):
        assert secret not in shown.text, secret
    [token] = set(re.findall(r'name="csrf" value="([^"]+)"', shown.text))
    empty = visitor.post(path, data={"csrf": token, "text": " "})
    assert (empty.status_code, "请填写答复" in empty.text) == (422, True)
    assert (
        visitor.post(
            path, data={"csrf": token, "text": "已核对。"}, follow_redirects=False
        ).status_code
        == 303
    )
    assert "已核对。" in visitor.get(path).text
    assert "已核对。" in handler.get(f"/tickets/{number}").text
    assert visitor.post(path, data={"csrf": token, "text": "再答"}).status_code == 422
    for wrong in ("/partner/x", path[:-2], "/partner/" + "9" * 300):
        assert visitor.get(wrong).status_code == 404, wrong


def test_a_link_is_shown_only_to_those_who_may_send_it(visitor, staff, office: Office) -> None:
    number = visitor.post("/api/v1/tickets", json=GOOD).json()["number"]
    order, unit = order_of(office, number)
    handler = staff(unit)
    handler.post(f"/api/v1/orders/{order}/sign")
    assert form(
        handler, f"/orders/{order}/partner", partner=one(office, OUTSIDE), question="请协助。"
    ) == 303  # fmt: skip
    assert "/partner/" in handler.get(f"/tickets/{number}").text
    assert "/partner/" not in staff("operator").get(f"/tickets/{number}").text
