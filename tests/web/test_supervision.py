"""Holds and supervision on the pages: asked, decided, pressed for, answered, listed, printed."""

from datetime import timedelta
from urllib.parse import urlsplit

from tests.web.test_extensions import order_of
from tests.web.test_filing import GOOD


def filed(staff) -> str:
    return filing(staff)["number"]


def filing(staff) -> dict[str, str]:
    return staff("operator").post("/api/v1/tickets", json=GOOD).json()


def address(page: str, start: str) -> str:
    """The address of the form that begins with `start`."""
    return start + page.split(f'action="{start}')[1].split('"', maxsplit=1)[0]


def signed(staff) -> tuple[str, str]:
    number = filed(staff)
    order = order_of(staff("xzspj.head"), number)
    staff("xzspj").post(f"/orders/{order}/sign")
    return number, order


def test_the_head_parks_a_case_the_office_grants_and_handling_goes_on(staff) -> None:
    number, order = signed(staff)
    head, supervisor = staff("xzspj.head"), staff("supervisor")
    wrong = head.post(f"/orders/{order}/hold", data={"ground": "waiting_law", "reason": "x"})
    assert wrong.status_code == 409
    assert "请选择明天起180天以内的复核日期" in wrong.text
    sent = {"ground": "waiting_law", "review_on": "2026-12-18", "reason": "等待法院判决"}
    assert head.post(f"/orders/{order}/hold", data=sent).status_code == 200
    assert "挂账待批" in supervisor.get("/triage?lang=zh").text
    page = supervisor.get(f"/tickets/{number}?lang=zh").text
    assert "等待法院判决" in page
    form = address(page, f"/orders/{order}/hold/")
    assert supervisor.post(form, data={"reason": ""}).status_code == 409
    granted = supervisor.post(form, data={"grant": "yes"})
    assert granted.status_code == 200
    assert "恢复办理" in granted.text
    unit = staff("xzspj").get(f"/tickets/{number}?lang=zh").text
    assert "提交答复" not in unit
    longer = {"prolong": "yes", "review_on": "2026-12-25", "reason": "二审"}
    assert supervisor.post(f"/tickets/{number}/hold", data=longer).status_code == 200
    assert head.post(f"/tickets/{number}/hold").status_code == 200
    assert "提交答复" in staff("xzspj").get(f"/tickets/{number}?lang=zh").text


def test_what_stands_still_is_due_at_no_time_neither_here_nor_to_the_business(
    staff, visitor
) -> None:
    told = filing(staff)
    order = order_of(staff("xzspj.head"), told["number"])
    staff("xzspj").post(f"/orders/{order}/sign")
    own = urlsplit(told["url"])
    before = visitor.get(f"{own.path}?{own.query}&lang=zh").text
    assert "国务院公布" in before
    sent = {"ground": "waiting_law", "review_on": "2026-12-18", "reason": "等待法院判决"}
    staff("xzspj.head").post(f"/orders/{order}/hold", data=sent)
    supervisor = staff("supervisor")
    page = supervisor.get(f"/tickets/{told['number']}?lang=zh").text
    supervisor.post(address(page, f"/orders/{order}/hold/"), data={"grant": "yes"})
    after = visitor.get(f"{own.path}?{own.query}&lang=zh").text
    assert "2026年12月18日" in after
    assert "恢复后余下的时限接着计算" in after
    assert "国务院公布" not in after
    for page in (f"/tickets/{told['number']}", "/board"):
        assert "暂停计时" in staff("xzspj").get(f"{page}?lang=zh").text


def test_a_demand_goes_from_the_supervisor_to_the_unit_and_back(staff) -> None:
    number, order = signed(staff)
    head, supervisor = staff("xzspj.head"), staff("supervisor")
    sent = {"level": "red", "ground": "quality", "demanded": "请说明进展"}
    assert supervisor.post(f"/orders/{order}/supervision", data=sent).status_code == 200
    page = head.get(f"/tickets/{number}?lang=zh").text
    assert "督办〔2026〕1号" in page
    assert "请说明进展" in page
    form = address(page, f"/orders/{order}/supervision/")
    empty = head.post(form, data={"act": "answer", "text": ""})
    assert "请写明采取的措施和完成时间" in empty.text
    assert head.post(form, data={"act": "answer", "text": "周五办结"}).status_code == 200
    assert supervisor.post(form, data={"act": "again", "text": "写明责任人"}).status_code == 200
    assert head.post(form, data={"act": "answer", "text": "责任人已定"}).status_code == 200
    assert supervisor.post(form, data={"act": "enough"}).status_code == 200
    paper = head.get("/supervision/" + form.rsplit("/", 1)[1] + "?lang=zh")
    assert "责任人已定" in paper.text
    assert "已办结" in paper.text
    assert staff("rsj").get("/supervision/" + form.rsplit("/", 1)[1]).status_code == 404


def test_the_list_of_demands_filters_and_pages(staff) -> None:
    supervisor = staff("supervisor")
    _number, order = signed(staff)
    supervisor.post(f"/orders/{order}/supervision", data={"level": "red", "ground": "late"})
    assert "督办〔2026〕1号" in supervisor.get("/supervision?state=open&lang=zh").text
    assert "没有督办单" in supervisor.get("/supervision?state=closed&lang=zh").text
    assert "没有督办单" in supervisor.get("/supervision?level=listed&lang=zh").text
    assert "没有督办单" in supervisor.get("/supervision?before=2026-1&lang=zh").text
    assert "督办〔2026〕1号" in supervisor.get("/supervision?before=x&state=nonsense&lang=zh").text
    assert supervisor.get("/supervision?before=99999999999-1").status_code == 200
    assert "没有督办单" in staff("rsj").get("/supervision?lang=zh").text


def test_a_talk_is_recorded_and_only_oversight_reads_it(staff) -> None:
    number, order = signed(staff)
    supervisor = staff("supervisor")
    wrong = supervisor.post(f"/orders/{order}/talk", data={"held_at": "", "notes": "整改"})
    assert "请选择约谈的时间" in wrong.text
    sent = {"held_at": "2026-11-18T10:00", "notes": "本周整改到位"}
    assert "本周整改到位" in supervisor.post(f"/orders/{order}/talk", data=sent).text
    assert "本周整改到位" not in staff("xzspj.head").get(f"/tickets/{number}?lang=zh").text


def test_the_board_reminds_in_bulk_filters_and_renews_itself(staff, clock) -> None:
    number, _order = signed(staff)
    supervisor = staff("supervisor")
    board = supervisor.get("/oversight?lang=zh").text
    chosen = [part.split('"')[0] for part in board.split('name="clock" value="')[1:]]
    assert chosen
    done = supervisor.post("/oversight/remind", data={"clock": chosen})
    assert f"已催办 {len(chosen)} 件" in done.text or "件今天已催办过" in done.text
    assert "今日已催办" in done.text
    again = supervisor.post("/oversight/remind", data={"clock": chosen})
    assert "已催办 0 件" in again.text
    clock.at += timedelta(days=1)
    part = supervisor.get("/oversight/live?unit=xzspj&lang=zh")
    assert number[:6] in part.text
    assert "<html" not in part.text
    assert "今日已催办" not in part.text
    assert "没有正在计时的承诺" in supervisor.get("/oversight/live?unit=rsj&lang=zh").text
    assert supervisor.post("/oversight/remind", data={"clock": "x"}).status_code == 422
    assert staff("xzspj.head").post("/oversight/remind", data={"clock": chosen}).status_code == 403
    assert staff("leader").get("/oversight?lang=zh").status_code == 200


def test_a_receipt_shows_what_a_hold_gave_back_and_what_a_recount_changed(staff, clock) -> None:
    number, order = signed(staff)
    head, supervisor = staff("xzspj.head"), staff("supervisor")
    head.post(f"/orders/{order}/extension", data={"days": "2", "reason": "须现场勘验"})
    page = supervisor.get(f"/tickets/{number}").text
    supervisor.post(address(page, f"/orders/{order}/extension/"), data={"grant": "yes"})
    sent = {"ground": "waiting_law", "review_on": "2026-12-18", "reason": "等待法院判决"}
    head.post(f"/orders/{order}/hold", data=sent)
    form = address(supervisor.get(f"/tickets/{number}").text, f"/orders/{order}/hold/")
    supervisor.post(form, data={"grant": "yes"})
    clock.at += timedelta(days=5)
    supervisor.post(f"/tickets/{number}/hold")
    told = head.get(f"/tickets/{number}/deadlines?lang=zh").text
    assert "延期 2个工作日" in told
    assert "挂账顺延" in told
    assert "请核对日历版本" not in told
