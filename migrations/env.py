"""Alembic's entry: the tables of every room, one schema."""

from alembic import context
from sqlalchemy import Connection, create_engine, text
from sqlmodel import SQLModel

import core.tables
import intake.tables
import notify.tables
import routing.tables
import sla.tables
import web.custody.tables
import web.tables
from core.database import psycopg_url

# a migration waits this long for a lock, then gives way instead of queueing everybody behind it
LOCK_TIMEOUT = "5s"


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True)
    with context.begin_transaction():
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        # two processes that start together migrate one after the other
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('jiesu.migrate'))"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    url = context.config.get_main_option("sqlalchemy.url") or ""
    with create_engine(psycopg_url(url)).connect() as own:
        run(own)
        own.commit()
