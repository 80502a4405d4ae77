"""The suggester's versions and corrections.

Revision: 20261123_suggestions
Before: 20261123_orders
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_suggestions"
down_revision = "20261123_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
