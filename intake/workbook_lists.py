"""Lists from workbooks: opened only when they are what they say, and written with no formula."""

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from core.errors import Invalid
from intake import lists
from intake.lists import Cell, Line, Sheet, refused

UNPACKED = 80 * 2**20
PARTS = 300
MACROS = ("vbaproject", "macrosheets/", "activex/")
OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # how encrypted and old binary workbooks begin


def read(name: str, body: bytes, known: Callable[[Sequence[str]], int]) -> Sheet:
    """The list in a file of either kind, judged by what it holds and not by its name."""
    if body.startswith(OLE):
        raise refused("encrypted", "文件已加密或是旧版 .xls，请另存为不加密的 .xlsx")
    if body.startswith(b"PK"):
        return _workbook(body, known)
    if name.lower().endswith((".xlsx", ".xlsm")):
        raise _unreadable()
    return lists.read_text(body, known)


def write(sheet: Sheet, rows: Sequence[Sequence[Cell]]) -> bytes:
    """A file of the sheet's own kind."""
    return _written(rows) if sheet.format == "xlsx" else lists.write_text(sheet, rows)


def _workbook(body: bytes, known: Callable[[Sequence[str]], int]) -> Sheet:
    _look(body)
    try:
        book = load_workbook(io.BytesIO(body), read_only=True, keep_links=False)
        try:
            sheet: Any = book.worksheets[0]  # read-only ones differ from what the stubs say
            sheet.reset_dimensions()
            lines = _lines(sheet.iter_rows())
        finally:
            book.close()
    except Invalid:
        raise
    except Exception as error:  # a broken file makes the reader trip in many ways
        raise _unreadable() from error
    return lists.arranged("xlsx", lines, known)


def _unreadable() -> Invalid:
    return refused("not_xlsx", "无法读取，请确认是 .xlsx 表格文件")


def _look(body: bytes) -> None:
    """What can be judged before anything is unpacked."""
    if len(body) > lists.FILE_LIMIT:
        raise refused("too_large", "文件过大，最大{size}MB", size=lists.FILE_LIMIT // 2**20)
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            _look_inside(parts)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, OSError) as error:
        raise _unreadable() from error


def _look_inside(parts: zipfile.ZipFile) -> None:
    entries = parts.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise refused("encrypted", "文件已加密或是旧版 .xls，请另存为不加密的 .xlsx")
    if len(entries) > PARTS or sum(entry.file_size for entry in entries) > UNPACKED:
        raise refused("bomb", "文件展开后过大，已拒绝")
    if any(mark in entry.filename.lower() for entry in entries for mark in MACROS):
        raise refused("macros", "文件带有宏，请另存为不带宏的 .xlsx")
    for entry in entries:
        # no part of a workbook declares entities; one that does means to make the reader swell
        if entry.filename.lower().endswith((".xml", ".rels")):
            with parts.open(entry) as part:
                if _declares(part.read(4096)):
                    raise _unreadable()


def _declares(start: bytes) -> bool:
    return b"<!DOCTYPE" in start or b"<!ENTITY" in start or b"\0" in start[:64]


def _lines(rows: Iterable[Sequence[Any]]) -> list[Line]:
    lines: list[Line] = []
    for number, row in enumerate(rows, 1):
        cells = tuple(_value(cell.value) for cell in row)
        while cells and cells[-1] in (None, ""):
            cells = cells[:-1]
        if not any(cell is not None and str(cell).strip() for cell in cells):
            continue
        formulas = {p for p, cell in enumerate(row) if getattr(cell, "data_type", "") == "f"}
        lines.append(Line(number, cells, lists.formulas_in(cells) | formulas))
        longest = max(len(cell) if isinstance(cell, str) else 0 for cell in cells)
        lists.checked(len(lines), len(cells), longest)
    return lines


def _value(value: Any) -> Cell:
    if value is None or isinstance(value, str | int | float | bool | datetime):
        return value
    return str(value) if isinstance(value, time) else getattr(value, "text", str(value))


def _written(rows: Sequence[Sequence[Cell]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("cases")
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, value: Cell) -> Any:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    if value.startswith(lists.RISKY):
        cell.data_type = "s"  # text, whatever it looks like
        cell.quotePrefix = True
    return cell
