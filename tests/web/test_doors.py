"""What every answer carries, how often one may ask, how long a login lasts; files not handed out."""

import base64
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from sqlalchemy import text

from core.desk import Office
from core.moments import utc_now
from core.settings import Settings
from tests.intake.test_files import pdf
from tests.web.test_filing import GOOD
from web.app import create_app
from web.deps import House
from web.security import HEADERS, RateLimits

WANTED = {name.lower() for name in HEADERS}


@pytest.fixture
def breaking(house: House) -> TestClient:
    """A house with one door that falls off its hinges."""
    app, router = create_app(house), APIRouter()

    @router.get("/broken")
    def broken() -> None:
        raise RuntimeError("a secret of the house")

    app.include_router(router)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/static/css/base.css", 200),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/nosuch", 404),
        ("POST", "/", 405),
        ("OPTIONS", "/api/v1/tickets", 405),
        ("POST", "/api/v1/tickets", 422),
        ("POST", "/login", 403),
        ("GET", "/board", 401),
        ("GET", "/healthz", 200),
        ("GET", "/api/v1/openapi.json", 200),
        ("GET", "/broken", 500),
    ],
)
def test_every_answer_carries_every_header(
    breaking: TestClient, method: str, path: str, status: int
) -> None:
    answer = breaking.request(method, path)
    assert answer.status_code == status
    assert set(answer.headers) >= WANTED
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"]
    assert "a secret of the house" not in answer.text


def test_a_fault_is_a_page_for_people_and_one_shape_for_programs(breaking: TestClient) -> None:
    page = breaking.get("/broken", headers={"accept": "text/html"})
    assert page.status_code == 500
    assert "<!doctype html>" in page.text
    answer = breaking.get("/broken")
    assert answer.json()["code"] == "internal"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_an_unchanged_asset_carries_them_too(visitor: TestClient) -> None:
    first = visitor.get("/static/css/base.css")
    again = visitor.get("/static/css/base.css", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert set(again.headers) >= WANTED


def test_over_tls_browsers_are_told_to_stay_there(house: House) -> None:
    with TestClient(create_app(house), base_url="https://testserver") as client:
        assert "max-age" in client.get("/").headers["strict-transport-security"]
        assert "secure" in client.get("/").headers.get("set-cookie", "secure").lower()


def test_a_file_is_handed_out_only_when_somebody_looked_into_it(
    office: Office, staff, visitor: TestClient
) -> None:
    content = base64.b64encode(pdf()).decode()
    body = GOOD | {"attachments": [{"name": "证明.pdf", "content": content}]}
    number = visitor.post("/api/v1/tickets", json=body).json()["number"]
    guarded = House(Settings(clamd="tcp://127.0.0.1:1"), office, RateLimits(None, "off"))
    open_house = staff("operator")
    with office.engine.connect() as connection:
        found = connection.execute(text("SELECT id FROM attachment")).scalar_one()
    path = f"/tickets/{number}/files/{found}"
    with TestClient(create_app(guarded), cookies=dict(open_house.cookies)) as client:
        for scan, status in (
            ("pending", 409), ("clean", 200), ("unscanned", 200), ("infected", 403),
        ):  # fmt: skip
            with office.engine.begin() as connection:
                connection.execute(text("UPDATE attachment SET scan = :scan"), {"scan": scan})
            answer = client.get(path)
            assert answer.status_code == status, scan
            if status == 200:
                assert answer.content == pdf()
                assert answer.headers["content-disposition"].startswith("attachment")
        page = client.get(f"/tickets/{number}?lang=zh").text
        assert "含病毒" in page
        assert path not in page
    assert open_house.get(path).status_code == 403


@pytest.fixture
def counted(house: House, redis_url: str) -> Callable[[], TestClient]:
    """Callers of an installation that counts, each from an address of his own."""
    limits = RateLimits(redis_url, "on")
    app = create_app(House(house.settings, house.office, limits))
    return lambda: TestClient(app, client=(uuid4().hex, 1))


def test_guessing_filing_and_logging_in_are_counted_by_caller(counted) -> None:
    login = {"username": uuid4().hex, "password": "nonsense-nonsense"}
    for ask, most, usual in (
        (lambda c: c.post("/api/v1/session", json=login), 20, 400),
        (lambda c: c.get("/api/v1/tickets/x", headers={"X-Query-Code": "1"}), 20, 404),
        (lambda c: c.post("/api/v1/tickets", json=GOOD), 30, 201),
    ):
        one, other = counted(), counted()
        codes = [ask(one).status_code for _ in range(most + 1)]
        assert codes == [usual] * most + [429]
        assert ask(other).status_code == usual


def test_one_tickets_code_is_not_guessed_from_many_addresses(counted) -> None:
    number = uuid4().hex
    codes = set()
    for _ in range(4):
        client = counted()
        codes |= {client.get(f"/api/v1/tickets/{number}").status_code for _ in range(19)}
    assert codes == {404, 429}
    assert counted().get(f"/api/v1/tickets/{uuid4().hex}").status_code == 404


def test_a_login_ends_when_nobody_moves_and_in_any_case_after_its_time(staff, monkeypatch) -> None:
    idle, busy = staff("operator"), staff("operator")
    began = utc_now()

    def at(minutes: int) -> None:
        monkeypatch.setattr("web.security.utc_now", lambda: began + timedelta(minutes=minutes))

    for minutes in range(60, 12 * 60, 60):
        at(minutes)
        assert busy.get("/console").status_code == 200
        # a page that asks by itself does not keep an empty chair logged in
        assert idle.get("/inbox/badge").status_code == (200 if minutes < 120 else 401)
    at(12 * 60 + 1)
    assert busy.get("/console").status_code == 401


def test_what_another_sites_page_sends_is_refused_whatever_it_carries(staff) -> None:
    client = staff("operator")
    for site, status in (("cross-site", 403), ("same-origin", 200), ("none", 200)):
        answer = client.post("/me/sessions", headers={"sec-fetch-site": site})
        assert answer.status_code == status, site


def test_large_text_is_kept_by_a_link_where_no_script_runs(visitor: TestClient) -> None:
    assert "data-large" not in visitor.get("/track").text
    assert "data-large" in visitor.get("/track?large=1").text
    assert "data-large" in visitor.get("/").text
    assert "data-large" not in visitor.get("/?large=0").text
    assert "data-large" not in visitor.get("/").text
