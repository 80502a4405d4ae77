"""Which of some earlier texts a text is most like, by the runs of signs they share."""

from collections.abc import Hashable, Iterable
from typing import TypeVar

from intake.suggest.grams import grams

Key = TypeVar("Key", bound=Hashable)
# less in common is chance: any two complaints share some runs
LEAST = 0.08


def alike(text: str, others: Iterable[tuple[Key, str]], limit: int) -> list[tuple[Key, float]]:
    """Up to `limit` keys with the share of runs (two signs and more) in common, likest first."""
    own = _runs(text)
    found = []
    for key, other in others:
        runs = _runs(other)
        both = len(own & runs)
        if both and (share := both / len(own | runs)) >= LEAST:
            found.append((key, share))
    return sorted(found, key=lambda pair: -pair[1])[:limit]


def _runs(text: str) -> frozenset[str]:
    return frozenset(run for run in grams(text) if len(run) > 1)
