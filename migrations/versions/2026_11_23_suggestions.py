"""The suggester's versions and corrections.

Revision: 20261123_suggestions
Before: 20261123_orders
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_suggestions"
down_revision = "20261123_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("caution", sa.Text()))
    op.add_column("ticket", sa.Column("guess_share", sa.Integer()))
    op.add_column("ticket", sa.Column("guess_model", sa.Text()))
    op.create_index("ix_ticket_category", "ticket", ["category", "id"])
    op.create_index(
        "ix_entry_by_person",
        "entry",
        ["at"],
        postgresql_where=sa.text("kind = 'ticket.routed' AND facts ->> 'by' = 'person'"),
    )
    op.create_table(
        "suggester",
        sa.Column("version", sa.Text(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("measured", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('candidate', 'adopted', 'retired')", name=op.f("ck_suggester_state")
        ),
    )
    op.create_index(
        "uq_suggester_adopted",
        "suggester",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'adopted'"),
    )
    op.create_table(
        "suggester_act",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("suggester_act")
    op.drop_table("suggester")
    op.drop_index("ix_ticket_category", table_name="ticket")
    op.drop_index("ix_entry_by_person", "entry")
    for column in ("guess_model", "guess_share", "caution"):
        op.drop_column("ticket", column)
