"""An extension asked for and answered on the pages of those it concerns."""

from tests.web.test_filing import GOOD


def order_of(client, number: str) -> str:
    page = client.get(f"/tickets/{number}?lang=zh").text
    return page.split("/orders/")[1].split("/")[0]


def test_the_head_asks_the_dispatcher_grants_and_the_business_sees_the_new_day(staff) -> None:
    filed = staff("operator").post("/api/v1/tickets", json=GOOD).json()
    number = filed["number"]
    head, dispatcher = staff("xzspj.head"), staff("dispatcher")
    order = order_of(head, number)
    wrong = head.post(f"/orders/{order}/extension", data={"days": "16", "reason": "勘验"})
    assert wrong.status_code == 409
    assert "请填写1至15个工作日" in wrong.text
    sent = {"days": "2", "reason": "须现场勘验"}
    assert head.post(f"/orders/{order}/extension", data=sent).status_code == 200
    assert "待审批" in head.get(f"/tickets/{number}?lang=zh").text
    waiting = dispatcher.get("/triage?lang=zh").text
    assert "延期待批" in waiting
    page = dispatcher.get(f"/tickets/{number}?lang=zh").text
    assert "须现场勘验" in page
    address = page.split(f'action="/orders/{order}/extension/')[1].split('"')[0]
    refused = dispatcher.post(f"/orders/{order}/extension/{address}", data={"refusal": ""})
    assert refused.status_code == 409
    granted = dispatcher.post(f"/orders/{order}/extension/{address}", data={"grant": "yes"})
    assert granted.status_code == 200
    assert "已批准" in granted.text
    later = dispatcher.get(f"/api/v1/tickets/{number}").json()
    assert later["due_at"] > filed["due_at"]


def test_a_handler_is_not_offered_what_only_the_head_may_ask(staff) -> None:
    number = staff("operator").post("/api/v1/tickets", json=GOOD).json()["number"]
    assert "申请延期" not in staff("dispatcher").get(f"/tickets/{number}?lang=zh").text
    assert "申请延期" in staff("xzspj.head").get(f"/tickets/{number}?lang=zh").text


def test_every_deadline_prints_its_own_arithmetic(staff) -> None:
    number = staff("operator").post("/api/v1/tickets", json=GOOD).json()["number"]
    head, dispatcher = staff("xzspj.head"), staff("dispatcher")
    order = order_of(head, number)
    head.post(f"/orders/{order}/extension", data={"days": "2", "reason": "须现场勘验"})
    page = dispatcher.get(f"/tickets/{number}").text
    wanted = page.split(f'action="/orders/{order}/extension/')[1].split('"')[0]
    dispatcher.post(f"/orders/{order}/extension/{wanted}", data={"grant": "yes"})
    told = head.get(f"/tickets/{number}/deadlines?lang=zh")
    assert told.status_code == 200
    assert "起算日，不计" in told.text
    assert "延期 2个工作日" in told.text
    assert "请核对日历版本" not in told.text
    assert f"/tickets/{number}/deadlines" in page
    assert staff("rsj").get(f"/tickets/{number}/deadlines").status_code == 404


def test_an_extension_is_asked_for_and_answered_over_json(staff) -> None:
    number = staff("operator").post("/api/v1/tickets", json=GOOD).json()["number"]
    head, dispatcher = staff("xzspj.head"), staff("dispatcher")
    address = f"/api/v1/orders/{order_of(head, number)}/extensions"
    wrong = head.post(address, json={"days": 99, "reason": "勘验"})
    assert (wrong.status_code, wrong.json()["fields"][0]["field"]) == (422, "days")
    asked = head.post(address, json={"days": 1, "reason": "勘验"})
    assert asked.status_code == 201
    assert head.post(address, json={"days": 1, "reason": "勘验"}).status_code == 409
    answer = f"/api/v1/extensions/{asked.json()['id']}"
    assert head.post(answer, json={"grant": True}).status_code == 403
    assert dispatcher.post(answer, json={"grant": False}).status_code == 422
    assert dispatcher.post(answer, json={"grant": True}).json() == {"done": True}
    assert dispatcher.post(answer, json={"grant": True}).status_code == 409
