"""Looking into files after they were filed: a complaint never waits for a scanner."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, select, update

from core import logs, outbox
from core.desk import Desk, Office
from core.errors import Conflict, Forbidden
from core.permissions import SYSTEM
from intake.clamd import Scanner, ScannerDown
from intake.tables import Attachment

PATIENCE = timedelta(minutes=10)
AT_ONCE = 200
log = logs.get("scan")


def ask(desk: Desk, attachment_id: UUID) -> None:
    """Promise to look into a file once it is stored."""
    outbox.post(desk, "intake.scan", attachment=str(attachment_id))


def scan(office: Office, scanner: Scanner | None, attachment_id: UUID) -> None:
    """Look into one file that waits for it. What cannot be asked now is asked again later."""
    with Session(office.engine) as session:
        waiting = select(Attachment.body).where(
            Attachment.id == attachment_id, col(Attachment.scan) == "pending"
        )
        body = session.exec(waiting).first()
    if body is None:
        return
    try:
        verdict = scanner.scan(body) if scanner is not None else "unscanned"
    except ScannerDown as error:
        log.warning("scanner_down", reason=str(error))
        return
    if verdict == "infected":
        log.warning("infected", attachment=str(attachment_id))
    with office.desk(SYSTEM) as desk:
        found = update(Attachment).where(
            col(Attachment.id) == attachment_id, col(Attachment.scan) == "pending"
        )
        desk.session.exec(found.values(scan=verdict))


def resend_due(desk: Desk) -> int:
    """Ask again for what has waited too long: a lost message, or a scanner that was down."""
    late = (
        select(Attachment.id)
        .where(col(Attachment.scan) == "pending", Attachment.added_at < desk.now - PATIENCE)
        .order_by(col(Attachment.added_at))
        .limit(AT_ONCE)
    )
    found = desk.session.exec(late).all()
    for attachment_id in found:
        ask(desk, attachment_id)
    return len(found)


def check_served(row: Attachment, *, scanning: bool) -> None:
    """Refused while nobody has looked into a file that somebody will, and for ever if infected."""
    if row.scan == "infected":
        raise Forbidden("附件含有病毒，不能下载", code="infected")
    if row.scan == "pending" and scanning:
        raise Conflict("附件正在查毒，请过一会儿再下载", code="scan_pending")
