"""The database's schema: migrated up and down with Alembic, asked how far it is."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from core.database import connect, migrations_folder


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema of the database at `url` up to `revision`, as its owner."""
    owner = connect(url, as_app=False)
    with owner.begin() as connection:
        command.upgrade(_config(connection), revision)
    owner.dispose()


def downgrade(url: str, revision: str = "base") -> None:
    """Take the schema down to `revision`."""
    owner = connect(url, as_app=False)
    with owner.begin() as connection:
        command.downgrade(_config(connection), revision)
    owner.dispose()


def current(engine: Engine) -> str | None:
    """The revision the database stands at, or None before the first."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def wanted() -> str:
    """The newest revision this version of the program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""
