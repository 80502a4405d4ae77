"""The knowledge pages: from draft to the public's help, each step by whom it belongs to."""

import pytest
from fastapi.testclient import TestClient

from tests.makers import file

CARD = {
    "question": "变更经营范围要带什么",
    "answer": "请带营业执照正副本。",
    "owner": "xzspj",
    "source": "unit",
    "basis": "窗口口径",
    "category": "bgdj",
    "keywords": "变更、范围",
    "review_on": "2027-06-30",
    "public": "on",
}
NEW = "/knowledge/23"


def test_a_card_goes_from_the_editor_over_the_owners_head_to_the_public(
    staff, visitor: TestClient
) -> None:
    editor, head = staff("editor"), staff("xzspj.head")
    made = editor.post("/knowledge/new", data=CARD, follow_redirects=False)
    assert (made.status_code, made.headers["location"]) == (303, NEW)
    assert editor.post(f"{NEW}/submit").status_code == 200
    assert "待我确认（1）" in head.get("/knowledge").text
    assert CARD["question"] not in visitor.get("/help").text
    assert staff("rsj.head").post(f"{NEW}/confirm").status_code == 403
    assert head.post(f"{NEW}/confirm").status_code == 200
    assert CARD["question"] in visitor.get("/help?q=经营范围").text
    page = staff("operator").get(NEW).text
    assert "区行政审批局分管领导" in page
    assert "修改" not in page


def test_a_form_with_faults_comes_back_with_what_was_typed(staff) -> None:
    answer = staff("editor").post("/knowledge/new", data=CARD | {"basis": "", "review_on": "x"})
    assert answer.status_code == 422
    assert "请写明依据" in answer.text
    assert "请填写复核日期" in answer.text
    assert CARD["question"] in answer.text


def test_what_is_sent_back_carries_its_reason_and_can_be_mended(staff) -> None:
    editor, head = staff("editor"), staff("xzspj.head")
    editor.post("/knowledge/new", data=CARD)
    editor.post(f"{NEW}/submit")
    assert head.post(f"{NEW}/back", data={"remark": ""}).status_code == 422
    head.post(f"{NEW}/back", data={"remark": "缺材料清单"})
    assert "缺材料清单" in editor.get(NEW).text
    assert CARD["answer"] in editor.get(f"{NEW}/edit").text
    assert editor.post(f"{NEW}/submit").status_code == 200


def test_a_card_past_its_day_is_marked_listed_and_hidden_from_the_public(
    staff, visitor: TestClient
) -> None:
    page = staff("operator").get("/knowledge?show=due").text
    assert "惠企政策在哪里看" in page
    assert "须复核" in page
    assert "企业开办需要几天" not in page
    public = visitor.get("/help").text
    assert "惠企政策在哪里看" not in public
    assert "企业开办需要几天" in public
    assert "本单位到期复核（1）" in staff("qzfb.head").get("/knowledge").text


def test_nonsense_addresses_and_steps_are_refused_without_a_trace(staff) -> None:
    editor = staff("editor")
    for path in (
        "/knowledge/0",
        "/knowledge/999",
        "/knowledge/99999999999999",
        "/knowledge/0/edit",
    ):
        assert editor.get(path).status_code == 404, path
    assert editor.get("/knowledge/abc").status_code in {404, 422}
    assert editor.post("/knowledge/1/burn").status_code == 404
    assert editor.post("/knowledge/1/submit").status_code == 409
    hostile = CARD | {"question": "<script>alert(1)</script>{{7*7}}", "owner": "nobody"}
    assert "请选择责任单位" in editor.post("/knowledge/new", data=hostile).text
    hostile["owner"] = "xzspj"
    page = editor.post("/knowledge/new", data=hostile).text
    assert "<script>alert" not in page
    assert "{{7*7}}" in page


def test_a_request_that_waits_is_answered_from_a_card_on_its_own_page(staff, office) -> None:
    ticket = file(office, category="bqs", content="我想问公司注销要多久，清税证明都办好了").ticket
    operator = staff("operator")
    path = f"/tickets/{ticket.number}"
    assert 'name="card" value="3.1"' in operator.get(path).text
    assert operator.post(f"{path}/answer", data={"card": "zz"}).status_code == 409
    page = operator.post(f"{path}/answer", data={"card": "3.1"}).text
    assert "依据知识卡片 3 第1版" in page
    assert 'name="card"' not in page
    assert 'name="card"' not in staff("dispatcher").get(path).text


@pytest.mark.parametrize(
    "text", ["\0", "\u202e", "'; DROP TABLE card; --", "{0.__class__}", "𠮷" * 400]
)
def test_no_text_breaks_a_page_of_the_desk(staff, visitor: TestClient, text: str) -> None:
    editor, operator = staff("editor"), staff("operator")
    for name in CARD:
        answer = editor.post("/knowledge/new", data=CARD | {name: text})
        assert answer.status_code in {200, 409, 422}, name
    for name in ("title", "body", "role", "unit"):
        values = {"title": "一", "body": "二", "role": "", "unit": ""} | {name: text}
        assert editor.post("/phrases", data=values).status_code in {200, 422}, name
    call = dict.fromkeys(("contact_phone", "company_name", "uscc", "content", "category"), text)
    assert operator.post("/console/preview", data=call).status_code == 200
    for name in ("card", "into", "once", "kind", "respondent"):
        filed = operator.post("/console", data={"content": "五个字以上的内容", name: text})
        assert filed.status_code == 422, name
    for client, path in ((visitor, "/help"), (operator, "/knowledge")):
        assert client.get(path, params={"q": text[:60], "show": text[:60]}).status_code == 200
    assert operator.get("/phrases/pick", params={"ticket": text[:40]}).status_code in {200, 422}
    assert operator.get("/console", params={"saved": text}).status_code == 200
