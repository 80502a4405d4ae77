"""Hostile input by hand, into the JSON interface and into Open311: refused clearly, or harmless."""

import json
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from core.desk import Office
from core.permissions import Scope
from tests.makers import together
from tests.web.test_filing import GOOD, stored
from tests.web.test_open311 import FORM, HOME

API, FILE = "/api/v1/tickets", f"{HOME}/requests.json"
JSON_TYPE = {"Content-Type": "application/json"}
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
TEN_MB = 10 * 2**20
# signs that no text of ours may hold, and where they are told
REFUSED = {
    "nul": "公司\x00设立登记卡了两周",
    "escape": "公司\x1b[31m设立登记卡了两周",
    "override": "公司\u202eexe.gpj设立登记",
    "isolate": "公司\u2066设立登记\u2069卡了两周",
    "mark": "公司\u200f设立登记卡了两周",
}
RARE = ["𠮷野家", "䶮𪚥𫠝", "𬘡𬍛𰻝", "買買提·艾力", "Zoë Müller", "葛\U000e0100城"]
KINDS = ["application/json", "text/xml", "text/plain", "application/octet-stream", ""]


@pytest.fixture
def api(program) -> TestClient:
    return program(*Scope)


@pytest.fixture
def key(api: TestClient) -> str:
    return api.headers["Authorization"].removeprefix("Bearer ")


def told(answer) -> str:
    """Everything the errors of either interface say."""
    body = answer.json()
    if isinstance(body, list):
        assert all(set(error) == {"code", "description"} for error in body)
    else:
        assert set(body) == {"code", "message", "fields", "request_id"}
    return json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize("said", REFUSED.values(), ids=REFUSED)
def test_deceiving_signs_are_refused_by_the_name_of_their_field(
    api: TestClient, key: str, office: Office, said: str
) -> None:
    before = stored(office)
    answer = api.post(API, json=GOOD | {"content": said})
    assert answer.status_code == 422
    assert "content" in told(answer)
    for field in ("description", "first_name", "address_string", "attribute[company_name]"):
        answer = api.post(FILE, data=FORM | {"api_key": key, field: said})
        assert answer.status_code == 400
        assert answer.json()[0]["description"].startswith(f"{field}: ")
    assert stored(office) == before


@pytest.mark.parametrize("sign", ["\u200b", "\u2060", "\ufeff", "\u00ad", "\u3164"])
def test_signs_that_show_nothing_are_not_kept_and_make_no_text(
    api: TestClient, key: str, office: Office, sign: str
) -> None:
    assert api.post(API, json=GOOD | {"content": sign * 20}).status_code == 422
    assert api.post(FILE, data=FORM | {"api_key": key, "description": sign * 20}).status_code == 400
    hidden = sign.join(GOOD["content"])
    assert api.post(API, json=GOOD | {"content": hidden}).status_code == 201
    assert api.post(FILE, data=FORM | {"api_key": key, "description": hidden}).status_code == 200
    with office.engine.connect() as connection:
        kept = connection.execute(text("SELECT content FROM ticket")).scalars().all()
    assert kept == [GOOD["content"]] * 2


@pytest.mark.parametrize("name", RARE)
def test_rare_names_survive_both_ways_in_and_out(api, key: str, office: Office, name: str) -> None:
    change = {"attribute[company_name]": name, "first_name": name, "last_name": ""}
    change |= {"description": f"{name}的设立登记卡了两周", "address_string": name}
    [made] = api.post(FILE, data=FORM | {"api_key": key} | change).json()
    number = made["service_request_id"]
    shown = api.get(f"{HOME}/requests/{number}.xml", params={"api_key": key}).content
    assert ET.fromstring(shown).findtext("request/description") == change["description"]
    [shown] = api.get(f"{HOME}/requests/{number}.json", params={"api_key": key}).json()
    assert shown["address"] == name
    number = api.post(API, json=GOOD | {"company_name": name}).json()["number"]
    assert api.get(f"{API}/{number}").json()["company_name"] == name
    with office.engine.connect() as connection:
        kept = connection.execute(text("SELECT company_name FROM ticket")).scalars().all()
    assert kept == [name] * 2


def test_half_a_character_is_refused_wherever_json_can_hold_it(api, office: Office) -> None:
    before = stored(office)
    for field in GOOD:
        body = json.dumps(GOOD | {field: "半个\ud83d字符在这里"}).encode()
        answer = api.post(API, content=body, headers=JSON_TYPE)
        assert answer.status_code == 422, field
        assert field in told(answer)
    for body in (b'{"\\ud800": 1}', b'{"content": "\\udfff\\ud800"}'):
        assert api.post(API, content=body, headers=JSON_TYPE).status_code == 422
    assert stored(office) == before


def test_bytes_that_are_no_text_are_refused_or_replaced_and_break_nothing(
    api: TestClient, key: str, office: Office
) -> None:
    for body in (b'{"content": "\xff\xfe\xc0\x80"}', b"\xff\xfe{\x00}\x00", b"\x00", b""):
        assert api.post(API, content=body, headers=JSON_TYPE).status_code in {400, 422}
    for raw in (b"\xff\xfe\xc0\x80", b"%FF%FE", b"%ED%A0%80", b"%", b"%00", b"%zz"):
        body = f"api_key={key}&service_code=".encode() + raw + b"&description=" + raw * 10
        answer = api.post(FILE, content=body, headers=FORM_TYPE)
        assert answer.status_code in {400, 404}, raw
        assert told(answer)
    for raw in ("%FF%FE", "%ED%A0%80", "%00", "%"):
        for path in ("requests", "services", "tokens"):
            for form in ("json", "xml"):
                answer = api.get(f"{HOME}/{path}/{raw}.{form}")
                assert 400 <= answer.status_code < 500
        for name in (
            "service_request_id",
            "service_code",
            "status",
            "start_date",
            "page",
            "api_key",
        ):
            assert api.get(f"{FILE}?{name}={raw}").status_code < 500
    assert stored(office)["ticket"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"content":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"attachments":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"content": 1e' + b"9" * 10_000 + b"}",
    ],
    ids=["lists", "objects", "a known field", "a number"],
)
def test_depth_without_end_is_refused(api: TestClient, office: Office, body: bytes) -> None:
    before = stored(office)
    for path in (API, f"{API}:batch"):
        answer = api.post(path, content=body, headers=JSON_TYPE)
        assert answer.status_code in {400, 422}, answer.status_code
        assert told(answer)
    assert stored(office) == before


def test_ten_megabytes_of_text_are_refused_by_field_not_kept(api, key: str, office) -> None:
    before, much = stored(office), "长" * (TEN_MB // 3)
    answer = api.post(API, json=GOOD | {"content": much})
    assert answer.status_code == 422
    assert len(told(answer)) < 1000
    for field in ("description", "service_code", "first_name", "address_string", "lat"):
        answer = api.post(FILE, data=FORM | {"api_key": key, field: "x" * TEN_MB})
        assert answer.status_code in {400, 404}, field
        assert len(told(answer)) < 1000
    answer = api.post(FILE, data=FORM | {"api_key": key, "description": "长" * 60_000})
    assert answer.json()[0]["description"].startswith("description: ")
    for size, status in ((200_000, 403), (2**21, 400), (31 * 2**20, 413)):
        answer = api.post(FILE, data=FORM | {"api_key": "x" * size})
        assert answer.status_code == status
        assert told(answer)
    assert stored(office) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_of_another_kind_is_refused(api, key: str, office: Office, kind: str) -> None:
    before = stored(office)
    answer = api.post(FILE, content=json.dumps(FORM).encode(), headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert answer.json()[0]["code"] == 415
    if kind != "application/json":
        answer = api.post(API, content=json.dumps(GOOD).encode(), headers={"Content-Type": kind})
        assert answer.status_code in {415, 422}
    assert stored(office) == before


def test_broken_or_endless_forms_are_refused(api: TestClient, key: str, office: Office) -> None:
    before = stored(office)
    parts = {"Content-Type": "multipart/form-data; boundary=x"}
    bodies = [
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", parts),
        (b'--x\r\nContent-Disposition: form-data; name="media"; filename="a', parts),
        (b"no boundary at all", parts),
        (b"--x", {"Content-Type": "multipart/form-data"}),
        (b"&".join(b"a%d=1" % position for position in range(2000)), FORM_TYPE),
        (b"=" * 10_000, FORM_TYPE),
    ]
    for body, headers in bodies:
        answer = api.post(FILE, content=body, headers=headers)
        assert 400 <= answer.status_code < 500, body[:40]
        assert told(answer)
    many = [("media", (f"{position}.png", b"x", "image/png")) for position in range(40)]
    answer = api.post(FILE, data=FORM | {"api_key": key}, files=many)
    assert answer.status_code == 400
    assert stored(office) == before


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a\x00.png", "CON.png", "图\u202egnp.exe", "x" * 5000 + ".png", ".png"],
)
def test_names_of_files_reach_no_file_system(api, key: str, office: Office, name: str) -> None:
    files = {"media": (name, b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "image/png")}
    answer = api.post(FILE, data=FORM | {"api_key": key}, files=files)
    assert answer.status_code in {200, 400}, answer.text
    with office.engine.connect() as connection:
        for kept in connection.execute(text("SELECT name FROM attachment")).scalars():
            assert len(kept) < 140
            assert not set(kept) & set('/\\\x00\u202e:"')
            assert not kept.startswith(("CON", ".."))


FRAGMENTS = [
    "<script>alert(1)</script>]]><!-- 的设立登记 -->",
    "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>&a; 公司设立登记卡了两周",
    "'; DROP TABLE ticket; -- 的设立登记卡了两周",
    "=cmd|' /C calc'!A0 的设立登记卡了两周",
    "{{ 7*7 }} ${7*7} %(x)s {0} 的设立登记",
]


@pytest.mark.parametrize("nasty", FRAGMENTS)
def test_fragments_of_other_languages_come_back_as_the_text_they_are(api, key, nasty: str) -> None:
    [made] = api.post(FILE, data=FORM | {"api_key": key, "description": nasty}).json()
    path = f"{HOME}/requests/{made['service_request_id']}"
    [shown] = api.get(f"{path}.json", params={"api_key": key}).json()
    tree = ET.fromstring(api.get(f"{path}.xml", params={"api_key": key}).content)
    assert shown["description"] == tree.findtext("request/description") == nasty


def test_the_same_call_many_times_at_once_is_one_ticket_on_both_ways(api, key, office) -> None:
    once = {"Idempotency-Key": "the same"}

    def call(position: int) -> str:
        if position % 2:
            return api.post(API, json=GOOD, headers=once).json()["number"]
        answer = api.post(FILE, data=FORM | {"api_key": key}, headers=once)
        return answer.json()[0]["service_request_id"]

    assert len(set(together(6, call))) == 2
    assert stored(office)["ticket"] == 2
    # the same key with other words is told so, and nothing is kept
    assert api.post(API, json=GOOD | {"title": "另一件"}, headers=once).status_code == 409
    other = FORM | {"api_key": key, "description": "完全是另一件事情"}
    assert api.post(FILE, data=other, headers=once).status_code == 409
    assert api.post(FILE, data=other, headers={"Idempotency-Key": "x" * 201}).status_code == 400
    assert stored(office)["ticket"] == 2


def test_other_peoples_numbers_open_nothing(api, visitor: TestClient, program) -> None:
    theirs = visitor.post(API, json=GOOD | {"confidential": True}).json()
    number = theirs["number"]
    stranger = program(*Scope, name="另一个系统")
    for client in (api, stranger, visitor):
        for code in ({}, {"X-Query-Code": "00000000"}, {"X-Query-Code": ""}):
            answer = client.get(f"{API}/{number}", headers=code)
            assert answer.status_code == 404, code
        wrong = {"query_code": "00000000", "solved": True, "contacted": True, "grade": 1}
        assert client.post(f"{API}/{number}/callback", json=wrong).status_code == 404
        assert client.get(f"{HOME}/requests/{number}.json").status_code == 404
        assert client.get(FILE, params={"service_request_id": number}).json() == []
        assert client.get(f"{HOME}/tokens/{number}.xml").status_code == 404
    # numbers that are none: of other scripts, other cases, with paths in them
    for strange in ("６１０３０２", f"{number}%2F..", f"{number}'--", "%2e%2e", number[:-1]):
        assert api.get(f"{API}/{strange}").status_code == 404
        assert api.get(f"{HOME}/requests/{strange}.json").status_code == 404
