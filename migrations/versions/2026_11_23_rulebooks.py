"""Rulebook drafts and background jobs.

Revision: 20261123_rulebooks
Before: 20261123_guards
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_rulebooks"
down_revision = "20261123_guards"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("args", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("beat_at", INSTANT, nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer()),
        sa.Column("kept", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("result", postgresql.JSONB()),
        sa.Column("code", sa.Text()),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_job_state")
        ),
    )
    op.create_index(
        "ix_job_unfinished",
        "job",
        ["beat_at"],
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index("ix_job_kind", "job", ["kind", "id"])
    op.add_column(
        "rulebook", sa.Column("revision", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("rulebook", sa.Column("base", sa.Text(), sa.ForeignKey("rulebook.version")))
    op.add_column("rulebook", sa.Column("digest", sa.Text()))
    op.add_column("rulebook", sa.Column("effective_until", INSTANT))
    op.add_column("rulebook", sa.Column("published_at", INSTANT))
    op.create_table(
        "rulebook_edit",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("version", sa.Text(), sa.ForeignKey("rulebook.version"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text()),
        sa.Column("before", postgresql.JSONB()),
        sa.Column("after", postgresql.JSONB()),
        sa.Column("reason", sa.Text()),
    )
    op.create_index("ix_rulebook_edit_version", "rulebook_edit", ["version", "seq"])


def downgrade() -> None:
    op.drop_table("rulebook_edit")
    for column in ("published_at", "effective_until", "digest", "base", "revision"):
        op.drop_column("rulebook", column)
    op.drop_table("job")
