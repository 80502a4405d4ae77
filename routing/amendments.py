"""A proposal as an amendment: which rule of a book changes, and into what. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing.rulebook import CATEGORY_RANK

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Amendment:
    """Rows to put into a book: `changed` replace those of their ids, `added` are new."""

    changed: tuple[dict[str, Any], ...]
    added: tuple[dict[str, Any], ...]

    @property
    def rule(self) -> str:
        """The rule that now leads the category elsewhere."""
        return str((self.added or self.changed)[-1]["id"])


def amendment(
    rules: Sequence[Row],
    lead_of: Callable[[Row], str],
    *,
    category: str,
    sent_to: str,
    went_to: str,
    reason: str,
) -> Amendment:
    """The most general rule that sends the category to `sent_to`, sending it to `went_to`.

    A rule that stands for several categories keeps the others; where no rule names a unit, one
    is added. `rules` are in the order in which they are tried.
    """
    found = [row for row in rules if category in _categories(row) and lead_of(row) == sent_to]
    name = _free(rules, f"{category}-{went_to}")
    if not found or not sent_to:
        when = {"category": [category]}
        made = {"id": name, "rank": CATEGORY_RANK, "when": when, "then": {"lead": went_to}}
        return Amendment((), (made | {"reason": reason},))
    rule = dict(found[-1])
    then = {**rule["then"], "lead": went_to}
    others = [other for other in _categories(rule) if other != category]
    if not others:
        return Amendment(({**rule, "then": then, "reason": reason},), ())
    kept = {**rule, "when": {**rule["when"], "category": others}}
    when = {**rule["when"], "category": [category]}
    made = {**rule, "id": name, "when": when, "then": then, "reason": reason}
    return Amendment((kept,), (made,))


def _categories(row: Row) -> tuple[str, ...]:
    return tuple((row.get("when") or {}).get("category") or ())


def _free(rules: Sequence[Row], name: str) -> str:
    known = {row["id"] for row in rules}
    if name not in known:
        return name
    return next(f"{name}-{n}" for n in range(2, len(known) + 3) if f"{name}-{n}" not in known)
