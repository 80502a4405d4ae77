"""Bulletins: a period's figures frozen into one value; the same inputs give the same bytes."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sla.figures import Case, Figure, Point, band, by, change, overdue_hours, quality

SHANGHAI = ZoneInfo("Asia/Shanghai")
PERIOD = re.compile(r"(?P<year>20\d\d)(?:-(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4]))?")
TOPICS = 10
FEW = 3  # smaller counts are not printed in public


class PeriodRefused(ValueError):
    """Not a period: 2026-11, 2026Q3 or 2026."""


@dataclass(frozen=True, slots=True)
class Period:
    """A month, a quarter or a year of Shanghai days; `end` is the first day after."""

    name: str
    first: date
    end: date

    @property
    def starts_at(self) -> datetime:
        return _midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        return _midnight(self.end)

    @property
    def months(self) -> int:
        return (self.end.year - self.first.year) * 12 + self.end.month - self.first.month

    def shifted(self, months: int) -> "Period":
        """The period of the same length so many months away."""
        first = _month(self.first, months)
        return Period(_name(first, self.months), first, _month(self.end, months))

    @property
    def before(self) -> "Period":
        return self.shifted(-self.months)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def _month(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _name(first: date, months: int) -> str:
    match months:
        case 1:
            return f"{first:%Y-%m}"
        case 3:
            return f"{first.year}Q{(first.month + 2) // 3}"
        case _:
            return f"{first.year}"


def period(text: str) -> Period:
    """The period of that name. PeriodRefused for anything else."""
    found = PERIOD.fullmatch(text.strip().upper())
    if found is None:
        raise PeriodRefused(f"{text!r} is not a period; write 2026-11, 2026Q3 or 2026")
    year = int(found["year"])
    if found["month"]:
        first, months = date(year, int(found["month"]), 1), 1
    elif found["quarter"]:
        first, months = date(year, int(found["quarter"]) * 3 - 2, 1), 3
    else:
        first, months = date(year, 1, 1), 12
    return Period(_name(first, months), first, _month(first, months))


def month_of(day: date) -> Period:
    """The month a day lies in."""
    return period(f"{day:%Y-%m}")


@dataclass(frozen=True, slots=True)
class Counts:
    """How much came in and went out in a period."""

    received: int
    closed: int
    open_at_start: int
    answered_directly: int
    by_channel: Mapping[str, int]
    by_request: Mapping[str, int]
    refused: Mapping[str, int]
    warnings: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A unit, a category or a task with its figures."""

    name: str
    cases: int
    figures: tuple[Figure, ...]
    band: str
    overdue_hours: float | None


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What is said of a period; `cut_off` is when the figures were frozen."""

    period: Period
    cut_off: datetime
    counts: Counts
    before: Counts
    received_change: Decimal | None
    cases: int
    figures: tuple[Figure, ...]
    units: tuple[Line, ...]
    categories: tuple[Line, ...]
    tasks: tuple[Line, ...]
    trend: tuple[Point, ...]

    def canonical(self) -> bytes:
        """The one byte form of the frozen figures."""
        return json.dumps(
            plain(self), sort_keys=True, ensure_ascii=False, separators=(",", ":")
        ).encode()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.canonical()).hexdigest()


def compose(
    wanted: Period,
    cases: Sequence[Case],
    counts: Counts,
    before: Counts,
    trend: Sequence[Point],
    *,
    cut_off: datetime,
) -> Bulletin:
    """Freeze a period. `cases` are those due in it (the cohort of the domain's formulas)."""
    return Bulletin(
        period=wanted,
        cut_off=cut_off,
        counts=counts,
        before=before,
        received_change=change(counts.received, before.received),
        cases=len(cases),
        figures=quality(cases, now=cut_off),
        units=lines(by(cases, lambda case: case.unit), cut_off),
        categories=lines(by(cases, lambda case: case.category), cut_off)[:TOPICS],
        tasks=lines(
            by(cases, lambda case: None if case.task is None else f"{case.task:02d}"), cut_off
        ),
        trend=tuple(trend),
    )


def lines(groups: Mapping[str, Sequence[Case]], now: datetime) -> tuple[Line, ...]:
    """Each group with its figures, the largest first."""
    found = []
    for name, cases in groups.items():
        figures = quality(cases, now=now)
        on_time = next(figure for figure in figures if figure.id == "on_time")
        hours = overdue_hours(cases, now=now)
        found.append(Line(name, len(cases), figures, band(on_time), hours))
    return tuple(found)


def plain(value: object) -> Any:
    """A value as JSON: shares carry their percent and bound so that readers need no formula."""
    if isinstance(value, Figure):
        return {
            **asdict(value),
            "percent": _number(value.percent),
            "lower": _number(value.lower),
            "small": value.small,
        }
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return _number(value) if isinstance(value, Decimal) else value


def _number(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def public(counts: Mapping[str, int]) -> dict[str, str]:
    """Counts as the public may see them: small ones are not told apart."""
    return {name: str(count) if count >= FEW else f"<{FEW}" for name, count in counts.items()}
