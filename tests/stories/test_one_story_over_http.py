"""The one true story, from the form to the bulletin, over HTTP against the running product."""

import re
import time
from datetime import datetime, timedelta

import pytest

from tests.stories.conftest import Installation, Person, eventually

pytestmark = pytest.mark.slow

FIRST = {
    "kind": "complaint",
    "category": "qykb",
    "content": "我公司设立登记提交后卡了两周，窗口每次说法都不一样，请尽快办理。",
    "company_name": "渭滨石鼓新材料有限公司",
    "uscc": "91610302MA6X00000B",
    "contact_name": "企业联系人",
    "contact_phone": "0917-3000001",
}


@pytest.fixture
def home(make_installation) -> Installation:
    return make_installation("--demo-clock")


def test_a_complaint_is_answered_and_an_ignored_one_is_escalated(home: Installation) -> None:
    # 1. a business files and is told who answers until when
    business = Person.visitor(home)
    filed = business.post("/api/v1/tickets", **FIRST | {"uscc": _code()})
    assert filed.status_code == 201, filed.text
    first = filed.json()
    assert first["lead_name"] == "区行政审批局"
    assert first["task"] == 1
    assert len(first["query_code"]) == 8
    due = datetime.fromisoformat(first["due_at"])
    assert due - datetime.now(due.tzinfo) > timedelta(days=6)

    # 2. the reason stands on the ticket
    dispatcher = Person.staff(home, "dispatcher")
    ticket = dispatcher.http.get(f"/api/v1/tickets/{first['number']}").json()
    routed = next(e for e in ticket["timeline"] if e["kind"] == "ticket.routed")["facts"]
    assert routed["lead"] == "xzspj"
    assert routed["rule"] == "c-qykb"
    assert routed["book"]
    assert routed["plan"]
    assert routed["trace"][-1] == {"rule": "c-qykb", "failed": ""}

    # 3. an operator sees where it will go before saving the second one
    operator = Person.staff(home, "operator")
    call = {
        "csrf": operator.csrf,
        "kind": "complaint",
        "category": "bgdj",
        "content": "法定代表人变更材料反复补正，跑了五趟。",
        "contact_phone": "0917-3000002",
        "company_name": "渭滨云帆商贸有限公司",
    }
    shown = operator.http.post("/console/preview", data=call)
    assert "区行政审批局" in shown.text
    saved = operator.http.post("/console", data=call)
    second = re.search(r'href="/tickets/(\d{14}P\d{6}\w)" id="saved"', saved.text)
    assert second is not None, saved.text[:500]
    ignored = second[1]

    # 4. one is signed, the other ignored until the ladder runs
    handler = Person.staff(home, "xzspj")
    order = ticket["orders"][0]["id"]
    assert handler.post(f"/api/v1/orders/{order}/sign").status_code == 200
    assert handler.post(f"/api/v1/orders/{order}/contact", reached=True).status_code == 200
    supervisor = Person.staff(home, "supervisor")
    # a day at a time: an outage of weeks would rightly collapse the levels into one
    for _ in range(25):
        if _fired(supervisor, ignored) == ["clock.warned", "clock.breached", "order.escalated"]:
            break
        _move(supervisor, hours=24)
        time.sleep(2)
    fired = _fired(supervisor, ignored)
    assert fired[:3] == ["clock.warned", "clock.breached", "order.escalated"]
    # the red rung issues a supervision order with it
    assert "order.supervised" in {e["kind"] for e in _timeline(supervisor, ignored)}
    head = Person.staff(home, "xzspj.head")
    eventually(lambda: ignored in head.http.get("/inbox").text.replace(" ", ""))
    eventually(lambda: ignored in supervisor.http.get("/inbox").text.replace(" ", ""))
    eventually(
        lambda: [m for m in home.mail.to("xzspj.head@jiesu.example") if ignored in m.get_content()]
    )
    eventually(
        lambda: [m for m in home.mail.to("supervisor@jiesu.example") if ignored in m.get_content()]
    )

    # 5. the first is answered, reviewed, and rated by the business
    answered = handler.post(
        f"/api/v1/orders/{order}/reply", claim="solved", reply="已当日补齐手续，执照可领取。"
    )
    assert answered.status_code == 200, answered.text
    number = first["number"]
    assert dispatcher.post(f"/api/v1/tickets/{number}/review", approve=True).status_code == 200
    rated = business.post(
        f"/api/v1/tickets/{number}/callback",
        query_code=first["query_code"],
        contacted=True,
        solved=True,
        grade=1,
    )
    assert rated.json()["status"] == "closed"
    own = business.http.get(
        f"/api/v1/tickets/{number}", headers={"X-Query-Code": first["query_code"]}
    ).json()
    assert own["timeline"][0]["kind"] == "ticket.received"
    assert "order.replied" not in {e["kind"] for e in own["timeline"]}

    # 6. the supervisor's page and the bulletin
    board = supervisor.http.get("/oversight").text
    assert "已超时" in board
    assert 'id="trend"' in board
    assert "<polyline" in board
    assert "区行政审批局" in board
    standing = supervisor.http.get("/api/v1/figures/standing").json()
    assert standing["late"] >= 1
    month = re.search(r"(20\d\d-\d\d) 办理质量", board)
    assert month is not None
    bulletin = supervisor.http.get(f"/bulletins/{month[1]}")
    assert "预览，未定稿" in bulletin.text
    frozen = supervisor.http.post(f"/bulletins/{month[1]}", data={"csrf": supervisor.csrf})
    assert "已定稿" in frozen.text
    alone = supervisor.http.post(f"/bulletins/{month[1]}/publish", data={"csrf": supervisor.csrf})
    assert alone.status_code == 403
    second_person = Person.staff(home, "supervisor2")
    signed = second_person.http.post(
        f"/bulletins/{month[1]}/publish", data={"csrf": second_person.csrf}
    )
    assert "已签发" in signed.text

    # 7. the ledger is whole, the caches equal their folds, and the timelines tell the story
    verified = home.command("ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    audited = home.command("audit")
    assert audited.returncode == 0, audited.stdout + audited.stderr
    assert _story(supervisor, number) == [
        "ticket.received",
        "ticket.accepted",
        "ticket.routed",
        "order.issued",
        "order.signed",
        "order.contact_made",
        "order.replied",
        "ticket.reply_approved",
        "ticket.callback_answered",
        "ticket.closed",
        "order.done",
    ]
    assert _story(supervisor, ignored) == [
        "ticket.received",
        "ticket.accepted",
        "ticket.routed",
        "order.issued",
    ]


def _code() -> str:
    from core.ids import ALPHABET
    from intake.identity import check_uscc

    body = "91610302MA6X0000A"
    return next(body + c for c in ALPHABET if check_uscc(body + c).valid)


def _move(supervisor: Person, *, hours: int) -> None:
    data = {"csrf": supervisor.csrf, "hours": str(hours)}
    answer = supervisor.http.post("/demo/clock", data=data)
    assert answer.status_code == 200, answer.text


def _timeline(person: Person, number: str) -> list[dict]:
    return person.http.get(f"/api/v1/tickets/{number}").json()["timeline"]


def _fired(person: Person, number: str) -> list[str]:
    """How the promise to answer broke, step by step."""
    steps = {"clock.warned", "clock.breached", "order.escalated"}
    return [
        e["kind"]
        for e in _timeline(person, number)
        if e["kind"] in steps and e["facts"]["metric"] == "resolve"
    ]


def _story(person: Person, number: str) -> list[str]:
    """What people did; what clocks and their ladder did is told apart from it."""
    clocks = ("clock.", "order.escalated", "order.supervis")
    return [e["kind"] for e in _timeline(person, number) if not e["kind"].startswith(clocks)]
