"""The search page: straight to a number, a list for words, filters that can be shared."""

from tests.web.test_filing import GOOD


def test_a_number_leads_to_its_ticket_and_words_to_a_list(staff) -> None:
    operator = staff("operator")
    number = operator.post("/api/v1/tickets", json=GOOD).json()["number"]
    assert operator.get(f"/search?q={number}").url.path == f"/tickets/{number}"
    found = operator.get("/search?q=登记&lang=zh")
    assert number[:6] in found.text
    none = operator.get("/search?q=登记&status=closed&lang=zh")
    assert "没有找到" in none.text
    assert "请至少输入两个字" in operator.get("/search?q=登&lang=zh").text
    assert "两个字就能找到" in operator.get("/search?lang=zh").text
    odd = operator.get("/search?q=登记&since=x&until=0001-01-01&before=x&lead=moon&late=1")
    assert odd.status_code == 200
    for day in ("9999-12-31", "0001-01-01", "2026-13-01"):
        assert operator.get(f"/search?q=登记&since={day}&until={day}").status_code == 200
    assert staff("auditor").get("/search?q=登记").status_code == 403
    assert "没有找到" in staff("rsj").get("/search?q=登记&lang=zh").text
