"""Filing refuses by field, and never half saves."""

import base64
import json

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.desk import Office

GOOD = {
    "kind": "complaint",
    "category": "qykb",
    "content": "公司设立登记提交后卡了两周，请尽快办理。",
    "company_name": "渭滨石鼓新材料有限公司",
    "uscc": "91110000600037341L",
    "contact_name": "企业联系人",
    "contact_phone": "0917-3000001",
}
TABLES = ("ticket", "contact", "attachment", "entry", "outbox", "receipt", "work_order", "clock")


def stored(office: Office) -> dict[str, int]:
    with office.engine.connect() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in TABLES
        }


def fields(answer) -> list[str]:
    return [fault["field"] for fault in answer.json()["fields"]]


def test_a_good_complaint_is_filed_with_its_lead_and_its_day(visitor: TestClient) -> None:
    answer = visitor.post("/api/v1/tickets", json=GOOD)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["lead_name"] == "区行政审批局"
    assert body["due_at"].startswith("2026-11-27T09:00:00")


REFUSED = [
    ("uscc", "91110000600037341K"),
    ("uscc", "9111000060003734"),
    ("uscc", "9111OOOO600037341L"),
    ("contact_phone", "12345"),
    ("contact_phone", "99999999999"),
    ("content", ""),
    ("content", "　 \n"),
    ("content", "长" * 5001),
    ("content", "有控制符\x07的内容在这里"),
    ("content", "方向覆盖\u202e的内容在这里"),
    ("title", "长" * 101),
    ("company_name", "空\x00字符有限公司"),
    ("category", "no-such"),
    ("category", "a\x00b"),
    ("channel", "pigeon"),
    ("channel", "phone"),
    ("kind", "joke"),
    ("urgency", "yesterday"),
    ("respondent", "没有这个局"),
    ("contact_email", "nobody@nowhere"),
]


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_what_cannot_be_taken_is_refused_at_its_field_and_nothing_is_stored(
    visitor: TestClient, office: Office, field: str, value: str
) -> None:
    before = stored(office)
    answer = visitor.post("/api/v1/tickets", json=GOOD | {field: value})
    assert answer.status_code == 422, answer.text
    assert field in fields(answer)
    assert stored(office) == before


@pytest.mark.parametrize(
    "code", ["91110000600037341l", "９１１１００００６０００３７３４１Ｌ", "9111 0000 6000 37341L"]
)
def test_lower_case_and_full_width_codes_are_normalised_not_refused(
    visitor: TestClient, office: Office, code: str
) -> None:
    assert visitor.post("/api/v1/tickets", json=GOOD | {"uscc": code}).status_code == 201
    with office.engine.connect() as connection:
        kept = connection.execute(text("SELECT uscc FROM ticket")).scalar_one()
    assert kept == "91110000600037341L"


def _file(name: str, body: bytes) -> dict:
    return {"attachments": [{"name": name, "content": base64.b64encode(body).decode()}]}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.exe", b"MZ\x90\x00"),
        ("picture.png", b"<html><script>alert(1)</script>"),
        ("empty.pdf", b""),
        ("late.pdf", b"x" * 40 + b"%PDF-1.7"),
        ("large.pdf", b"%PDF-1.7" + b"0" * (10 * 2**20)),
    ],
)
def test_an_attachment_that_is_not_what_it_says_is_refused(
    visitor: TestClient, office: Office, name: str, body: bytes
) -> None:
    before = stored(office)
    answer = visitor.post("/api/v1/tickets", json=GOOD | _file(name, body))
    assert answer.status_code == 422, answer.text[:300]
    assert fields(answer) == ["attachments.0"]
    assert stored(office) == before


def test_a_repeated_key_answers_the_same_ticket_and_refuses_another_body(
    visitor: TestClient, office: Office
) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = visitor.post("/api/v1/tickets", json=GOOD, headers=key)
    again = visitor.post("/api/v1/tickets", json=GOOD, headers=key)
    assert again.json()["number"] == first.json()["number"]
    assert again.json()["query_code"] == first.json()["query_code"]
    before = stored(office)
    other = visitor.post("/api/v1/tickets", json=GOOD | {"title": "别的"}, headers=key)
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"
    assert stored(office) == before


def test_a_batch_is_filed_whole_or_not_at_all(visitor: TestClient, office: Office) -> None:
    before = stored(office)
    bad = [GOOD, GOOD, GOOD | {"uscc": "1"}]
    answer = visitor.post("/api/v1/tickets:batch", json=bad)
    assert answer.status_code == 422
    assert fields(answer) == ["2.uscc"]
    assert stored(office) == before
    assert len(visitor.post("/api/v1/tickets:batch", json=[GOOD] * 3).json()) == 3


RAW = [
    b"",
    b"{",
    b"[]",
    b'"text"',
    b"null",
    b"\xff\xfe\xfa",
    b'{"content": NaN}',
    b'{"content": "\\ud800 half a character"}',
    b'{"content":' * 3000 + b"1" + b"}" * 3000,
    json.dumps(GOOD | {"content": ["list"]}).encode(),
    json.dumps(GOOD | {"anonymous": "yes"}).encode(),
    json.dumps(GOOD | {"contact_phone": 10**400}).encode(),
    json.dumps(GOOD | {"attachments": [{"name": "x.pdf", "content": "not base64!"}]}).encode(),
]


@pytest.mark.parametrize("body", RAW, ids=range(len(RAW)))
def test_broken_bodies_are_the_callers_fault(
    visitor: TestClient, office: Office, body: bytes
) -> None:
    before = stored(office)
    answer = visitor.post(
        "/api/v1/tickets", content=body, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert set(answer.json()) == {"code", "message", "fields", "request_id"}
    assert stored(office) == before


def test_ten_megabytes_of_text_and_more_are_refused(visitor: TestClient) -> None:
    assert (
        visitor.post("/api/v1/tickets", json=GOOD | {"content": "长" * 3_000_000}).status_code
        == 422
    )
    huge = visitor.post("/api/v1/tickets", content=b"x" * (40 * 2**20))
    assert huge.status_code == 413


def test_markup_and_fragments_are_kept_as_text_and_shown_escaped(
    visitor: TestClient, staff
) -> None:
    nasty = "<script>alert(1)</script> {{ 7*7 }} '; DROP TABLE ticket; -- =1+1"
    body = visitor.post(
        "/api/v1/tickets", json=GOOD | {"content": nasty, "title": nasty[:90]}
    ).json()
    shown = staff("dispatcher").get(f"/tickets/{body['number']}").text
    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "{{ 7*7 }}" in shown


def test_rare_characters_of_names_survive(visitor: TestClient, staff) -> None:
    name = "𠮷䶮"
    body = visitor.post("/api/v1/tickets", json=GOOD | {"company_name": f"渭滨{name}商行"}).json()
    page = staff("dispatcher").get(f"/tickets/{body['number']}").text
    assert name in page


def test_a_form_comes_back_with_each_fault_and_what_was_typed(visitor: TestClient) -> None:
    token = visitor.get("/file").text.split('name="csrf" value="')[1].split('"')[0]
    form = GOOD | {"csrf": token, "uscc": "1", "consent": "on"}
    answer = visitor.post("/file", data=form)
    assert answer.status_code == 422
    assert "公司设立登记提交后卡了两周" in answer.text
    sent = visitor.post("/file", data=form | {"uscc": GOOD["uscc"]})
    assert sent.status_code == 200
    assert "区行政审批局" in sent.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
NAMES = (
    *GOOD,
    "title",
    "urgency",
    "place",
    "anonymous",
    "confidential",
    "respondent",
    "attachments",
)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=4))
def test_whatever_the_fields_hold_the_answer_is_never_a_server_error(
    visitor: TestClient, changes: dict
) -> None:
    body = json.dumps(GOOD | changes).encode("utf-8", "surrogatepass")
    answer = visitor.post(
        "/api/v1/tickets", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {201, 400, 422}, answer.text[:300]
