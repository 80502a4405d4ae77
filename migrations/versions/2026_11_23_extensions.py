"""More time for a promise: asked for, granted or refused.

Revision: 20261123_extensions
Before: 20261123_suggestions
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_extensions"
down_revision = "20261123_suggestions"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "extension_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("clock_id", sa.Uuid(), sa.ForeignKey("clock.id"), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("words", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", INSTANT),
        sa.Column("answer", sa.Uuid()),
        sa.CheckConstraint(
            "state IN ('asked', 'granted', 'refused')", name=op.f("ck_extension_request_state")
        ),
    )
    op.create_index("ix_extension_request_clock_id", "extension_request", ["clock_id"])
    op.create_index(
        "uq_extension_asked",
        "extension_request",
        ["clock_id", "order_id"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.create_index("ix_extension_waiting", "extension_request", ["state", "due_at", "id"])


def downgrade() -> None:
    op.drop_table("extension_request")
