"""What a person may ask of what is held of him: to see it, to have it right, to have it gone."""

import json
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from core import timeline
from core.desk import Desk, Office
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import SubjectAsked, SubjectDecided
from core.moments import day_end, local_day
from core.permissions import SYSTEM, Act, Role, demand, may
from core.privacy import Keys
from core.states import ENDED, Status
from core.tables import Contact, Ticket
from core.texts import UncleanText, clean
from intake import contacts
from intake.contacts import Said
from web.custody import erasing, holds, record
from web.custody.tables import REQUEST_KINDS, ContactAmendment, SubjectRequest

LIMIT = timedelta(days=15)
# the letter that says so goes out by the address that is then destroyed
BEFORE_ERASING = timedelta(hours=1)
SAID_MOST = 1000
GRANTED = "as_asked"
REFUSALS = (
    "not_the_person", "already_right", "still_needed", "retention", "legal_hold", "secrecy",
)  # fmt: skip


def ask(desk: Desk, ticket_id: UUID, kind: str, *, said: str, right: Said | None) -> SubjectRequest:
    """The complainant asks on his page, or staff key in what came on paper."""
    if kind not in REQUEST_KINDS:
        raise Invalid.one("kind", "unknown", "请选择要办理的事项")
    ticket = timeline.hold(desk, ticket_id)
    via = _via(desk, ticket)
    if kind == "correction" and (right is None or right == Said()):
        raise Invalid.one("phone", "required", "请填写正确的姓名、电话或邮箱")
    if _standing(desk.session, ticket_id, kind) is not None:
        raise Conflict("同样的请求正在处理，请等待结果", code="asked_before")
    row = SubjectRequest(
        id=desk.new_id(), ticket_id=ticket_id, kind=kind, via=via, state="open",
        asked_by=desk.actor.tag, asked_at=desk.now,
        due_at=day_end(local_day(desk.now + LIMIT)) - timedelta(seconds=1),
    )  # fmt: skip
    wish = {"said": _clean(said), "right": [right.name, right.phone, right.email] if right else []}
    row.wish = desk.keys.seal(_place(row.id), json.dumps(wish, ensure_ascii=False))
    desk.session.add(row)
    desk.session.flush()
    timeline.record(desk, ticket, SubjectAsked(row.id, kind, via))
    return row


def _via(desk: Desk, ticket: Ticket) -> str:
    if desk.actor.kind == "business":
        if desk.actor.id != ticket.number:
            raise Forbidden
        return "web"
    if not may(desk.actor, Act.GUARD_PRIVACY):
        demand(desk.actor, Act.FILE_FOR_OTHERS)
    return "paper"


def _clean(text: str) -> str:
    try:
        return clean(text, lines=True)[:SAID_MOST]
    except UncleanText as error:
        raise Invalid.one("said", error.code, "说明含有不能保存的字符") from error


def _place(request_id: UUID) -> str:
    return f"wish:{request_id}"


def _standing(session: Session, ticket_id: UUID, kind: str) -> SubjectRequest | None:
    return session.exec(
        select(SubjectRequest).where(
            SubjectRequest.ticket_id == ticket_id,
            SubjectRequest.kind == kind,
            col(SubjectRequest.decided_at).is_(None),
        )
    ).first()


def wish(keys: Keys, row: SubjectRequest) -> tuple[str, Said]:
    """What he says, and what he says is right: for the privacy officer alone."""
    if row.wish is None:
        return "", Said()
    held = json.loads(keys.open(_place(row.id), row.wish))
    return held["said"], Said(*held["right"]) if held["right"] else Said()


# --- deciding -------------------------------------------------------------------------


def decide(desk: Desk, request_id: UUID, *, grant: bool, ground: str, answer: str) -> None:
    """The privacy officer decides; what is granted is done, and everybody concerned is told."""
    demand(desk.actor, Act.GUARD_PRIVACY)
    row = _open(desk, request_id)
    ticket = timeline.hold(desk, row.ticket_id)
    if row.asked_by == desk.actor.tag:
        raise Forbidden("书面请求须由登记人以外的人决定", code="same_person")
    if not grant and ground not in REFUSALS:
        raise Invalid.one("ground", "required", "不同意的必须选择依据")
    if not grant and not answer.strip():
        raise Invalid.one("answer", "required", "不同意的必须写明理由")
    if grant:
        _permitted(desk, row, ticket)
    row.decided_by, row.decided_at = desk.actor.tag, desk.now
    row.ground = GRANTED if grant else ground
    row.state = "granted" if grant else "refused"
    row.answer = timeline.write(desk, ticket, answer, field="answer") if answer.strip() else None
    event = SubjectDecided(row.id, row.kind, granted=grant, ground=row.ground, text=row.answer)
    timeline.record(desk, ticket, event)
    record.append(desk, "request.granted" if grant else "request.refused", _facts(row, ticket))
    if grant and row.kind == "correction":
        _correct(desk, row)


def _facts(row: SubjectRequest, ticket: Ticket) -> dict[str, str]:
    return {
        "request": str(row.id), "kind": row.kind, "ticket": ticket.number,
        "ground": row.ground or "", "via": row.via,
    }  # fmt: skip


def _open(desk: Desk, request_id: UUID) -> SubjectRequest:
    row = desk.session.get(SubjectRequest, request_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.decided_at is not None:
        raise Conflict("这项请求已经处理过了", code="decided")
    return row


def _permitted(desk: Desk, row: SubjectRequest, ticket: Ticket) -> None:
    """What the law keeps is not destroyed, whoever would agree to it."""
    if row.kind != "erasure":
        return
    if Status(ticket.status) not in ENDED:
        raise Conflict("诉求还在办理，办结后才能删除个人信息", code="still_needed")
    if holds.standing(desk.session, ticket.id) is not None:
        raise Conflict("这件诉求已依法保全，不能删除", code="legal_hold")


def _correct(desk: Desk, row: SubjectRequest) -> None:
    contact = desk.session.get(Contact, row.ticket_id)
    _, right = wish(desk.keys, row)
    if contact is None or right == Said():
        raise Conflict("这件诉求没有可更正的联系信息", code="nothing_held")
    desk.session.add(
        ContactAmendment(
            id=desk.new_id(), request_id=row.id, ticket_id=row.ticket_id, name=contact.name,
            phone=contact.phone, email=contact.email, amended_at=desk.now,
        )
    )  # fmt: skip
    contacts.correct(desk, contact, right)
    row.state, row.done_at = "done", desk.now


def carry_out_due(office: Office) -> int:
    """Erase what was granted, once the letter about it has had its hour to go out."""
    done = 0
    while True:
        with office.desk(SYSTEM) as desk:
            row = desk.session.exec(
                select(SubjectRequest)
                .where(
                    SubjectRequest.kind == "erasure",
                    SubjectRequest.state == "granted",
                    col(SubjectRequest.decided_at) <= desk.now - BEFORE_ERASING,
                )
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if row is None:
                return done
            erasing.erase(desk, timeline.hold(desk, row.ticket_id), why="asked")
            row.state, row.done_at, row.wish = "done", desk.now, None
            record.append(desk, "request.erased", {"request": str(row.id)})
            done += 1


# --- reading --------------------------------------------------------------------------


def get(session: Session, request_id: UUID) -> tuple[SubjectRequest, Ticket]:
    """A request with its ticket: the privacy officer reads it by the request, not by the list."""
    row = session.get(SubjectRequest, request_id)
    if row is None:
        raise NotFound
    return row, session.get_one(Ticket, row.ticket_id)


def register(session: Session, *, limit: int = 200) -> Sequence[tuple[SubjectRequest, str]]:
    """Requests with their tickets' numbers: the open ones by their day, then the decided."""
    query = select(SubjectRequest, Ticket.number).join(
        Ticket, col(Ticket.id) == SubjectRequest.ticket_id
    )
    order = (col(SubjectRequest.decided_at).desc().nulls_first(), col(SubjectRequest.due_at))
    return session.exec(query.order_by(*order).limit(limit)).all()


def of_ticket(session: Session, ticket_id: UUID) -> Sequence[SubjectRequest]:
    """Everything asked about one ticket, the newest first."""
    query = select(SubjectRequest).where(SubjectRequest.ticket_id == ticket_id)
    return session.exec(query.order_by(col(SubjectRequest.id).desc())).all()


def may_copy(rows: Sequence[SubjectRequest]) -> bool:
    """Whether a copy was granted: it stays there for its owner."""
    return any(row.kind == "access" and row.state in {"granted", "done"} for row in rows)


def by_paper(session: Session, number: str, roles: frozenset[Role]) -> Ticket:
    """The ticket a paper names, for those who key it in."""
    if not roles & {Role.PRIVACY, Role.OPERATOR, Role.DISPATCHER}:
        raise Forbidden
    return holds.named(session, number)
