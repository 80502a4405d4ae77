"""The whole seed, with progress."""

from collections.abc import Callable

from core.desk import Office
from core.settings import Settings
from web.seed.district import seed_district
from web.seed.tickets import seed_tickets


def seed(
    office: Office, settings: Settings, *, say: Callable[[str], None], tickets: bool = True
) -> None:
    """District, people and limits; then tickets in every state, their clocks running."""
    seed_district(office)
    say("  plan: 80 tasks imported; rules proved; people, limits and calendar in place")
    if tickets:
        count = seed_tickets(office, area=settings.area_code)
        say(f"  {count} tickets of the past weeks, in every state")
