"""Migrations go up, down and up again, and lead to what the models say."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

import core.tables
import intake.tables
import notify.tables
import routing.tables
import sla.tables
import web.tables
from core.database import connect
from web import schema

ROOMS = (core.tables, intake.tables, notify.tables, routing.tables, sla.tables, web.tables)


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
