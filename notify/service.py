"""The use cases of telling people: plan letters, deliver them, send again what got lost, read."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Update, and_, delete, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from core import ids, logs, timeline
from core.desk import Desk, Office
from core.outbox import post
from core.people import line_below
from core.permissions import ACCUSING, SYSTEM
from core.privacy import Keys
from core.tables import Entry, Ticket
from notify import recipients
from notify.addressing import Case
from notify.notices import notices_for
from notify.plans import LetterPlan, letters_for
from notify.queries import WAITING, unit_names
from notify.tables import Letter, Unplanned
from notify.transports.base import DeliveryFailed, Message, Transport
from notify.wording import Site, render, reply_address, units_in

Transports = dict[str, Transport]

# how long a message on its way is believed in before it is sent again
PATIENCE = timedelta(minutes=2)
# how long a deliverer that took a letter may be silent before somebody else takes it
LEASE = timedelta(minutes=2)
# about two days of trying
ATTEMPTS = 20
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=4)
BATCH = 2000

log = logs.get("notify")


@dataclass(frozen=True, slots=True)
class Mailroom:
    """How this installation's letters leave it, and what they say of it."""

    transports: Transports
    site: Site


# --- planning -------------------------------------------------------------------------


def plan_letters(desk: Desk, entry_id: UUID, channels: Collection[str]) -> int:
    """Write the letters an entry calls for, on the open channels. How many are new.

    Inbox letters are delivered by this very transaction; the others are promised to be.
    """
    desk.session.execute(delete(Unplanned).where(col(Unplanned.entry_id) == entry_id))
    entry = desk.session.get(Entry, entry_id)
    if entry is None:
        return 0
    ticket = desk.session.get_one(Ticket, entry.ticket_id)
    fact, case = timeline.fact(entry), _case(desk, ticket, entry)
    found = recipients.find(desk.session, desk.keys, ticket, notices_for(fact, case), channels)
    plans = letters_for(fact, case, (known.person for known in found.values()))
    rows = [_row(desk, entry, plan, found[plan.recipient]) for plan in plans]
    return _write(desk, rows)


def _case(desk: Desk, ticket: Ticket, entry: Entry) -> Case:
    # praise and questions accuse nobody
    accused = ticket.respondent if ticket.request in ACCUSING else None
    return Case(
        number=ticket.number,
        request=ticket.request,
        urgency=ticket.urgency,
        received_at=ticket.received_at,
        at=entry.at,
        actor=entry.actor,
        lead=ticket.lead,
        due_at=ticket.due_at,
        accused=line_below(desk.session, accused) if accused else frozenset(),
    )


def _row(desk: Desk, entry: Entry, plan: LetterPlan, known: recipients.Recipient) -> dict[str, Any]:
    letter_id = ids.row_id(desk.now)
    address = known.addresses.get(plan.channel)
    delivered = plan.channel == "inbox"
    return {
        "id": letter_id,
        "entry_id": entry.id,
        "ticket_id": entry.ticket_id,
        "kind": plan.kind,
        "recipient": plan.recipient,
        "channel": plan.channel,
        "address": desk.keys.seal(_place(letter_id), address) if address else None,
        "language": plan.language,
        "params": plan.params,
        "urgent": plan.urgent,
        "state": "sent" if delivered else "queued",
        "attempts": 0,
        "next_at": desk.now + PATIENCE,
        "created_at": desk.now,
        "sent_at": desk.now if delivered else None,
    }


def _place(letter_id: UUID) -> str:
    return f"letter.address:{letter_id}"


def _write(desk: Desk, rows: Sequence[dict[str, Any]]) -> int:
    if not rows:
        return 0
    written = insert(Letter).values(rows).on_conflict_do_nothing()
    new = desk.session.execute(written.returning(col(Letter.id), col(Letter.state))).all()
    for letter_id, state in new:
        if state == "queued":
            post(desk, "notify.deliver", letter=str(letter_id))
    return len(new)


# --- delivering -----------------------------------------------------------------------


def deliver_letter(office: Office, room: Mailroom, letter_id: UUID) -> None:
    """Send one letter unless it is somebody else's or not due; its fate is on its row.

    Taken by compare-and-swap and committed before anything leaves, so only a death between
    the sending and the note of it can send twice, and then with the same message id.
    """
    letter = _take(office, letter_id)
    if letter is None:
        return
    try:
        _send(office, room, letter)
    except DeliveryFailed as failure:
        log.warning("letter_failed", letter=str(letter_id), reason=failure.reason)
        _note_failure(office, letter, failure)
    except Exception as error:
        # a fault of ours, such as a template: tried again after it is mended, dead if never
        log.exception("letter_broken", letter=str(letter_id))
        _note_failure(office, letter, DeliveryFailed(type(error).__name__))
    else:
        _note_sent(office, letter)


def _take(office: Office, letter_id: UUID) -> Letter | None:
    with office.desk(SYSTEM) as desk:
        due = and_(col(Letter.state).in_(("failed", "sending")), col(Letter.next_at) <= desk.now)
        taking = (
            update(Letter)
            .where(col(Letter.id) == letter_id, or_(col(Letter.state) == "queued", due))
            .values(state="sending", attempts=Letter.attempts + 1, next_at=desk.now + LEASE)
        )
        return desk.session.scalars(taking.returning(Letter)).first()


def _send(office: Office, room: Mailroom, letter: Letter) -> None:
    transport = room.transports.get(letter.channel)
    if transport is None:
        raise DeliveryFailed("this channel is not set up")
    if letter.address is None:
        raise DeliveryFailed("no address", permanent=True)
    with Session(office.engine) as session:
        names = unit_names(session, units_in(letter.params))
        code = _query_code(session, office.keys, letter)
    said = render(letter, room.site, office.keys, names, query_code=code)
    address = office.keys.open(_place(letter.id), letter.address)
    answers = reply_address(letter, room.site, office.keys)
    transport.send(
        Message(letter.id, address, said.subject, said.text, letter.language, office.now(), answers)
    )


def _query_code(session: Session, keys: Keys, letter: Letter) -> str:
    """The complainant's own secret, for the first letter he is sent and for no other."""
    if letter.kind != "received" or not letter.recipient.startswith("business:"):
        return ""
    ticket = session.get_one(Ticket, letter.ticket_id)
    return keys.open(f"query_code:{ticket.id}", ticket.query_code)


def _note_sent(office: Office, letter: Letter) -> None:
    # whoever holds it by now: it did go out, and the address is not needed any more
    with office.desk(SYSTEM) as desk:
        desk.session.execute(
            update(Letter)
            .where(col(Letter.id) == letter.id, col(Letter.state) != "sent")
            .values(state="sent", sent_at=desk.now, error=None, address=None)
        )


def _note_failure(office: Office, letter: Letter, failure: DeliveryFailed) -> None:
    dead = failure.permanent or letter.attempts >= ATTEMPTS
    with office.desk(SYSTEM) as desk:
        desk.session.execute(
            _still_mine(letter).values(
                state="dead" if dead else "failed",
                error=failure.reason,
                next_at=desk.now + pause(letter.attempts, random.random()),  # noqa: S311 - jitter
            )
        )


def _still_mine(letter: Letter) -> Update:
    return update(Letter).where(
        col(Letter.id) == letter.id,
        col(Letter.state) == "sending",
        col(Letter.attempts) == letter.attempts,
    )


def pause(attempts: int, jitter: float) -> timedelta:
    """How long to wait after so many attempts: doubling, bounded, a fifth more or less by chance.

    `jitter` is from 0 to 1: letters that failed together shall not come back together.
    """
    doubled: timedelta = FIRST_PAUSE * (1 << min(attempts - 1, 16))
    return min(doubled, LONGEST_PAUSE) * (0.8 + 0.4 * jitter)


# --- sending again --------------------------------------------------------------------


def due_letters(session: Session, now: datetime, limit: int = BATCH) -> Sequence[UUID]:
    """Letters to be tried now: failed ones whose pause is over, and those that got lost.

    The rows are locked, and those that somebody holds are passed over.
    """
    query = select(Letter.id).where(col(Letter.state).in_(WAITING), Letter.next_at <= now)
    locked = query.order_by(col(Letter.next_at)).limit(limit).with_for_update(skip_locked=True)
    return session.exec(locked).all()


def resend_due(desk: Desk) -> int:
    """Promise again what is due: letters and plans. How many.

    The one source of retries; it also makes good what a flushed queue or a dead worker lost.
    """
    return _replan_lost(desk) + _requeue_due(desk)


def _requeue_due(desk: Desk) -> int:
    due = due_letters(desk.session, desk.now)
    if due:
        desk.session.execute(
            update(Letter)
            .where(col(Letter.id).in_(due))
            .values(state="queued", next_at=desk.now + PATIENCE)
        )
    for letter_id in due:
        post(desk, "notify.deliver", letter=str(letter_id))
    return len(due)


def _replan_lost(desk: Desk) -> int:
    lost = desk.session.exec(
        select(Unplanned)
        .where(Unplanned.look_at <= desk.now)
        .order_by(col(Unplanned.look_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in lost:
        row.look_at = desk.now + PATIENCE
        post(desk, "notify.plan", entry=str(row.entry_id))
    return len(lost)


# --- reading --------------------------------------------------------------------------


def mark_read(desk: Desk, letters: Collection[UUID] | None = None) -> int:
    """Mark these letters in the actor's own inbox as read, or all. How many were unread."""
    query = update(Letter).where(
        col(Letter.recipient) == desk.actor.tag,
        col(Letter.channel) == "inbox",
        col(Letter.read_at).is_(None),
    )
    if letters is not None:
        query = query.where(col(Letter.id).in_(letters))
    marked = desk.session.execute(query.values(read_at=desk.now).returning(col(Letter.id)))
    return len(marked.all())
