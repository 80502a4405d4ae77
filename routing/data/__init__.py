"""The districts that ship with the product: their units, categories, rules and plan, as data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from routing.plan import Plan, decode, read
from routing.rulebook import category_rules, compile_book, duties_of, rules_from
from routing.rules import Rule, Rulebook
from routing.units import Register, register_from
from routing.vocabulary import Category, Vocabulary

SHIPPED = ("weibin",)


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a person decides, in two languages, and the proper channel to point to."""

    code: str
    zh: str
    en: str
    route: str


@dataclass(frozen=True, slots=True)
class District:
    """Everything a district ships with; `plan_bytes` is its plan as published."""

    code: str
    area: str
    name: str
    name_en: str
    names: tuple[str, ...]
    register: Register
    confirmations: Mapping[str, str]
    groups: tuple[Category, ...]
    categories: tuple[Category, ...]
    grounds: Mapping[str, Ground]
    vocabulary: Vocabulary
    conflict_unit: str
    second_unit: str
    triage_unit: str
    rules: tuple[Rule, ...]
    version: str
    effective_from: date
    plan_name: str
    plan_bytes: bytes

    def plan(self) -> Plan:
        """The shipped plan, read by the importer."""
        return read(self.plan_bytes, register=self.register, confirmations=self.confirmations)

    def book(self, plan: Plan) -> Rulebook:
        """The first rulebook over a plan."""
        return compile_book(
            self.version,
            self.rules,
            duties_of(plan, self.register),
            conflict_unit=self.conflict_unit,
            second_unit=self.second_unit,
            routes={code: ground.route for code, ground in self.grounds.items()},
            effective_from=self.effective_from,
        )


@cache
def district(code: str = "weibin") -> District:
    """A shipped district by its code; KeyError for one that does not ship."""
    if code not in SHIPPED:
        raise KeyError(code)
    about, units = _toml(code, "district"), _toml(code, "units")
    listed, written = _toml(code, "categories"), _toml(code, "rules")
    register = register_from(
        units["unit"], district=(*about["names"], about["city"] + about["name"])
    )
    categories = tuple(_category(row) for row in listed["category"])
    grounds = {key: Ground(key, **row) for key, row in about["grounds"].items()}
    authorities = {key: _unit_code(register, name) for key, name in about["authorities"].items()}
    return District(
        code=code,
        area=about["area"],
        name=about["name"],
        name_en=about["name_en"],
        names=tuple(about["names"]),
        register=register,
        confirmations=about["confirmations"],
        groups=tuple(_category({**row, "group": ""}) for row in listed["group"]),
        categories=categories,
        grounds=grounds,
        vocabulary=_vocabulary(about["vocabulary"], categories, register, grounds),
        conflict_unit=authorities["conflict"],
        second_unit=authorities["conflict_second"],
        triage_unit=authorities["triage"],
        rules=rules_from(written["rule"], register) + category_rules(categories),
        version=written["version"],
        effective_from=written["effective_from"],
        plan_name=about["plan"],
        plan_bytes=(files(__name__) / code / about["plan"]).read_bytes(),
    )


def district_of(text: str) -> District | None:
    """The shipped district a plan's text speaks of, going by its opening."""
    return next((d for d in map(district, SHIPPED) if d.names[0] in text[:2000]), None)


def read_plan(source: str | bytes) -> Plan:
    """Read a plan with its district's register and confirmations when the district ships."""
    text = decode(source) if isinstance(source, bytes) else source
    home = district_of(text)
    if home is None:
        return read(text)
    return read(text, register=home.register, confirmations=home.confirmations)


def _toml(code: str, name: str) -> dict[str, Any]:
    return tomllib.loads((files(__name__) / code / f"{name}.toml").read_text(encoding="utf-8"))


def _category(row: Mapping[str, Any]) -> Category:
    return Category(**{**row, "keywords": tuple(row.get("keywords", ()))})


def _unit_code(register: Register, name: str) -> str:
    unit = register.resolve(name)
    if unit is None:
        raise ValueError(f"no such unit: {name}")
    return unit.code


def _vocabulary(
    words: Mapping[str, list[str]],
    categories: tuple[Category, ...],
    register: Register,
    grounds: Mapping[str, Ground],
) -> Vocabulary:
    return Vocabulary(
        categories=tuple(category.code for category in categories),
        respondents=tuple(unit.code for unit in register),
        grounds={code: ground.route for code, ground in grounds.items()},
        **{key: tuple(values) for key, values in words.items()},
    )
