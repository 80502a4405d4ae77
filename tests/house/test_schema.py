"""Migrations go up, down and up again, and lead to what the models say."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import SQLModel

import core.tables
import intake.tables
import notify.tables
import routing.tables
import sla.tables
import web.custody.tables
import web.tables
from core.database import connect
from tests.conftest import Servers, _named
from web import schema

ROOT = Path(__file__).parents[2]
ROOMS = (
    core.tables,
    intake.tables,
    notify.tables,
    routing.tables,
    sla.tables,
    web.tables,
    web.custody.tables,
)


def test_migrations_lead_to_exactly_the_models(empty_url: str) -> None:
    engine = connect(empty_url, as_app=False)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_migrations_go_down_to_nothing_and_up_again(empty_url: str) -> None:
    engine = connect(empty_url, as_app=False)
    schema.downgrade(empty_url)
    assert schema.current(engine) is None
    schema.upgrade(empty_url)
    assert schema.current(engine) == schema.wanted()
    engine.dispose()


# what alembic's comparison does not look at: checks and partial indexes, word by word
DEFINITIONS = {
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
        AND conrelid::regclass::text <> 'alembic_version'
    """,
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    """,
    "columns": """
        SELECT table_name, column_name,
               data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '-')
               || ' ' || is_identity
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    """,
}

# the migration gave the one-row table of the demonstration's clock a sequence nobody uses
KNOWN = {"columns": {("time_shift", "id")}}


def defined(url: str, query: str) -> set[tuple[str, str, str]]:
    engine = connect(url, as_app=False)
    with engine.connect() as connection:
        found = {(row[0], row[1], row[2]) for row in connection.execute(text(query))}
    engine.dispose()
    return found


@pytest.fixture(scope="session")
def modelled_url(make_template: Callable[[], str], servers: Servers) -> str:
    """A database made from the models alone."""
    url = _named(servers.database_url, make_template())
    engine = connect(url, as_app=False)
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    return url


@pytest.mark.parametrize("what", DEFINITIONS)
def test_every_definition_is_the_models_own(empty_url: str, modelled_url: str, what: str) -> None:
    migrated = defined(empty_url, DEFINITIONS[what])
    assert migrated
    differing = {row[:2] for row in migrated ^ defined(modelled_url, DEFINITIONS[what])}
    assert differing == KNOWN.get(what, set())


def test_going_down_leaves_nothing_of_ours(empty_url: str) -> None:
    schema.downgrade(empty_url)
    engine = connect(empty_url, as_app=False)
    with engine.connect() as connection:
        left = connection.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relname NOT LIKE 'alembic_version%'"
                " UNION ALL SELECT proname FROM pg_proc"
                " WHERE pronamespace = 'public'::regnamespace"
            )
        ).all()
    engine.dispose()
    assert left == []


def test_four_that_start_together_migrate_once(
    make_template: Callable[[], str], servers: Servers
) -> None:
    url = _named(servers.database_url, make_template())
    code = f"from web import schema; schema.upgrade({url!r})"
    # processes of their own, as starting ones are: alembic's context is the process's
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [process.communicate()[1] for process in started] == [""] * 4
    assert [process.returncode for process in started] == [0] * 4
    engine = connect(url)
    assert schema.current(engine) == schema.wanted()
    engine.dispose()
