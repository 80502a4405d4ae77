"""Assessment: a score whose weights are published with it, exclusions, bands by peer group."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from sla.figures import BANDS, Case, Figure, band

# the figure that stands for each part of the score
PARTS = ("contacted", "solved", "satisfied", "on_time")
# response, resolution, satisfaction, on time; sources in the domain reference's list
PRESETS: Mapping[str, tuple[int, int, int, int]] = {
    "district": (25, 35, 25, 15),  # ours
    "k1": (30, 35, 35, 0),  # K1: without the on-time rate
}
GROUNDS: Mapping[str, str] = {
    "EX1": "不属于该单位职责",
    "EX2": "诉求不合理，经复核",
    "EX3": "法定程序进行中",
    "EX4": "并入主件的诉求",
    "EX5": "诉求人拒绝配合或联系方式虚假",
    "EX6": "恶意诉求",
    "EX7": "经批准挂账",
    "EX8": "不可抗力或系统故障",
    "EX9": "执法或调解结果（只不计满意率）",
}
SATISFACTION_ONLY = "EX9"


class ExclusionRefused(ValueError):
    """An exclusion without ground or proof, or one that its proposer granted himself."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One obligation that does not count: why, on what proof, asked and granted by whom."""

    order_id: UUID
    ground: str
    proof: str
    applicant: str
    reviewer: str
    at: datetime

    def __post_init__(self) -> None:
        if self.ground not in GROUNDS:
            raise ExclusionRefused(f"ground: must be one of {', '.join(GROUNDS)}")
        if not self.proof.strip():
            raise ExclusionRefused("proof: an exclusion needs its proof")
        if self.applicant == self.reviewer:
            raise ExclusionRefused("reviewer: nobody grants what he asked for")


def counted(
    cases: Iterable[Case], exclusions: Iterable[Exclusion]
) -> tuple[list[Case], dict[str, int]]:
    """The cases that count, and how many were taken out by ground.

    Results of enforcement or mediation stay in, without their grades.
    """
    grounds = {exclusion.order_id: exclusion.ground for exclusion in exclusions}
    kept: list[Case] = []
    out: dict[str, int] = {}
    for case in cases:
        ground = grounds.get(case.order_id) if case.order_id else None
        if ground is not None:
            out[ground] = out.get(ground, 0) + 1
        if ground == SATISFACTION_ONLY:
            kept.append(replace(case, grade=None, first_grade=None))
        elif ground is None:
            kept.append(case)
    return kept, dict(sorted(out.items()))


@dataclass(frozen=True, slots=True)
class Score:
    """Points of a hundred under a named preset; None where a part has no answers at all."""

    preset: str
    points: Decimal | None
    missing: tuple[str, ...]
    band: str


def score(figures: Sequence[Figure], preset: str = "district") -> Score:
    """The weighted score. A part that nobody answered makes no score rather than a guess."""
    shares = {figure.id: figure for figure in figures}
    parts = [(shares[name], weight) for name, weight in zip(PARTS, PRESETS[preset], strict=True)]
    missing = tuple(figure.id for figure, weight in parts if weight and not figure.whole)
    if missing:
        return Score(preset, None, missing, "small")
    total = sum(Decimal(figure.part * weight) / figure.whole for figure, weight in parts if weight)
    points = Decimal(total).quantize(Decimal("0.01"), ROUND_HALF_UP)
    small = any(figure.small for figure, weight in parts if weight)
    return Score(preset, points, (), "small" if small else _band(points))


def _band(points: Decimal) -> str:
    return next((name for least, name in BANDS if points >= least), "D")


def in_bands(units: Mapping[str, tuple[str, Figure]]) -> dict[str, dict[str, list[str]]]:
    """Units by peer group and band: name to (group, figure). Inside a band no order is told."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in sorted(units):
        group, figure = units[name]
        found.setdefault(group, {}).setdefault(band(figure), []).append(name)
    return {group: dict(sorted(bands.items())) for group, bands in sorted(found.items())}
