"""The case a request was joined to.

Revision: 20261124_merging
Before: 20261123_search
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_merging"
down_revision = "20261124_custody"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("parent", sa.Text, nullable=True))
    op.create_index(
        "ix_ticket_parent", "ticket", ["parent"], postgresql_where=sa.text("parent IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_ticket_parent", "ticket")
    op.drop_column("ticket", "parent")
