"""A limit that an upper platform gave: our own promise ends a working day before it."""

from datetime import datetime
from fractions import Fraction

from sla.worktime import Calendar, CalendarUnknown, Mode, Promise

# the ground of a promise that moved because the platform gave another limit
GROUND = "upper_limit"
# the promise that the platform's limit stands for
METRIC = "resolve"


def promised(limit: datetime, begun: datetime, calendar: Calendar) -> datetime:
    """The close of the working day before the last whole one inside the limit.

    Where that leaves nothing, or the calendar does not reach so far, it is the limit itself.
    """
    try:
        calendar.close_on_or_after(limit.astimezone(calendar.zone).date())  # is that day published?
        last = _day(limit, 1, calendar)
        due = _day(limit, 2 if last <= limit else 3, calendar)
    except CalendarUnknown:
        return limit
    return due if due > begun else limit


def _day(limit: datetime, back: int, calendar: Calendar) -> datetime:
    """When the working day that began so many openings before the limit closes."""
    opened = calendar.back(limit, Promise(Mode.WORKING_DAYS, Fraction(back)))
    return calendar.close_on_or_after(opened.astimezone(calendar.zone).date())
