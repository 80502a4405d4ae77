"""GeoReport v2 as its programs meet it: both formats, its errors, and nothing that is not public."""

import json
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from core.desk import Office
from core.permissions import Scope
from tests.makers import together
from tests.web.test_filing import GOOD, stored

HOME = "/open311/v2"
PNG = (
    bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489") + b"\0" * 64
)
FORM = {
    "service_code": "qykb",
    "lat": "34.3623",
    "long": "107.2371",
    "address_string": "经二路",
    "first_name": "小明",
    "last_name": "欧阳",
    "phone": "13912345678",
    "description": "设立登记提交后卡了两周，请打13912345678联系。",
    "attribute[company_name]": "渭滨石鼓新材料有限公司",
}
FIELDS = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime",
    "expected_datetime", "address", "address_id", "zipcode", "lat", "long", "media_url",
]  # fmt: skip


@pytest.fixture
def key(key_of) -> str:
    return key_of(Scope.OPEN311_FILE)


def post(client: TestClient, key: str, form: str = "json", **change: str):
    return client.post(f"{HOME}/requests.{form}", data=FORM | {"api_key": key} | change)


def listed(client: TestClient, **params: str) -> list[str]:
    answer = client.get(f"{HOME}/requests.json", params=params)
    assert answer.status_code == 200, answer.text
    return [row["service_request_id"] for row in answer.json()]


def test_the_discovery_names_the_endpoint_in_both_formats(visitor: TestClient) -> None:
    told = visitor.get(f"{HOME}/discovery.json").json()
    [endpoint] = told["endpoints"]
    assert endpoint["url"].endswith(HOME)
    assert endpoint["formats"] == ["text/xml", "application/json"]
    answer = visitor.get(f"{HOME}/discovery.xml")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    tree = ET.fromstring(answer.content)
    assert tree.tag == "discovery"
    assert tree.findtext("endpoints/endpoint/url") == endpoint["url"]
    assert [at.text for at in tree.findall("endpoints/endpoint/formats/format")] == endpoint[
        "formats"
    ]


def test_every_category_is_a_service_with_a_definition(visitor: TestClient) -> None:
    told = visitor.get(f"{HOME}/services.json").json()
    assert len(told) > 80
    fields = {
        "service_code",
        "service_name",
        "description",
        "metadata",
        "type",
        "keywords",
        "group",
    }
    assert all(set(service) == fields for service in told)
    tree = ET.fromstring(visitor.get(f"{HOME}/services.xml").content)
    codes = [service.findtext("service_code") for service in tree.findall("service")]
    assert codes == [service["service_code"] for service in told]
    asked = visitor.get(f"{HOME}/services/qykb.json").json()
    assert [one["order"] for one in asked["attributes"]] == [1, 2, 3, 4, 5]
    tree = ET.fromstring(visitor.get(f"{HOME}/services/qykb.xml").content)
    assert tree.tag == "service_definition"
    kinds = tree.findall("attributes/attribute")[0].findall("values/value")
    assert {kind.findtext("key") for kind in kinds} >= {"complaint", "inquiry"}
    english = visitor.get(f"{HOME}/services.json", headers={"Accept-Language": "en"}).json()
    assert english[0]["service_name"] == "Starting a company"


def test_a_posted_request_is_filed_with_all_it_says(visitor, key: str, office: Office) -> None:
    [made] = post(visitor, key).json()
    number = made["service_request_id"]
    assert "G" in number
    with office.engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM ticket")).one()
    assert (row.channel, row.category, row.number) == ("open311", "qykb", number)
    assert row.place == "经二路（34.36230,107.23710）"
    assert row.company_name == FORM["attribute[company_name]"]
    assert not row.anonymous
    told = visitor.get(f"{HOME}/requests/{number}.json", params={"api_key": key}).json()
    assert [list(one) for one in told] == [FIELDS]
    assert told[0]["description"] == FORM["description"]
    assert (told[0]["lat"], told[0]["long"], told[0]["address"]) == (34.3623, 107.2371, "经二路")
    assert told[0]["status"] == "open"
    assert told[0]["agency_responsible"] == "区行政审批局"
    assert told[0]["expected_datetime"].endswith("+08:00")


def test_xml_answers_say_what_json_answers_say(visitor: TestClient, key: str) -> None:
    tree = ET.fromstring(post(visitor, key, "xml").content)
    assert tree.tag == "service_requests"
    number = tree.findtext("request/service_request_id")
    assert tree.findtext("request/service_notice")
    for path in (f"requests/{number}", "requests"):
        tree = ET.fromstring(visitor.get(f"{HOME}/{path}.xml").content)
        told = visitor.get(f"{HOME}/{path}.json").json()
        assert [at.tag for at in tree.find("request")] == FIELDS
        said = {at.tag: at.text for at in tree.find("request")}
        assert said == {
            name: None if value is None else str(value) for name, value in told[0].items()
        }


def test_a_token_stands_for_a_number_and_a_forged_one_for_none(visitor, key: str) -> None:
    [made] = post(visitor, key).json()
    path = f"{HOME}/tokens/{made['token']}"
    told = [{"service_request_id": made["service_request_id"], "token": made["token"]}]
    assert visitor.get(f"{path}.json").json() == told
    assert (
        ET.fromstring(visitor.get(f"{path}.xml").content).findtext("request/token") == made["token"]
    )
    for forged in (made["service_request_id"], f"{path}x", "-", "²-1"):
        assert visitor.get(f"{HOME}/tokens/{forged}.json").status_code == 404


def test_the_public_reads_neither_words_nor_places_nor_anything_sealed(
    visitor: TestClient, key: str, key_of
) -> None:
    open_one = post(visitor, key).json()[0]["service_request_id"]
    hidden = [
        post(visitor, key, **change).json()[0]["service_request_id"]
        for change in (
            {"attribute[confidential]": "true"},
            {"attribute[kind]": "report"},
            {"attribute[respondent]": "xzspj"},
            {"service_code": "wjwf"},
        )
    ]
    other = key_of(Scope.OPEN311_FILE, name="另一个系统")
    for params in ({}, {"api_key": other}, {"api_key": key}):
        assert listed(visitor, **params) == [open_one]
        assert listed(visitor, service_request_id=",".join(hidden), **params) == []
        for number in hidden:
            answer = visitor.get(f"{HOME}/requests/{number}.json", params=params)
            assert answer.status_code == 404
    for params in ({}, {"api_key": other}):
        for form in ("json", "xml"):
            said = visitor.get(f"{HOME}/requests.{form}", params=params).text
            for secret in (
                "13912345678",
                "139****5678",
                "欧阳",
                "经二路",
                "石鼓",
                "卡了两周",
                "34.36",
            ):
                assert secret not in said


def test_lists_are_filtered_as_asked(visitor: TestClient, key: str, clock, office: Office) -> None:
    old = post(visitor, key).json()[0]["service_request_id"]
    clock.move(days=60)
    young = post(visitor, key, service_code="qyzx").json()[0]["service_request_id"]
    assert listed(visitor) == [young, old]
    assert listed(visitor, service_code="qykb") == [old]
    assert listed(visitor, service_code="qykb,qyzx,none") == [young, old]
    assert listed(visitor, status="closed") == []
    assert listed(visitor, status="open,closed") == [young, old]
    assert listed(visitor, page_size="1", page="2") == [old]
    day = (clock.at - timedelta(days=1)).isoformat()
    assert listed(visitor, start_date=day) == [young]
    assert listed(visitor, end_date=day) == [old]
    assert listed(visitor, updated_after=day) == [young]
    assert listed(visitor, updated_before=day, updated_after="2026-11-01") == [old]
    # a plus that nobody escaped
    raw = f"{HOME}/requests.json?start_date={day}"
    assert [row["service_request_id"] for row in visitor.get(raw).json()] == [young]
    clock.move(days=60)
    assert listed(visitor) == [young]
    assert listed(visitor, service_request_id=f"{old},{young},none") == [young, old]
    with office.engine.begin() as connection:
        connection.execute(
            text("UPDATE ticket SET status = 'rejected' WHERE number = :n"), {"n": young}
        )
    assert listed(visitor, status="open") == []
    assert listed(visitor, status="closed") == [young]
    told = visitor.get(f"{HOME}/requests/{young}.json").json()[0]
    assert (told["status"], told["status_notes"]) == ("closed", "不予受理")
    assert told["expected_datetime"] is None


ERRORS = [
    ("GET", "services/nosuch", {}, 404),
    ("GET", "services", {"jurisdiction_id": "elsewhere"}, 404),
    ("GET", "requests/nosuch", {}, 404),
    ("GET", "tokens/nosuch", {}, 404),
    ("GET", "nosuch", {}, 404),
    ("GET", "requests", {"status": "half"}, 400),
    ("GET", "requests", {"start_date": "yesterday"}, 400),
    ("GET", "requests", {"start_date": "0001-01-01T00:00:00+14:00"}, 400),
    ("GET", "requests", {"start_date": "2026-01-01", "end_date": "2026-11-01"}, 400),
    ("GET", "requests", {"start_date": "2026-11-02", "end_date": "2026-11-01"}, 400),
    ("GET", "requests", {"page": "0"}, 400),
    ("GET", "requests", {"page_size": "1001"}, 400),
    ("GET", "requests", {"page": "²"}, 400),
    ("GET", "requests", {"api_key": "wrong"}, 403),
    ("POST", "requests", {"api_key": ""}, 403),
    ("POST", "requests", {"api_key": "wrong"}, 403),
    ("POST", "requests", {"jurisdiction_id": "elsewhere"}, 404),
    ("POST", "requests", {"service_code": "nosuch"}, 404),
    ("POST", "requests", {"service_code": ""}, 400),
    ("POST", "requests", {"description": "短"}, 400),
    ("POST", "requests", {"phone": "12345"}, 400),
    ("POST", "requests", {"lat": ""}, 400),
    ("POST", "requests", {"lat": "91"}, 400),
    ("POST", "requests", {"long": "nan"}, 400),
    ("POST", "requests", {"lat": "", "long": "", "address_string": ""}, 400),
    ("POST", "requests", {"attribute[nosuch]": "1"}, 400),
    ("POST", "requests", {"attribute[kind]": "gossip"}, 400),
    ("POST", "requests", {"media_url": "javascript:alert(1)"}, 400),
    ("DELETE", "requests", {}, 405),
]


@pytest.mark.parametrize(("method", "path", "change", "status"), ERRORS)
def test_errors_are_a_list_of_code_and_description_in_both_formats(
    visitor: TestClient, key: str, office: Office, method: str, path: str, change, status: int
) -> None:
    before = stored(office)
    sent = {"data": FORM | {"api_key": key} | change} if method == "POST" else {"params": change}
    answer = visitor.request(method, f"{HOME}/{path}.json", **sent)
    assert answer.status_code == status, answer.text
    assert all(set(error) == {"code", "description"} for error in answer.json())
    assert {error["code"] for error in answer.json()} == {status}
    answer = visitor.request(method, f"{HOME}/{path}.xml", **sent)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    tree = ET.fromstring(answer.content)
    assert tree.tag == "errors"
    for error in tree:
        assert [at.tag for at in error] == ["code", "description"]
        assert error.findtext("code") == str(status)
        assert error.findtext("description")
    assert stored(office) == before


def test_every_field_at_fault_is_told_by_its_own_name(visitor: TestClient, key: str) -> None:
    answer = post(visitor, key, description="短", phone="12345", **{"attribute[uscc]": "1"})
    said = [error["description"].partition(":")[0] for error in answer.json()]
    assert set(said) == {"description", "phone", "attribute[uscc]"}


def test_a_key_without_the_scope_files_nothing(visitor: TestClient, key_of) -> None:
    reads = key_of(Scope.TICKETS_READ, Scope.TICKETS_FILE)
    assert post(visitor, reads).status_code == 403
    # nor does a login
    headers = {"Authorization": f"Bearer {key_of(Scope.OPEN311_FILE, name='二')}"}
    assert visitor.post(f"{HOME}/requests.json", data=FORM, headers=headers).status_code == 200


def test_media_is_kept_when_it_is_what_it_says(visitor: TestClient, key: str, office) -> None:
    path, form = f"{HOME}/requests.json", FORM | {"api_key": key}
    files = {"media": ("坑.png", PNG, "image/png")}
    assert visitor.post(path, data=form, files=files).status_code == 200
    with office.engine.connect() as connection:
        kept = connection.execute(text("SELECT name, body FROM attachment")).one()
    assert (kept.name, bytes(kept.body)) == ("坑.png", PNG)
    wrong = {"media": ("坑.png", b"<script>", "image/png")}
    answer = visitor.post(path, data=form, files=wrong)
    assert answer.status_code == 400
    assert answer.json()[0]["description"].startswith("media: ")


def test_who_says_nothing_of_himself_is_anonymous(visitor, key: str, office: Office) -> None:
    link = "https://example.org/picture.png"
    assert post(visitor, key, phone="", media_url=link).status_code == 200
    with office.engine.connect() as connection:
        row = connection.execute(text("SELECT anonymous, content FROM ticket")).one()
    assert row.anonymous
    assert row.content.endswith(link)


def test_one_key_for_a_call_sent_twice_at_once_makes_one_request(visitor, key, office) -> None:
    def call(_: int) -> str:
        sent = FORM | {"api_key": key}
        headers = {"Idempotency-Key": "once"}
        answer = visitor.post(f"{HOME}/requests.json", data=sent, headers=headers)
        return answer.json()[0]["service_request_id"]

    assert len(set(together(4, call))) == 1
    assert stored(office)["ticket"] == 1


def test_a_ticket_filed_elsewhere_is_told_of_too(visitor: TestClient) -> None:
    number = visitor.post("/api/v1/tickets", json=GOOD).json()["number"]
    assert listed(visitor) == [number]
    assert json.dumps(GOOD["content"]) not in visitor.get(f"{HOME}/requests.json").text
