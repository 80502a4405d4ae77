"""Lists of tickets as a file: asked for with a reason, made in the background, gone in a week."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from core import jobs
from core.database import reader
from core.desk import Desk, Office
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.i18n import translate
from core.jobs import Job
from core.moments import SHANGHAI
from core.numbers import masked
from core.people import actor_of
from core.permissions import SYSTEM, Act, Actor, demand, may
from core.tables import Contact, JobRow, Staff, Ticket
from intake import search
from web.custody import record
from web.custody.columns import Book, head_words, line
from web.custody.spreadsheets import WRITERS, pieces
from web.custody.tables import ExportPart, TicketExport

KIND = "custody.export"
KEPT = timedelta(days=7)
BATCH = 1000
REASON_LEAST, REASON_MOST = 4, 300
FILTERS = ("status", "lead", "channel", "request", "since", "until", "late")


def ask(
    desk: Desk,
    filters: Mapping[str, str],
    *,
    reason: str,
    file_format: str = "csv",
    texts: bool = False,
    identified: bool = False,
    language: str = "zh",
) -> TicketExport:
    """Have a list made. One that names people waits until the privacy officer agrees."""
    demand(desk.actor, Act.EXPORT_IDENTIFIED if identified else Act.EXPORT)
    reason = reason.strip()
    if not REASON_LEAST <= len(reason) <= REASON_MOST:
        raise Invalid.one("reason", "required", "请写明导出的用途（4至300字）")
    if file_format not in WRITERS:
        raise Invalid.one("format", "unknown", "请选择文件格式")
    row = TicketExport(
        id=desk.new_id(), asked_by=desk.actor.tag, asked_at=desk.now, reason=masked(reason),
        format=file_format, language=language, texts=texts, identified=identified, state="asked",
        filters={name: filters[name] for name in FILTERS if filters.get(name)},
    )  # fmt: skip
    desk.session.add(row)
    desk.session.flush()
    record.append(desk, "export.asked", _facts(row) | {"filters": row.filters})
    if not identified:
        _begin(desk, row)
    return row


def _facts(row: TicketExport) -> dict[str, Any]:
    return {"export": str(row.id), "format": row.format, "identified": row.identified}


def _begin(desk: Desk, row: TicketExport) -> None:
    row.state = "working"
    row.job_id = jobs.ask(desk, KIND, {"export": str(row.id)})


def decide(desk: Desk, export_id: UUID, *, agree: bool) -> None:
    """The privacy officer on a list that names people; never on his own."""
    demand(desk.actor, Act.GUARD_PRIVACY)
    row = desk.session.get(TicketExport, export_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.state != "asked":
        raise Conflict("这份导出已经审批过了", code="decided")
    if row.asked_by == desk.actor.tag:
        raise Forbidden("导出须由申请人以外的人审批", code="same_person")
    row.decided_by, row.decided_at = desk.actor.tag, desk.now
    record.append(desk, "export.agreed" if agree else "export.refused", _facts(row))
    if agree:
        _begin(desk, row)
    else:
        row.state = "refused"


# --- the work -------------------------------------------------------------------------


def work(job: Job) -> Mapping[str, Any]:
    """Write the file, piece by piece; a second attempt begins again and leaves one file."""
    office, export_id = job.office, UUID(job.args["export"])
    with reader(office.engine) as session:
        row = session.get_one(TicketExport, export_id)
        actor = _asker(session, row)
        conditions = search.chosen(actor, sought(row.filters))
        total = session.exec(select(func.count()).where(*conditions)).one()
        book = Book(session, office.keys, row)
    with tempfile.TemporaryDirectory(prefix="jiesu-export-") as folder:
        path, counter = Path(folder) / f"tickets.{row.format}", _Counter(job, total)
        WRITERS[row.format](path, head_words(book), _lines(office, book, conditions, counter))
        return _store(office, row, path, counter.rows)


def _asker(session: Session, row: TicketExport) -> Actor:
    """Who asked, with the hats he wears today: he sees no more than he would on his screen."""
    kind, _, key = row.asked_by.partition(":")
    staff = session.get(Staff, UUID(key)) if kind == "staff" else None
    if staff is None or not staff.active:
        raise Forbidden
    actor = actor_of(staff)
    demand(actor, Act.EXPORT_IDENTIFIED if row.identified else Act.EXPORT)
    return actor


class _Counter:
    """Counts what is written and says so now and then."""

    def __init__(self, job: Job, total: int) -> None:
        self.job, self.total, self.rows = job, total, 0

    def add(self, rows: int) -> None:
        self.rows += rows
        self.job.progress(self.rows, max(self.total, self.rows))


def _lines(
    office: Office, book: Book, conditions: list[Any], counter: _Counter
) -> Iterator[list[Any]]:
    """Every line, from the newest ticket down, never more than a batch of them in memory."""
    before: UUID | None = None
    while True:
        with reader(office.engine) as session:
            query = select(Ticket).where(*conditions)
            if before is not None:
                query = query.where(col(Ticket.id) < before)
            tickets = session.exec(query.order_by(col(Ticket.id).desc()).limit(BATCH)).all()
            contacts = _contacts(session, tickets) if book.identified else {}
        for ticket in tickets:
            yield line(book, ticket, contacts.get(ticket.id))
        if not tickets:
            return
        counter.add(len(tickets))
        before = tickets[-1].id


def _contacts(session: Session, tickets: Any) -> dict[UUID, Contact]:
    wanted = [ticket.id for ticket in tickets]
    rows = session.exec(select(Contact).where(col(Contact.ticket_id).in_(wanted)))
    return {row.ticket_id: row for row in rows}


def _store(office: Office, row: TicketExport, path: Path, rows: int) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with office.desk(SYSTEM) as desk:
        stored = desk.session.get_one(TicketExport, row.id, with_for_update=True)
        desk.session.execute(delete(ExportPart).where(col(ExportPart.export_id) == row.id))
        for number, piece in enumerate(pieces(path)):
            digest.update(piece)
            size += len(piece)
            body = desk.keys.seal_bytes(_place(row.id, number), piece)
            desk.session.add(ExportPart(export_id=row.id, number=number, body=body))
            desk.session.flush()
        stored.state, stored.rows, stored.size = "ready", rows, size
        stored.sha256, stored.expires_at = digest.hexdigest(), desk.now + KEPT
        facts = {"export": str(row.id), "rows": rows, "sha256": digest.hexdigest()}
        record.append(desk, "export.made", facts)
    return facts


def _place(export_id: UUID, number: int) -> str:
    return f"export:{export_id}:{number}"


# --- afterwards -----------------------------------------------------------------------


def taken(desk: Desk, export_id: UUID) -> TicketExport:
    """Somebody takes his own file: that is written down before the first byte goes."""
    row = desk.session.get(TicketExport, export_id)
    if row is None or row.asked_by != desk.actor.tag:
        raise NotFound
    demand(desk.actor, Act.EXPORT_IDENTIFIED if row.identified else Act.EXPORT)
    if row.state != "ready" or row.expires_at is None or row.expires_at <= desk.now:
        raise Conflict("文件还没有生成，或已过期删除，请重新导出", code="no_file")
    record.append(desk, "export.taken", {"export": str(row.id), "sha256": row.sha256})
    return row


def body(office: Office, export_id: UUID) -> Iterator[bytes]:
    """The file, piece by piece."""
    number = 0
    while True:
        with reader(office.engine) as session:
            part = session.get(ExportPart, (export_id, number))
        if part is None:
            return
        yield office.keys.open_bytes(_place(export_id, number), part.body)
        number += 1


def expire_due(office: Office) -> int:
    """Destroy the files whose week is over, and end what its work has given up."""
    with office.desk(SYSTEM) as desk:
        due = desk.session.exec(
            select(TicketExport)
            .where(TicketExport.state == "ready", col(TicketExport.expires_at) <= desk.now)
            .with_for_update(skip_locked=True)
        ).all()
        for row in due:
            row.state = "expired"
            desk.session.execute(delete(ExportPart).where(col(ExportPart.export_id) == row.id))
            record.append(desk, "export.expired", {"export": str(row.id)})
        return len(due) + _give_up(desk)


def _give_up(desk: Desk) -> int:
    working = select(TicketExport, JobRow).join(JobRow, col(JobRow.id) == TicketExport.job_id)
    lost = desk.session.exec(
        working.where(TicketExport.state == "working", JobRow.state == "failed")
    ).all()
    for row, _ in lost:
        row.state = "failed"
    return len(lost)


def of(session: Session, actor: Actor, limit: int = 50) -> list[TicketExport]:
    """One's own exports, the newest first; the privacy officer's register has everybody's."""
    query = select(TicketExport).order_by(col(TicketExport.id).desc()).limit(limit)
    if not may(actor, Act.GUARD_PRIVACY):
        query = query.where(TicketExport.asked_by == actor.tag)
    return list(session.exec(query))


def sought(filters: Mapping[str, str]) -> search.Sought:
    """The stored filters as the search knows them."""
    until = _instant(filters.get("until"))
    return search.Sought(
        status=filters.get("status", ""),
        lead=filters.get("lead", ""),
        channel=filters.get("channel", ""),
        request=filters.get("request", ""),
        since=_instant(filters.get("since")),
        until=until + timedelta(days=1) if until else None,
        late=filters.get("late") == "yes",
    )


def _instant(day: str | None) -> datetime | None:
    try:
        found = datetime.combine(datetime.fromisoformat(day or "").date(), time(), SHANGHAI)
    except ValueError:
        return None
    return found.astimezone(UTC) if 2000 <= found.year <= 2100 else None


def file_name(row: TicketExport) -> str:
    """What the browser saves it as: no word of the district's, so every system can store it."""
    word = translate("en", "identified" if row.identified else "deidentified")
    return f"tickets-{row.asked_at:%Y%m%d}-{word}-{str(row.id)[-6:]}.{row.format}"
