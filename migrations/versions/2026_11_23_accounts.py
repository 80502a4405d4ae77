"""Accounts: first passwords that must be changed, and what was done to an account.

Revision: 20261123_accounts
Before: 20261123_standards
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261123_accounts"
down_revision = "20261123_standards"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

REVOKE = """
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'jiesu_app') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON account_event FROM jiesu_app;
  END IF;
END $$
"""


def upgrade() -> None:
    op.add_column(
        "staff", sa.Column("must_change", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.alter_column("staff", "must_change", server_default=None)
    op.add_column("staff", sa.Column("password_at", INSTANT))
    op.create_table(
        "account_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("about", JSONB(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("ix_account_event_staff", "account_event", ["staff_id", "id"])
    op.execute(
        "CREATE TRIGGER account_event_append_only BEFORE UPDATE OR DELETE ON account_event"
        " FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
    )
    op.execute(
        "CREATE TRIGGER account_event_no_truncate BEFORE TRUNCATE ON account_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
    )
    op.execute(sa.text(REVOKE))


def downgrade() -> None:
    op.drop_table("account_event")
    op.drop_column("staff", "password_at")
    op.drop_column("staff", "must_change")
