"""Limits and calendars on their pages: drafted, tried, published by somebody else."""

import re
from uuid import UUID

from core import jobs
from tests.web.test_filing import GOOD
from web.wiring import WORKS

FIRM = "resolve.complaint.normal.enterprise"
LONGER = {
    "seen": "1", "metric": "resolve", "kinds": "complaint", "enterprise": "yes", "n": "9",
    "mode": "working_days", "warn_percent": "50", "warn": ["handler", "liaison"],
    "ladder-0-level": "yellow", "ladder-0-tell": ["head"], "ladder-1-level": "red",
    "ladder-1-n": "1", "ladder-1-mode": "working_days", "ladder-1-issue": "red",
    "calendar": "office",
}  # fmt: skip


def begun(staff, who: str = "dispatcher") -> str:
    answer = staff(who).post("/limits/drafts", data={"note": "按新办法调整"})
    assert answer.status_code == 200
    return answer.url.path


def test_a_draft_is_changed_tried_and_published_by_a_second_person(staff, office, clock) -> None:
    clock.move(seconds=1)
    dispatcher, supervisor = staff("dispatcher"), staff("supervisor")
    draft = begun(staff)
    wrong = dispatcher.post(f"{draft}/policies/{FIRM}", data=LONGER | {"n": "0"})
    assert wrong.status_code == 422
    assert "请填写大于0的数" in wrong.text
    saved = dispatcher.post(f"{draft}/policies/{FIRM}", data=LONGER)
    assert saved.status_code == 200
    assert "9个工作日" in dispatcher.get(f"{draft}?lang=zh").text
    form = dispatcher.get(f"{draft}/policies/{FIRM}?lang=zh").text
    assert 'name="warn_percent" type="text" value="50"' in form
    day = {"seen": "2", "act": "day", "calendar": "office", "day": "2026-11-24"}
    refused = dispatcher.post(f"{draft}/calendars", data=day | {"working": "no", "reason": ""})
    assert "请写明调整的理由" in refused.text
    sent = day | {"working": "no", "reason": "暴雪停工"}
    assert "暴雪停工" in dispatcher.post(f"{draft}/calendars", data=sent).text
    asked = dispatcher.post(f"{draft}/try")
    assert asked.status_code == 200
    job = UUID(asked.url.path.rsplit("/", 1)[1])
    assert jobs.run(office, WORKS, job)
    weighed = supervisor.get(f"{draft}/publish?lang=zh").text
    assert "暴雪停工" in weighed
    assert "7个工作日" in weighed
    assert "9个工作日" in weighed
    own = dispatcher.post(f"{draft}/publish", data={"seen": "3", "effective_on": "2026-11-18"})
    assert own.status_code == 403
    late = supervisor.post(f"{draft}/publish", data={"seen": "2", "effective_on": "2026-11-18"})
    assert late.status_code == 409
    none = supervisor.post(f"{draft}/publish", data={"seen": "3", "effective_on": ""})
    assert none.status_code == 422
    sent = {"seen": "3", "effective_on": "2026-11-18", "recount": "yes"}
    done = supervisor.post(f"{draft}/publish", data=sent)
    assert "/jobs/" in done.url.path
    assert jobs.run(office, WORKS, UUID(done.url.path.rsplit("/", 1)[1]))
    front = staff("xzspj.head").get("/limits?lang=zh").text
    assert "limits-2026-11-18-1" in front
    assert "新建草案" not in front


def test_the_calendars_of_a_draft_take_hours_days_and_years(staff) -> None:
    dispatcher = staff("dispatcher")
    draft = begun(staff)
    to = f"{draft}/calendars"
    hours = {"seen": "1", "act": "sessions", "calendar": "office", "sessions": "08:30-12:00"}
    assert "08:30-12:00" in dispatcher.post(to, data=hours).text
    stale = dispatcher.post(to, data=hours | {"sessions": "09:00-12:00"})
    assert stale.status_code == 409
    assert "草案已被别人修改" in stale.text
    off = "2027-01-01 2027-05-01 2027-10-01 2027-10-02 2027-10-03"
    year = {"seen": "2", "act": "year", "year": "2027", "off": off, "worked": "", "source": "通知"}
    assert "请填写年份" in dispatcher.post(to, data=year | {"year": "x"}).text
    assert "2023–2027" in dispatcher.post(to, data=year).text
    assert "窗口日历" in dispatcher.post(to, data={"seen": "3", "act": "window"}).text
    worked = {"seen": "4", "act": "day", "calendar": "window", "day": "2026-11-28"}
    shown = dispatcher.post(to, data=worked | {"working": "yes", "reason": "周六延时服务"}).text
    assert "周六延时服务" in shown
    dropped = {"seen": "5", "act": "drop", "calendar": "window", "day": "2026-11-28"}
    assert "周六延时服务" not in dispatcher.post(to, data=dropped).text
    assert dispatcher.post(to, data={"seen": "6", "act": "nonsense"}).status_code == 422


def test_a_promise_is_added_and_deleted(staff) -> None:
    dispatcher = staff("dispatcher")
    draft = begun(staff)
    assert dispatcher.get(f"{draft}/policies/new").status_code == 200
    assert dispatcher.get(f"{draft}/policies/nothing").status_code == 404
    twice = dispatcher.post(f"{draft}/policies/new", data=LONGER)
    assert "已有同样适用条件的时限标准" in twice.text
    made = dispatcher.post(f"{draft}/policies/new", data=LONGER | {"tasks": "25"})
    assert "方案任务25" in made.text
    last = dispatcher.post(f"{draft}/policies/callback/delete", data={"seen": "2"})
    assert "这是该时限种类唯一的标准" in last.text
    gone = dispatcher.post(f"{draft}/policies/resolve.own.1/delete", data={"seen": "2"})
    assert "方案任务25" not in gone.text
    assert dispatcher.post(f"{draft}/discard").status_code == 200
    assert "已放弃" in dispatcher.get("/limits?lang=zh").text


def test_only_who_may_change_the_standards_sees_drafts(staff) -> None:
    draft = begun(staff)
    assert staff("dispatcher").post("/limits/drafts", data={"note": " "}).status_code == 422
    for who in ("operator", "xzspj.head", "auditor"):
        client = staff(who)
        for page in (draft, f"{draft}/calendars", f"{draft}/publish", f"{draft}/policies/{FIRM}"):
            assert client.get(page).status_code == 403
        assert client.post("/limits/drafts", data={"note": "x"}).status_code == 403
        assert client.post(f"{draft}/publish", data={"effective_on": "2026-11-18"}).status_code in {
            403,
            404,
        }
    page = staff("xzspj.head").get("/limits?lang=zh").text
    assert re.search(r"7个工作日", page)


def test_a_draft_is_tried_on_the_past_quarter(staff, office) -> None:
    dispatcher = staff("dispatcher")
    number = staff("operator").post("/api/v1/tickets", json=GOOD).json()["number"]
    draft = begun(staff)
    assert "还没有试算过" in dispatcher.get(f"{draft}/what-if?lang=zh").text
    asked = dispatcher.post(f"{draft}/what-if")
    waiting = dispatcher.get(f"{draft}/what-if?lang=zh").text
    assert "排队中" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert jobs.run(office, WORKS, UUID(asked.url.path.rsplit("/", 1)[1]))
    shown = dispatcher.get(f"{draft}/what-if?lang=zh").text
    assert "办理答复" in shown
    assert number not in shown  # nothing changes: no example
    dispatcher.post(f"{draft}/policies/{FIRM}", data=LONGER)
    assert "试算之后草案又有修改" in dispatcher.get(f"{draft}/what-if?lang=zh").text
    assert staff("operator").get(f"{draft}/what-if").status_code == 403
    assert staff("operator").post(f"{draft}/what-if").status_code in {403, 404}
