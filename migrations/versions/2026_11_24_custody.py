"""Custody of personal data: its record, exports, people's requests, retention, legal holds.

Revision: 20261124_custody
Before: 20261123_search
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261124_custody"
down_revision = "20261124_desk"
branch_labels = None
depends_on = None

TABLES = (
    "legal_hold",
    "retention_rule",
    "words_version",
    "contact_amendment",
    "subject_request",
    "ticket_export_part",
    "ticket_export",
    "custody_record",
)
REVOKE = """
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'jiesu_app') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON custody_record FROM jiesu_app;
  END IF;
END $$
"""


def _ticket() -> sa.Column:
    return sa.Column("ticket_id", sa.Uuid(), sa.ForeignKey("ticket.id"), nullable=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _bytes(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "custody_record",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        _at("at"),
        _text("by"),
        _text("act"),
        sa.Column("facts", JSONB(), nullable=False),
        _text("previous"),
        _text("hash"),
    )
    op.create_index("ix_custody_record_act", "custody_record", ["act"])
    op.execute(
        "CREATE TRIGGER custody_record_append_only BEFORE UPDATE OR DELETE ON custody_record"
        " FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
    )
    op.execute(
        "CREATE TRIGGER custody_record_no_truncate BEFORE TRUNCATE ON custody_record"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
    )
    op.execute(REVOKE)
    _exports()
    _requests()
    _retention()


def _exports() -> None:
    op.create_table(
        "ticket_export",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _text("asked_by"),
        _at("asked_at"),
        _text("reason"),
        _text("format"),
        sa.Column("filters", JSONB(), nullable=False),
        _text("language"),
        sa.Column("texts", sa.Boolean(), nullable=False),
        sa.Column("identified", sa.Boolean(), nullable=False),
        _text("state"),
        _text("decided_by", nullable=True),
        _at("decided_at", nullable=True),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("rows", sa.Integer()),
        sa.Column("size", sa.BigInteger()),
        _text("sha256", nullable=True),
        _at("expires_at", nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'working', 'ready', 'refused', 'failed', 'expired')",
            name=op.f("ck_ticket_export_state"),
        ),
        sa.CheckConstraint("format IN ('csv', 'xlsx')", name=op.f("ck_ticket_export_format")),
    )
    op.create_index("ix_ticket_export_asked_by", "ticket_export", ["asked_by"])
    op.create_index(
        "ix_ticket_export_ready",
        "ticket_export",
        ["expires_at"],
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_table(
        "ticket_export_part",
        sa.Column(
            "export_id",
            sa.Uuid(),
            sa.ForeignKey("ticket_export.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        _bytes("body", nullable=False),
    )


def _requests() -> None:
    op.create_table(
        "subject_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _ticket(),
        _text("kind"),
        _text("via"),
        _text("state"),
        _text("asked_by"),
        _at("asked_at"),
        _at("due_at"),
        _bytes("wish"),
        _text("decided_by", nullable=True),
        _at("decided_at", nullable=True),
        _text("ground", nullable=True),
        sa.Column("answer", sa.Uuid()),
        _at("done_at", nullable=True),
        sa.CheckConstraint(
            "kind IN ('access', 'correction', 'erasure')", name=op.f("ck_subject_request_kind")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'granted', 'refused', 'done')",
            name=op.f("ck_subject_request_state"),
        ),
        sa.CheckConstraint("via IN ('web', 'paper')", name=op.f("ck_subject_request_via")),
    )
    op.create_index("ix_subject_request_ticket_id", "subject_request", ["ticket_id"])
    undecided = sa.text("decided_at IS NULL")
    op.create_index(
        "ix_subject_request_due", "subject_request", ["due_at"], postgresql_where=undecided
    )
    op.create_index(
        "uq_subject_request_open",
        "subject_request",
        ["ticket_id", "kind"],
        unique=True,
        postgresql_where=undecided,
    )
    op.create_table(
        "contact_amendment",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("request_id", sa.Uuid(), sa.ForeignKey("subject_request.id"), nullable=False),
        _ticket(),
        _bytes("name"),
        _bytes("phone"),
        _bytes("email"),
        _at("amended_at"),
    )
    op.create_index("ix_contact_amendment_ticket_id", "contact_amendment", ["ticket_id"])
    op.create_table(
        "words_version",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _ticket(),
        _text("source"),
        _text("why"),
        _text("digest"),
        sa.Column("found", sa.Integer(), nullable=False),
        _at("at"),
    )
    op.create_index("ix_words_version_ticket_id", "words_version", ["ticket_id"])


def _retention() -> None:
    op.create_table(
        "retention_rule",
        sa.Column("code", sa.Text(), primary_key=True),
        sa.Column("days", sa.Integer(), nullable=False),
        _text("basis"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        _text("changed_by"),
        _at("changed_at"),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _ticket(),
        _text("reason"),
        _text("placed_by"),
        _at("placed_at"),
        _text("lifted_by", nullable=True),
        _at("lifted_at", nullable=True),
    )
    op.create_index("ix_legal_hold_ticket_id", "legal_hold", ["ticket_id"])
    op.create_index(
        "uq_legal_hold_standing",
        "legal_hold",
        ["ticket_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
