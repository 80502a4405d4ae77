"""Real servers, a database of its own for every test, and the office over it."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from core.database import connect, psycopg_url
from core.desk import Office
from core.moments import SHANGHAI
from core.privacy import Keys
from web import schema, wiring

MASTER = "a master secret that only tests know"


@dataclass
class Clock:
    """The tests' time: stands still until it is moved."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 18, 10, 0, tzinfo=SHANGHAI))

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at

    def set(self, *parts: int) -> datetime:
        self.at = datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]
        return self.at


@dataclass(frozen=True)
class Servers:
    database_url: str
    redis_url: str


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Redis: the ones named by the environment, else the embedded pair."""
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        yield Servers(os.environ["DATABASE_URL"], os.environ["REDIS_URL"])
        return
    from web.servers import embedded

    folder = Path(tempfile.mkdtemp(prefix="jt-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with embedded(folder / "data") as pair:
            yield Servers(pair.database_url, pair.redis_url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _named(url: str, name: str) -> str:
    return make_url(psycopg_url(url)).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def admin(servers: Servers) -> Iterator[Engine]:
    engine = create_engine(psycopg_url(servers.database_url), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def make_template(admin: Engine, servers: Servers) -> Iterator[Callable[[], str]]:
    """Makes databases that other databases are cloned from; dropped at the end."""
    made: list[str] = []

    def make() -> str:
        name = f"jt_template_{uuid4().hex[:12]}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
        made.append(name)
        return name

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def empty_template(make_template: Callable[[], str], servers: Servers) -> str:
    """A migrated database without a single row."""
    name = make_template()
    schema.upgrade(_named(servers.database_url, name))
    return name


@pytest.fixture(scope="session")
def district_template(make_template: Callable[[], str], servers: Servers) -> str:
    """A migrated database with the district in it: plan, rules, people, limits; no tickets."""
    from web.seed import seed_district

    name = make_template()
    url = _named(servers.database_url, name)
    schema.upgrade(url)
    engine = connect(url)
    # a quick hash in tests: logging in is tested once with the real one
    seed_district(wiring.office(engine, Keys.of(MASTER), now=Clock()))
    engine.dispose()
    return name


def _clone(admin: Engine, servers: Servers, template: str) -> Iterator[str]:
    name = f"jt_{uuid4().hex[:16]}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield _named(servers.database_url, name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture
def empty_url(admin: Engine, servers: Servers, empty_template: str) -> Iterator[str]:
    """The address of a fresh migrated database."""
    yield from _clone(admin, servers, empty_template)


@pytest.fixture
def district_url(admin: Engine, servers: Servers, district_template: str) -> Iterator[str]:
    """The address of a fresh database with the district in it."""
    yield from _clone(admin, servers, district_template)


@pytest.fixture
def clock() -> Clock:
    """Wednesday 18 November 2026, ten in the morning."""
    return Clock()


@pytest.fixture
def keys() -> Keys:
    return Keys.of(MASTER)


@pytest.fixture
def bare_office(empty_url: str, keys: Keys, clock: Clock) -> Iterator[Office]:
    """An office over an empty database, without followers."""
    engine = connect(empty_url)
    yield Office(engine, keys, clock, ())
    engine.dispose()


@pytest.fixture
def office(district_url: str, keys: Keys, clock: Clock) -> Iterator[Office]:
    """The whole house over the district: what the product runs, at the tests' time."""
    engine = connect(district_url)
    yield wiring.office(engine, keys, now=clock)
    engine.dispose()


DB_FIXTURES = {"servers", "admin", "empty_url", "district_url", "bare_office", "office"}
QUEUE_FIXTURES = {"redis_url", "broker"}


@pytest.fixture
def redis_url(servers: Servers) -> str:
    return servers.redis_url


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches the servers, so that it can run a second time on other servers."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & DB_FIXTURES:
            item.add_marker(pytest.mark.db)
        if names & QUEUE_FIXTURES:
            item.add_marker(pytest.mark.queue)
