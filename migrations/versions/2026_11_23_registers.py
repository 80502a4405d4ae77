"""Plan drafts, name confirmations, and the unit register's duty desks and history.

Revision: 20261123_registers
Before: 20261123_rulebooks
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_registers"
down_revision = "20261123_rulebooks"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("department", sa.Column("duty_phone", sa.Text()))
    op.add_column(
        "department",
        sa.Column(
            "deputies",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            server_default=sa.text("'{}'"),
        ),
    )
    op.create_table(
        "plan_draft",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", INSTANT, nullable=False),
        sa.Column("answered_by", sa.Text()),
        sa.Column("answered_at", INSTANT),
        sa.Column("digest", sa.Text()),
        sa.Column("plan", sa.Text(), sa.ForeignKey("plan.version")),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint(
            "state IN ('open', 'applied', 'discarded')", name=op.f("ck_plan_draft_state")
        ),
    )
    op.create_index("ix_plan_draft_list", "plan_draft", ["uploaded_at", "id"])
    op.create_table(
        "name_confirmation",
        sa.Column("written", sa.Text(), primary_key=True),
        sa.Column("meant", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
    )
    op.create_table(
        "unit_change",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), sa.ForeignKey("department.code"), nullable=False),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.UniqueConstraint("serial"),
    )
    op.create_index("ix_unit_change_unit", "unit_change", ["unit", "serial"])


def downgrade() -> None:
    op.drop_table("unit_change")
    op.drop_table("name_confirmation")
    op.drop_table("plan_draft")
    op.drop_column("department", "deputies")
    op.drop_column("department", "duty_phone")
