"""Guards: an append-only timeline, the application's own role, ticket serials, relay wake-up.

Revision: 20261123_guards
Before: 20261123_house
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_guards"
down_revision = "20261123_house"
branch_labels = None
depends_on = None

# Lists of this revision, spelled out: a migration must not change when the code does.
APPEND_ONLY = ("entry", "seal")

REFUSE = """
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""

# A transaction that slept over its day's seal must not slip an entry under it.
REFUSE_BACKDATED = """
CREATE FUNCTION refuse_sealed_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM seal WHERE day >= (NEW.at AT TIME ZONE 'Asia/Shanghai')::date
  ) THEN
    RAISE EXCEPTION 'the ledger of that day is sealed' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$
"""

ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'jiesu_app') THEN
    CREATE ROLE jiesu_app NOLOGIN;
  END IF;
  EXECUTE format('GRANT jiesu_app TO %I', current_user);
EXCEPTION
  WHEN insufficient_privilege THEN
    RAISE NOTICE 'no right to create roles: the timeline is guarded by its trigger alone';
  WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$
"""

GRANTS = """
DO $$ DECLARE name text; BEGIN
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'jiesu_app') THEN
    GRANT USAGE ON SCHEMA public TO jiesu_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO jiesu_app;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO jiesu_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public
      GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO jiesu_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO jiesu_app;
    REVOKE UPDATE, DELETE, TRUNCATE ON entry, seal FROM jiesu_app;
  END IF;
END $$
"""

UNGRANT = """
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'jiesu_app') THEN
    ALTER DEFAULT PRIVILEGES IN SCHEMA public
      REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM jiesu_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE USAGE, SELECT ON SEQUENCES FROM jiesu_app;
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM jiesu_app;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM jiesu_app;
    REVOKE USAGE ON SCHEMA public FROM jiesu_app;
  END IF;
END $$
"""

# Once a transaction, without payload: the poll alone would find the rows a second later.
NOTIFY = """
CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('outbox', '');
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("CREATE SEQUENCE ticket_serial MAXVALUE 999999 CYCLE")
    op.execute(REFUSE)
    op.execute(REFUSE_BACKDATED)
    op.execute(NOTIFY)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
    op.execute(
        "CREATE TRIGGER entry_not_backdated BEFORE INSERT ON entry"
        " FOR EACH ROW EXECUTE FUNCTION refuse_sealed_day()"
    )
    op.execute(
        "CREATE TRIGGER outbox_wake AFTER INSERT ON outbox"
        " FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify()"
    )
    op.execute(ROLE)
    op.execute(sa.text(GRANTS))


def downgrade() -> None:
    op.execute(UNGRANT)
    op.execute("DROP TRIGGER outbox_wake ON outbox")
    op.execute("DROP TRIGGER entry_not_backdated ON entry")
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute("DROP FUNCTION outbox_notify()")
    op.execute("DROP FUNCTION refuse_sealed_day()")
    op.execute("DROP FUNCTION refuse_rewriting()")
    op.execute("DROP SEQUENCE ticket_serial")
