"""Programs outside: exactly their scopes, keys shown once and kept as hashes, turned and revoked."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from core.desk import Office
from core.permissions import Scope
from core.settings import Settings
from tests.web.test_filing import GOOD
from web.app import create_app
from web.deps import House
from web.security import RateLimits

FORM = {"name": "园区服务系统", "owner": "园区管委会", "per_minute": "60", "days": "365"}
READ = {"scopes": ["tickets:read"]}


def key_on(page: str) -> str:
    return re.search(r"<code>(jsk_[^<]+)</code>", page).group(1)


def home_of(page: str) -> str:
    return re.search(r'action="(/clients/[0-9a-f-]{36})"', page).group(1)


def calls(visitor: TestClient, key: str, path: str = "/api/v1/tickets") -> int:
    return visitor.get(path, headers={"Authorization": f"Bearer {key}"}).status_code


# what each scope opens: nothing else does
DOORS = {
    Scope.TICKETS_FILE: lambda client: client.post("/api/v1/tickets", json=GOOD),
    Scope.TICKETS_READ: lambda client: client.get("/api/v1/tickets"),
    Scope.FIGURES_READ: lambda client: client.get("/api/v1/figures/standing"),
}


@pytest.mark.parametrize("scope", list(Scope))
def test_a_program_may_exactly_what_its_scopes_say(program, scope: Scope) -> None:
    client = program(scope)
    for needed, knock in DOORS.items():
        answer = knock(client)
        assert answer.status_code < 300 if needed is scope else answer.status_code == 403, needed
    order = "00000000-0000-0000-0000-000000000000"
    assert client.post(f"/api/v1/orders/{order}/sign").status_code == 401
    # a key opens no page
    assert client.get("/console").status_code == 401


def test_a_program_reads_what_it_filed_and_nobody_elses(program, visitor, office: Office) -> None:
    both = (Scope.TICKETS_FILE, Scope.TICKETS_READ)
    mine, other = program(*both), program(*both, name="另一个系统")
    number = mine.post("/api/v1/tickets", json=GOOD | {"confidential": True}).json()["number"]
    strange = visitor.post("/api/v1/tickets", json=GOOD).json()["number"]
    assert [row["number"] for row in mine.get("/api/v1/tickets").json()["tickets"]] == [number]
    assert mine.get(f"/api/v1/tickets/{number}").json()["content"] == GOOD["content"]
    assert mine.get(f"/api/v1/tickets/{strange}").status_code == 404
    assert other.get("/api/v1/tickets").json()["tickets"] == []
    assert other.get(f"/api/v1/tickets/{number}").status_code == 404
    with office.engine.connect() as connection:
        told = connection.execute(text("SELECT actor FROM entry WHERE number = 1"))
        assert {actor.partition(":")[0] for (actor,) in told} == {"client", "visitor"}


def test_a_key_that_is_none_is_refused_even_where_a_visitor_would_not_be(visitor) -> None:
    for wrong in ("jsk_nothing", "", "x", "jsk_" + "x" * 5000, "é"):
        headers = {"Authorization": f"Bearer {wrong}".encode()}
        answer = visitor.post("/api/v1/tickets", json=GOOD, headers=headers)
        assert answer.status_code == 401, wrong
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_is_shown_once_and_only_its_hash_is_kept(staff, office: Office) -> None:
    security = staff("secadmin")
    made = security.post("/clients/new", data=FORM | READ)
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    key, home = key_on(made.text), home_of(made.text)
    assert key not in security.get(home).text
    assert key[:12] in security.get(home).text
    with office.engine.connect() as connection:
        for table in ("api_client", "api_key", "api_client_event"):
            kept = connection.execute(text(f"SELECT {table}::text FROM {table}")).scalars().all()
            assert kept
            assert not any(key in row for row in kept)
    with (
        Session(office.engine) as session,
        pytest.raises(DBAPIError, match=r"append-only|permission denied"),
    ):
        session.execute(text("UPDATE api_client_event SET what = 'x'"))


def test_keys_are_turned_with_an_overlap_and_revoked_one_by_one_or_all(
    staff, visitor: TestClient, office: Office
) -> None:
    security = staff("secadmin")
    page = security.post("/clients/new", data=FORM | READ).text
    first, home = key_on(page), home_of(page)
    second = key_on(security.post(f"{home}/rotate", data={"days": "30", "overlap": "7"}).text)
    assert (calls(visitor, first), calls(visitor, second)) == (200, 200)
    with office.engine.connect() as connection:
        left = "SELECT max(expires_at) < now() + interval '31 days' FROM api_key"
        assert connection.execute(text(left)).scalar_one()
    third = key_on(security.post(f"{home}/rotate", data={"days": "30", "overlap": "0"}).text)
    assert [calls(visitor, key) for key in (first, second, third)] == [401, 401, 200]
    fourth = key_on(security.post(f"{home}/rotate", data={"days": "30", "overlap": "7"}).text)
    security.post(f"{home}/keys/{third[:12]}/revoke")
    assert [calls(visitor, key) for key in (third, fourth)] == [401, 200]
    security.post(f"{home}/revoke")
    assert calls(visitor, fourth) == 401
    assert security.post(f"{home}/rotate", data={"days": "30", "overlap": "7"}).status_code == 409
    told = security.get(home).text
    assert told.count("发放密钥") == 4
    assert "停用接口" in told


def test_an_expired_key_opens_nothing_and_use_is_noted(key_of, visitor, office: Office) -> None:
    key = key_of(Scope.TICKETS_READ)
    assert calls(visitor, key) == 200
    with office.engine.begin() as connection:
        assert connection.execute(text("SELECT used_at FROM api_key")).scalar_one() is not None
        connection.execute(text("UPDATE api_key SET expires_at = now()"))
    assert calls(visitor, key) == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"owner": "长" * 61}, "owner"),
        ({"name": "有\u202e字"}, "name"),
        ({"per_minute": "0"}, "per_minute"),
        ({"per_minute": "²"}, "per_minute"),
        ({"days": "731"}, "days"),
        ({"days": "9" * 190}, "days"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
    ],
)
def test_a_wrong_form_says_where(staff, change, field: str) -> None:
    answer = staff("secadmin").post("/clients/new", data=FORM | READ | change)
    assert answer.status_code == 422
    assert f'id="f-{field}-fault"' in answer.text
    assert "jsk_" not in answer.text


def test_two_programs_never_have_one_name(staff) -> None:
    security = staff("secadmin")
    security.post("/clients/new", data=FORM | READ)
    again = security.post("/clients/new", data=FORM | READ)
    assert again.status_code == 409
    second = home_of(security.post("/clients/new", data=FORM | READ | {"name": "另一个"}).text)
    assert security.post(second, data=FORM | READ).status_code == 409


@pytest.mark.parametrize("username", ["sysadmin", "auditor", "supervisor", "operator"])
def test_nobody_but_security_administration_gives_leave(staff, username: str) -> None:
    client = staff(username)
    assert client.post("/clients/new", data=FORM | READ).status_code == 403


def test_every_program_has_a_limit_of_its_own(office: Office, key_of, redis_url: str) -> None:
    limited = House(Settings(), office, RateLimits(redis_url, "on"))
    slow = key_of(Scope.TICKETS_READ, name="慢", per_minute=3)
    quick = key_of(Scope.TICKETS_READ, name="快")
    with TestClient(create_app(limited)) as client:
        assert [calls(client, slow) for _ in range(5)] == [200, 200, 200, 429, 429]
        assert [calls(client, quick) for _ in range(5)] == [200] * 5
