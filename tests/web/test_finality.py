"""The final reply on the pages: given by the office, read by the business."""

from core.desk import Office
from tests.web.test_cooperation import form
from tests.web.test_filing import GOOD


def test_the_office_gives_it_on_the_ticket_and_the_business_reads_it(
    visitor, staff, office: Office
) -> None:
    filed = visitor.post("/api/v1/tickets", json=GOOD).json()
    number = filed["number"]
    supervisor, dispatcher = staff("supervisor"), staff("dispatcher")
    assert "/finalise" in supervisor.get(f"/tickets/{number}").text
    assert "/finalise" not in dispatcher.get(f"/tickets/{number}").text
    said = {"final_ground": "decided", "final_text": "法院已有生效判决，按判决执行。"}
    assert form(dispatcher, f"/tickets/{number}/finalise", **said) == 409
    assert form(supervisor, f"/tickets/{number}/finalise", **said | {"final_ground": ""}) == 409
    assert form(supervisor, f"/tickets/{number}/finalise", **said) == 303
    page = supervisor.get(f"/tickets/{number}").text
    assert "已有生效的法定结论" in page
    own = visitor.get("/track")
    token = own.text.split('name="csrf" value="')[1].split('"')[0]
    code = {"number": number, "query_code": filed["query_code"], "csrf": token}
    shown = visitor.post("/track", data=code).text
    assert "法院已有生效判决" in shown
    assert "最终答复" in shown
