"""Lines to the outside: messages from the mailbox, and when each line was last looked at.

Revision: 20261124_lines
Before: 20261123_search
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261124_lines"
down_revision = "20261123_search"
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


def downgrade() -> None:
    op.drop_table("mail")
    op.drop_table("line")
