"""One change tried on the past quarter: asked on a page, worked off, shown to who may change it."""

import re
from datetime import date
from html import unescape
from uuid import uuid4

import pytest
from dramatiq.brokers.redis import RedisBroker
from dramatiq.worker import Worker
from sqlmodel import Session, select

from core import jobs, outbox
from core.desk import Office, set_office
from core.tables import JobRow, OutboxRow
from routing.service import contact
from sla import whatifs
from sla.tables import StandardDraft
from tests.cast import APPROVAL, handler
from tests.makers import file, lead, reply, sign, step, ticket
from web.wiring import WORKS

FIRM = "resolve.complaint.normal.enterprise"
WAIT_MS = 20_000
SHORTER = {"policy": FIRM, "n": "3", "mode": "working_days"}


@pytest.fixture
def kept(office: Office, clock) -> str:
    """A firm's complaint of Wednesday 18 November, answered on the 25th. Its number."""
    order = lead(office, file(office).ticket.id)
    sign(office, order)
    step(office, handler(APPROVAL), contact, order.id, channel="phone", reached=True)
    clock.move(days=7)
    reply(office, order)
    return ticket(office, order.ticket_id).number


def work_off(office: Office) -> None:
    """What the worker would do."""
    with Session(office.engine) as session:
        waiting = session.exec(select(JobRow.id).where(JobRow.state == "waiting")).all()
    for job in waiting:
        assert jobs.run(office, WORKS, job)


def drafts(office: Office) -> list[StandardDraft]:
    with Session(office.engine, expire_on_commit=False) as session:
        return list(session.exec(select(StandardDraft)).all())


def said(answer) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.fixture
def worker(redis_url: str, office: Office):
    """A real worker on a queue of its own, and the broker that feeds it."""
    broker = RedisBroker(url=redis_url, namespace=f"jt-{uuid4().hex}")
    set_office(office)
    jobs.declare(broker, WORKS)
    made = Worker(broker, worker_timeout=50, worker_threads=2)
    made.start()
    yield made
    made.stop()
    set_office(None)
    broker.flush_all()
    broker.close()


def test_it_goes_through_the_outbox_a_real_queue_and_a_real_worker(
    staff, office: Office, kept, worker: Worker
) -> None:
    client = staff("dispatcher")
    path = client.post("/limits/what-if", data=SHORTER).url.path
    with Session(office.engine) as session, session.begin():
        for row in session.exec(select(OutboxRow).where(OutboxRow.actor == "core.job")):
            worker.broker.enqueue(outbox.message(row))
    worker.broker.join("default", timeout=WAIT_MS)
    worker.join()
    with Session(office.engine) as session:
        job = session.exec(select(JobRow).where(JobRow.kind == whatifs.KIND)).one()
    assert (job.state, job.done) == ("done", job.total)
    assert kept in client.get(path).text


@pytest.mark.parametrize("who", ["dispatcher", "supervisor"])
def test_a_shorter_limit_is_tried_and_names_the_request_it_makes_late(
    staff, office: Office, kept, who: str
) -> None:
    client = staff(who)
    assert f'value="{FIRM}"' in client.get("/limits/what-if?lang=zh").text
    asked = client.post("/limits/what-if", data=SHORTER)
    [draft] = drafts(office)
    assert asked.url.path == f"/limits/drafts/{draft.id}/what-if"
    assert "排队中" in asked.text
    assert "7个工作日 → 3 工作日" in draft.note
    work_off(office)
    shown = client.get(asked.url.path)
    assert "超期由0项变为1项：新增1项，减少0项" in said(shown)
    assert f'href="/tickets/{kept}"' in shown.text
    assert "If: " not in shown.text
    english = said(client.get(f"{asked.url.path}?lang=en"))
    assert "would be late instead of 0: 1 newly late" in english


def test_a_day_off_alone_is_tried(staff, office: Office, kept) -> None:
    client = staff("dispatcher")
    day = {"day": "2026-11-24", "working": "no", "reason": "暴雪停工"}
    asked = client.post("/limits/what-if", data=day)
    work_off(office)
    [draft] = drafts(office)
    [override] = draft.body["calendars"]["office"]["overrides"]
    assert (override["day"], override["working"]) == ("2026-11-24", False)
    assert date.fromisoformat(override["day"]).isoweekday() < 6
    assert "新增0项" in said(client.get(f"{asked.url.path}?lang=zh"))


def test_what_really_broke_is_told_apart_where_the_limits_have_changed_since(
    staff, office: Office, kept, clock
) -> None:
    # promised seven days and kept; three are in force since, and would have been broken
    dispatcher, supervisor = staff("dispatcher"), staff("supervisor")
    made = dispatcher.post("/limits/what-if", data=SHORTER).url.path
    publish = made.replace("/what-if", "/publish")
    sent = {"seen": "2", "effective_on": "2026-11-25"}
    assert supervisor.post(publish, data=sent).status_code == 200
    clock.move(minutes=1)
    longer = SHORTER | {"n": "7"}
    path = dispatcher.post("/limits/what-if", data=longer).url.path
    work_off(office)
    shown = said(dispatcher.get(f"{path}?lang=zh"))
    assert "超期由1项变为0项：新增0项，减少1项" in shown
    assert "当时实际超期0项" in shown


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "请选择改哪一项时限，或只填写日期"),
        ({"n": "3", "mode": "working_days"}, "请选择改哪一项时限，或只填写日期"),
        ({"n": "3", "day": "2026-11-24", "reason": "暴雪"}, "请选择改哪一项时限"),
        ({"policy": FIRM}, "请填写新的时限或提醒点"),
        ({"policy": "nothing", "n": "3", "mode": "working_days"}, "没有这条时限标准"),
        (SHORTER | {"n": "0"}, "请填写大于0的数"),
        (SHORTER | {"mode": "weeks"}, "请选择时间单位"),
        (SHORTER | {"warn_percent": "100"}, "提醒须早于到期"),
        ({"day": "2026-11-24", "working": "no"}, "请写明调整的理由"),
        ({"day": "2026-11-24", "working": "yes", "reason": "加班"}, "本来就是这样"),
        ({"day": "2031-01-05", "working": "no", "reason": "x"}, "还没有公布"),
        ({"day": "someday", "reason": "x"}, "请选择日期"),
    ],
)
def test_what_cannot_stand_is_told_on_the_form_and_leaves_nothing_behind(
    staff, office: Office, values: dict, sentence: str
) -> None:
    client = staff("dispatcher")
    refused = client.post("/limits/what-if?lang=zh", data=values)
    assert refused.status_code == 422
    assert sentence in said(refused)
    if "n" in values:
        assert f'value="{values["n"]}"' in refused.text
    assert drafts(office) == []


@pytest.mark.parametrize(
    "who", ["operator", "xzspj", "xzspj.head", "callback", "leader", "auditor"]
)
def test_nobody_else_asks_or_reads(staff, office: Office, kept, who: str) -> None:
    shown = staff("dispatcher").post("/limits/what-if", data=SHORTER).url.path
    work_off(office)
    client = staff(who)
    assert client.get("/limits/what-if").status_code == 403
    assert client.post("/limits/what-if", data=SHORTER).status_code == 403
    assert client.get(shown).status_code == 403
    assert len(drafts(office)) == 1


def test_a_request_about_ones_own_house_is_counted_but_not_shown(
    staff, office: Office, clock
) -> None:
    # about the hotline centre itself: its own dispatcher may not read it
    accused = file(office, respondent="zhzx").ticket.number
    clock.move(days=7)
    path = staff("dispatcher").post("/limits/what-if", data=SHORTER).url.path
    work_off(office)
    own = staff("dispatcher").get(f"{path}?lang=zh")
    assert "新增1项，减少0项" in said(own)
    assert accused not in own.text
    assert "另有 1 件您无权查看" in said(own)
    other = staff("supervisor").get(f"{path}?lang=zh")
    assert accused in other.text
    assert "无权查看" not in said(other)


def test_asking_needs_the_forms_token(staff, visitor) -> None:
    assert visitor.get("/limits/what-if").status_code == 401
    client = staff("dispatcher")
    del client.headers["X-CSRF-Token"]
    assert client.post("/limits/what-if", data=SHORTER).status_code == 403
