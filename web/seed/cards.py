"""The first knowledge cards: what the plan and the platform's own rules say, already in force."""

from datetime import timedelta

from core.desk import Desk
from core.moments import local_day
from intake.cards import Card
from intake.data import cards
from intake.knowledge import row_of

BY = "seed"


def seed_cards(desk: Desk) -> None:
    """The district's cards. Two are already past their day, as every shelf has some."""
    desk.session.flush()  # a card needs its owner and its category to be there
    today = local_day(desk.now)
    for number, found in enumerate(cards(), start=1):
        card = Card(
            owner=found["owner"],
            review_on=today + timedelta(days=found["days"]),
            question=found["question"],
            answer=found["answer"],
            source=found["source"],
            basis=found["basis"],
            category=found["category"],
            keywords=tuple(found["keywords"]),
            public=found["public"],
        )
        row = row_of(card, number, 1, by=BY, at=desk.now)
        row.state = "confirmed"
        row.decided_by, row.decided_at = BY, desk.now
        desk.session.add(row)
