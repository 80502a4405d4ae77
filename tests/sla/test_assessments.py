"""Assessment: weights that are published, exclusions by two people, bands without an order."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from sla.assessments import (
    GROUNDS,
    PRESETS,
    Exclusion,
    ExclusionRefused,
    counted,
    in_bands,
    score,
)
from sla.figures import Case, Figure

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def shares(*parts: int, whole: int = 100) -> list[Figure]:
    return [
        Figure(name, part, whole)
        for name, part in zip(("contacted", "solved", "satisfied", "on_time"), parts, strict=True)
    ]


def test_weights_make_a_hundred():
    assert {sum(weights) for weights in PRESETS.values()} == {100}


def test_the_score_is_the_weighted_mean_under_the_preset_it_names():
    found = score(shares(100, 80, 90, 60))
    assert (found.preset, found.points, found.band) == ("district", Decimal("84.50"), "C")
    assert score(shares(100, 80, 90, 60), "k1").points == Decimal("89.50")
    assert score(shares(100, 100, 100, 100)).band == "A"
    assert score(shares(0, 0, 0, 0)).band == "D"


def test_a_part_nobody_answered_makes_no_score():
    figures = [Figure("contacted", 0, 0), *shares(9, 80, 90, 60)[1:]]
    found = score(figures)
    assert (found.points, found.missing, found.band) == (None, ("contacted",), "small")
    unweighted = [*shares(100, 80, 90, 60)[:3], Figure("on_time", 0, 0)]
    assert score(unweighted, "k1").points == Decimal("89.50")


def test_a_small_sample_has_points_but_no_band():
    assert score(shares(9, 9, 9, 9, whole=9)).band == "small"


def exclusion(n: int, ground: str = "EX2", **more: str) -> Exclusion:
    return Exclusion(
        **(
            {
                "order_id": UUID(int=n),
                "ground": ground,
                "proof": "附件",
                "applicant": "x",
                "reviewer": "y",
                "at": NOW,
            }
            | more
        )
    )  # type: ignore[arg-type]


def test_excluded_obligations_leave_with_their_ground_counted():
    plain = Case("a", "web", "complaint", NOW, NOW, grade=5, first_grade=4, solved=True)
    cases = [replace(plain, order_id=UUID(int=n)) for n in range(1, 5)]
    kept, out = counted([*cases, plain], [exclusion(1), exclusion(2, "EX9"), exclusion(9)])
    assert out == {"EX2": 1, "EX9": 1}
    assert [case.order_id for case in kept] == [UUID(int=2), UUID(int=3), UUID(int=4), None]
    assert (kept[0].grade, kept[0].first_grade, kept[0].solved) == (None, None, True)
    assert kept[1].grade == 5


@pytest.mark.parametrize(
    ("more", "word"),
    [({"ground": "EX0"}, "ground"), ({"proof": " "}, "proof"), ({"reviewer": "x"}, "reviewer")],
)
def test_an_exclusion_without_ground_proof_or_a_second_person_is_refused(more, word):
    with pytest.raises(ExclusionRefused, match=word):
        exclusion(1, **more)


def test_every_ground_of_exclusion_is_known():
    assert list(GROUNDS) == [f"EX{n}" for n in range(1, 10)]


def test_units_stand_in_bands_by_their_peers_and_by_name_inside():
    good, bad, few = (
        Figure("on_time", 1000, 1000),
        Figure("on_time", 50, 100),
        Figure("on_time", 3, 3),
    )
    found = in_bands(
        {
            "z": ("街道", good),
            "b": ("部门", good),
            "a": ("部门", good),
            "c": ("部门", bad),
            "d": ("部门", few),
        }
    )
    assert found == {"街道": {"A": ["z"]}, "部门": {"A": ["a", "b"], "D": ["c"], "small": ["d"]}}
