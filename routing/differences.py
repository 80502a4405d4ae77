"""What two books differ in: rules added, removed, changed, cell by cell."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing.cells import COLUMNS, cells_of

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell before and after; an empty tuple is an empty cell."""

    column: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that is in one book only, or in both and not the same."""

    rule: str
    kind: str  # added, removed or changed
    cells: tuple[CellChange, ...]
    before: Row | None = None
    after: Row | None = None


def difference(old: Iterable[Row], new: Iterable[Row]) -> tuple[RuleChange, ...]:
    """Every rule that is not the same in both, in the order in which rules are tried."""
    before = {str(row["id"]): row for row in old}
    after = {str(row["id"]): row for row in new}
    found = [
        _change(name, before.get(name), after.get(name)) for name in before.keys() | after.keys()
    ]
    changed = [change for change in found if change is not None]
    return tuple(sorted(changed, key=lambda change: in_order(change.after or change.before or {})))


def in_order(row: Row) -> tuple[int, str]:
    """The place of a rule among the others: rank, then number."""
    return int(row.get("rank", 0)), str(row.get("id", ""))


def ordered(rows: Sequence[Row]) -> list[Row]:
    """Rules in the order in which they are tried."""
    return sorted(rows, key=in_order)


def _change(name: str, before: Row | None, after: Row | None) -> RuleChange | None:
    old, new = cells_of(before or {}), cells_of(after or {})
    cells = tuple(
        CellChange(column.key, old.get(column.key, ()), new.get(column.key, ()))
        for column in COLUMNS
        if column.key != "id" and old.get(column.key, ()) != new.get(column.key, ())
    )
    if before is None or after is None:
        return RuleChange(name, "added" if before is None else "removed", cells, before, after)
    return RuleChange(name, "changed", cells, before, after) if cells else None
