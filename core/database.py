"""Engine, sessions, naming of constraints, and the folder of migrations."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, Engine, create_engine, event
from sqlmodel import Session, SQLModel, func, select

# the role the application works as: it may add to the timeline, never rewrite it
APP_ROLE = "jiesu_app"

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def code_check(column: str, values: type | tuple[str, ...]) -> CheckConstraint:
    """A closed vocabulary as a check: enums stay text, so adding a word is one migration."""
    words = tuple(str(value) for value in values)  # type: ignore[union-attr] # an enum iterates
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def psycopg_url(url: str) -> str:
    """`url` naming the driver we use, whatever spelling of PostgreSQL it came in."""
    scheme, _, rest = url.partition("://")
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        return f"postgresql+psycopg://{rest}"
    raise ValueError(f"DATABASE_URL must name PostgreSQL, not {scheme}")


def connect(url: str, *, pool: int = 10, as_app: bool = True) -> Engine:
    """An engine with UTC sessions that works as APP_ROLE where the role exists."""
    engine = create_engine(
        psycopg_url(url),
        pool_size=pool,
        max_overflow=2,
        pool_timeout=5,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={"options": "-c timezone=UTC -c idle_in_transaction_session_timeout=60000"},
    )
    if as_app:
        event.listen(engine, "connect", _take_app_role)
    return engine


def _take_app_role(connection: Any, _record: object) -> None:
    # a database whose owner may not create roles works without the second lock: `doctor` says so
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s AND pg_has_role(rolname, 'MEMBER')",
            (APP_ROLE,),
        )
        if cursor.fetchone():
            cursor.execute(f"SET ROLE {APP_ROLE}")
    connection.commit()


@contextmanager
def reader(engine: Engine) -> Iterator[Session]:
    """A session that only reads: PostgreSQL itself refuses a write."""
    with Session(engine, expire_on_commit=False) as session:
        session.connection(execution_options={"postgresql_readonly": True})
        yield session
        session.expunge_all()  # what was read stays readable: a rollback would empty it
        session.rollback()


def alone(session: Session, name: str) -> None:
    """Wait until no other transaction holds `name`; it is this one's until it ends.

    For what no row can be locked for: a number to be taken, a key that may come twice.
    """
    held = hashlib.sha256(name.encode()).digest()[:8]
    key = int.from_bytes(held, signed=True)
    session.execute(select(func.pg_advisory_xact_lock(key)))


def migrations_folder() -> Path:
    """Where the migrations lie: beside the packages, or inside the wheel."""
    here = Path(__file__).resolve().parent
    inside = here / "migrations"
    return inside if inside.is_dir() else here.parent / "migrations"
