"""Second factors, sign-on subjects, and what a scanner said of a file.

Revision: 20261124_security
Before: 20261123_search
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "20261124_security"
down_revision = "20261123_search"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def _staff() -> sa.ForeignKey:
    return sa.ForeignKey("staff.id", ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "second_factor",
        sa.Column("staff_id", sa.Uuid(), _staff(), primary_key=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("codes", ARRAY(sa.Text()), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT),
    )
    op.create_table(
        "sign_on_subject",
        sa.Column("issuer", sa.Text(), primary_key=True),
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("staff_id", sa.Uuid(), _staff(), nullable=False),
        sa.Column("linked_at", INSTANT, nullable=False),
        sa.Column("linked_by", sa.Text(), nullable=False),
        sa.UniqueConstraint("issuer", "staff_id"),
    )
    op.create_index("ix_sign_on_subject_staff_id", "sign_on_subject", ["staff_id"])
    op.add_column("login_session", sa.Column("factor_at", INSTANT))
    op.add_column(
        "login_session",
        sa.Column("way", sa.Text(), nullable=False, server_default="password"),
    )
    op.alter_column("login_session", "way", server_default=None)
    # files that were there before anybody looked into them
    op.add_column(
        "attachment", sa.Column("scan", sa.Text(), nullable=False, server_default="unscanned")
    )
    op.alter_column("attachment", "scan", server_default=None)
    op.create_check_constraint(
        "scan", "attachment", "scan IN ('pending', 'clean', 'infected', 'unscanned')"
    )
    op.create_index(
        "ix_attachment_pending",
        "attachment",
        ["added_at"],
        postgresql_where=sa.text("scan = 'pending'"),
    )


def downgrade() -> None:
    op.drop_index("ix_attachment_pending", "attachment")
    op.drop_column("attachment", "scan")
    op.drop_column("login_session", "way")
    op.drop_column("login_session", "factor_at")
    op.drop_table("sign_on_subject")
    op.drop_table("second_factor")
