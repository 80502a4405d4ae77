"""A line to the outside: when it was last asked for, tried and done."""

from sqlmodel import select

from core.desk import Desk
from intake.tables import LineRow


def line(desk: Desk, name: str) -> LineRow:
    """The line of this name, held until the transaction ends; a new one has never been tried."""
    row = desk.session.exec(select(LineRow).where(LineRow.name == name).with_for_update()).first()
    if row is None:
        row = LineRow(name=name, result={})
        desk.session.add(row)
    return row
