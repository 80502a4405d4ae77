"""A rulebook as a spreadsheet and back: one sheet of rules, one of the words they may use.

Out and in again is the same book. Coming in, every cell that is wrong is named, and nothing is
taken unless all of it is right.
"""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from routing.cells import BY_KEY, COLUMNS, MANY, NOBODY, Column, Lexicon, cells_of, row_from
from routing.rulebook import RulebookRefused
from routing.workbooks import SheetFault, SheetRefused, filled, opened

RULES, WORDS = "规则", "词汇"
HEADS: Mapping[str, str] = {
    "id": "编号",
    "rank": "次序",
    "reason": "说明",
    "category": "诉求类别",
    "kind": "诉求性质",
    "place": "发生地",
    "channel": "来源渠道",
    "respondent": "被反映单位",
    "enterprise": "企业类型",
    "urgency": "紧急程度",
    "caution": "内容像是",
    "words": "文字提到",
    "amount_from": "金额从（元）",
    "amount_to": "金额到（元）",
    "day_from": "日期从",
    "day_to": "日期到",
    "task": "任务",
    "lead": "主办单位",
    "co_handlers": "协办单位",
    "partners": "区外单位",
    "then_urgency": "改定紧急程度",
    "ground": "转人工理由",
    "route": "指引",
}
KEYS: Mapping[str, str] = {head: key for key, head in HEADS.items()} | {key: key for key in HEADS}
WIDE = {"reason": 34, "words": 34, "route": 34, "category": 24, "co_handlers": 24}
MOST_ROWS = 5_000
SPLIT = re.compile(r'"((?:[^"]|"")*)"|([^、；;\n]+)')
QUOTED = re.compile(r'[、；;\n"]')
HEAD_FILL = PatternFill("solid", fgColor="DDE7F3")


def write(rows: Sequence[Mapping[str, Any]], lexicon: Lexicon) -> bytes:
    """The rows of a book as an .xlsx file, units and codes by the words people know them by."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = RULES
    _heads(sheet, [HEADS[column.key] for column in COLUMNS])
    for number, row in enumerate(rows, start=2):
        _row(sheet, number, cells_of(row), lexicon)
    ranges = _words(book.create_sheet(WORDS), lexicon)
    for place, column in enumerate(COLUMNS, start=1):
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = WIDE.get(column.key, 14)
        if column.key in ranges:
            _offer(sheet, f"{letter}2:{letter}{MOST_ROWS}", ranges[column.key], column)
    sheet.freeze_panes = "C2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(data: bytes, lexicon: Lexicon) -> list[dict[str, Any]]:
    """The rows of a file. SheetRefused names every cell at fault."""
    book = opened(data)
    if RULES not in book.sheetnames:
        raise SheetRefused(
            SheetFault("no_sheet", "没有名为“{name}”的工作表", params={"name": RULES})
        )
    sheet = book[RULES]
    faults = [
        _fault(area.start_cell.coordinate, "merged", "合并的单元格：{range}", range=area.coord)
        for area in sheet.merged_cells.ranges
    ]
    lines: dict[int, list[Cell]] = {}
    for cell in filled(sheet):
        lines.setdefault(cell.row, []).append(cell)
    columns = _columns(lines.pop(1, []), faults)
    if len(lines) > MOST_ROWS:
        faults.append(_fault("", "too_many", "最多{count}行", count=str(MOST_ROWS)))
        lines = {}
    rows = [_read_row(line, columns, lexicon, faults) for line in lines.values()]
    faults.extend(_twice(lines.values(), columns))
    if not lines and not faults:
        faults.append(_fault("A2", "empty", "表中没有规则"))
    if faults:
        raise SheetRefused(*faults)
    return [row for row in rows if row is not None]


def joined(texts: Iterable[str]) -> str:
    """Several values in one cell; one that holds a separator stands in quotes."""
    return "、".join(
        '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text for text in texts
    )


def parted(text: str) -> tuple[str, ...]:
    """The values of a cell that `joined` wrote, or somebody typed."""
    found = (
        quoted.replace('""', '"') if plain == "" else plain for quoted, plain in SPLIT.findall(text)
    )
    return tuple(value.strip() for value in found if value.strip())


# --- out --------------------------------------------------------------------------------


def _heads(sheet: Worksheet, heads: Iterable[str]) -> None:
    for place, head in enumerate(heads, start=1):
        cell = sheet.cell(1, place, head)
        cell.font, cell.fill = Font(bold=True), HEAD_FILL
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _row(
    sheet: Worksheet, number: int, cells: Mapping[str, tuple[str, ...]], lexicon: Lexicon
) -> None:
    for place, column in enumerate(COLUMNS, start=1):
        if column.key not in cells:
            continue
        cell = sheet.cell(number, place)
        texts = cells[column.key]
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        match column.kind:
            case "integer":
                cell.value = int(texts[0])
            case "day":
                cell.value = date.fromisoformat(texts[0])
                cell.number_format = "yyyy-mm-dd"
            case _:
                _text(cell, _worded(column, texts, lexicon))


def _worded(column: Column, texts: tuple[str, ...], lexicon: Lexicon) -> str:
    words = [text if text == NOBODY else lexicon.label(column, text) for text in texts]
    return joined(words) if column.kind in MANY else words[0]


def _text(cell: Any, text: str) -> None:
    """Text that stays text: a leading equals sign starts no formula, here or when edited."""
    cell.value = text
    cell.data_type = "s"
    cell.number_format = "@"
    cell.quotePrefix = True


def _words(sheet: Worksheet, lexicon: Lexicon) -> dict[str, str]:
    """The sheet of words: a column for each closed column of rules. Where each list stands."""
    ranges: dict[str, str] = {}
    listed = [
        (column, [lexicon.label(column, code) for code in lexicon.codes(column)])
        for column in COLUMNS
    ]
    listed.append((BY_KEY["task"], [str(task) for task in sorted(lexicon.tasks)]))
    shown = [(column, words) for column, words in listed if words]
    _heads(sheet, [HEADS[column.key] for column, _ in shown])
    for place, (column, words) in enumerate(shown, start=1):
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = 22
        for number, word in enumerate(words, start=2):
            _text(sheet.cell(number, place), word)
        ranges[column.key] = f"'{WORDS}'!${letter}$2:${letter}${len(words) + 1}"
    sheet.freeze_panes = "A2"
    return ranges


def _offer(sheet: Worksheet, where: str, source: str, column: Column) -> None:
    """A list to choose from; where several values fit, what is typed is not refused."""
    # numbers of tasks stand as text in the list, so that one may be typed as well
    strict = column.kind in {"unit", "word"}
    rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=strict)
    if not strict and column.kind in MANY:
        rule.promptTitle, rule.prompt = HEADS[column.key], "可填多个，用顿号隔开"
        rule.showInputMessage = True
    rule.add(where)
    sheet.add_data_validation(rule)


# --- in ---------------------------------------------------------------------------------


def _fault(cell: str, code: str, message: str, rule: str = "", **params: str) -> SheetFault:
    return SheetFault(code, message, RULES, cell, rule, params)


def _columns(heads: list[Cell], faults: list[SheetFault]) -> dict[int, Column]:
    """Which column stands where, by its head."""
    found: dict[int, Column] = {}
    for cell in heads:
        head = str(cell.value).strip()
        key = KEYS.get(head)
        if key is None:
            fault = _fault(cell.coordinate, "unknown_column", "没有这一列：{name}", name=head[:40])
            faults.append(fault)
        elif BY_KEY[key] in found.values():
            faults.append(_fault(cell.coordinate, "column_twice", "这一列重复：{name}", name=head))
        else:
            found[cell.column] = BY_KEY[key]
    faults.extend(
        _fault("A1", "no_column", "缺少这一列：{name}", name=HEADS[key])
        for key in ("id", "rank")
        if BY_KEY[key] not in found.values()
    )
    return found


def _read_row(
    line: list[Cell], columns: Mapping[int, Column], lexicon: Lexicon, faults: list[SheetFault]
) -> dict[str, Any] | None:
    name = _name(line, columns)
    cells: dict[str, tuple[str, ...]] = {}
    places: dict[str, str] = {}
    wrong: list[SheetFault] = []
    for cell in line:
        column = columns.get(cell.column)
        if column is None:
            wrong.append(_fault(cell.coordinate, "no_head", "这一列没有表头", name))
            continue
        places[column.key] = cell.coordinate
        problem = _problem(cell, column)
        if problem:
            wrong.append(_fault(cell.coordinate, problem[0], problem[1], name))
        else:
            cells[column.key] = _texts(cell, column)
    if wrong:
        faults.extend(wrong)
        return None
    try:
        return row_from(cells, lexicon)
    except RulebookRefused as refused:
        first = f"A{line[0].row}"
        for bad in refused.faults:
            where = places.get(bad.column, first)
            faults.append(SheetFault("cell", bad.message, RULES, where, name, dict(bad.params)))
        return None


def _name(line: list[Cell], columns: Mapping[int, Column]) -> str:
    return next((str(c.value) for c in line if columns.get(c.column) is BY_KEY["id"]), "")[:60]


# what no column holds, by the type the file gives the cell
NEVER: Mapping[str, tuple[str, str]] = {
    "f": ("formula", "单元格里是公式，请改成数值或文字"),
    "e": ("error_value", "单元格里是错误值"),
    "b": ("type", "单元格里是逻辑值，请改成文字"),
}


def _problem(cell: Cell, column: Column) -> tuple[str, str] | None:
    """Why the cell cannot be read as what its column holds."""
    value = cell.value
    if cell.data_type in NEVER or isinstance(value, str):
        return NEVER.get(cell.data_type)
    if isinstance(value, int | float):
        if column.kind == "day":
            return "date_number", "日期写成了数字，请写成 2026-01-31 这样的日期"
        return None if float(value).is_integer() else ("fraction", "不能是小数")
    midnight = isinstance(value, datetime) and value.time() == time()
    if column.kind == "day" and midnight:
        return None
    return "date", "这里不能是日期或时间，请改成文字或数字"


def _texts(cell: Cell, column: Column) -> tuple[str, ...]:
    value = cell.value
    if isinstance(value, datetime):
        return (value.date().isoformat(),)
    if isinstance(value, int | float):
        return (str(int(value)),)
    return parted(str(value)) if column.kind in MANY else (str(value),)


def _twice(lines: Iterable[list[Cell]], columns: Mapping[int, Column]) -> Iterable[SheetFault]:
    seen: dict[str, str] = {}
    for line in lines:
        for cell in line:
            if columns.get(cell.column) is not BY_KEY["id"]:
                continue
            name = str(cell.value).strip()
            if name in seen:
                message = "规则编号重复，已在 {first}"
                yield _fault(cell.coordinate, "duplicate_id", message, name[:60], first=seen[name])
            seen.setdefault(name, cell.coordinate)
