"""E-mail in: the mailbox is emptied message by message, each durable before it is put away."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, text, update
from sqlmodel import Session, col, select

from core import logs
from core.desk import Desk, Office
from core.outbox import post
from core.permissions import SYSTEM, VISITOR, business
from core.settings import Settings
from core.tables import Ticket
from intake import lines, mail, mailbox, mails
from intake.mailbox import Account, MailboxUnavailable, Opened
from intake.mails import Arrival, Fate
from intake.tables import LineRow, MailRow
from notify.queries import ticket_answered
from notify.service import pause
from notify.transports.base import DeliveryFailed, Message, Transport
from notify.wording import answer_signature
from web import filing, mail_answers

log = logs.get("mail")
LINE = "mail"
BATCH = 200
# a poll that was asked for and not seen is lost after this
PATIENCE = timedelta(minutes=5)
LEASE = timedelta(minutes=2)
ATTEMPTS = 20
LOCK = "SELECT pg_try_advisory_lock(hashtext('jiesu.mailbox'))"
UNLOCK = "SELECT pg_advisory_unlock(hashtext('jiesu.mailbox'))"
# a message that is not fetched whole
TOO_LARGE = "too_large"


def account(settings: Settings) -> Account | None:
    """The mailbox that the settings name, if they name one."""
    if settings.mail_in_url is None:
        return None
    return mailbox.account(
        settings.mail_in_url.get_secret_value(),
        folder=settings.mail_in_folder,
        done=settings.mail_in_done,
        refused=settings.mail_in_refused,
    )


# --- when ---------------------------------------------------------------------------------


def ask_if_due(office: Office, settings: Settings) -> int:
    """Have the worker look into the mailbox, unless it was asked and has not come back yet."""
    if settings.mail_in_url is None:
        return 0
    with office.desk(SYSTEM) as desk:
        line = lines.line(desk, LINE)
        every = timedelta(seconds=settings.mail_in_every)
        asked = line.asked_at
        back = asked is not None and line.tried_at is not None and line.tried_at >= asked
        wait = every if back else PATIENCE
        if asked is not None and desk.now < asked + wait:
            return 0
        _ask(desk, line)
    return 1


def ask(office: Office) -> None:
    """Have the worker look into the mailbox now."""
    with office.desk(SYSTEM) as desk:
        _ask(desk, lines.line(desk, LINE))


def _ask(desk: Desk, line: LineRow) -> None:
    line.asked_at = desk.now
    post(desk, "intake.poll_mail", asked=desk.now.isoformat())


@contextmanager
def _alone(office: Office) -> Iterator[bool]:
    """Whether nobody else empties the mailbox at this moment."""
    with office.engine.connect() as connection:
        mine = bool(connection.scalar(text(LOCK)))
        connection.commit()
        try:
            yield mine
        finally:
            if mine:
                connection.execute(text(UNLOCK))
                connection.commit()


def poll(office: Office, settings: Settings) -> int:
    """Empty the mailbox. How many messages were put away; the line tells how it went."""
    if settings.mail_in_url is None:
        return 0
    with _alone(office) as mine:
        if not mine:
            return 0
        done, error = _emptied(office, settings)
        with office.desk(SYSTEM) as desk:
            line = lines.line(desk, LINE)
            line.tried_at, line.error = desk.now, error
            line.done_at = line.done_at if error else desk.now
            line.result = {"taken": done}
    return done


def _emptied(office: Office, settings: Settings) -> tuple[int, str | None]:
    """How many messages were put away, and what went wrong, as a word."""
    done, error = 0, None
    try:
        place = account(settings)
        assert place is not None  # the caller looked
        with mailbox.opened(place) as box:
            for uid in box.waiting(BATCH):
                try:
                    done += _one(office, settings, box, uid)
                except mailbox.OF_ONE as of_one:
                    if mailbox.broken(of_one):
                        raise
                    error = "message"  # it stays where it is; those behind it are not held up
                    log.warning("mail_left", reason=type(of_one).__name__)
    except ValueError:
        error = "settings"
    except MailboxUnavailable as unavailable:
        error = str(unavailable)
    if error:
        log.warning("mailbox_unavailable", reason=error)
    return done, error


# --- one message ----------------------------------------------------------------------------


def _one(office: Office, settings: Settings, box: Opened, uid: str) -> bool:
    """File first, move second: a death between the two finds it filed, and only moves it."""
    arrival = _arrival(box, uid, settings)
    if arrival is None:
        return False
    fate = take(office, settings, arrival)
    well = fate.state in {"filed", "added"}
    box.put_away(uid, box.place.done if well else box.place.refused)
    log.info("mail_taken", state=fate.state, code=fate.code, size=arrival.size)
    return True


def _arrival(box: Opened, uid: str, settings: Settings) -> Arrival | None:
    """The message, or None when somebody else has taken it away meanwhile."""
    size = box.size(uid)
    if not size:
        return None
    if size > settings.upload_limit_mb * 2**20 * 3:
        return read(box.head(uid), settings, size=size, code=TOO_LARGE)
    return read(box.raw(uid), settings)


def read(raw: bytes, settings: Settings, *, size: int = 0, code: str = "") -> Arrival:
    """A message as it can be dealt with. `code` says why no more than its headers is looked at."""
    digest = hashlib.sha256(raw).hexdigest()
    try:
        found = mail.read(raw, own=_own(settings), whole=not code)
    except mail.Unreadable as bad:
        if code:  # not even its headers
            return Arrival(None, digest, digest, size or len(raw), code=code)
        return read(raw, settings, code=bad.code)
    return Arrival(
        mail=found,
        key=found.key,
        digest=digest if code else found.digest,
        size=size or len(raw),
        sender="" if found.automatic else found.sender,
        language="zh" if code else found.language,
        code=code or ("" if found.sender else "no_sender"),
    )


def _own(settings: Settings) -> tuple[str, ...]:
    place = account(settings)
    named = (settings.mail_from, settings.mail_in_address or "", place.user if place else "")
    return tuple(name.rpartition("<")[2].rstrip("> ") for name in named if "@" in name)


def take(office: Office, settings: Settings, arrival: Arrival) -> Fate:
    """Decide and write down what becomes of a message, in one transaction."""
    try:
        return _taken(office, settings, arrival)
    except Exception as error:
        if _database_gone(error):
            raise
        # one message that we cannot digest must not hold up those behind it
        log.exception("mail_broken", size=arrival.size)
        with office.desk(SYSTEM) as desk:
            fate = Fate("refused", "broken", answer={"code": "broken"})
            if mails.known(desk, arrival) is None:
                mails.keep(desk, arrival, fate)
        return fate


def _database_gone(error: Exception) -> bool:
    return bool(getattr(error, "connection_invalidated", False))


def _taken(office: Office, settings: Settings, arrival: Arrival) -> Fate:
    owner = _owner(office, arrival)
    with office.desk(business(owner[1]) if owner else VISITOR) as desk:
        before = mails.known(desk, arrival)
        if before is not None:
            same = before.digest == arrival.digest
            return Fate(before.state, before.code) if same else _same_name(desk, arrival)
        fate = _fate(desk, settings, arrival, owner[0] if owner else None)
        mails.keep(desk, arrival, fate)
        return fate


def _same_name(desk: Desk, arrival: Arrival) -> Fate:
    """Another message under a name that came before: kept apart, and its sender told."""
    again = hashlib.sha256(f"{arrival.key}{arrival.digest}".encode()).hexdigest()
    other = Arrival(None, again, arrival.digest, arrival.size, arrival.sender, arrival.language)
    fate = Fate("refused", "same_id", answer={"code": "same_id"})
    if mails.known(desk, other) is None:
        mails.keep(desk, other, fate)
    return fate


def _fate(desk: Desk, settings: Settings, arrival: Arrival, ticket_id: UUID | None) -> Fate:
    if arrival.mail is None or arrival.code:
        automatic = arrival.mail.automatic if arrival.mail else ""
        state = "ignored" if automatic else "refused"
        code = automatic or arrival.code
        return Fate(state, code, answer=None if automatic else {"code": code})
    limit = settings.upload_limit_mb * 2**20
    if ticket_id is not None:
        return mails.add(desk, arrival.mail, ticket_id, limit=limit)
    return mails.file(
        desk,
        arrival.mail,
        lambda open_desk, wanted: filing.register(open_desk, settings, wanted),
        limit=limit,
    )


def _owner(office: Office, arrival: Arrival) -> tuple[UUID, str] | None:
    """The ticket whose complainant this proves to come from.

    Proof is our signature in the address it was sent to, or the identifier of a letter that only
    he was sent. A number proves nothing.
    """
    if arrival.mail is None or arrival.mail.automatic:
        return None
    with Session(office.engine) as session:
        for number, signature in arrival.mail.tokens:
            right = answer_signature(office.keys, number)
            if hmac.compare_digest(right, signature):
                query = select(Ticket.id).where(Ticket.number == number)
                found = session.exec(query).first()
                return (found, number) if found else None
        ticket_id = ticket_answered(session, arrival.mail.letters)
        if ticket_id is None:
            return None
        return ticket_id, session.get_one(Ticket, ticket_id).number


# --- what the sender is told beside the usual letters -----------------------------------------


def answer(office: Office, settings: Settings, way: Transport | None, row_id: UUID) -> None:
    """Tell a sender what became of his message; taken first, so that two never tell twice."""
    row = _take_answer(office, row_id)
    if row is None or row.answer is None:
        return
    told = json.loads(office.keys.open(mails.place(row.id), row.answer))
    subject, body = mail_answers.written(told, settings)
    if way is None:
        _settle(office, row, "dead", "no way out")
        return
    try:
        way.send(Message(row.id, told["to"], subject, body, told["language"], office.now()))
    except DeliveryFailed as failed:
        log.warning("mail_answer_failed", mail=str(row_id), reason=failed.reason)
        dead = failed.permanent or row.attempts >= ATTEMPTS
        _settle(office, row, "dead" if dead else "queued", failed.reason)
    else:
        _settle(office, row, "sent", None)


def _due(office: Office) -> Any:
    now = office.now()
    return and_(col(MailRow.answer_state).in_(("queued", "sending")), col(MailRow.next_at) <= now)


def _take_answer(office: Office, row_id: UUID) -> MailRow | None:
    with office.desk(SYSTEM) as desk:
        taking = (
            update(MailRow)
            .where(col(MailRow.id) == row_id, _due(office))
            .values(answer_state="sending", attempts=MailRow.attempts + 1, next_at=desk.now + LEASE)
        )
        return desk.session.scalars(taking.returning(MailRow)).first()


def _settle(office: Office, row: MailRow, state: str, error: str | None) -> None:
    over = state in {"sent", "dead"}
    values: dict[str, Any] = {"answer_state": state, "error": error}
    values |= {"answer": None, "next_at": None} if over else {}
    with office.desk(SYSTEM) as desk:
        if not over:
            values["next_at"] = desk.now + pause(row.attempts, 0.5)
        mine = or_(col(MailRow.attempts) == row.attempts, col(MailRow.answer_state) != "sent")
        desk.session.execute(
            update(MailRow).where(col(MailRow.id) == row.id, mine).values(**values)
        )


def resend_due(office: Office) -> int:
    """Promise again the answers that are due: failed before, or lost on the way."""
    with office.desk(SYSTEM) as desk:
        late = and_(_due(office), col(MailRow.next_at) <= desk.now - LEASE)
        failed = and_(_due(office), col(MailRow.attempts) > 0)
        query = select(MailRow).where(or_(late, failed)).limit(500)
        rows = desk.session.exec(query.with_for_update(skip_locked=True)).all()
        for row in rows:
            post(desk, "intake.answer_mail", mail=str(row.id))
    return len(rows)
