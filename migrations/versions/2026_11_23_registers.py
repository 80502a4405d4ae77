"""Plan confirmations and the unit register's duty desks.

Revision: 20261123_registers
Before: 20261123_rulebooks
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_registers"
down_revision = "20261123_rulebooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
