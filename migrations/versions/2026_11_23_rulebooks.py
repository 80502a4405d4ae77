"""Rulebook drafts and background jobs.

Revision: 20261123_rulebooks
Before: 20261123_guards
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_rulebooks"
down_revision = "20261123_guards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
