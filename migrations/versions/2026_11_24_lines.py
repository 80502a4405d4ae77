"""Lines to the outside: messages from the mailbox, cases of an upper platform, how each goes.

Revision: 20261124_lines
Before: 20261123_search
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261124_lines"
down_revision = "20261124_security"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "line",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("asked_at", INSTANT),
        sa.Column("tried_at", INSTANT),
        sa.Column("done_at", INSTANT),
        sa.Column("error", sa.Text()),
        sa.Column("result", JSONB(), nullable=False, server_default=sa.text("'{}'")),
    )
    op.create_table(
        "mail",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("key", sa.Text(), nullable=False, unique=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), sa.ForeignKey("ticket.id")),
        sa.Column("sender_index", sa.LargeBinary()),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("answer_state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT),
        sa.Column("error", sa.Text()),
        sa.CheckConstraint("state IN ('filed', 'added', 'ignored', 'refused')", "state"),
        sa.CheckConstraint(
            "answer_state IN ('none', 'queued', 'sending', 'sent', 'dead')", "answer_state"
        ),
    )
    op.create_index("ix_mail_ticket_id", "mail", ["ticket_id"])
    op.create_index("ix_mail_taken", "mail", ["taken_at"])
    op.create_index("ix_mail_sender", "mail", ["sender_index", "taken_at"])
    op.create_index(
        "ix_mail_answer",
        "mail",
        ["next_at"],
        postgresql_where=sa.text("answer_state IN ('queued', 'sending')"),
    )
    op.add_column("ticket", sa.Column("limit_at", INSTANT))
    _relay()


def _relay() -> None:
    op.create_table(
        "relay_case",
        sa.Column(
            "ticket_id",
            sa.Uuid(),
            sa.ForeignKey("ticket.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("upper_number", sa.Text(), nullable=False, unique=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("first_limit_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("pushed_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_index("ix_relay_case_updated_at", "relay_case", ["updated_at"])
    op.create_table(
        "relay_report",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("ticket_id", sa.Uuid(), sa.ForeignKey("relay_case.ticket_id"), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("words", sa.Uuid()),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("send_state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("sent_at", INSTANT),
        sa.UniqueConstraint("ticket_id", "sequence"),
        sa.CheckConstraint("send_state IN ('queued', 'sending', 'sent', 'refused')", "send_state"),
    )
    op.create_index(
        "ix_relay_report_unsent",
        "relay_report",
        ["next_at"],
        postgresql_where=sa.text("send_state IN ('queued', 'sending')"),
    )
    op.create_table(
        "relay_difference",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("upper_number", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=False),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.Text()),
        sa.CheckConstraint("kind IN ('missing_here', 'missing_there', 'state')", "kind"),
        sa.CheckConstraint("outcome IN ('open', 'repaired', 'gone')", "outcome"),
    )
    op.create_index(
        "uq_relay_difference_open",
        "relay_difference",
        ["upper_number"],
        unique=True,
        postgresql_where=sa.text("outcome = 'open'"),
    )


def downgrade() -> None:
    op.drop_table("relay_difference")
    op.drop_table("relay_report")
    op.drop_table("relay_case")
    op.drop_column("ticket", "limit_at")
    op.drop_table("mail")
    op.drop_table("line")
