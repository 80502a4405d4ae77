"""Bulletins: a period's figures frozen into one value; the same inputs give the same bytes."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sla.figures import (
    Case,
    Figure,
    Overdue,
    Point,
    accuracy,
    band,
    by,
    change,
    closing,
    early,
    firsts,
    overdue,
    overdue_hours,
    quality,
)
from sla.trends import Rise, rises

SHANGHAI = ZoneInfo("Asia/Shanghai")
PERIOD = re.compile(r"(?P<year>20[0-9]{2})(?:-(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4]))?")
TOPICS = 10
NONE_LATE = Overdue(0, None, None)
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
    more: tuple[Figure, ...] = ()  # first answers, closing, direct answers, early, accuracy
    overdue: Overdue = NONE_LATE
    rising: tuple[Rise, ...] = ()
    year_change: Decimal | None = None
    excluded: Mapping[str, int] = field(default_factory=dict)
    small: tuple[str, ...] = ()  # units too small to be judged by

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
    earlier: Sequence[Case] = (),
    last_year: Counts | None = None,
    excluded: Mapping[str, int] | None = None,
) -> Bulletin:
    """Freeze a period. `cases` are those due in it (the cohort of the domain's formulas).

    `earlier` are the previous period's cases, against which classes rise; `excluded` counts
    what was taken out of `cases`, by ground.
    """
    units = lines(by(cases, lambda case: case.unit), cut_off)
    return Bulletin(
        period=wanted,
        cut_off=cut_off,
        counts=counts,
        before=before,
        received_change=change(counts.received, before.received),
        cases=len(cases),
        figures=quality(cases, now=cut_off),
        units=units,
        categories=lines(by(cases, lambda case: case.category), cut_off)[:TOPICS],
        tasks=lines(
            by(cases, lambda case: None if case.task is None else f"{case.task:02d}"), cut_off
        ),
        trend=tuple(trend),
        more=_more(cases, counts),
        overdue=overdue(cases, now=cut_off),
        rising=rises(_sizes(cases), _sizes(earlier)) if earlier else (),
        year_change=change(counts.received, last_year.received) if last_year else None,
        excluded=dict(excluded or {}),
        small=tuple(sorted(unit.name for unit in units if unit.band == "small")),
    )


def _more(cases: Sequence[Case], counts: Counts) -> tuple[Figure, ...]:
    return (
        *firsts(cases),
        early(cases),
        accuracy(cases),
        closing(counts.closed, counts.open_at_start, counts.received),
        Figure("answered_directly", counts.answered_directly, counts.received),
    )


def _sizes(cases: Sequence[Case]) -> dict[str, int]:
    return {name: len(found) for name, found in by(cases, lambda case: case.category).items()}


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
    return _scalar(value)


def _scalar(value: object) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()  # one instant, one spelling
    if isinstance(value, date):
        return value.isoformat()
    return _number(value) if isinstance(value, Decimal) else value


def _number(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def public(counts: Mapping[str, int]) -> dict[str, str]:
    """Counts as the public may see them: small ones are not told apart.

    One small count alone could be had by subtraction, so the next smallest hides with it.
    """
    few = sorted((count, name) for name, count in counts.items() if 0 < count < FEW)
    hidden = {name for _, name in few}
    if len(hidden) == 1:
        others = sorted((count, name) for name, count in counts.items() if count >= FEW)
        hidden |= {name for _, name in others[:1]}
    shown = {name: str(count) for name, count in counts.items() if name not in hidden}
    return shown | {name: f"<{FEW}" if counts[name] < FEW else "*" for name in sorted(hidden)}


TABLES = ("by_channel", "by_request", "refused", "warnings")


def public_form(bulletin: Bulletin) -> dict[str, Any]:
    """The bulletin as JSON for everybody: small tables, lines and shares are suppressed."""
    body: dict[str, Any] = plain(bulletin)
    for name in ("counts", "before"):
        counts = getattr(bulletin, name)
        body[name] |= {table: public(getattr(counts, table)) for table in TABLES}
    for name in ("units", "categories", "tasks"):
        rows = [row for row in body[name] if row["cases"] >= FEW]
        body[name] = [row | {"figures": _shown(row["figures"])} for row in rows]
    body["excluded"] = public(bulletin.excluded)
    body["rising"] = [row for row in body["rising"] if min(row["now"], row["before"]) >= FEW]
    for name in ("figures", "more"):
        body[name] = _shown(body[name])
    return body


def _shown(figures: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    # of one or two cases a share tells what each of them said
    hidden = {"part": None, "percent": None, "lower": None}
    return [row | hidden if 0 < row["whole"] < FEW else row for row in figures]
