"""The unit register: who there is in a district, under which names, and who stands under whom."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from routing.hanzi import one_off, simplified

# before a bare name, these make it a body of another level
_HIGHER = frozenset("市省国州级总")


class UnitKind(StrEnum):
    DEPARTMENT = "department"
    TOWN = "town"
    ZONE = "zone"
    COURT = "court"
    PARTY = "party"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Unit:
    """One body: `code` is stable, `name` is what the district calls it, dates are its life."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    kind: UnitKind = UnitKind.DEPARTMENT
    parent: str = ""
    group: str = ""
    opened: date | None = None
    closed: date | None = None

    def open_on(self, day: date) -> bool:
        return (self.opened is None or self.opened <= day) and (
            self.closed is None or day < self.closed
        )


@dataclass(frozen=True, slots=True)
class Register:
    """All units of a district, found by code, name or alias; an empty one knows nobody."""

    units: tuple[Unit, ...] = ()
    _by_name: Mapping[str, Unit] = field(init=False, repr=False, compare=False)
    _above: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, Unit] = {}
        for unit in self.units:
            for name in (unit.code, unit.name, *unit.aliases):
                if by_name.setdefault(_key(name), unit) is not unit:
                    raise ValueError(f"two units answer to {name!r}")
        parents = {unit.code: unit.parent for unit in self.units}
        object.__setattr__(self, "_by_name", by_name)
        object.__setattr__(self, "_above", {code: _line(code, parents) for code in parents})

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.units)

    def __len__(self) -> int:
        return len(self.units)

    def resolve(self, name: str) -> Unit | None:
        """The unit of exactly this code, name or alias (traditional characters count too)."""
        return self._by_name.get(_key(name))

    def find(self, text: str) -> Unit | None:
        """`resolve`, or else the unit whose longest name stands inside the text."""
        if not text:
            return None
        if exact := self.resolve(text):
            return exact
        key = _key(text)
        inside = [name for name in self._by_name if len(name) > 2 and _stands_in(name, key)]
        return self._by_name[max(inside, key=len)] if inside else None

    def near(self, name: str) -> tuple[Unit, ...]:
        """Units one character away from a name that is none of theirs."""
        key = _key(name)
        found = {
            unit.code: unit
            for known, unit in self._by_name.items()
            if len(key) > 3 and not known.isascii() and one_off(key, known)
        }
        return tuple(found.values())

    def beneath(self, code: str, other: str) -> bool:
        """Whether `code` is `other` itself or stands anywhere under it."""
        return other == code or other in self._above.get(code, ())

    def line_of(self, code: str) -> tuple[str, ...]:
        """The unit and all its subordinates, by code."""
        return tuple(unit.code for unit in self.units if self.beneath(unit.code, code))


def register_from(rows: Iterable[Mapping[str, Any]], *, district: tuple[str, ...] = ()) -> Register:
    """The register in its data file's rows (`code name aliases kind parent group …`).

    `district` holds what people put before a name (渭滨区, 渭滨): each makes an alias.
    """
    return Register(tuple(_unit(row, district) for row in rows))


def _unit(row: Mapping[str, Any], district: tuple[str, ...]) -> Unit:
    return Unit(
        code=row["code"],
        name=row["name"],
        aliases=_aliases(row, district),
        kind=UnitKind(row.get("kind", "department")),
        parent=row.get("parent", ""),
        group=row.get("group", ""),
        opened=row.get("opened"),
        closed=row.get("closed"),
    )


def _aliases(row: Mapping[str, Any], district: tuple[str, ...]) -> tuple[str, ...]:
    names: list[str] = [row["name"], *row.get("aliases", ())]
    if row.get("kind") == "outside":
        return tuple(names[1:])
    for name in tuple(names):
        bare = name.removeprefix("区")
        names += [prefix + bare for prefix in district if not bare.startswith(prefix)]
        names += [bare] if len(bare) > 2 else []
    return tuple(dict.fromkeys(names[1:]))


def _stands_in(name: str, text: str) -> bool:
    """Whether the name stands in the text as itself: 税务局 does not in 市税务局."""
    at = text.find(name)
    return at == 0 or (at > 0 and (text[at - 1] not in _HIGHER or name[0] == "区"))


def _key(name: str) -> str:
    return "".join(simplified(name).split()).lower()


def _line(code: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    above: list[str] = []
    while (code := parents.get(code, "")) and code not in above:
        above.append(code)
    return tuple(above)
