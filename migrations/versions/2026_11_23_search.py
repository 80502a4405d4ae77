"""What tickets are found by: pairs of characters and words.

Revision: 20261123_search
Before: 20261123_accounts
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "20261123_search"
down_revision = "20261123_accounts"
branch_labels = None
depends_on = None

# tickets that are there already: the pairs of their text, words of other scripts by themselves
FILL = """
INSERT INTO ticket_text (ticket_id, grams)
SELECT id, ARRAY(
  SELECT DISTINCT gram FROM (
    SELECT substr(run[1], at, 2) AS gram
    FROM regexp_matches(body, '[\u3400-\u9fff]{2,}', 'g') AS run,
         generate_series(1, length(run[1]) - 1) AS at
    UNION
    SELECT left(word[1], 40) FROM regexp_matches(body, '[0-9a-z]+', 'g') AS word
  ) AS found
)
FROM (
  SELECT id, lower(normalize(title || ' ' || content || ' ' || coalesce(company_name, ''), NFKC))
    AS body
  FROM ticket
) AS texts
"""


def upgrade() -> None:
    op.create_table(
        "ticket_text",
        sa.Column(
            "ticket_id",
            sa.Uuid(),
            sa.ForeignKey("ticket.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("grams", ARRAY(sa.Text()), nullable=False),
    )
    op.execute(FILL)
    op.create_index("ix_contact_phone_tail", "contact", ["phone_tail"])
    op.create_index("ix_ticket_text_grams", "ticket_text", ["grams"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_index("ix_contact_phone_tail", "contact")
    op.drop_table("ticket_text")
