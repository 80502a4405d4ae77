"""The operator's desk: knowledge cards with their versions, canned wording.

Revision: 20261124_desk
Before: 20261123_search
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "20261124_desk"
down_revision = "20261124_lines"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "card",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), sa.ForeignKey("department.code"), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), sa.ForeignKey("category.code")),
        sa.Column("keywords", ARRAY(sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("grams", ARRAY(sa.Text()), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", INSTANT),
        sa.Column("remark", sa.Text()),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'confirmed', 'replaced', 'retired')",
            name=op.f("ck_card_state"),
        ),
        sa.CheckConstraint(
            "source IN ('plan', 'law', 'platform', 'unit')", name=op.f("ck_card_source")
        ),
    )
    op.create_index("ix_card_owner", "card", ["owner"])
    op.create_index("ix_card_grams", "card", ["grams"], postgresql_using="gin")
    for name, states in (
        ("uq_card_confirmed", "state = 'confirmed'"),
        ("uq_card_open", "state IN ('draft', 'submitted')"),
    ):
        op.create_index(name, "card", ["number"], unique=True, postgresql_where=sa.text(states))
    op.create_table(
        "phrase",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("role", sa.Text()),
        sa.Column("unit", sa.Text(), sa.ForeignKey("department.code")),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
    )
    op.create_index("ix_phrase_unit", "phrase", ["unit"])


def downgrade() -> None:
    op.drop_table("phrase")
    op.drop_table("card")
