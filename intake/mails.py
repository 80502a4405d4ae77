"""What becomes of a message: filed, added to its ticket, ignored or refused, once and for good."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from core import timeline
from core.database import alone
from core.desk import Desk
from core.errors import Invalid, Refused
from core.events import InfoAdded
from core.outbox import post
from core.permissions import Act, demand
from core.states import Status
from core.tables import Ticket
from intake import draft, service
from intake.draft import Draft
from intake.files import FILES_LIMIT, BadFile, File, check_file
from intake.mail import Mail
from intake.service import Filed
from intake.tables import MailRow

DAY = timedelta(days=1)
# more requests than these from one address within a day are a machine's
FILED_A_DAY = 30
ADDED_A_DAY = 20
# two machines that answer each other fall silent after so many
ANSWERS_A_DAY = 5
NAME_SHOWN = 80

Register = Callable[[Desk, Draft], Filed]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message read, or not: `code` says why it could not be."""

    mail: Mail | None
    key: str
    digest: str
    size: int
    sender: str = ""
    language: str = "zh"
    code: str = ""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of it, by code; and what its sender must be told beside the usual letters."""

    state: str
    code: str = ""
    ticket: UUID | None = None
    answer: dict[str, Any] | None = None


def known(desk: Desk, arrival: Arrival) -> MailRow | None:
    """The row of a message that was taken before; two takers of one message wait here."""
    alone(desk.session, f"mail:{arrival.key}")
    return desk.session.exec(select(MailRow).where(MailRow.key == arrival.key)).first()


def keep(desk: Desk, arrival: Arrival, fate: Fate) -> MailRow:
    """Write down what became of a message, and promise what its sender is to be told."""
    row_id = desk.new_id()
    index = desk.keys.blind("mail", arrival.sender.lower()) if arrival.sender else None
    told = fate.answer and arrival.sender and _may_answer(desk, index)
    answer = {"to": arrival.sender, "language": arrival.language, **(fate.answer or {})}
    row = MailRow(
        id=row_id,
        key=arrival.key,
        digest=arrival.digest,
        state=fate.state,
        code=fate.code,
        ticket_id=fate.ticket,
        sender_index=index,
        size=arrival.size,
        taken_at=desk.now,
        answer=desk.keys.seal(place(row_id), json.dumps(answer)) if told else None,
        answer_state="queued" if told else "none",
        next_at=desk.now if told else None,
    )
    desk.session.add(row)
    if told:
        post(desk, "intake.answer_mail", mail=str(row_id))
    return row


def place(row_id: UUID) -> str:
    """What a sealed answer is bound to."""
    return f"mail.answer:{row_id}"


def _may_answer(desk: Desk, index: bytes | None) -> bool:
    query = select(func.count()).where(
        MailRow.sender_index == index,
        MailRow.taken_at > desk.now - DAY,
        MailRow.answer_state != "none",
    )
    return desk.session.exec(query).one() < ANSWERS_A_DAY


# --- as a request of its own --------------------------------------------------------------


def file(desk: Desk, mail: Mail, register: Register, *, limit: int) -> Fate:
    """Register it as a new request. `limit` of an attachment in bytes."""
    if mail.automatic:
        return Fate("ignored", mail.automatic)
    if mail.numbers:
        # a number is no proof: whoever knows one could write into somebody's case
        return Fate("refused", "number_only", answer={"code": "number_only"})
    index = desk.keys.blind("mail", mail.sender.lower())
    if _taken_today(desk, index) >= FILED_A_DAY:
        return Fate("refused", "too_many")
    files, left = sorted_out(mail, limit)
    try:
        filed = register(desk, as_draft(mail, files))
    except Refused as refused:
        return Fate("refused", refused.code, answer={"code": "invalid", "faults": _told(refused)})
    answer = {"code": "files", "number": filed.ticket.number, "left": left} if left else None
    return Fate("filed", ticket=filed.ticket.id, answer=answer)


def as_draft(mail: Mail, files: tuple[File, ...]) -> Draft:
    """The message as every channel's draft. Invalid names what is missing."""
    title = draft.clean_title(mail.title)
    values = {
        "title": title,
        "content": mail.text if len(mail.text) >= draft.CONTENT_LEAST else title or mail.text,
        "contact_name": mail.name or None,
        "contact_email": mail.sender,
    }
    return draft.check(
        values, channels=("email",), channel="email", attachments=files, language=mail.language
    )


def sorted_out(mail: Mail, limit: int) -> tuple[tuple[File, ...], list[dict[str, Any]]]:
    """The attachments that can be taken; and of the others, why not."""
    taken: list[File] = []
    left: list[dict[str, Any]] = []
    for name, body in mail.files:
        bad = BadFile("too_many", "最多{limit}个附件", limit=FILES_LIMIT)
        try:
            if len(taken) < FILES_LIMIT:
                taken.append(check_file(name, body, limit=limit))
                continue
        except BadFile as error:
            bad = error
        left.append({"name": name[:NAME_SHOWN], "why": bad.message, "params": bad.params})
    return tuple(taken), left


def _told(refused: Refused) -> list[dict[str, Any]]:
    if not refused.faults:
        return [{"field": "", "message": refused.message, "params": refused.params}]
    return [
        {"field": fault.field, "message": fault.message, "params": dict(fault.params)}
        for fault in refused.faults
    ]


def _taken_today(desk: Desk, index: bytes) -> int:
    query = select(func.count()).where(
        MailRow.sender_index == index,
        MailRow.taken_at > desk.now - DAY,
        MailRow.state == "filed",
    )
    return desk.session.exec(query).one()


# --- as an addition to a ticket -------------------------------------------------------------


def add(desk: Desk, mail: Mail, ticket_id: UUID, *, limit: int) -> Fate:
    """What the complainant of a ticket writes: the answer we waited for, or an addition to it."""
    if mail.automatic:
        return Fate("ignored", mail.automatic)
    demand(desk.actor, Act.FOLLOW_OWN)
    ticket = timeline.hold(desk, ticket_id)
    if _added_today(desk, ticket_id) >= ADDED_A_DAY:
        return Fate("refused", "too_many", ticket_id)
    files, left = sorted_out(mail, limit)
    try:
        said = _said(mail, files)
        if Status(ticket.status) is Status.NEED_INFO:
            service.supply_info(desk, ticket_id, said)
        else:
            words = timeline.write(desk, ticket, said)
            timeline.record(desk, ticket, InfoAdded(words, "email"))
    except Refused as refused:
        faults = {"code": "invalid", "faults": _told(refused), "number": ticket.number}
        return Fate("refused", refused.code, ticket_id, faults)
    for file in files:
        service.attach(desk, ticket, file)
    answer = {"code": "files", "number": ticket.number, "left": left} if left else None
    return Fate("added", ticket=ticket_id, answer=answer)


def _said(mail: Mail, files: tuple[File, ...]) -> str:
    """The words, which may be few; a message may also be nothing but its files."""
    said = mail.text.strip() or "\n".join(file.name for file in files)
    if not said:
        raise Invalid.one("content", "required", "请写明要补充的内容")
    limit = draft.LIMITS["content"]
    if len(said) > limit:
        raise Invalid.one("content", "too_long", draft.TOO_LONG, limit=limit, length=len(said))
    return said


def _added_today(desk: Desk, ticket_id: UUID) -> int:
    query = select(func.count()).where(
        MailRow.ticket_id == ticket_id,
        MailRow.taken_at > desk.now - DAY,
        MailRow.state == "added",
    )
    return desk.session.exec(query).one()


# --- reading ------------------------------------------------------------------------------


def listed(
    session: Session, states: Sequence[str], *, after: UUID | None = None, limit: int = 50
) -> Sequence[tuple[MailRow, str | None]]:
    """Messages of these fates, newest first, with the number of their ticket if they have one."""
    query = (
        select(MailRow, Ticket.number)
        .join(Ticket, col(Ticket.id) == MailRow.ticket_id, isouter=True)
        .where(col(MailRow.state).in_(states))
    )
    if after is not None:
        query = query.where(MailRow.id < after)
    return session.exec(query.order_by(col(MailRow.id).desc()).limit(limit)).all()


def counts(session: Session, since: datetime) -> dict[str, int]:
    """How many messages met which fate."""
    query = select(MailRow.state, func.count()).where(MailRow.taken_at >= since)
    found = dict(session.exec(query.group_by(col(MailRow.state))).all())
    return dict.fromkeys(("filed", "added", "ignored", "refused"), 0) | found
