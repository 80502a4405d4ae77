"""The application over a fresh district, and people who ask it things."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from core.desk import Office
from core.permissions import Role, Scope
from core.settings import Settings
from tests.cast import staff as staff_actor
from tests.conftest import MASTER
from web import cli, clients
from web.app import ROUTERS, create_app
from web.deps import House
from web.security import RateLimits
from web.seed import PASSWORD


@pytest.fixture
def house(office: Office) -> House:
    return House(Settings(), office, RateLimits(None, "off"))


@pytest.fixture
def visitor(house: House) -> Iterator[TestClient]:
    with TestClient(create_app(house), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def staff(house: House) -> Iterator[Callable[[str], TestClient]]:
    """Logs somebody in; his requests carry the form token."""
    made: list[TestClient] = []

    def log_in(username: str) -> TestClient:
        client = TestClient(create_app(house), raise_server_exceptions=False)
        made.append(client)
        answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return client

    yield log_in
    for client in made:
        client.close()


@pytest.fixture
def key_of(office: Office) -> Callable[..., str]:
    """Gives a program leave: its key."""

    def give(*scopes: Scope, name: str = "园区服务系统", per_minute: int = 6000) -> str:
        values = {"name": name, "owner": "园区管委会", "days": "30", "per_minute": str(per_minute)}
        with office.desk(staff_actor("security", Role.SECADMIN)) as desk:
            return clients.create(desk, values, [scope.value for scope in scopes])[1]

    return give


@pytest.fixture
def program(house: House, key_of: Callable[..., str]) -> Iterator[Callable[..., TestClient]]:
    """A program with a key of its own, and exactly these scopes."""
    made: list[TestClient] = []

    def connect(*scopes: Scope, name: str = "园区服务系统") -> TestClient:
        client = TestClient(create_app(house), raise_server_exceptions=False)
        made.append(client)
        client.headers["Authorization"] = f"Bearer {key_of(*scopes, name=name)}"
        return client

    yield connect
    for client in made:
        client.close()


@pytest.fixture
def newcomer(house: House) -> Iterator[Callable[[str, str], TestClient]]:
    """A browser of somebody with this password, logged in if it is the right one."""
    made: list[TestClient] = []

    def log_in(username: str, password: str) -> TestClient:
        client = TestClient(create_app(house), raise_server_exceptions=False)
        made.append(client)
        sent = {"username": username, "password": password}
        answer = client.post("/api/v1/session", json=sent)
        client.headers["X-CSRF-Token"] = answer.json().get("csrf", "")
        client.headers["Accept"] = "text/html"
        return client

    yield log_in
    for client in made:
        client.close()


@pytest.fixture
def run(office: Office, district_url: str, servers, monkeypatch, capsys):
    """Runs the command line on the test's district: its exit code, what it prints and says."""
    monkeypatch.setenv("DATABASE_URL", district_url)
    monkeypatch.setenv("REDIS_URL", servers.redis_url)
    monkeypatch.setenv("JIESU_SECRET_KEY", MASTER)

    def call(*words: str):
        capsys.readouterr()  # what came before is not the command's
        code = cli.main(words)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def api_routes() -> list[APIRoute]:
    """Every endpoint the application has; its own list of routes hides them behind routers."""
    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    assert len(found) > 60
    return found
