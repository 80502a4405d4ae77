"""A rule as flat cells, one column a field: what a form and a spreadsheet show, and back again.

A cell is a tuple of texts. Reading accepts codes and the words people know them by; whatever is
not in the closed vocabulary is a fault of its cell.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.texts import UncleanText, clean
from routing.rulebook import RulebookRefused, RuleFault, row_of, rules_from
from routing.units import Register
from routing.vocabulary import Vocabulary

Cells = Mapping[str, tuple[str, ...]]
NOBODY = "无"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
INTEGER = re.compile(r"-?[0-9]{1,12}")
LONGEST, LONGEST_WORD = 200, 60
MOST_VALUES = 150


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its part of the row, the field there, what it holds, which end of a range."""

    key: str
    part: str
    name: str
    kind: str
    end: int = 0


COLUMNS = (
    Column("id", "", "id", "id"),
    Column("rank", "", "rank", "integer"),
    Column("reason", "", "reason", "text"),
    Column("category", "when", "category", "words"),
    Column("kind", "when", "kind", "words"),
    Column("place", "when", "place", "words"),
    Column("channel", "when", "channel", "words"),
    Column("respondent", "when", "respondent", "units"),
    Column("enterprise", "when", "enterprise", "words"),
    Column("urgency", "when", "urgency", "words"),
    Column("caution", "when", "caution", "words"),
    Column("words", "when", "words", "texts"),
    Column("amount_from", "when", "amount", "integer", 0),
    Column("amount_to", "when", "amount", "integer", 1),
    Column("day_from", "when", "day", "day", 0),
    Column("day_to", "when", "day", "day", 1),
    Column("task", "then", "task", "integer"),
    Column("lead", "then", "lead", "unit"),
    Column("co_handlers", "then", "co_handlers", "units"),
    Column("partners", "then", "partners", "units"),
    Column("then_urgency", "then", "urgency", "word"),
    Column("ground", "then", "ground", "word"),
    Column("route", "then", "route", "text"),
)
BY_KEY: Mapping[str, Column] = {column.key: column for column in COLUMNS}
RANGES = frozenset({"amount", "day"})
MANY = frozenset({"words", "units", "texts"})


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What cells may say: the closed vocabulary, the units, the plan's tasks, and their words."""

    vocabulary: Vocabulary
    register: Register
    tasks: frozenset[int]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def codes(self, column: Column) -> tuple[str, ...]:
        """Every value the column may hold; nothing for columns of free text and numbers."""
        if column.kind in {"unit", "units"}:
            return tuple(unit.code for unit in self.register)
        if column.name == "ground":
            return tuple(self.vocabulary.grounds)
        return self.vocabulary.values(column.name) if column.kind in {"word", "words"} else ()

    def label(self, column: Column, code: str) -> str:
        """The word for a code; the code itself where two would share a word."""
        if column.kind in {"unit", "units"}:
            unit = self.register.resolve(code)
            return unit.name if unit else code
        words = self.labels.get(column.name, {})
        word = words.get(code, code)
        shared = list(words.values()).count(word) > 1 or (word != code and word in words)
        return code if shared else word

    def code(self, column: Column, text: str) -> str | None:
        """The code of a code or word; None for what the column does not know."""
        if column.kind in {"unit", "units"}:
            unit = self.register.resolve(text)
            return unit.code if unit else None
        if text in self.codes(column):
            return text
        found = [code for code in self.codes(column) if self.label(column, code) == text]
        return found[0] if found else None


def cells_of(row: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The filled cells of a row, by column; units and words by code."""
    found: dict[str, tuple[str, ...]] = {}
    for column in COLUMNS:
        value = (
            (row.get(column.part) or {}).get(column.name) if column.part else row.get(column.name)
        )
        if column.name in RANGES and value is not None:
            value = value[column.end]
        texts = _texts(value, column)
        if texts:
            found[column.key] = texts
    return found


def _texts(value: Any, column: Column) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, list | tuple):
        return tuple(map(str, value)) or (NOBODY,)
    return (value.isoformat() if column.kind == "day" and isinstance(value, date) else str(value),)


def row_from(cells: Cells, lexicon: Lexicon) -> dict[str, Any]:
    """The row of some cells, in its one normal form. RulebookRefused names each cell at fault."""
    name = "".join(cells.get("id", ()))[:LONGEST]
    row: dict[str, Any] = {"when": {}, "then": {}, "reason": ""}
    faults: list[RuleFault] = []
    for column in COLUMNS:
        texts = tuple(text for text in cells.get(column.key, ()) if text.strip())
        if not texts:
            continue
        try:
            _put(row, column, _value(texts, column, lexicon))
        except _Bad as bad:
            faults.append(RuleFault(name, column.key, bad.message, bad.params))
    if not faults:
        faults.extend(_whole(row, lexicon))
    if faults:
        raise RulebookRefused(faults)
    return normal(row, lexicon.register)


def normal(row: Mapping[str, Any], register: Register) -> dict[str, Any]:
    """A row as it is stored: units by code, values in order, days as text."""
    [rule] = rules_from([row], register)
    plain = row_of(rule)
    if "day" in plain["when"]:
        plain["when"]["day"] = [str(end) for end in plain["when"]["day"]]
    return plain


def faults_of(rows: Sequence[Mapping[str, Any]], lexicon: Lexicon) -> list[RuleFault]:
    """Every cell of a book that is no longer, or not yet, right; numbers used twice too."""
    faults: list[RuleFault] = []
    seen: set[str] = set()
    for row in rows:
        try:
            row_from(cells_of(row), lexicon)
        except RulebookRefused as refused:
            faults.extend(refused.faults)
        name = str(row.get("id"))
        if name in seen:
            faults.append(RuleFault(name, "id", "规则编号重复"))
        seen.add(name)
    return faults


class _Bad(ValueError):
    def __init__(self, message: str, **params: str) -> None:
        self.message, self.params = message, params
        super().__init__(message)


def _put(row: dict[str, Any], column: Column, value: Any) -> None:
    place = row[column.part] if column.part else row
    if column.name in RANGES:
        place.setdefault(column.name, ["", ""])[column.end] = value
    else:
        place[column.name] = value


def _value(texts: tuple[str, ...], column: Column, lexicon: Lexicon) -> Any:
    if column.kind in MANY:
        if texts == (NOBODY,) and column.part == "then":
            return []
        if len(texts) > MOST_VALUES:  # one cell of a spreadsheet must hold them
            raise _Bad("最多{count}个值", count=str(MOST_VALUES))
        read = _one_text if column.kind == "texts" else _known
        return list(dict.fromkeys(read(text, column, lexicon) for text in texts))
    if len(texts) > 1:
        raise _Bad("只能填一个值")
    return READERS.get(column.kind, _known)(texts[0], column, lexicon)


def _id(text: str, _column: Column, _lexicon: Lexicon) -> str:
    text = text.strip()
    if not ID.fullmatch(text):
        raise _Bad("编号只能用字母、数字、点、短横和下划线，最长60个字符")
    return text


def _integer(text: str, column: Column, lexicon: Lexicon) -> int:
    text = text.strip()
    if not INTEGER.fullmatch(text):
        raise _Bad("不是整数：{value}", value=text[:40])
    number = int(text)
    if column.key == "task" and number not in lexicon.tasks:
        raise _Bad("方案中没有任务 {value}", value=text)
    if number < 0 or (column.key == "rank" and number > 99_999):
        raise _Bad("数值超出范围：{value}", value=text)
    return number


def _day(text: str, _column: Column, _lexicon: Lexicon) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise _Bad("不是日期：{value}", value=text[:40]) from None


def _one_text(text: str, column: Column, _lexicon: Lexicon) -> str:
    try:
        found = clean(text)
    except UncleanText:
        raise _Bad("含有不能显示的字符") from None
    if not found:
        raise _Bad("只能是文字，且不能为空")
    most = LONGEST_WORD if column.kind == "texts" else LONGEST
    if len(found) > most:
        raise _Bad("最长{count}个字", count=str(most))
    return found


def _known(text: str, column: Column, lexicon: Lexicon) -> str:
    text = text.strip()
    code = lexicon.code(column, text)
    if code is None:
        unit = column.kind in {"unit", "units"}
        message = "单位名录中没有“{value}”" if unit else "没有这个值：{value}"
        raise _Bad(message, value=text[:40])
    return code


READERS: Mapping[str, Callable[[str, Column, Lexicon], Any]] = {
    "id": _id,
    "integer": _integer,
    "day": _day,
    "text": _one_text,
}


def _whole(row: dict[str, Any], lexicon: Lexicon) -> Iterable[RuleFault]:
    """What only the cells together show."""
    name = str(row.get("id", ""))
    if not name:
        yield RuleFault(name, "id", "规则没有编号")
        return
    if "rank" not in row:
        yield RuleFault(name, "rank", "次序必须是整数")
        return
    try:
        rules_from([row], lexicon.register)
    except RulebookRefused as refused:
        for fault in refused.faults:
            yield RuleFault(name, KEYS.get(fault.column, fault.column), fault.message, fault.params)


KEYS = {"amount": "amount_from", "day": "day_from", "then": "task", "when": "category"}
