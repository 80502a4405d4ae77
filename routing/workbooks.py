"""A spreadsheet file from outside, opened only when it is what it says and not a trap."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

LARGEST = 2 * 2**20
UNPACKED = 24 * 2**20
PARTS = 200
OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # how encrypted and old binary workbooks begin
MACROS = ("vbaproject", "macrosheets/", "activex/")


@dataclass(frozen=True, slots=True)
class SheetFault:
    """What is wrong and where: the sheet, the cell, the rule in that row; the sentence has gaps."""

    code: str
    message: str
    sheet: str = ""
    cell: str = ""
    rule: str = ""
    params: dict[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        return self.message.format(**self.params)


class SheetRefused(Exception):
    """The file cannot be taken; every fault it has is named, and nothing of it was taken."""

    def __init__(self, *faults: SheetFault) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{f.cell} {f.told}".strip() for f in faults))


def opened(data: bytes) -> Workbook:
    """The workbook of a file. SheetRefused for what is none, is too large, or holds programs."""
    _look(data)
    try:
        return load_workbook(io.BytesIO(data), keep_links=False)
    except Exception as error:  # a broken file makes the reader trip in many ways
        raise _refused("not_xlsx", "无法读取，请确认是 .xlsx 表格文件") from error


def filled(sheet: Worksheet) -> Iterator[Cell]:
    """The cells that hold something, row by row."""
    # asking for rows would walk a million empty cells where somebody formatted the last one
    cells: dict[tuple[int, int], Any] = sheet._cells  # noqa: SLF001 - see above
    for place in sorted(cells):
        if cells[place].value is not None:
            yield cells[place]


def _look(data: bytes) -> None:
    """What can be judged before anything is unpacked."""
    if len(data) > LARGEST:
        raise _refused("too_large", "文件过大，最大{size}MB", size=str(LARGEST // 2**20))
    if data.startswith(OLE):
        raise _refused("encrypted", "文件已加密或是旧版 .xls，请另存为不加密的 .xlsx")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            _look_inside(parts)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, OSError) as error:
        raise _refused("not_xlsx", "无法读取，请确认是 .xlsx 表格文件") from error


def _look_inside(parts: zipfile.ZipFile) -> None:
    entries = parts.infolist()
    names = [entry.filename.lower() for entry in entries]
    if any(entry.flag_bits & 1 for entry in entries):
        raise _refused("encrypted", "文件已加密或是旧版 .xls，请另存为不加密的 .xlsx")
    if len(entries) > PARTS or sum(entry.file_size for entry in entries) > UNPACKED:
        raise _refused("bomb", "文件展开后过大")
    if any(mark in name for name in names for mark in MACROS):
        raise _refused("macros", "文件带有宏，请另存为不带宏的 .xlsx")
    for entry in entries:
        # no part of a workbook declares entities; one that does means to make the reader swell
        if entry.filename.lower().endswith((".xml", ".rels")) and _declares(parts.read(entry)):
            raise _refused("not_xlsx", "无法读取，请确认是 .xlsx 表格文件")


def _declares(part: bytes) -> bool:
    return b"<!DOCTYPE" in part or b"<!ENTITY" in part or b"\0" in part[:64]


def _refused(code: str, message: str, **params: str) -> SheetRefused:
    return SheetRefused(SheetFault(code, message, params=params))
