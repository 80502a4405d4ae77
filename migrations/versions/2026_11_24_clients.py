"""Programs outside that may call the interface: their keys' hashes, and what was done to them.

Revision: 20261124_clients
Before: 20261124_imports
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "20261124_clients"
down_revision = "20261124_imports"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

REVOKE = """
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'jiesu_app') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON api_client_event FROM jiesu_app;
  END IF;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "api_client",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("scopes", ARRAY(sa.Text()), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
    )
    client = sa.ForeignKey("api_client.id", ondelete="CASCADE")
    op.create_table(
        "api_key",
        sa.Column("hash", sa.LargeBinary(), primary_key=True),
        sa.Column("client_id", sa.Uuid(), client, nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False, unique=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
    )
    op.create_index("ix_api_key_client_id", "api_key", ["client_id"])
    _events()
    op.create_index(
        "ix_entry_client",
        "entry",
        ["actor", "ticket_id"],
        postgresql_where=sa.text(r"entry.number = 1 AND starts_with(entry.actor, 'client\:')"),
    )


def _events() -> None:
    op.create_table(
        "api_client_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("about", JSONB(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("ix_api_client_event_client", "api_client_event", ["client_id", "id"])
    op.execute(
        "CREATE TRIGGER api_client_event_append_only BEFORE UPDATE OR DELETE ON api_client_event"
        " FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
    )
    op.execute(
        "CREATE TRIGGER api_client_event_no_truncate BEFORE TRUNCATE ON api_client_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
    )
    op.execute(sa.text(REVOKE))


def downgrade() -> None:
    op.drop_index("ix_entry_client", "entry")
    op.drop_table("api_client_event")
    op.drop_table("api_key")
    op.drop_table("api_client")
