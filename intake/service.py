"""The use cases of taking a request in: register, ask what is missing, answer, refuse, withdraw."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, select

from core import ids, timeline
from core.database import alone
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import (
    InfoRequested,
    InfoSupplied,
    RefusalDeclined,
    RefusalProposed,
    TicketAnswered,
    TicketImported,
    TicketReceived,
    TicketRejected,
    TicketWithdrawn,
)
from core.ledger import GENESIS, canonical
from core.moments import local_day
from core.numbers import masked
from core.permissions import Act, Role, demand
from core.privacy import Keys
from core.states import Status
from core.tables import Contact, Ticket
from intake import contacts, scanning
from intake.draft import CHANNEL_LETTERS, URGENCIES, Draft
from intake.files import File
from intake.grams import grams
from intake.old_cases import OldCase
from intake.tables import Attachment, CategoryRow, Receipt, TicketText

# after one of these a proposal to refuse waits for nobody
DECIDED = (RefusalDeclined.kind, TicketRejected.kind)


@dataclass(frozen=True, slots=True)
class ReceiptKey:
    """An idempotent call: who calls, and the key he gave this request."""

    caller: str
    key: str


@dataclass(frozen=True, slots=True)
class Filed:
    """What the filer is told: his ticket, its secret code, and whether it was there before."""

    ticket: Ticket
    query_code: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """What the suggester adds to a draft: a caution, and what nobody had chosen."""

    caution: str | None = None
    category: str | None = None
    urgency: str | None = None
    share: int | None = None  # per cent
    model: str | None = None


Adviser = Callable[[Draft], Advice]


def register(
    desk: Desk,
    draft: Draft,
    *,
    area: str,
    receipt: ReceiptKey | None = None,
    adviser: Adviser | None = None,
    limit: datetime | None = None,
    at_once: bool = False,
    first_received_at: datetime | None = None,
) -> Filed:
    """Take `draft` in: ticket, contact, files and first fact as one.

    Filed `at_once` it is not dispatched: the caller answers it in the same transaction. The
    adviser is asked once, and only fills what the draft leaves open; it may raise the urgency.
    `limit` is by when an upper platform wants the answer.

    Invalid for an unknown category; Conflict when the receipt's key came before with another
    body; the same body again answers the same ticket.
    """
    demand(desk.actor, Act.FILE)
    digest = draft_digest(draft)
    if receipt is not None:
        again = _repeated(desk, receipt, digest)
        if again is not None:
            return again
    _known_category(desk, draft)
    advice = adviser(draft) if adviser is not None else Advice()
    draft = _fit_for_facts(_advised(draft, advice))
    ticket, code = _ticket(desk, draft, area, advice)
    ticket.limit_at = limit
    _contact(desk, draft, ticket)
    for file in draft.attachments:
        attach(desk, ticket, file)
    if receipt is not None:
        _keep(desk, receipt, digest, ticket)
    received = _received(draft, advice, at_once=at_once)
    received = replace(received, limit_at=limit, first_received_at=first_received_at)
    timeline.record(desk, ticket, received)
    return Filed(ticket, code)


def keep_old(desk: Desk, case: OldCase, source: UUID, *, area: str) -> Ticket:
    """An ended case of another system as history: no promise, no order and no letter follow."""
    demand(desk.actor, Act.IMPORT)
    draft = _fit_for_facts(case.draft)
    _known_category(desk, draft)
    ticket, _ = _ticket(desk, draft, area, Advice())
    ticket.received_at = case.received_at
    _contact(desk, draft, ticket)
    imported = TicketImported(
        source=source,
        request=draft.request,
        channel=draft.channel,
        urgency=draft.urgency,
        received_at=case.received_at,
        closed_at=case.closed_at or case.received_at,
        result=case.result,
        category=draft.category,
        place=draft.place,
        respondent=draft.respondent,
        department=case.unit,
        enterprise=draft.enterprise,
        anonymous=draft.anonymous,
        confidential=draft.confidential,
        text=timeline.write(desk, ticket, case.reply, field="reply") if case.reply else None,
    )
    timeline.record(desk, ticket, imported)
    return ticket


def _keep(desk: Desk, receipt: ReceiptKey, digest: str, ticket: Ticket) -> None:
    desk.session.add(
        Receipt(
            caller=receipt.caller,
            key=receipt.key,
            digest=digest,
            ticket_id=ticket.id,
            received_at=desk.now,
        )
    )


def _advised(draft: Draft, advice: Advice) -> Draft:
    return replace(
        draft,
        category=draft.category or advice.category,
        urgency=min(draft.urgency, advice.urgency or draft.urgency, key=URGENCIES.index),
    )


def _fit_for_facts(draft: Draft) -> Draft:
    # the place goes into a fact, and what is in a fact can never be erased
    return replace(draft, place=masked(draft.place)) if draft.place else draft


def _received(draft: Draft, advice: Advice, *, at_once: bool) -> TicketReceived:
    return TicketReceived(
        request=draft.request,
        channel=draft.channel,
        urgency=draft.urgency,
        category=draft.category,
        place=draft.place,
        respondent=draft.respondent,
        enterprise=draft.enterprise,
        complex=draft.complex,
        anonymous=draft.anonymous,
        confidential=draft.confidential,
        caution=advice.caution,
        guess_share=advice.share,
        guess_model=advice.model,
        at_once=at_once,
    )


def draft_digest(draft: Draft) -> str:
    """What makes two drafts the same: everything that was handed in, files by their hash."""
    values = asdict(draft)
    values["attachments"] = [
        (file.name, hashlib.sha256(file.body).hexdigest()) for file in draft.attachments
    ]
    return hashlib.sha256(canonical(values)).hexdigest()


def _repeated(desk: Desk, receipt: ReceiptKey, digest: str) -> Filed | None:
    # two calls with one key wait for each other here, so the second one finds the first's row
    alone(desk.session, f"receipt:{receipt.caller}\0{receipt.key}")
    known = desk.session.get(Receipt, (receipt.caller, receipt.key))
    if known is None:
        return None
    if known.digest != digest:
        raise Conflict(
            "同一幂等键已用于另一份内容，请更换 Idempotency-Key", code="idempotency_key_reused"
        )
    ticket = desk.session.get_one(Ticket, known.ticket_id)
    return Filed(ticket, query_code(desk.keys, ticket), repeated=True)


def query_code(keys: Keys, ticket: Ticket) -> str:
    """The ticket's secret code, for those who may hand it to its owner."""
    return keys.open(_place(ticket.id), ticket.query_code)


def owned(session: Session, keys: Keys, number: str, code: str) -> Ticket:
    """The ticket that number and query code open. NotFound when either is wrong: not told which."""
    ticket = session.exec(select(Ticket).where(Ticket.number == ids.normal_number(number))).first()
    if ticket is None:
        raise NotFound
    right = keys.open(_place(ticket.id), ticket.query_code)
    if not hmac.compare_digest(right.encode(), "".join(code.split()).encode()):
        raise NotFound
    return ticket


def _place(ticket_id: UUID) -> str:
    return f"query_code:{ticket_id}"


def _known_category(desk: Desk, draft: Draft) -> None:
    if draft.category is None:
        return
    row = desk.session.get(CategoryRow, draft.category)
    if row is None or not row.open:
        raise Invalid.one("category", "unknown", "没有这个诉求类别，请从列表中选择")


def _ticket(desk: Desk, draft: Draft, area: str, advice: Advice) -> tuple[Ticket, str]:
    serial = desk.session.execute(text("SELECT nextval('ticket_serial')")).scalar_one()
    letter = CHANNEL_LETTERS[draft.channel]
    code = ids.query_code()
    ticket_id = desk.new_id()
    ticket = Ticket(
        id=ticket_id,
        number=ids.ticket_number(area, local_day(desk.now), letter, serial),
        query_code=desk.keys.seal(_place(ticket_id), code),
        title=draft.title,
        content=draft.content,
        company_name=draft.company_name,
        uscc=draft.uscc,
        status=Status.NEW,
        request=draft.request,
        channel=draft.channel,
        category=draft.category,
        place=draft.place,
        respondent=draft.respondent,
        urgency=draft.urgency,
        complex=draft.complex,
        enterprise=draft.enterprise,
        anonymous=draft.anonymous,
        confidential=draft.confidential,
        caution=advice.caution,
        guess_share=advice.share,
        guess_model=advice.model,
        received_at=desk.now,
        updated_at=desk.now,
        last_hash=GENESIS,
    )
    return ticket, code


def _contact(desk: Desk, draft: Draft, ticket: Ticket) -> None:
    """Who complained, sealed; and what the request is found by."""

    def sealed(column: str, value: str | None) -> bytes | None:
        return desk.keys.seal(contacts.place(column, ticket.id), value) if value else None

    phone = draft.contact_phone
    desk.session.add(ticket)
    desk.session.flush()
    found_by = grams(draft.title, draft.content, draft.company_name)
    desk.session.add(TicketText(ticket_id=ticket.id, grams=found_by))
    desk.session.add(
        Contact(
            ticket_id=ticket.id,
            name=sealed("name", draft.contact_name),
            phone=sealed("phone", phone),
            phone_index=desk.keys.blind("phone", phone) if phone else None,
            phone_tail=phone[-4:] if phone else None,
            email=sealed("email", draft.contact_email),
            language=draft.language,
        )
    )


def attach(desk: Desk, ticket: Ticket, file: File) -> None:
    """Keep a checked file with its ticket, and have it looked into."""
    attachment_id = desk.new_id()
    scanning.ask(desk, attachment_id)
    desk.session.add(
        Attachment(
            id=attachment_id,
            ticket_id=ticket.id,
            name=file.name,
            media_type=file.media_type,
            size=len(file.body),
            sha256=hashlib.sha256(file.body).hexdigest(),
            body=file.body,
            added_at=desk.now,
        )
    )


def ask_info(desk: Desk, ticket_id: UUID, missing: str) -> None:
    """Tell the complainant, once and completely, what is missing."""
    demand(desk.actor, Act.ACCEPT)
    ticket = timeline.hold(desk, ticket_id)
    if timeline.last(desk, ticket, InfoRequested.kind) is not None:
        raise Conflict("补正只能一次性告知，不能再次要求补正", code="asked_before")
    if not missing.strip():
        raise Invalid.one("missing", "required", "请写明需要补充什么")
    timeline.record(desk, ticket, InfoRequested(timeline.write(desk, ticket, missing)))


def supply_info(desk: Desk, ticket_id: UUID, body: str) -> None:
    """What the complainant adds when asked."""
    demand(desk.actor, Act.FOLLOW_OWN)
    ticket = timeline.hold(desk, ticket_id)
    _own(desk, ticket)
    timeline.record(desk, ticket, InfoSupplied(timeline.write(desk, ticket, body)))


def answer(desk: Desk, ticket_id: UUID, body: str, *, card: tuple[int, int] | None = None) -> None:
    """Answer at once, without a work order; `card` is number and version it was taken from."""
    demand(desk.actor, Act.ANSWER)
    ticket = timeline.hold(desk, ticket_id)
    number, version = card or (None, None)
    text_id = timeline.write(desk, ticket, body)
    timeline.record(desk, ticket, TicketAnswered(text_id, number, version))


def propose_refusal(desk: Desk, ticket_id: UUID, ground: str, reason: str) -> None:
    """First person: name the coded ground and the proper route."""
    demand(desk.actor, Act.PROPOSE_REFUSAL)
    ticket = timeline.hold(desk, ticket_id)
    timeline.record(desk, ticket, RefusalProposed(ground, timeline.write(desk, ticket, reason)))


def rule_on_refusal(desk: Desk, ticket_id: UUID, *, agree: bool) -> None:
    """Second person: nobody approves what he proposed."""
    demand(desk.actor, Act.APPROVE_REFUSAL)
    ticket = timeline.hold(desk, ticket_id)
    proposal = timeline.last(desk, ticket, RefusalProposed.kind)
    done = [timeline.last(desk, ticket, kind) for kind in DECIDED]
    if proposal is None or any(entry and entry.number > proposal.number for entry in done):
        raise Conflict("没有待审核的不予受理意见", code="no_proposal")
    if not agree:
        timeline.record(desk, ticket, RefusalDeclined())
        return
    if proposal.actor == desk.actor.tag:
        raise Forbidden("不予受理须由提出人以外的第二人审核", code="same_person")
    timeline.record(desk, ticket, TicketRejected(proposal.facts["ground"], proposal.actor))


def withdraw(desk: Desk, ticket_id: UUID) -> None:
    """The complainant takes the request back."""
    demand(desk.actor, Act.FOLLOW_OWN)
    ticket = timeline.hold(desk, ticket_id)
    _own(desk, ticket)
    timeline.record(desk, ticket, TicketWithdrawn())


def _own(desk: Desk, ticket: Ticket) -> None:
    # a watcher may follow his own too, and is known by number and code as every filer is
    if desk.actor.id != ticket.number and Role.SYSTEM not in desk.actor.roles:
        raise Forbidden
