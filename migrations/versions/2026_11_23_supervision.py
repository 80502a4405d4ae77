"""Cases on hold, supervision orders and talks; clocks that were paused.

Revision: 20261123_supervision
Before: 20261123_extensions
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_supervision"
down_revision = "20261123_extensions"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("clock", sa.Column("counts_from", INSTANT))
    _holds()
    _supervision_orders()
    op.create_table(
        "supervision_talk",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("ticket_id", sa.Uuid(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("supervision_id", sa.Uuid()),
        sa.Column("held_at", INSTANT, nullable=False),
        sa.Column("words", sa.Uuid(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
    )
    op.create_index("ix_supervision_talk_ticket_id", "supervision_talk", ["ticket_id"])


def _holds() -> None:
    op.create_table(
        "hold_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("ticket_id", sa.Uuid(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("review_at", INSTANT, nullable=False),
        sa.Column("words", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", INSTANT),
        sa.Column("answer", sa.Uuid()),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint(
            "state IN ('asked', 'granted', 'refused', 'ended')", name=op.f("ck_hold_request_state")
        ),
    )
    op.create_index("ix_hold_request_ticket_id", "hold_request", ["ticket_id"])
    op.create_index(
        "uq_hold_standing",
        "hold_request",
        ["ticket_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('asked', 'granted')"),
    )
    op.create_index(
        "ix_hold_review",
        "hold_request",
        ["state", "review_at"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _supervision_orders() -> None:
    op.create_table(
        "supervision_order",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("words", sa.Uuid()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("answer", sa.Uuid()),
        sa.Column("answered_by", sa.Text()),
        sa.Column("answered_at", INSTANT),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("closed_by", sa.Text()),
        sa.Column("closed_at", INSTANT),
        sa.CheckConstraint(
            "level IN ('red', 'listed', 'problem')", name=op.f("ck_supervision_order_level")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'closed', 'lifted')",
            name=op.f("ck_supervision_order_state"),
        ),
        sa.UniqueConstraint("year", "serial", name="uq_supervision_number"),
    )
    op.create_index("ix_supervision_order_ticket_id", "supervision_order", ["ticket_id"])
    op.create_index(
        "uq_supervision_open",
        "supervision_order",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'answered')"),
    )
    op.create_index("ix_supervision_list", "supervision_order", ["state", "issued_at", "id"])


def downgrade() -> None:
    op.drop_table("supervision_talk")
    op.drop_table("supervision_order")
    op.drop_table("hold_request")
    op.drop_column("clock", "counts_from")
