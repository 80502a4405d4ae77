"""Figures: pure, slow and right. Each says what it counted, of what, and how sure it is.

Definitions: the domain reference, section 10(c). Queries compute the same in SQL; a test
holds the two equal.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt
from statistics import median, quantiles
from uuid import UUID

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
    first_contacted: bool | None = None
    first_solved: bool | None = None
    first_grade: int | None = None
    order_id: UUID | None = None


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


def firsts(cases: Iterable[Case]) -> tuple[Figure, ...]:
    """What complainants said the first time they were asked: a redo never improves these."""
    lasting = [case for case in cases if not case.returned]
    return (
        _share(
            "first_contacted",
            lasting,
            lambda case: case.first_contacted is not None,
            lambda case: bool(case.first_contacted),
        ),
        _share(
            "first_solved",
            lasting,
            lambda case: case.first_solved is not None,
            lambda case: bool(case.first_solved),
        ),
        _share(
            "first_satisfied",
            lasting,
            lambda case: case.first_grade is not None,
            lambda case: case.first_grade in GOOD_GRADES,
        ),
    )


def early(cases: Iterable[Case], share: float = 0.5) -> Figure:
    """Replied within that share of the time allowed, of all that were replied to."""

    def soon(case: Case) -> bool:
        assert case.replied_at is not None
        assert case.due_at is not None
        allowed = case.due_at - case.received_at
        return case.replied_at - case.received_at <= allowed * share

    return _share(
        "early", cases, lambda case: case.replied_at is not None and case.due_at is not None, soon
    )


def accuracy(cases: Iterable[Case]) -> Figure:
    """Orders that were never returned with the return upheld, of all that were issued."""
    return _share("dispatched_right", cases, lambda _: True, lambda case: not case.returned)


def closing(closed: int, open_at_start: int, received: int) -> Figure:
    """Closed in the period, of what was open at its start and what came in."""
    return Figure("closing", closed, open_at_start + received)


def late_hours(cases: Iterable[Case], *, now: datetime) -> list[float]:
    """Hours past the due time of what is answered late or still open late, in order."""
    return sorted(
        ((case.replied_at or now) - case.due_at).total_seconds() / 3600
        for case in cases
        if not case.returned and case.due_at is not None and (case.replied_at or now) > case.due_at
    )


def overdue_hours(cases: Iterable[Case], *, now: datetime) -> float | None:
    """The median of the late hours; None when nothing is late."""
    late = late_hours(cases, now=now)
    return round(median(late), 1) if late else None


@dataclass(frozen=True, slots=True)
class Overdue:
    """How much is late and how late: the middle and the worst tenth."""

    count: int
    median: float | None
    p90: float | None


def overdue(cases: Iterable[Case], *, now: datetime) -> Overdue:
    """Count, median and ninth decile of the late hours."""
    late = late_hours(cases, now=now)
    if not late:
        return Overdue(0, None, None)
    worst = quantiles(late, n=10, method="inclusive")[-1] if len(late) > 1 else late[0]
    return Overdue(len(late), round(median(late), 1), round(worst, 1))


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
