"""A review on the pages: asked by the business, found and decided by somebody apart."""

from core.desk import Office
from tests.web.test_cooperation import form
from tests.web.test_filing import GOOD


def refused(visitor, staff) -> dict[str, str]:
    filed = visitor.post(
        "/api/v1/tickets",
        json=GOOD | {"category": None, "content": "有人在网上说我们公司的坏话，不知道找谁。"},
    ).json()
    address = f"/tickets/{filed['number']}"
    assert form(staff("operator"), f"{address}/refuse", ground="RJ04", reason="民事纠纷") == 303
    assert form(staff("dispatcher"), f"{address}/refusal", agree="yes") == 303
    return filed


def own_page(visitor, filed: dict[str, str], **posted: str):
    token = visitor.get("/track").text.split('name="csrf" value="')[1].split('"')[0]
    code = {"number": filed["number"], "query_code": filed["query_code"], "csrf": token}
    page = visitor.post("/track", data=code)
    if not posted:
        return page
    address = f"/track/{filed['number']}/review?k={page.url.params['k']}"
    return visitor.post(address, data=posted | {"csrf": token})


def test_the_business_asks_and_somebody_apart_decides(visitor, staff, office: Office) -> None:
    filed = refused(visitor, staff)
    assert "/review?k=" in own_page(visitor, filed).text
    empty = own_page(visitor, filed, review=" ")
    assert empty.status_code == 422
    assert "请写明申请复核的理由" in empty.text
    asked = own_page(visitor, filed, review="对方是我们的主管单位下属")
    assert asked.status_code == 200
    assert "/review?k=" not in asked.text
    assert "申请复核" in asked.text
    address = f"/tickets/{filed['number']}"
    took_part, apart = staff("dispatcher"), staff("dispatcher2")
    assert "overturn" not in took_part.get(address).text
    assert form(took_part, f"{address}/reviewed", review_reason="x", overturn="yes") == 409
    assert filed["number"] in apart.get("/triage").text.split("复核待决定")[1]
    assert "对方是我们的主管单位下属" in apart.get(address).text
    said = {"review_reason": "应当受理", "overturn": "yes"}
    assert form(apart, f"{address}/reviewed", **said | {"review_reason": " "}) == 409
    assert form(apart, f"{address}/reviewed", **said) == 303
    assert "复核待决定" not in apart.get("/triage").text
    shown = own_page(visitor, filed).text
    assert "撤销原决定，重新受理" in shown
    assert "应当受理" in shown
