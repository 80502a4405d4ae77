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
    pass


def downgrade() -> None:
    pass
