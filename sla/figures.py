"""Figures: pure, slow and right. Each says what it counted, of what, and how sure it is.

Definitions: the domain reference, section 10(c). Queries compute the same in SQL; a test
holds the two equal.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt
from statistics import median

SMALL = 10
Z = 1.959964  # two-sided 95 %
BEST_GRADES = (1, 2)
GOOD_GRADES = (1, 2, 3)
BANDS = ((95, "A"), (85, "B"), (70, "C"))


@dataclass(frozen=True, slots=True)
class Case:
    """One lead obligation as figures see it. Instants are aware; None is "has not happened"."""

    unit: str
    channel: str
    request: str
    received_at: datetime
    issued_at: datetime
    category: str | None = None
    task: int | None = None
    place: str | None = None
    sign_due_at: datetime | None = None
    signed_at: datetime | None = None
    due_at: datetime | None = None
    original_due_at: datetime | None = None
    contacted_at: datetime | None = None
    replied_at: datetime | None = None
    closed_at: datetime | None = None
    returned: bool = False
    redos: int = 0
    extensions: int = 0
    answered: bool = False
    contacted: bool | None = None
    solved: bool | None = None
    grade: int | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A share: how many of how many."""

    id: str
    part: int
    whole: int

    @property
    def percent(self) -> Decimal | None:
        """The share in percent, two places, half up; None of nothing."""
        return percent(self.part, self.whole)

    @property
    def lower(self) -> Decimal | None:
        """Wilson's lower bound of the share in percent."""
        return wilson(self.part, self.whole)

    @property
    def small(self) -> bool:
        """Whether there is too little to judge by."""
        return self.whole < SMALL


def percent(part: float, whole: float) -> Decimal | None:
    """100 · part / whole to two places, half up."""
    if not whole:
        return None
    share = Decimal(str(part)) * 100 / Decimal(str(whole))
    return share.quantize(Decimal("0.01"), ROUND_HALF_UP)


def wilson(part: int, whole: int) -> Decimal | None:
    """The lower end of the 95 % interval of a share, in percent (Wilson 1927)."""
    if not whole:
        return None
    p, z2 = part / whole, Z * Z
    middle = p + z2 / (2 * whole)
    spread = Z * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole))
    low = max((middle - spread) / (1 + z2 / whole), 0.0)
    return Decimal(str(low * 100)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def band(figure: Figure) -> str:
    """A, B, C or D on the lower bound; a small sample is not judged."""
    if figure.small or figure.lower is None:
        return "small"
    return next((name for least, name in BANDS if figure.lower >= least), "D")


def _share(
    name: str, cases: Iterable[Case], of: Callable[[Case], bool], that: Callable[[Case], bool]
) -> Figure:
    counted = [case for case in cases if of(case)]
    return Figure(name, sum(that(case) for case in counted), len(counted))


def _on_time(due: Callable[[Case], datetime | None]) -> Callable[[Case], bool]:
    def kept(case: Case) -> bool:
        limit = due(case)
        return case.replied_at is not None and limit is not None and case.replied_at <= limit

    return kept


def _rated(case: Case) -> bool:
    return case.grade is not None


def _closed(case: Case) -> bool:
    return case.closed_at is not None


def _graded(grades: tuple[int, ...]) -> Callable[[Case], bool]:
    return lambda case: case.grade in grades


def quality(cases: Sequence[Case], *, now: datetime) -> tuple[Figure, ...]:
    """The handling figures of cases whose due time lies in the period; returned ones are out.

    A case that is not due yet and not answered says nothing and is not counted.
    """
    lasting = [case for case in cases if not case.returned]
    due = [
        case
        for case in lasting
        if case.due_at is not None and (case.due_at <= now or case.replied_at is not None)
    ]
    return (
        _share(
            "sign_on_time",
            lasting,
            lambda case: (
                case.sign_due_at is not None
                and (case.signed_at is not None or case.sign_due_at <= now)
            ),
            lambda case: case.signed_at is not None and case.signed_at <= (case.sign_due_at or now),
        ),
        _share("on_time", due, lambda _: True, _on_time(lambda case: case.due_at)),
        _share(
            "on_time_original", due, lambda _: True, _on_time(lambda case: case.original_due_at)
        ),
        _share(
            "contacted", lasting, lambda c: c.contacted is not None, lambda c: bool(c.contacted)
        ),
        _share("solved", lasting, lambda c: c.solved is not None, lambda c: bool(c.solved)),
        _share("satisfied", lasting, _rated, _graded(GOOD_GRADES)),
        _share("explicit", lasting, _rated, _graded(BEST_GRADES)),
        _share("rated", lasting, _closed, _rated),
        _share("strict", lasting, _closed, _graded(BEST_GRADES)),
        _share("redone", lasting, _closed, lambda c: c.redos > 0),
        _share("returned", cases, lambda _: True, lambda case: case.returned),
        _share("extended", due, lambda _: True, lambda case: case.extensions > 0),
    )


def by(cases: Iterable[Case], key: Callable[[Case], str | None]) -> dict[str, list[Case]]:
    """Cases in groups, the largest first, ties by name; what has no name is left out."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        name = key(case)
        if name is not None:
            groups.setdefault(name, []).append(case)
    return dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))


def overdue_hours(cases: Iterable[Case], *, now: datetime) -> float | None:
    """Median hours past the due time of what is answered late or still open late."""
    late = [
        ((case.replied_at or now) - case.due_at).total_seconds() / 3600
        for case in cases
        if not case.returned and case.due_at is not None and (case.replied_at or now) > case.due_at
    ]
    return round(median(late), 1) if late else None


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a trend: what came in, what was answered, what broke its promise."""

    day: date
    received: int
    replied: int
    breached: int


def change(now: int, before: int) -> Decimal | None:
    """The change against an earlier period in percent; None where there was nothing."""
    return percent(now - before, before)
