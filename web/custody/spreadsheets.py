"""Rows as a file a spreadsheet opens: nothing in it is a formula, and no row waits in memory."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

from core.moments import SHANGHAI
from core.texts import half_width

Cell = str | int | datetime | None
# what a spreadsheet takes for the beginning of a formula, full-width twins included
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
BOM = "\ufeff"
CELL_LIMIT = 32_000  # Excel's own is 32,767


def neutral(text: str) -> str:
    """The text as nothing but text: an apostrophe before what would be reckoned with."""
    seen = half_width(text)
    risky = seen.startswith(FORMULA) or seen.lstrip().startswith(FORMULA[:4])
    return f"'{text}" if risky else text


def plain(cell: Cell) -> str | int:
    """A cell as it is written: local time, numbers as numbers, texts neutral."""
    match cell:
        case None:
            return ""
        case datetime():
            return cell.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        case int():
            return cell
        case _:
            return neutral(_storable(cell))[:CELL_LIMIT]


def _storable(text: str) -> str:
    """Without the control signs a spreadsheet's XML cannot hold."""
    return "".join(char for char in text if char >= " " or char in "\t\n\r")


def write_csv(path: Path, heads: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:
    """UTF-8 with the mark by which Excel knows it, every field quoted."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(BOM)
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(list(heads))
        for row in rows:
            writer.writerow([plain(cell) for cell in row])


def write_xlsx(path: Path, heads: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:
    """A workbook of one sheet, written row by row."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("tickets")
    sheet.append(list(heads))
    for row in rows:
        sheet.append([plain(cell) for cell in row])
    book.save(path)


WRITERS = {"csv": write_csv, "xlsx": write_xlsx}
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def pieces(path: Path, size: int = 2**20) -> Iterator[bytes]:
    """A file's bytes, piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(size):
            yield piece


def read_csv(body: bytes) -> list[list[str]]:
    """What `write_csv` wrote."""
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
