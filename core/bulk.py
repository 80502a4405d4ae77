"""Many rows in one statement, out of one JSON document, however many they are."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, TextClause, inspect, text
from sqlmodel import Session, SQLModel

Row = Mapping[str, Any]
# fewer changed rows than this are not worth a statement of their own kind
MANY = 10


def insert(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert rows that all name the same columns."""
    if rows:
        session.execute(_insert(table, tuple(rows[0])), {"rows": _document(rows)})


def insert_new(
    session: Session, table: type[SQLModel], rows: Sequence[Row], returning: str
) -> set[Any]:
    """Insert those rows whose key is not there yet; the `returning` column of those that were."""
    if not rows:
        return set()
    statement = _insert(table, tuple(rows[0]), f" ON CONFLICT DO NOTHING RETURNING {returning}")
    return set(session.execute(statement, {"rows": _document(rows)}).scalars())


def write_changes(session: Session) -> None:
    """Write what was changed on many rows of a table in one statement each.

    The rows written leave the session: this is for the end of a desk, when nobody looks again.
    """
    groups: dict[tuple[type[SQLModel], tuple[str, ...]], list[SQLModel]] = defaultdict(list)
    for row in session.dirty:
        groups[type(row), tuple(sorted(inspect(row).committed_state))].append(row)
    for (table, changed), rows in groups.items():
        if len(rows) >= MANY and changed and not _documents(table, changed):
            _update(session, table, changed, rows)


def _update(
    session: Session, table: type[SQLModel], changed: tuple[str, ...], rows: Sequence[SQLModel]
) -> None:
    names = (_key(table), *changed)
    values = [{name: getattr(row, name) for name in names} for row in rows]
    written = session.execute(_change(table, changed), {"rows": _document(values)})
    if written.rowcount != len(rows):  # type: ignore[attr-defined] # an UPDATE has a count
        raise RuntimeError(f"{len(rows)} rows of {table.__tablename__} were to be written")
    for row in rows:
        session.expunge(row)


def _document(rows: Sequence[Row]) -> str:
    return json.dumps(rows, default=_plain, ensure_ascii=False)


def _plain(value: object) -> str:
    match value:
        case UUID():
            return str(value)
        case date():
            return value.isoformat()
        case bytes():
            return f"\\x{value.hex()}"
    raise TypeError(f"{type(value).__name__} has no place in a row")


# The names below are those of our own tables and columns, never anything that came in.


@cache
def _insert(table: type[SQLModel], columns: tuple[str, ...], rest: str = "") -> TextClause:
    names, target = ", ".join(columns), table.__tablename__
    source = f"json_populate_recordset(NULL::{target}, CAST(:rows AS json))"
    return text(f"INSERT INTO {target} ({names}) SELECT {names} FROM {source}{rest}")  # noqa: S608 - our own names


@cache
def _change(table: type[SQLModel], changed: tuple[str, ...]) -> TextClause:
    key, target = _key(table), table.__tablename__
    values = ", ".join(f"{name} = new.{name}" for name in changed)
    source = f"json_populate_recordset(NULL::{target}, CAST(:rows AS json)) AS new"
    return text(f"UPDATE {target} SET {values} FROM {source} WHERE {target}.{key} = new.{key}")  # noqa: S608 - our own names


@cache
def _key(table: type[SQLModel]) -> str:
    [column] = inspect(table).primary_key
    return str(column.name)


@cache
def _documents(table: type[SQLModel], changed: tuple[str, ...]) -> bool:
    """Whether a JSON column is among them: there, nothing and null are not the same."""
    columns = inspect(table).columns
    return any(isinstance(columns[name].type, JSON) for name in changed)
