"""The operator's desk over HTTP: what it shows while typing, and what saving does."""

import re

from sqlmodel import Session, select

from core.desk import Office
from core.tables import Ticket
from tests.makers import file, kinds, whole

CALL = {
    "contact_phone": "13800000001",
    "contact_name": "来电人甲",
    "company_name": "渭滨石鼓新材料有限公司",
    "kind": "complaint",
    "content": "设立登记提交后卡了两周，窗口每次说法都不一样，企业开办到底要几天",
    "category": "qykb",
}


def newest(office: Office) -> Ticket | None:
    """What the desk filed last; the clock of the tests stands, so serials say what came later."""
    calls = select(Ticket).where(Ticket.channel == "phone").order_by(Ticket.number.desc())
    with Session(office.engine, expire_on_commit=False) as session:
        return session.exec(calls).first()


def test_the_preview_knows_the_caller_the_matter_and_the_card(staff, office: Office) -> None:
    before = file(office, contact_name="王小明").ticket
    page = staff("operator").post("/console/preview", data=CALL).text
    assert "王**" in page
    assert "王小明" not in page
    assert "13800000001" not in page
    assert before.number in page
    assert "同一号码" in page
    assert 'data-key="m"' in page
    assert "企业开办需要几天" in page
    assert 'name="card" value="1.1"' in page
    assert 'id="preview-due"' in page


def test_who_may_not_answer_reads_the_card_but_has_no_button(staff, office: Office) -> None:
    dispatcher = staff("dispatcher")
    page = dispatcher.post("/console/preview", data=CALL).text
    assert "企业开办需要几天" in page
    assert 'name="card"' not in page
    assert dispatcher.post("/console", data=CALL | {"card": "1.1"}).status_code == 422
    assert newest(office) is None


def test_a_company_is_offered_by_part_of_its_name_with_its_code(staff, office: Office) -> None:
    file(office, uscc="91610302MA6XN0P29A")
    operator = staff("operator")
    for asked in ({"company_name": "石鼓新材"}, {"uscc": "9161 0302 ma6xn0p29a"}):
        page = operator.post("/console/preview", data=asked).text
        option = '<option value="渭滨石鼓新材料有限公司" data-code="91610302MA6XN0P29A">'
        assert option in page, asked
        assert 'data-key="c"' in page


def test_the_preview_of_an_empty_form_raises_no_alarm(staff) -> None:
    operator = staff("operator")
    page = operator.post("/console/preview", data={}).text
    assert "将转派单员研判" not in page
    assert "选择类别或写下内容后" in page
    assert 'id="cards"' not in page
    assert "将转派单员研判" in operator.post("/console/preview", data={"category": "bqs"}).text


def test_saving_shows_the_receipt_and_the_code_to_whom_saved_it_only(staff, office) -> None:
    operator = staff("operator")
    once = re.search(r'name="once" value="([0-9a-f]+)"', operator.get("/console").text)[1]
    answer = operator.post("/console", data=CALL | {"once": once}, follow_redirects=False)
    receipt = operator.get(answer.headers["location"]).text
    ticket = newest(office)
    code = re.search(r'id="code">([^<]+)<', receipt)[1]
    assert f'href="/tickets/{ticket.number}"' in receipt
    assert "区行政审批局" in receipt
    other = staff("dispatcher").get(answer.headers["location"]).text
    assert ticket.number[-8:-2] in other
    assert code not in other
    # the same press again makes no second ticket
    operator.post("/console", data=CALL | {"once": once})
    assert newest(office).id == ticket.id


def test_a_call_is_answered_at_once_from_a_card_without_a_work_order(staff, office) -> None:
    operator = staff("operator")
    operator.post("/console", data=CALL | {"kind": "inquiry", "card": "1.1"})
    ticket = newest(office)
    assert (ticket.status, ticket.lead) == ("answered", None)
    assert "order.issued" not in kinds(office, ticket.id)
    page = operator.get(f"/tickets/{ticket.number}").text
    assert "依据知识卡片 1 第1版" in page
    assert "1个工作日以内" in page
    assert whole(office)


def test_a_card_that_is_stale_replaced_or_made_up_files_nothing(staff, office) -> None:
    operator = staff("operator")
    for card, status in (("19.1", 422), ("1.2", 422), ("999.1", 422), ("x", 422), ("1.1e9", 422)):
        answer = operator.post("/console", data=CALL | {"card": card})
        assert answer.status_code == status, card
        assert CALL["content"] in answer.text
    assert newest(office) is None


def test_one_press_files_the_call_and_sends_it_on_to_be_merged(staff, office) -> None:
    before = file(office).ticket
    operator = staff("operator")
    sent = operator.post("/console", data=CALL | {"into": before.number}, follow_redirects=False)
    made = newest(office)
    assert made.number != before.number
    assert (sent.status_code, sent.headers["location"]) == (307, f"/tickets/{made.number}/merge")


def test_nothing_is_filed_to_be_merged_into_what_is_not_there(staff, office) -> None:
    operator = staff("operator")
    hidden = file(office, confidential=True).ticket
    for number in ("61030220261118W000009X", hidden.number, "<script>"):
        assert operator.post("/console", data=CALL | {"into": number}).status_code == 422
    assert newest(office) is None


def test_a_call_that_lacks_something_comes_back_as_it_was(staff) -> None:
    answer = staff("operator").post("/console", data=CALL | {"contact_phone": ""})
    assert answer.status_code == 422
    assert CALL["content"] in answer.text
    assert CALL["company_name"] in answer.text


def test_the_pickers_wording_is_filled_for_its_ticket(staff, office) -> None:
    ticket = file(office).ticket
    lines = {
        line["title"]: line
        for line in staff("operator").get(f"/phrases/pick?ticket={ticket.number}").json()
    }
    assert ticket.number in lines["已登记"]["text"]
    assert "区行政审批局" in lines["已登记"]["text"]
    assert lines["已登记"]["lacks"] == ""
    bare = {line["title"]: line for line in staff("operator").get("/phrases/pick").json()}
    assert bare["已登记"]["lacks"] == "编号"
    # another unit learns nothing of a ticket it may not see
    stranger = staff("rsj").get(f"/phrases/pick?ticket={ticket.number}").text
    assert ticket.number not in stranger


def test_the_wording_is_kept_by_editors_and_heads_and_read_by_the_desks(staff) -> None:
    editor = staff("editor")
    values = {"title": "问候", "body": "您好{姓名}", "role": "", "unit": ""}
    assert "不认识姓名" in editor.post("/phrases", data=values).text
    assert editor.post("/phrases", data=values | {"body": "您好，{企业}"}).status_code == 200
    page = staff("operator").get("/phrases").text
    assert "您好，{企业}" in page
    assert "新增常用语" not in page
    assert staff("operator").post("/phrases", data=values).status_code == 403
    assert staff("sysadmin").get("/phrases").status_code == 403


def test_on_a_shared_computer_the_public_forms_draft_is_the_tabs_own(visitor) -> None:
    own, hall = visitor.get("/file").text, visitor.get("/file?kiosk=1").text
    assert "data-draft-shared" not in own
    assert "data-draft-shared" in hall
    assert 'name="kiosk" value="1"' in hall
    again = visitor.post(
        "/file", data={"kiosk": "1", "csrf": re.search(r'name="csrf" value="([^"]+)"', hall)[1]}
    )
    assert again.status_code == 422
    assert "data-draft-shared" in again.text
