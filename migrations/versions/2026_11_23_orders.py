"""Call-ins, sub-dispatch, partners and proposed rule changes.

Revision: 20261123_orders
Before: 20261123_registers
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_orders"
down_revision = "20261123_registers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("work_order", sa.Column("return_until", sa.DateTime(timezone=True)))
    op.add_column("work_order", sa.Column("desk", sa.Text(), sa.ForeignKey("department.code")))
    op.add_column("work_order", sa.Column("handler", sa.Uuid(), sa.ForeignKey("staff.id")))
    op.create_index("ix_work_order_handler", "work_order", ["handler"])
    op.create_table(
        "partner_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("ticket_id", sa.Uuid(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("work_order.id"), nullable=False),
        sa.Column("partner", sa.Text(), sa.ForeignKey("department.code"), nullable=False),
        sa.Column("question", sa.Uuid(), sa.ForeignKey("words.id"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answer", sa.Uuid(), sa.ForeignKey("words.id")),
    )
    op.create_index("ix_partner_request_ticket_id", "partner_request", ["ticket_id"])
    op.create_table(
        "rule_proposal",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("sent_to", sa.Text(), nullable=False),
        sa.Column("went_to", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint(
            "state IN ('open', 'adopted', 'dismissed')", name=op.f("ck_rule_proposal_state")
        ),
    )
    op.create_index(
        "uq_rule_proposal_open",
        "rule_proposal",
        ["category", "sent_to", "went_to"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_rule_proposal_list", "rule_proposal", ["state", "seen", "id"])


def downgrade() -> None:
    op.drop_table("rule_proposal")
    op.drop_table("partner_request")
    op.drop_index("ix_work_order_handler", "work_order")
    for column in ("handler", "desk", "return_until"):
        op.drop_column("work_order", column)
