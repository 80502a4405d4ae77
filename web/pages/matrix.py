"""The responsibility matrix: tasks × units, to look at, to print, and as a spreadsheet."""

import io
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from sqlmodel import Session

from core.errors import NotFound
from core.i18n import N_, translate
from core.permissions import Act, demand
from routing import duties, queries
from routing.current import register
from routing.tables import PlanRow
from web.deps import House, TheHouse, TheReader, TheStaff
from web.errors import language_of
from web.pages.plan import Words, chosen, same
from web.rendering import page

router = APIRouter(include_in_schema=False)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PART = {
    duties.LEAD: N_("牵头"),
    duties.SUPPORT: N_("配合"),
    duties.PARTNER: N_("协调"),
}
Part = Annotated[str, Query(max_length=20)]


def _matrix(
    session: Session, home: House, version: str, unit: str, part: str
) -> tuple[PlanRow | None, duties.Matrix, list[str]]:
    """The plan's version, the matrix asked for, and every unit it could be asked for."""
    row = chosen(session, home, version)
    tasks = list(queries.tasks(session, row.version)) if row else []
    units = register(session)
    only = duties.called(unit, units) if unit else ""
    return row, duties.matrix(tasks, units, only=only, part=part), duties.named(tasks, units)


@router.get("/matrix")
def matrix(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    version: Words = "",
    unit: Words = "",
    part: Part = "",
) -> Response:
    """Who leads, supports or is asked in each task."""
    demand(asker.actor, Act.READ_TICKETS)
    row, found, units = _matrix(session, home, version, unit, part)
    language = language_of(request)
    return page(
        request,
        "plan/matrix.html",
        plan=row,
        matrix=found,
        totals=found.totals,
        units=same(units),
        versions=same(row.version for row in queries.plans(session)),
        parts=[(code, translate(language, word)) for code, word in PART.items()],
        words={code: translate(language, word) for code, word in PART.items()},
        unit=unit,
        part=part,
        edits=asker.may(Act.EDIT_RULES),
    )


@router.get("/matrix.xlsx")
def spreadsheet(
    request: Request,
    home: TheHouse,
    asker: TheStaff,
    session: TheReader,
    version: Words = "",
    unit: Words = "",
    part: Part = "",
) -> Response:
    """The same as a spreadsheet, one sheet, frozen heads."""
    demand(asker.actor, Act.READ_TICKETS)
    row, found, _ = _matrix(session, home, version, unit, part)
    if row is None:
        raise NotFound
    name = {"Content-Disposition": f'attachment; filename="matrix-{row.version}.xlsx"'}
    return Response(_workbook(found, language_of(request)), media_type=XLSX, headers=name)


def _workbook(found: duties.Matrix, language: str) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = translate(language, "责任矩阵")
    heads = [translate(language, word) for word in ("编号", "任务", "开放范围")]
    _line(sheet, 1, [*heads, *found.units])
    for number, line in enumerate(found.lines, start=2):
        cells = [PART[line.parts[unit]] if unit in line.parts else "" for unit in found.units]
        words = [translate(language, cell) if cell else "" for cell in cells]
        scope = line.task.supports_scope or ""
        _line(sheet, number, [line.task.number, line.task.title, scope, *words])
    for place, width in enumerate((7, 48, 16), start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "D2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _line(sheet: Worksheet, number: int, values: list[str | int]) -> None:
    for place, value in enumerate(values, start=1):
        cell = sheet.cell(number, place, value)
        if isinstance(value, str) and value:
            cell.data_type = "s"  # a title that begins with "=" is a title, not a formula
