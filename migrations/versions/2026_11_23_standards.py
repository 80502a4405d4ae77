"""Drafts of limits and calendars; clocks that wait for a year to be published are found by index.

Revision: 20261123_standards
Before: 20261123_supervision
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261123_standards"
down_revision = "20261123_supervision"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "standard_draft",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("log", JSONB(), nullable=False),
        sa.Column("edited_by", JSONB(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("effective_from", INSTANT),
        sa.Column("published_by", sa.Text()),
        sa.Column("published_at", INSTANT),
        sa.CheckConstraint(
            "state IN ('draft', 'published', 'discarded')", name=op.f("ck_standard_draft_state")
        ),
    )
    op.create_index(
        "ix_clock_unpublished",
        "clock",
        ["id"],
        postgresql_where=sa.text("state = 'unpublished'"),
    )


def downgrade() -> None:
    op.drop_index("ix_clock_unpublished", "clock")
    op.drop_table("standard_draft")
