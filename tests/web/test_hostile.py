"""Hostile values in every place a request has: the answer is the caller's fault, never ours."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import text

from core.desk import Office
from tests.web.conftest import api_routes
from tests.web.test_filing import GOOD, fields, stored

JSON_TYPE = {"Content-Type": "application/json"}
TEXTS = (
    "title", "content", "category", "contact_name", "contact_phone", "contact_email",
    "company_name", "uscc", "place", "respondent", "kind", "channel", "urgency",
)  # fmt: skip
VALUES = {
    "nul": "有一个\x00字符",
    "bell": "有一个\x07字符",
    "bidi": "公司\u202eexe.gpj",
    "isolate": "公司\u2066文字\u2069",
    "half": "半个\ud800字符",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_signs_no_text_may_hold_are_refused_at_their_field(
    visitor: TestClient, office: Office, value: str
) -> None:
    before = stored(office)
    for field in TEXTS:
        # escapes are how half a character gets into JSON
        body = json.dumps(GOOD | {field: value}).encode()
        answer = visitor.post("/api/v1/tickets", content=body, headers=JSON_TYPE)
        assert answer.status_code == 422, answer.text
        assert fields(answer) == [field]
    assert stored(office) == before


@pytest.mark.parametrize("value", [["list"], {"an": "object"}, 10**40, True, 1.5])
def test_another_type_than_text_is_refused_at_its_field(
    visitor: TestClient, office: Office, value: object
) -> None:
    before = stored(office)
    for field in TEXTS:
        answer = visitor.post("/api/v1/tickets", json=GOOD | {field: value})
        assert answer.status_code == 422, answer.text
        assert fields(answer) == [field]
    assert stored(office) == before


def test_a_fault_in_a_batch_is_told_with_its_place_whatever_kind_it_is(
    visitor: TestClient, office: Office
) -> None:
    before = stored(office)
    for change, name in (
        ({"uscc": "1"}, "uscc"),
        ({"category": "no-such"}, "category"),
        ({"respondent": "没有这个局"}, "respondent"),
        ({"content": 7}, "content"),
    ):
        batch = [GOOD] * 3 + [GOOD | change]
        answer = visitor.post("/api/v1/tickets:batch", json=batch)
        assert answer.status_code == 422, name
        assert fields(answer) == [f"3.{name}"], name
        assert stored(office) == before
    for size in (0, 101):
        assert visitor.post("/api/v1/tickets:batch", json=[GOOD] * size).status_code == 422
    assert visitor.post("/api/v1/tickets:batch", json=GOOD).status_code == 422
    assert stored(office) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"content":' * 5000 + b"1" + b"}" * 5000, 400),
        (b'{"content": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
        (b'{"content": 1' + b"0" * 5000 + b"}", 400),
        (b'{"content": "\xff\xfe\xfd is no text at all"}', 400),
        (b'{"content": Infinity}', 422),
        (b"\xef\xbb\xbf{}", 422),
    ],
    ids=["deep objects", "deep lists", "long number", "bytes", "infinity", "byte order mark"],
)
def test_bodies_that_break_parsers_break_nothing(
    visitor: TestClient, office: Office, body: bytes, status: int
) -> None:
    before = stored(office)
    answer = visitor.post("/api/v1/tickets", content=body, headers=JSON_TYPE)
    assert answer.status_code == status, answer.text[:300]
    assert set(answer.json()) == {"code", "message", "fields", "request_id"}
    assert stored(office) == before


def test_of_a_key_given_twice_the_last_counts(visitor: TestClient, office: Office) -> None:
    twice = json.dumps(GOOD)[:-1] + ', "title": "前一个", "title": "后一个"}'
    answer = visitor.post("/api/v1/tickets", content=twice.encode(), headers=JSON_TYPE)
    assert answer.status_code == 201
    with office.engine.connect() as connection:
        assert connection.execute(text("SELECT title FROM ticket")).scalar_one() == "后一个"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""]
)
def test_a_body_that_does_not_say_it_is_json_is_not_taken_for_json(
    visitor: TestClient, office: Office, kind: str
) -> None:
    before = stored(office)
    body = json.dumps(GOOD).encode()
    answer = visitor.post("/api/v1/tickets", content=body, headers={"Content-Type": kind})
    assert answer.status_code in {415, 422}, answer.text
    assert stored(office) == before


def test_a_body_of_chunks_that_grows_past_the_limit_is_cut_off(
    visitor: TestClient, office: Office
) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 2**20

    before = stored(office)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path, kind in (("/api/v1/tickets", JSON_TYPE), ("/file", form), ("/track", form)):
        answer = visitor.post(path, content=chunks(), headers=kind)
        assert answer.status_code == 413, path
        assert answer.json()["code"] == "too_large"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert stored(office) == before


@pytest.mark.parametrize("length", ["-1", "many", "9" * 5000, "²"])
def test_a_length_that_is_none_is_refused(visitor: TestClient, length: str) -> None:
    headers = {"Content-Length": length.encode("utf-8")}
    answer = visitor.post("/api/v1/tickets", content=b"{}", headers=headers)
    assert 400 <= answer.status_code < 500


FRAGMENTS = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)> '><b>",
    "{{ 7*7 }} {% raw %} ${7*7} #{7*7} <%= 7*7 %>",
    "'; DROP TABLE ticket; -- \" OR 1=1 /*",
    "=cmd|' /C calc'!A0 +1 -1 @SUM(1)",
    "../../etc/passwd C:\\windows\\system32 %00 %s %(x)s {0} {number}",
]


@pytest.mark.parametrize("nasty", FRAGMENTS)
def test_fragments_of_other_languages_are_only_text_on_every_page_that_shows_them(
    visitor: TestClient, staff, nasty: str
) -> None:
    filed = visitor.post(
        "/api/v1/tickets",
        json=GOOD | {"content": nasty, "title": nasty, "company_name": nasty, "place": nasty},
    )
    assert filed.status_code == 201, filed.text
    body = filed.json()
    dispatcher = staff("dispatcher")
    shown = [
        dispatcher.get(path).text for path in (f"/tickets/{body['number']}", "/triage", "/console")
    ]
    shown.append(visitor.get(body["url"].removeprefix("http://127.0.0.1:8000")).text)
    for page in shown:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<svg onload" not in page
        assert "'><b>" not in page
    kept = dispatcher.get(f"/api/v1/tickets/{body['number']}").json()
    assert (kept["content"], kept["title"], kept["company_name"]) == (nasty, nasty, nasty)


@pytest.mark.parametrize(
    "name", ["𠮷野家", "䶮𪚥𫠝", "買買提·艾力", "𬘡𬍛", "Zoë Müller", "阿\u00b7不"]
)
def test_rare_characters_come_back_as_they_were_given(
    visitor: TestClient, staff, name: str
) -> None:
    body = visitor.post(
        "/api/v1/tickets", json=GOOD | {"company_name": name, "contact_name": name}
    ).json()
    dispatcher = staff("dispatcher")
    assert dispatcher.get(f"/api/v1/tickets/{body['number']}").json()["company_name"] == name
    shown = dispatcher.post(f"/tickets/{body['number']}/unmask", data={"reason": "核实"}).text
    assert shown.count(name) >= 2


PATHS = ["%00", "x" * 3000, "²", "%ff%fe", "..%2f..%2fetc", "' OR 1=1 --", "９９９９", "9" * 400]
PATHS += ["2026-13", "9999", "2099", "0000-01", "2026Q5", str(uuid4())]


@pytest.mark.parametrize("value", PATHS, ids=range(len(PATHS)))
def test_whatever_a_path_holds_no_route_breaks(staff, visitor: TestClient, value: str) -> None:
    people = [visitor, *(staff(name) for name in ("supervisor", "dispatcher", "xzspj"))]
    for route in api_routes():
        if "{" not in route.path:
            continue
        path = _filled(route, value)
        for client in people:
            for method in route.methods - {"HEAD"}:
                answer = client.request(method, path, params={"k": value[:200]})
                assert answer.status_code < 500, (method, path[:80])


def _filled(route: APIRoute, value: str) -> str:
    path = route.path
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", value)
    return path


QUERIES = ["\x00", "²", "9" * 400, "\ud7ff\ufffe", "x" * 3000, "-1", "' OR 1=1 --", "NaN", ""]


@pytest.mark.parametrize("value", QUERIES, ids=range(len(QUERIES)))
def test_whatever_a_query_or_a_header_holds_no_page_breaks(
    staff, visitor: TestClient, value: str
) -> None:
    names = ("k", "lang", "q", "after", "limit", "status", "saved", "v", "theme")
    header = value.encode("utf-8")
    heads = {"Accept-Language": header, "X-Query-Code": header, "Idempotency-Key": header}
    for client in (visitor, staff("dispatcher"), staff("xzspj")):
        for route in api_routes():
            if "GET" in route.methods and "{" not in route.path:
                answer = client.get(route.path, params=dict.fromkeys(names, value), headers=heads)
                assert answer.status_code < 500, route.path


FORM_VALUES = ["\x00", "²", "٣", "9" * 400, "{{ 7*7 }}", "<b>", "有一个\u202e字", "x" * 6000, ""]
FORM_NAMES = (
    "reason", "lead", "category", "text", "missing", "ground", "agree", "approve", "contacted",
    "solved", "grade", "comment", "result", "hours", "suggested", "channel", "reached", "claim",
    "internal", "username", "password", "number", "query_code", "once", "content", "kind", "uscc",
    "contact_phone", "contact_name", "consent", "urgency", "place", "respondent", "title",
)  # fmt: skip


@pytest.mark.parametrize("value", FORM_VALUES, ids=range(len(FORM_VALUES)))
def test_whatever_a_form_holds_no_page_breaks(
    staff, visitor: TestClient, office: Office, value: str
) -> None:
    filed = visitor.post("/api/v1/tickets", json=GOOD).json()
    with office.engine.connect() as connection:
        order = connection.execute(text("SELECT id FROM work_order")).scalar_one()
    visitor.headers["X-CSRF-Token"] = (
        visitor.get("/file").text.split('name="csrf" value="')[1].split('"')[0]
    )
    key = filed["url"].split("?k=")[1]
    everything = dict.fromkeys(FORM_NAMES, value)
    for client in (
        visitor,
        *(staff(name) for name in ("operator", "dispatcher", "xzspj", "callback")),
    ):
        for route in api_routes():
            if (
                "POST" not in route.methods
                or route.path.startswith("/api/")
                or "logout" in route.path
            ):
                continue
            path = route.path.replace("{number}", filed["number"]).replace("{order}", str(order))
            answer = client.post(
                path.replace("{name}", "2026-11"),
                params={"k": key},
                data=everything,
                follow_redirects=False,
            )
            assert answer.status_code < 500, route.path
