"""The closed words of a district: what rules may speak of, and what callers call things."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Category:
    """One class of request; the plan's task for it, or the ground that sends it to a person."""

    code: str
    group: str
    zh: str
    en: str
    keywords: tuple[str, ...] = ()
    task: int | None = None
    ground: str = ""
    suggestions_only: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every value a condition may name; anything else is a fault of the rule."""

    categories: tuple[str, ...]
    kinds: tuple[str, ...]
    places: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    respondents: tuple[str, ...] = ()
    enterprises: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    grounds: Mapping[str, str] = field(default_factory=dict)  # code to the route to point to

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a column, by the column's name in a rule."""
        return {
            "category": self.categories,
            "kind": self.kinds,
            "place": self.places,
            "channel": self.channels,
            "respondent": self.respondents,
            "enterprise": self.enterprises,
            "urgency": self.urgencies,
            "caution": self.cautions,
        }[name]
