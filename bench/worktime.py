"""A deadline against the search alone that any calendar needs."""

from bisect import bisect_left
from datetime import datetime
from fractions import Fraction

from bench.timing import each, tell
from sla.calendars import china
from sla.worktime import SHANGHAI, Mode, Promise


def run() -> None:
    calendar = china()
    start = datetime(2026, 3, 3, 10, 20, tzinfo=SHANGHAI)
    table = list(range(0, 2_000_000, 1000))
    limit = each(lambda: bisect_left(table, 777_777), 20_000)
    tell("bisect in a table of 2,000", limit, "itself", limit)
    for mode, n in ((Mode.WORKING_HOURS, 4), (Mode.WORKING_DAYS, 30), (Mode.NATURAL_DAYS, 30)):
        promise = Promise(mode, Fraction(n))
        taken = each(lambda promise=promise: calendar.add(start, promise), 20_000)
        tell(f"deadline, {n} {mode}", taken, "bisect", limit)
