"""Lists from outside: the rows of a delimited text, told by the numbers a spreadsheet shows."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from core.errors import Fault, Invalid
from core.texts import half_width

Cell = str | int | float | bool | date | datetime | None

FILE_LIMIT = 10 * 2**20
ROWS_LIMIT = 20_000
COLUMNS_LIMIT = 100
CELL_LIMIT = 32_767  # a spreadsheet's own
HEAD_WITHIN = 10  # titles may stand above the line of heads
DELIMITERS = (",", "\t", ";", "|", "，")
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# what a spreadsheet would reckon with; the apostrophe before it is taken off again when it is read
RISKY = ("=", "+", "-", "@", "\t", "\r")
FAULTS_HEAD = "错误说明"


@dataclass(frozen=True, slots=True)
class Line:
    """A row that holds something: its number as a spreadsheet shows it, its cells as they came.

    `formulas` are the columns whose cell would be reckoned out.
    """

    number: int
    cells: tuple[Cell, ...]
    formulas: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list: what its columns are called, its rows, and how the same kind of file is written."""

    format: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    encoding: str = "utf-8-sig"
    delimiter: str = ","


def refused(code: str, message: str, **params: str | int) -> Invalid:
    """The whole file cannot be taken, and why."""
    return Invalid(faults=(Fault("file", code, message, params),))


def text_of(cell: Cell) -> str:
    """A cell as a person would write it: whole numbers without a point."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return "" if cell is None else str(cell)


def read_text(body: bytes, known: Callable[[Sequence[str]], int]) -> Sheet:
    """The list in a delimited text; `known` counts the heads it knows in a line."""
    text, encoding = _decoded(body)
    found = [(_rows(text, sign), sign) for sign in DELIMITERS if sign in text] or [
        (_rows(text, ","), ",")
    ]
    rows, sign = max(found, key=lambda pair: _best(pair[0], known))
    return arranged("csv", rows, known, encoding=encoding, delimiter=sign)


def _best(rows: list[Line], known: Callable[[Sequence[str]], int]) -> int:
    return max((known([*map(text_of, row.cells)]) for row in rows[:HEAD_WITHIN]), default=0)


def _decoded(body: bytes) -> tuple[str, str]:
    if len(body) > FILE_LIMIT:
        raise refused("too_large", "文件过大，最大{size}MB", size=FILE_LIMIT // 2**20)
    marked = [name for mark, name in MARKS if body.startswith(mark)]
    for name in marked or ["utf-8", "gb18030"]:
        try:
            text = body.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, name
    raise refused("encoding", "无法识别文件的文字编码，请另存为UTF-8编码的CSV或.xlsx")


def _rows(text: str, delimiter: str) -> list[Line]:
    rows: list[Line] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            if any(cell.strip() for cell in cells):
                rows.append(_line(number, cells))
            checked(len(rows), len(cells), max(map(len, cells), default=0))
    except csv.Error as error:
        message = "第{line}行附近的引号不成对，或一格文字过长，请检查"
        raise refused("quotes", message, line=reader.line_num) from error
    return rows


def _line(number: int, cells: Sequence[str]) -> Line:
    plain = tuple(_bare(cell) for cell in cells)
    return Line(number, plain, formulas_in(plain))


def formulas_in(cells: Sequence[Cell]) -> frozenset[int]:
    """The columns whose text begins as a formula does, full-width sign included."""
    return frozenset(
        place
        for place, cell in enumerate(cells)
        if isinstance(cell, str) and half_width(cell[:40]).lstrip().startswith("=")
    )


def _bare(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RISKY) else cell


def checked(rows: int, columns: int, longest: int) -> None:
    """Invalid as soon as a list is larger than anybody would mend by hand."""
    if rows > ROWS_LIMIT + HEAD_WITHIN:
        raise refused(
            "too_many_rows", "行数过多，每个文件最多{limit}行，请分成几个文件", limit=ROWS_LIMIT
        )
    if columns > COLUMNS_LIMIT:
        raise refused("too_many_columns", "列数过多，最多{limit}列", limit=COLUMNS_LIMIT)
    if longest > CELL_LIMIT:
        raise refused("cell_too_long", "有单元格超过{limit}字", limit=CELL_LIMIT)


def arranged(
    file_format: str,
    rows: Sequence[Line],
    known: Callable[[Sequence[str]], int],
    *,
    encoding: str = "utf-8-sig",
    delimiter: str = ",",
) -> Sheet:
    """The rows under the line that has most of the known heads."""
    if not rows:
        raise refused("empty", "文件里没有内容")
    counts = [known([*map(text_of, row.cells)]) for row in rows[:HEAD_WITHIN]]
    best = max(counts)
    if not best:
        raise refused("no_heads", "没有找到表头，请使用模板中的列名")
    place = counts.index(best)
    heads = tuple(text_of(cell).strip() for cell in rows[place].cells)
    while heads and not heads[-1]:
        heads = heads[:-1]
    lines = tuple(rows[place + 1 :])
    if not lines:
        raise refused("no_rows", "表头下面没有数据")
    return Sheet(file_format, heads, lines, encoding, delimiter)


def with_faults(
    sheet: Sheet, told: Sequence[tuple[Line, str]], called: str = FAULTS_HEAD
) -> list[tuple[Cell, ...]]:
    """The rows of an error file: heads and cells as they came, and one column of faults at the end.

    A column of faults that came with the file gives way to the new one.
    """
    keep = [place for place, head in enumerate(sheet.heads) if head not in {FAULTS_HEAD, called}]
    rows: list[tuple[Cell, ...]] = [(*(sheet.heads[place] for place in keep), called)]
    for line, words in told:
        padded = line.cells + (None,) * (len(sheet.heads) - len(line.cells))
        rest = padded[len(sheet.heads) :]
        rows.append((*(padded[place] for place in keep), words, *rest))
    return rows


def write_text(sheet: Sheet, rows: Sequence[Sequence[Cell]]) -> bytes:
    """A delimited text as the one that came in; nothing in it is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=sheet.delimiter)
    writer.writerows([neutral(text_of(cell)) for cell in row] for row in rows)
    encoding = "utf-8-sig" if sheet.encoding == "utf-8" else sheet.encoding
    return out.getvalue().encode(encoding)


def neutral(text: str) -> str:
    """With an apostrophe where a spreadsheet would begin to reckon."""
    risky = text.startswith(RISKY) or half_width(text[:40]).lstrip().startswith(
        ("=", "+", "-", "@")
    )
    return f"'{text}" if risky else text
