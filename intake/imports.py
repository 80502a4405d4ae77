"""Old cases from a list: looked at first, taken in by the background, what is faulty given back.

Taking in is safe to begin again: a case is known by its source and its number there, and is
written in one transaction with them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, literal
from sqlmodel import Session, and_, col, func, or_, select

from core import jobs
from core.database import alone, reader
from core.desk import Desk, Office
from core.errors import Conflict, Fault, Invalid, NotFound
from core.i18n import translate
from core.jobs import Job
from core.permissions import SYSTEM, Act, Actor, demand
from core.privacy import Keys
from core.tables import Department, JobRow
from core.texts import UncleanText, clean
from intake import lists, old_cases, old_words, service, workbook_lists
from intake.draft import Draft
from intake.lists import FAULTS_HEAD, Sheet
from intake.old_cases import Names, OldCase, Read
from intake.service import Advice
from intake.tables import CategoryRow, ImportRow, OldCaseRow

KIND = "intake.import"
BATCH = 50
SHOWN = 50  # faults on the page; the error file has all
SOURCE_LIMIT, NAME_LIMIT = 60, 120
KEPT = timedelta(days=30)
CHANGED = "这个编号已经导入过，但内容与当时不同，请核对"

AdviseOn = Callable[[Desk, Draft], Advice]


@dataclass(frozen=True, slots=True)
class Outlook:
    """A file as it would be taken in at this moment."""

    sheet: Sheet
    rows: tuple[Read, ...]
    # numbers that are here already, with the import that brought them
    known: Mapping[str, UUID]

    @property
    def good(self) -> tuple[OldCase, ...]:
        """The cases that are not here yet."""
        cases = (row.case for row in self.rows)
        return tuple(case for case in cases if case and case.number not in self.known)

    @property
    def bad(self) -> tuple[Read, ...]:
        return tuple(row for row in self.rows if row.faults)


# --- the look before ------------------------------------------------------------------


def look(
    session: Session, keys: Keys, now: datetime, *, name: str, body: bytes, source: str
) -> Outlook:
    """What taking the file in would do. Invalid when the whole of it cannot be taken."""
    sheet = workbook_lists.read(name, body, old_cases.known_heads)
    rows = old_cases.read(sheet, _names(session), now)
    here = _here(session, source, [row.case.number for row in rows if row.case])
    judged = [_against(row, here, keys) for row in rows]
    fine = {row.case.number for row in judged if row.case}
    known = {number: old.import_id for number, old in here.items() if number in fine}
    return Outlook(sheet, tuple(judged), known)


def _names(session: Session) -> Names:
    categories: dict[str, str] = {}
    for row in session.exec(select(CategoryRow).where(col(CategoryRow.open))):
        for name in (row.code, row.name, row.name_en):
            categories.setdefault(old_words.plain(name), row.code)
    units: dict[str, str] = {}
    for unit in session.exec(select(Department)):
        for name in (unit.code, unit.name, *unit.aliases):
            units.setdefault(old_words.plain(name), unit.code)
    return Names(categories, units)


def _here(session: Session, source: str, numbers: Sequence[str]) -> dict[str, OldCaseRow]:
    query = select(OldCaseRow).where(
        OldCaseRow.source == source,
        col(OldCaseRow.number) == any_(literal(list(numbers), ARRAY(Text))),
    )
    return {row.number: row for row in session.exec(query)} if numbers else {}


def _against(row: Read, here: Mapping[str, OldCaseRow], keys: Keys) -> Read:
    """The same number with another text is somebody's mistake, and never silently dropped."""
    old = here.get(row.case.number) if row.case else None
    if row.case is None or old is None or old.digest in keys.blinds("old_case", row.case.content):
        return row
    return Read(row.line, faults=(Fault(row.number_head, "changed", CHANGED),))


def source_of(given: str) -> str:
    """The source's name as it is kept."""
    try:
        source = " ".join(clean(given).split())
    except UncleanText as error:
        message = "第{position}个字符不能保存，请删除"
        raise Invalid.one("source", error.code, message, position=error.position) from error
    if not source:
        raise Invalid.one("source", "required", "请填写数据来源，例如原系统的名称")
    if len(source) > SOURCE_LIMIT:
        raise Invalid.one("source", "too_long", "最多{limit}字", limit=SOURCE_LIMIT)
    return source


def receive(desk: Desk, *, name: str, body: bytes, source: str) -> ImportRow:
    """Keep a file with what was found in it; nothing of it is taken in yet."""
    demand(desk.actor, Act.IMPORT)
    source = source_of(source)
    found = look(desk.session, desk.keys, desk.now, name=name, body=body, source=source)
    row_id = desk.new_id()
    row = ImportRow(
        id=row_id,
        name=_file_name(name),
        source=source,
        state="checked",
        body=desk.keys.seal_bytes(_place(row_id, "body"), body),
        format=found.sheet.format,
        rows=len(found.rows),
        good=len(found.good),
        bad=len(found.bad),
        known=len(found.known),
        faults=first_faults(found),
        made_by=desk.actor.tag,
        made_at=desk.now,
    )
    desk.session.add(row)
    return row


def _file_name(name: str) -> str:
    short = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in short if char.isprintable())[-NAME_LIMIT:] or "—"


def _place(import_id: UUID, column: str) -> str:
    return f"import.{column}:{import_id}"


def first_faults(found: Outlook) -> list[dict[str, Any]]:
    """The first faults: row, column, code, sentence. No cell is repeated: cells name people."""
    return [
        {
            "row": line.number,
            "column": fault.field,
            "code": fault.code,
            "message": fault.message,
            "params": dict(fault.params),
        }
        for line, fault in [*old_cases.counted(found.rows)][:SHOWN]
    ]


def begin(desk: Desk, import_id: UUID, *, area: str, language: str = "zh") -> UUID:
    """Have the good rows taken in. The job's id."""
    demand(desk.actor, Act.IMPORT)
    row = _open(desk, import_id)
    row.state = "working"
    args = {"import": str(row.id), "area": area, "language": language}
    row.job_id = jobs.ask(desk, KIND, args)
    return row.job_id


def discard(desk: Desk, import_id: UUID) -> None:
    """Put the file away untaken."""
    demand(desk.actor, Act.IMPORT)
    row = _open(desk, import_id)
    row.state, row.body, row.ended_at = "discarded", None, desk.now


def _open(desk: Desk, import_id: UUID) -> ImportRow:
    row = desk.session.get(ImportRow, import_id, with_for_update=True)
    if row is None:
        raise NotFound
    given_up = row.job_id is not None and desk.session.get_one(JobRow, row.job_id).state == "failed"
    if row.state != "checked" and not (row.state == "working" and given_up):
        raise Conflict("这份文件已经处理过了", code="decided")
    return row


# --- the work -------------------------------------------------------------------------


def work(job: Job, advise: AdviseOn) -> Mapping[str, Any]:
    """Take in what is fit and not here yet, some at a time; write what is not as a file."""
    office, import_id = job.office, UUID(job.args["import"])
    with reader(office.engine) as session:
        row = session.get_one(ImportRow, import_id)
        if row.body is None:  # its end was written, only the job's was not
            return {"taken": row.taken, "bad": row.bad}
        body = office.keys.open_bytes(_place(import_id, "body"), row.body)
        found = look(
            session, office.keys, office.now(), name=row.name, body=body, source=row.source
        )
    cases, done = found.good, len(found.rows) - len(found.good)
    job.progress(done, len(found.rows))
    for start in range(0, len(cases), BATCH):
        batch = cases[start : start + BATCH]
        with office.desk(SYSTEM) as desk:
            _take(desk, row, batch, job.args["area"], advise)
        done += len(batch)
        job.progress(done)
    return _end(office, row, found, job.args["language"])


def _take(
    desk: Desk, row: ImportRow, cases: Sequence[OldCase], area: str, advise: AdviseOn
) -> None:
    # a worker thought dead may still be writing: one at a time, and the second finds them here
    alone(desk.session, f"import:{row.source}")
    here = _here(desk.session, row.source, [case.number for case in cases])
    for case in cases:
        if case.number in here:
            continue
        ticket_id = _taken(desk, row, case, area, advise)
        desk.put(
            OldCaseRow,
            source=row.source,
            number=case.number,
            ticket_id=ticket_id,
            import_id=row.id,
            digest=desk.keys.blind("old_case", case.content),
        )


def _taken(desk: Desk, row: ImportRow, case: OldCase, area: str, advise: AdviseOn) -> UUID:
    if case.closed:
        return service.keep_old(desk, case, row.id, area=area).id
    filed = service.register(
        desk,
        case.draft,
        area=area,
        adviser=lambda draft: advise(desk, draft),
        first_received_at=case.received_at,
    )
    return filed.ticket.id


def _end(office: Office, row: ImportRow, found: Outlook, language: str) -> dict[str, Any]:
    """The counts, and the error file instead of the file that came."""
    errors = error_file(found, language) if found.bad else None
    with office.desk(SYSTEM) as desk:
        stored = desk.session.get_one(ImportRow, row.id, with_for_update=True)
        mine = select(func.count()).where(OldCaseRow.import_id == row.id)
        stored.taken = desk.session.exec(mine).one()
        stored.bad, stored.faults = len(found.bad), first_faults(found)
        stored.known = len(found.rows) - stored.bad - stored.taken
        stored.good = stored.taken
        stored.state, stored.body, stored.ended_at = "done", None, desk.now
        if errors is not None:
            stored.errors = desk.keys.seal_bytes(_place(row.id, "errors"), errors)
        return {"taken": stored.taken, "bad": stored.bad, "known": stored.known}


def error_file(found: Outlook, language: str = "zh") -> bytes:
    """The faulty rows as they came, in a file of the same kind, and what is wrong with each."""
    told = [
        (row.line, "；".join(sentence(fault, language) for fault in row.faults))
        for row in found.bad
    ]
    head = translate(language, FAULTS_HEAD)
    return workbook_lists.write(found.sheet, lists.with_faults(found.sheet, told, head))


def sentence(fault: Fault, language: str) -> str:
    """Column and what is wrong with it."""
    return f"{fault.field}：{translate(language, fault.message, **fault.params)}"


# --- afterwards -----------------------------------------------------------------------


def listed(session: Session, actor: Actor, limit: int = 50) -> Sequence[ImportRow]:
    """The imports, the newest first."""
    demand(actor, Act.IMPORT)
    return session.exec(select(ImportRow).order_by(col(ImportRow.id).desc()).limit(limit)).all()


def one(session: Session, actor: Actor, import_id: UUID) -> ImportRow:
    """One of them. NotFound when there is none."""
    demand(actor, Act.IMPORT)
    row = session.get(ImportRow, import_id)
    if row is None:
        raise NotFound
    return row


def errors(session: Session, keys: Keys, actor: Actor, import_id: UUID) -> tuple[str, bytes]:
    """Name and body of the error file, for who may import."""
    row = one(session, actor, import_id)
    if row.errors is None:
        raise NotFound
    body = keys.open_bytes(_place(row.id, "errors"), row.errors)
    return f"import-errors-{str(row.id)[-6:]}.{row.format}", body


def expire_due(office: Office) -> int:
    """Destroy files that nobody came back for."""
    with office.desk(SYSTEM) as desk:
        before = desk.now - KEPT
        waits = and_(ImportRow.state == "checked", col(ImportRow.made_at) < before)
        lies = and_(col(ImportRow.errors).is_not(None), col(ImportRow.ended_at) < before)
        rows = desk.session.exec(
            select(ImportRow).where(or_(waits, lies)).with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            row.state = "expired" if row.state == "checked" else row.state
            row.body = row.errors = None
        return len(rows)
