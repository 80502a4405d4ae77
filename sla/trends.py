"""Trends: counts by day, week or month, and which classes rose by more than chance explains."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import comb, erfc
from typing import Literal

from sla.figures import Point, change

Step = Literal["day", "week", "month"]
# a class that did not change looks this risen once in a hundred times
CHANCE = 0.01
LEAST = 5  # fewer cases than this are no class that rises

STARTS: Mapping[Step, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}


def series(points: Iterable[Point], step: Step, first: date, end: date) -> tuple[Point, ...]:
    """Daily points added up by step from `first` until before `end`; quiet steps are zero.

    A step carries the day it begins on; a week begins on Monday, the first one maybe earlier.
    """
    start = STARTS[step]
    sums = {begin: [0, 0, 0] for begin in _begins(step, first, end)}
    for point in points:
        if first <= point.day < end:
            row = sums[start(point.day)]
            for place, count in enumerate((point.received, point.replied, point.breached)):
                row[place] += count
    return tuple(Point(begin, *row) for begin, row in sums.items())


def _begins(step: Step, first: date, end: date) -> Iterator[date]:
    last = None
    for n in range((end - first).days):
        begin = STARTS[step](first + timedelta(days=n))
        if begin != last:
            yield begin
        last = begin


@dataclass(frozen=True, slots=True)
class Rise:
    """A class that rose: its counts, the change in percent, the chance of it by luck alone."""

    name: str
    now: int
    before: int
    change: Decimal | None
    chance: float


def rises(now: Mapping[str, int], before: Mapping[str, int]) -> tuple[Rise, ...]:
    """Classes that grew beyond the growth of the whole, the least likely first.

    Test: given a class's cases of both periods, those of the later one are binomial with the
    later period's share of all cases; one-sided.
    """
    total = sum(now.values()) + sum(before.values())
    share = sum(now.values()) / total if total else 0.0
    found = []
    for name, count in now.items():
        past = before.get(name, 0)
        chance = at_least(count, count + past, share)
        if count >= LEAST and chance < CHANCE:
            found.append(Rise(name, count, past, change(count, past), round(chance, 6)))
    return tuple(sorted(found, key=lambda rise: (rise.chance, -rise.now, rise.name)))


def at_least(count: int, of: int, share: float) -> float:
    """The chance of so many or more successes."""
    if of > EXACT:
        return _normal_tail(count, of, share)
    chance = sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(count, of + 1))
    return min(chance, 1.0)


EXACT = 500  # past it the curve is as good, and powers would vanish


def _normal_tail(count: int, of: int, share: float) -> float:
    spread = (of * share * (1 - share)) ** 0.5
    if not spread:
        return float(count <= of * share)
    return 0.5 * erfc((count - 0.5 - of * share) / spread / 2**0.5)
