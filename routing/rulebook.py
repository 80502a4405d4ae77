"""Rulebooks from their rows: the shape is checked here, the meaning by `check`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast, get_args

from routing.plan import Plan
from routing.proof import Certificate, Finding, check
from routing.rules import (
    Condition,
    Duty,
    EnumField,
    Is,
    Mentions,
    Number,
    OneOf,
    Outcome,
    RangeField,
    Rule,
    Rulebook,
    Within,
)
from routing.units import Register
from routing.vocabulary import Category

__all__ = [
    "Certificate",
    "Finding",
    "RuleFault",
    "RulebookRefused",
    "category_rules",
    "check",
    "compile_book",
    "duties_of",
    "row_of",
    "rules_from",
]

CATEGORY_RANK = 500
_ENUMS: tuple[str, ...] = get_args(EnumField)
_RANGES: tuple[str, ...] = get_args(RangeField)
_OUTCOME = frozenset({"task", "lead", "co_handlers", "partners", "urgency", "ground", "route"})
_SUGGESTING = frozenset({"suggestion", "praise", "inquiry"})


@dataclass(frozen=True, slots=True)
class RuleFault:
    """A cell that cannot be read: the rule, the column, what is wrong (a sentence with gaps)."""

    rule: str
    column: str
    message: str
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        return self.message.format(**self.params)


class RulebookRefused(Exception):
    """Some rows are not rules; each fault names its cell."""

    def __init__(self, faults: Iterable[RuleFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{f.rule}.{f.column}: {f.told}" for f in self.faults))


class _Bad(ValueError):
    def __init__(self, column: str, message: str, **params: str) -> None:
        self.column, self.message, self.params = column, message, params
        super().__init__(message)


def rules_from(rows: Iterable[Mapping[str, Any]], register: Register) -> tuple[Rule, ...]:
    """Rules from rows (`id rank reason when{} then{}`); units by any of their names."""
    rules: list[Rule] = []
    faults: list[RuleFault] = []
    for index, row in enumerate(rows, start=1):
        name = str(row.get("id") or f"row {index}")
        try:
            rules.append(_rule(row, register))
        except _Bad as bad:
            faults.append(RuleFault(name, bad.column, bad.message, bad.params))
    if faults:
        raise RulebookRefused(faults)
    return tuple(rules)


def row_of(rule: Rule) -> dict[str, Any]:
    """The row a rule came from, units by code: what the table and the spreadsheet show."""
    when: dict[str, Any] = {}
    for condition in rule.conditions:
        match condition:
            case Is(field=name, value=value):
                when[name] = [value]
            case OneOf(field=name, values=values):
                when[name] = sorted(values)
            case Within(field=name, low=low, high=high):
                when[name] = ["" if low is None else low, "" if high is None else high]
            case Mentions(words=words):
                when["words"] = list(words)
    then = {
        name: list(value) if isinstance(value, tuple) else value
        for name in sorted(_OUTCOME)
        if (value := getattr(rule.outcome, name)) not in {None, ""}
    }
    return {"id": rule.id, "rank": rule.rank, "reason": rule.reason, "when": when, "then": then}


def category_rules(categories: Iterable[Category]) -> tuple[Rule, ...]:
    """The rule each category brings itself, behind all written ones."""
    rules: list[Rule] = []
    for category in categories:
        name, only = f"c-{category.code}", Is("category", category.code)
        outcome = Outcome(task=category.task, ground=category.ground)
        if not category.suggestions_only:
            rules.append(Rule(name, CATEGORY_RANK, (only,), outcome, category.zh))
            continue
        kinds = OneOf("kind", _SUGGESTING)
        rules.append(Rule(name, CATEGORY_RANK, (only, kinds), outcome, category.zh))
        rest = Outcome(ground="NT")
        rules.append(Rule(f"{name}-x", CATEGORY_RANK + 1, (only,), rest, category.zh))
    return tuple(rules)


def duties_of(plan: Plan, register: Register) -> dict[int, Duty]:
    """The plan's matrix by unit code; a name the register does not know stays a name."""
    return {
        task.number: Duty(
            task.number,
            _codes(task.leads, register),
            _codes(task.supports, register),
            task.supports_scope,
            _codes(task.coordinates, register),
        )
        for task in plan.tasks
    }


def compile_book(
    version: str,
    rules: Iterable[Rule],
    duties: Mapping[int, Duty],
    *,
    conflict_unit: str,
    second_unit: str,
    routes: Mapping[str, str],
    effective_from: date | None = None,
    effective_until: date | None = None,
) -> Rulebook:
    """A book ready to decide; leads come from the duties, so a new plan needs a new book."""
    return Rulebook(
        version=version,
        rules=tuple(rules),
        duties=dict(duties),
        conflict_unit=conflict_unit,
        second_unit=second_unit,
        routes=dict(routes),
        effective_from=effective_from,
        effective_until=effective_until,
    )


def _rule(row: Mapping[str, Any], register: Register) -> Rule:
    name, rank = row.get("id"), row.get("rank")
    if not isinstance(name, str) or not name:
        raise _Bad("id", "规则没有编号")
    if not isinstance(rank, int) or isinstance(rank, bool):
        raise _Bad("rank", "次序必须是整数")
    when, then = row.get("when", {}), row.get("then", {})
    if not isinstance(when, Mapping) or not isinstance(then, Mapping):
        raise _Bad("when", "条件和结果必须是表")
    conditions = tuple(_condition(column, cell, register) for column, cell in when.items())
    return Rule(name, rank, conditions, _outcome(then, register), str(row.get("reason", "")))


def _condition(column: str, cell: Any, register: Register) -> Condition:
    if column == "words":
        return Mentions(_words(column, cell))
    if column in _RANGES:
        return _range(cast("RangeField", column), cell)
    if column not in _ENUMS:
        raise _Bad(column, "没有这一列")
    values = _words(column, cell)
    if column == "respondent":
        values = _codes(values, register)
    name = cast("EnumField", column)
    return Is(name, values[0]) if len(values) == 1 else OneOf(name, frozenset(values))


def _range(column: RangeField, cell: Any) -> Within:
    if not isinstance(cell, list | tuple) or len(cell) != 2:
        raise _Bad(column, "范围须写成 [下限, 上限]")
    low, high = (_bound(column, end) for end in cell)
    if low is None and high is None:
        raise _Bad(column, "范围两端不能都空")
    if low is not None and high is not None and low > high:  # type: ignore[operator] # same column, same type
        raise _Bad(column, "下限大于上限")
    return Within(column, low, high)


def _bound(column: RangeField, end: Any) -> Number | None:
    if end is None or end == "":
        return None
    wanted = int if column == "amount" else date
    if isinstance(end, str) and wanted is date:
        try:
            return date.fromisoformat(end)
        except ValueError:
            raise _Bad(column, "不是日期：{value}", value=end) from None
    if isinstance(end, bool) or not isinstance(end, wanted):
        raise _Bad(column, "类型不对：{value}", value=str(end))
    return end


def _words(column: str, cell: Any) -> tuple[str, ...]:
    values = [cell] if isinstance(cell, str) else cell
    if not isinstance(values, list | tuple) or not values:
        raise _Bad(column, "不能为空")
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise _Bad(column, "只能是文字，且不能为空")
    return tuple(dict.fromkeys(value.strip() for value in values))


def _outcome(then: Mapping[str, Any], register: Register) -> Outcome:
    if unknown := set(then) - _OUTCOME:
        raise _Bad(min(unknown), "没有这一列")
    task = then.get("task")
    if task is not None and (not isinstance(task, int) or isinstance(task, bool)):
        raise _Bad("task", "任务必须是编号")
    lead, ground = str(then.get("lead", "")), str(then.get("ground", ""))
    if ground and (task is not None or lead):
        raise _Bad("ground", "转人工研判的规则不能同时指定任务或单位")
    if not (ground or task is not None or lead):
        raise _Bad("then", "没有写明任务、单位或研判理由")
    return Outcome(
        task=task,
        lead=_codes((lead,), register)[0] if lead else "",
        co_handlers=_units(then, "co_handlers", register),
        partners=_units(then, "partners", register),
        urgency=str(then.get("urgency", "")),
        ground=ground,
        route=str(then.get("route", "")),
    )


def _units(then: Mapping[str, Any], column: str, register: Register) -> tuple[str, ...] | None:
    cell = then.get(column)
    if cell is None:
        return None
    return _codes(_words(column, cell), register) if cell else ()


def _codes(names: Iterable[str], register: Register) -> tuple[str, ...]:
    found = ((register.resolve(name), name) for name in names)
    return tuple(unit.code if unit else name for unit, name in found)
