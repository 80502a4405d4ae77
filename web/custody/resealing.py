"""Changing the key: what an earlier secret sealed or indexed, done again with the newest.

In batches, while the house works: a value that somebody changes meanwhile is the newest key's
already, one that somebody holds is met again on the next pass. A death loses one batch at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session

from core import jobs
from core.database import reader
from core.desk import Desk
from core.jobs import Job
from core.permissions import SYSTEM
from core.privacy import KEY_ID, Keys
from web.custody import record

KIND = "custody.reseal"
BATCH = 500
PASSES = 5


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed column: its table, its key, and what its values are bound to."""

    table: str
    column: str
    place: str
    key: tuple[str, ...] = ("id",)
    # the blind index beside it, and the kind it is made for
    index: tuple[str, str] | None = None
    # further columns the place speaks of
    also: tuple[str, ...] = field(default=())


# every module that seals has its columns here: a house test compares
SEALED: tuple[Sealed, ...] = (
    Sealed("contact", "phone", "phone:{ticket_id}", ("ticket_id",), ("phone_index", "phone")),
    Sealed("contact", "name", "name:{ticket_id}", ("ticket_id",)),
    Sealed("contact", "email", "email:{ticket_id}", ("ticket_id",)),
    Sealed("ticket", "query_code", "query_code:{id}"),
    Sealed("letter", "address", "letter.address:{id}"),
    Sealed("contact_amendment", "name", "name:{ticket_id}", also=("ticket_id",)),
    Sealed("contact_amendment", "phone", "phone:{ticket_id}", also=("ticket_id",)),
    Sealed("contact_amendment", "email", "email:{ticket_id}", also=("ticket_id",)),
    Sealed("subject_request", "wish", "wish:{id}"),
    Sealed("mail", "answer", "mail.answer:{id}"),
    Sealed("second_factor", "secret", "second_factor.secret.{staff_id}", ("staff_id",)),
    Sealed("ticket_export_part", "body", "export:{export_id}:{number}", ("export_id", "number")),
    Sealed("import", "body", "import.body:{id}"),
    Sealed("import", "errors", "import.errors:{id}"),
)


def status(session: Session) -> dict[str, int]:
    """How many values each key has sealed, by the key's id."""
    found: dict[str, int] = {}
    for place in SEALED:
        counted = session.execute(
            text(
                f"SELECT encode(substr({place.column}, 1, {KEY_ID}), 'hex'), count(*)"  # noqa: S608 - our own names
                f" FROM {place.table} WHERE {place.column} IS NOT NULL GROUP BY 1"
            )
        )
        for key, count in counted:
            found[key] = found.get(key, 0) + count
    return found


def left(session: Session, keys: Keys) -> int:
    """How many values an earlier key has sealed."""
    return sum(n for key, n in status(session).items() if key != keys.current.hex())


def ask(desk: Desk) -> UUID:
    """Have it done. The job's id."""
    facts = {"key": desk.keys.current.hex(), "left": left(desk.session, desk.keys)}
    record.append(desk, "keys.rotating", facts)
    return jobs.ask(desk, KIND, {"key": desk.keys.current.hex()})


def work(job: Job) -> Mapping[str, Any]:
    """Pass after pass until nothing is left, going on where an earlier attempt ended."""
    turn = _Turn(job)
    for _ in range(PASSES):
        turn.run()
        with reader(job.office.engine) as session:
            remaining = left(session, job.office.keys)
        if not remaining:
            break
    facts = {"key": job.office.keys.current.hex(), "done": turn.done, "left": remaining}
    with job.office.desk(SYSTEM) as desk:
        record.append(desk, "keys.rotated", facts)
    return facts


class _Turn:
    """Where the work is: the column, the key after which to go on, how much is done."""

    def __init__(self, job: Job) -> None:
        self.job, self.office = job, job.office
        self.at, self.after = int(job.kept.get("at", 0)), job.kept.get("after")
        self.done = int(job.kept.get("done", 0))
        with reader(self.office.engine) as session:
            self.total = self.done + left(session, self.office.keys)

    def run(self) -> None:
        """One pass over every column."""
        while self.at < len(SEALED):
            place = SEALED[self.at]
            rows = self._batch(place)
            self.done += len(rows)
            if rows:
                self.after = [str(value) for value in rows[-1][: len(place.key)]]
            else:
                self.at, self.after = self.at + 1, None
            keep = {"at": self.at, "after": self.after, "done": self.done}
            self.job.progress(self.done, max(self.total, self.done), keep)
        self.at, self.after = 0, None

    def _batch(self, place: Sealed) -> Sequence[Row[Any]]:
        with self.office.desk(SYSTEM) as desk:
            rows = _taken(desk, place, self.after)
            new = [_again(desk.keys, place, row) for row in rows]
            if new:
                desk.session.connection().execute(text(_update(place)), new)
            return rows


def _taken(desk: Desk, place: Sealed, after: list[str] | None) -> Sequence[Row[Any]]:
    columns = ", ".join((*place.key, *place.also, place.column))
    query = (
        f"SELECT {columns} FROM {place.table}"  # noqa: S608 - our own names
        f" WHERE substr({place.column}, 1, {KEY_ID}) <> :current"
    )
    values: dict[str, Any] = {"current": desk.keys.current}
    if after is not None:
        values |= {f"after_{name}": value for name, value in zip(place.key, after, strict=True)}
        query += f" AND ({', '.join(place.key)}) > ({', '.join(map(_typed, place.key))})"
    query += f" ORDER BY {', '.join(place.key)} LIMIT {BATCH} FOR UPDATE SKIP LOCKED"
    return desk.session.execute(text(query), values).all()


def _typed(name: str) -> str:
    return f"CAST(:after_{name} AS {'int' if name == 'number' else 'uuid'})"


def _again(keys: Keys, place: Sealed, row: Row[Any]) -> dict[str, Any]:
    """The value sealed and indexed anew, and the row it belongs to."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    sealed = values.pop(place.column)
    where = place.place.format(**values)
    clear = keys.open_bytes(where, sealed)
    new = {f"key_{name}": values[name] for name in place.key}
    new["sealed"] = keys.seal_bytes(where, clear)
    if place.index is not None:
        new["blind"] = keys.blind(place.index[1], clear.decode())
    return new


def _update(place: Sealed) -> str:
    blind = f", {place.index[0]} = :blind" if place.index else ""
    where = " AND ".join(f"{name} = :key_{name}" for name in place.key)
    return f"UPDATE {place.table} SET {place.column} = :sealed{blind} WHERE {where}"  # noqa: S608 - our own names
