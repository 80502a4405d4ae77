"""Who gets in where: a table by hand, an outsider on everything, and no change without a token."""

import re
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from core.desk import Office
from tests.web.test_filing import GOOD

# page → who may open it; everybody else is refused
PAGES = {
    "/console": {"operator", "dispatcher"},
    "/triage": {"dispatcher", "supervisor"},
    "/proposals": {"dispatcher", "supervisor"},
    "/relay": {"dispatcher", "supervisor"},
    "/suggester": {"dispatcher", "supervisor"},
    "/board": {"xzspj", "xzspj.head", "rsj"},
    "/callbacks": {"callback"},
    "/oversight": {"dispatcher", "supervisor", "leader", "assessor"},
    "/oversight/blame": {"dispatcher", "supervisor", "leader", "assessor"},
    "/bulletins": {"dispatcher", "supervisor", "leader", "assessor"},
    "/bulletins/2026-11": {"dispatcher", "supervisor", "leader", "assessor"},
    "/plan": {"operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj"},
    "/plan/tasks/1": {"operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj"},
    "/plan/import": {"dispatcher", "supervisor"},
    "/limits/what-if": {"dispatcher", "supervisor"},
    "/limits": {"operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj"},
    "/supervision": {"operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj"},
    "/oversight/live": {"dispatcher", "supervisor", "leader", "assessor"},
    "/matrix": {"operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj"},
    "/matrix.xlsx": {"operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj"},
    "/units": {"operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj"},
    "/units/rsj": {"operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj"},
    "/units/rsj/edit": {"dispatcher", "supervisor"},
    "/units/new": {"dispatcher", "supervisor"},
    "/knowledge": {"operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj"},
    "/knowledge/1": {"operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj"},
    "/phrases": {"operator", "dispatcher", "callback", "supervisor", "xzspj", "xzspj.head", "rsj"},
    "/knowledge/new": set(),
    "/rulebooks": {"dispatcher", "supervisor"},
    "/mailbox": {"sysadmin"},
    "/people": {"sysadmin", "auditor"},
    "/people/operator": {"sysadmin", "auditor"},
    "/clients": {"sysadmin", "auditor"},
    "/clients/new": set(),
    "/privacy": {"privacy"},
    "/privacy/retention": {"privacy"},
    "/privacy/record": {"privacy", "auditor"},
    "/privacy/paper": {"privacy", "operator", "dispatcher"},
    "/exports": {"dispatcher", "supervisor", "xzspj.head", "privacy"},
    "/imports": {"dispatcher", "supervisor"},
    "/inbox": {
        "operator", "dispatcher", "callback", "supervisor", "leader", "assessor", "xzspj",
        "xzspj.head", "rsj", "sysadmin", "auditor", "privacy",
    },
}  # fmt: skip
PEOPLE = sorted(PAGES["/inbox"])


@pytest.fixture
def filed(visitor: TestClient) -> dict:
    return visitor.post("/api/v1/tickets", json=GOOD).json()


def key_of(filed: dict) -> str:
    return filed["url"].split("?k=")[1]


@pytest.mark.parametrize("username", PEOPLE)
def test_each_page_opens_to_those_the_table_names(staff, username: str) -> None:
    client = staff(username)
    for path, allowed in PAGES.items():
        status = client.get(path).status_code
        assert status == (200 if username in allowed else 403), path


def test_a_visitor_is_asked_to_log_in_or_sees_only_what_is_his(
    visitor: TestClient, filed: dict
) -> None:
    for path in PAGES:
        assert visitor.get(path).status_code == 401, path
    number = filed["number"]
    assert visitor.get(f"/tickets/{number}").status_code == 401
    assert visitor.get(f"/api/v1/tickets/{number}").status_code == 404
    assert visitor.get(f"/track/{number}").status_code == 404
    assert visitor.get(f"/track/{number}?k=wrong").status_code == 404
    assert visitor.get(f"/filed/{number}?k=wrong").status_code == 404
    assert visitor.get(f"/track/{number}?k={key_of(filed)}").status_code == 200


def test_another_unit_neither_sees_nor_touches_the_order(
    staff, filed: dict, office: Office
) -> None:
    outsider = staff("rsj")
    number = filed["number"]
    assert outsider.get(f"/tickets/{number}").status_code == 404
    assert outsider.get(f"/api/v1/tickets/{number}").status_code == 404
    with office.engine.connect() as connection:
        order = connection.execute(text("SELECT id FROM work_order")).scalar_one()
    for verb, body in (
        ("sign", {}),
        ("return", {"reason": "不是我的"}),
        ("contact", {}),
        ("reply", {"reply": "已办"}),
        ("ruling", {}),
    ):
        answer = outsider.post(f"/api/v1/orders/{order}/{verb}", json=body)
        assert answer.status_code == 403, verb
    with office.engine.connect() as connection:
        assert (
            connection.execute(text("SELECT status FROM work_order")).scalar_one() == "pending_sign"
        )


def test_administrators_of_the_system_see_no_ticket(staff, filed: dict) -> None:
    for username in ("sysadmin", "secadmin", "auditor", "leader"):
        client = staff(username)
        assert client.get(f"/tickets/{filed['number']}").status_code == 404
        assert client.get("/api/v1/tickets").json()["tickets"] == []


def test_nothing_changes_without_the_sessions_token(staff, filed: dict, office: Office) -> None:
    handler = staff("xzspj")
    with office.engine.connect() as connection:
        order = connection.execute(text("SELECT id FROM work_order")).scalar_one()
    del handler.headers["X-CSRF-Token"]
    for headers in ({}, {"X-CSRF-Token": "forged"}):
        answer = handler.post(f"/api/v1/orders/{order}/sign", headers=headers)
        assert answer.status_code == 403
        assert answer.json()["code"] == "csrf"
    assert handler.post("/api/v1/tickets", json=GOOD).status_code == 403


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one(visitor: TestClient) -> None:
    wrong = {"username": "operator", "password": "nonsense-nonsense"}
    for _ in range(5):
        assert visitor.post("/api/v1/session", json=wrong).status_code == 400
    right = wrong | {"password": "weibin-demo-2026"}
    assert visitor.post("/api/v1/session", json=right).json()["code"] == "login_failed"


def test_logging_out_ends_the_session_for_everybody_who_has_its_cookie(staff) -> None:
    client = staff("operator")
    cookie = client.cookies["jiesu_session"]
    assert client.delete("/api/v1/session").status_code == 204
    client.cookies.set("jiesu_session", cookie)
    assert client.get("/console").status_code == 401


def test_the_contact_is_masked_until_somebody_says_why_and_that_is_recorded(
    staff, filed: dict, office: Office
) -> None:
    operator = staff("operator")
    path = f"/tickets/{filed['number']}"
    page = operator.get(path).text
    assert "3000001" not in page
    assert "企业联系人" not in page
    assert operator.post(f"{path}/unmask", data={"reason": ""}).status_code == 422
    shown = operator.post(f"{path}/unmask", data={"reason": "回访核实"}).text
    assert "0917-3000001" in shown
    with office.engine.connect() as connection:
        facts = connection.execute(
            text("SELECT string_agg(facts::text, ' ') FROM entry")
        ).scalar_one()
        kinds = connection.execute(text("SELECT array_agg(kind) FROM entry")).scalar_one()
    assert "ticket.unmasked" in kinds
    for secret in ("3000001", "企业联系人", "回访核实", "卡了两周"):
        assert secret not in facts


def test_who_handles_it_reads_the_contact_when_he_says_why_unless_it_is_sealed(
    staff, visitor: TestClient, filed: dict
) -> None:
    handler = staff("xzspj")
    path = f"/tickets/{filed['number']}"
    assert "3000001" not in handler.get(path).text
    assert handler.post(f"{path}/unmask", data={"reason": " "}).status_code == 422
    assert "0917-3000001" in handler.post(f"{path}/unmask", data={"reason": "联系企业"}).text
    assert staff("callback").post(f"{path}/unmask", data={"reason": "想看"}).status_code == 403
    assert staff("rsj").post(f"{path}/unmask", data={"reason": "想看"}).status_code == 404
    sealed = visitor.post("/api/v1/tickets", json=GOOD | {"confidential": True}).json()
    path = f"/tickets/{sealed['number']}"
    assert handler.get(path).status_code == 200
    assert handler.post(f"{path}/unmask", data={"reason": "联系企业"}).status_code == 403


class Inline(HTMLParser):
    """Collects what a strict content policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.found += [
            f"{tag} {name}" for name in names if name == "style" or name.startswith("on")
        ]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)


@pytest.mark.parametrize("path", ["/", "/file", "/track", "/login", "/patterns", "/nosuch"])
def test_public_pages_carry_the_headers_and_nothing_inline(visitor: TestClient, path: str) -> None:
    answer = visitor.get(path, headers={"accept": "text/html"})
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    parser = Inline()
    parser.feed(answer.text)
    assert parser.found == []


def test_errors_have_one_shape_in_the_readers_language(visitor: TestClient) -> None:
    for method, path, status in (
        ("GET", "/api/v1/nosuch", 404),
        ("DELETE", "/api/v1/tickets", 405),
        ("GET", "/api/v1/tickets", 401),
    ):
        answer = visitor.request(method, path, headers={"accept-language": "en"})
        assert answer.status_code == status, path
        body = answer.json()
        assert set(body) == {"code", "message", "fields", "request_id"}
        assert body["request_id"] == answer.headers["x-request-id"]
        assert not re.search("[一-鿿]", body["message"])


def test_health_and_metrics_answer_without_a_login(visitor: TestClient) -> None:
    assert visitor.get("/healthz").json() == {"status": "ok"}
    ready = visitor.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["schema"] == "ok"
    visitor.get("/")
    metrics = visitor.get("/metrics").text
    assert 'jiesu_requests_total{method="GET",path="/",status="200"}' in metrics
    assert "jiesu_outbox_unsent" in metrics
