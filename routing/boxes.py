"""Exact algebra on boxes: a box is one bit mask for each axis, a bit for each atom of the axis."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Box = tuple[int, ...]


class TooManyBoxes(Exception):
    """The remainder fell into more boxes than the caller allowed."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A closed dimension; each atom is a value no condition can look inside of."""

    name: str
    atoms: tuple[Any, ...]

    @property
    def full(self) -> int:
        return (1 << len(self.atoms)) - 1

    def mask(self, values: Iterable[Any]) -> int:
        wanted = set(values)
        return sum(1 << i for i, atom in enumerate(self.atoms) if atom in wanted)

    def sample(self, mask: int) -> Any:
        """One value of the mask, the lowest."""
        return self.atoms[(mask & -mask).bit_length() - 1]


def meet(one: Box, other: Box) -> Box | None:
    """What two boxes share, if anything."""
    shared = []
    for a, b in zip(one, other, strict=True):
        if not (both := a & b):
            return None
        shared.append(both)
    return tuple(shared)


def without(box: Box, taken: Box) -> list[Box]:
    """The box less another, as boxes that do not overlap."""
    shared = meet(box, taken)
    if shared is None:
        return [box]
    left: list[Box] = []
    for axis, (had, common) in enumerate(zip(box, shared, strict=True)):
        if outside := had & ~common:
            left.append((*shared[:axis], outside, *box[axis + 1 :]))
    return left


def remainder(boxes: list[Box], taken: Box, limit: int) -> list[Box]:
    """All boxes less another; raises TooManyBoxes past the limit."""
    left: list[Box] = []
    for box in boxes:
        left.extend(without(box, taken))
        if len(left) > limit:
            raise TooManyBoxes
    return left
