"""Many rows in one statement, out of one JSON document, however many they are."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CursorResult,
    TextClause,
    Uuid,
    any_,
    inspect,
    literal,
    text,
)
from sqlmodel import Session, SQLModel, col

Row = Mapping[str, Any]


def among(column: UUID, ids: Iterable[UUID | None]) -> ColumnElement[bool]:
    """Whether an id column is one of many: one parameter, where `in_` makes one of each."""
    return col(column) == any_(literal(list(ids), ARRAY(Uuid)))


def insert(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert rows that all name the same columns."""
    if rows:
        _send(session, _insert(table, tuple(rows[0])), rows)


def insert_new(
    session: Session, table: type[SQLModel], rows: Sequence[Row], returning: str
) -> set[Any]:
    """Insert those rows whose key is not there yet; the `returning` column of those that were."""
    if not rows:
        return set()
    statement = _insert(table, tuple(rows[0]), f" ON CONFLICT DO NOTHING RETURNING {returning}")
    return set(_send(session, statement, rows).scalars())


def write_changes(session: Session) -> None:
    """Write what was changed, of every table and set of columns in one statement.

    All rows leave the session: this is for the end of a desk, when nobody looks again.
    """
    groups: dict[tuple[type[SQLModel], tuple[str, ...]], list[SQLModel]] = defaultdict(list)
    for row in session.dirty:
        groups[type(row), tuple(sorted(inspect(row).committed_state))].append(row)
    for (table, changed), rows in groups.items():
        if changed:
            _update(session, table, changed, rows)
    new, gone = list(session.new), list(session.deleted)
    # the unit of work would look at each of them again
    session.expunge_all()
    session.add_all([*new, *gone])
    for row in gone:
        session.delete(row)


def _update(
    session: Session, table: type[SQLModel], changed: tuple[str, ...], rows: Sequence[SQLModel]
) -> None:
    names = (_key(table), *changed)
    values = [{name: known[name] for name in names} for known in map(vars, rows)]
    if _send(session, _change(table, changed), values).rowcount != len(rows):
        raise RuntimeError(f"{len(rows)} rows of {table.__tablename__} were to be written")


def _send(session: Session, statement: TextClause, rows: Sequence[Row]) -> CursorResult[Any]:
    document = json.dumps(rows, default=_plain, ensure_ascii=False)
    # past the session, which would first write row by row what is to be written at once
    return session.connection().execute(statement, {"rows": document})


# hexadecimal alone is read as well as with hyphens, and made three times as fast
_PLAIN: Mapping[type, Callable[[Any], str]] = {
    UUID: lambda value: value.hex,
    datetime: datetime.isoformat,
    date: date.isoformat,
    bytes: lambda value: f"\\x{value.hex()}",
}


def _plain(value: object) -> str:
    return _PLAIN[type(value)](value)


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
