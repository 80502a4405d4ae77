"""Lists of old cases, and which case of which system is here.

Revision: 20261124_imports
Before: 20261124_merging
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261124_imports"
down_revision = "20261124_merging"
branch_labels = None
depends_on = None
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "import",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("errors", sa.LargeBinary()),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("faults", JSONB(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint(
            "state IN ('checked', 'working', 'done', 'discarded', 'expired')", "state"
        ),
    )
    op.create_index("ix_import_made", "import", ["made_at"])
    op.create_table(
        "old_case",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("number", sa.Text(), primary_key=True),
        sa.Column(
            "ticket_id", sa.Uuid(), sa.ForeignKey("ticket.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("import_id", sa.Uuid(), sa.ForeignKey("import.id"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_old_case_ticket_id", "old_case", ["ticket_id"])
    op.create_index("ix_old_case_import_id", "old_case", ["import_id"])


def downgrade() -> None:
    op.drop_table("old_case")
    op.drop_table("import")
