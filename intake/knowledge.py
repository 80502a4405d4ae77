"""Knowledge cards: drafted by an editor, confirmed by the owner's head, used to answer at once."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from core.database import alone
from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.moments import local_day
from core.permissions import Act, demand, demand_unit
from core.tables import Department
from intake import service
from intake.cards import Card, nearest, stale
from intake.grams import grams
from intake.tables import CardRow, CategoryRow

OPEN = ("draft", "submitted")
CANDIDATES = 200


# --- reading ----------------------------------------------------------------------------


def in_force(session: Session, number: int) -> CardRow:
    """The confirmed version of a card. NotFound when there is none."""
    row = session.exec(
        select(CardRow).where(CardRow.number == number, CardRow.state == "confirmed")
    ).first()
    if row is None:
        raise NotFound
    return row


def versions(session: Session, number: int) -> Sequence[CardRow]:
    """Every version, the newest first. NotFound for a card that never was."""
    rows = session.exec(
        select(CardRow).where(CardRow.number == number).order_by(col(CardRow.version).desc())
    ).all()
    if not rows:
        raise NotFound
    return rows


def latest(session: Session) -> Sequence[CardRow]:
    """Each card in force, and what is on its way to be, by number."""
    states = ("confirmed", *OPEN)
    query = select(CardRow).where(col(CardRow.state).in_(states))
    return session.exec(query.order_by(col(CardRow.number), col(CardRow.version))).all()


def find(session: Session, sought: str, *, public: bool = False) -> Sequence[CardRow]:
    """Cards in force that hold every word sought, or all of them, by number."""
    query = select(CardRow).where(CardRow.state == "confirmed")
    if public:
        query = query.where(col(CardRow.public))
    if sought.strip():
        # text without a word in it finds nothing, rather than everything
        query = query.where(col(CardRow.grams).contains(grams(sought) or [""]))
    return session.exec(query.order_by(col(CardRow.number))).all()


def fitting(session: Session, typed: str, category: str, limit: int = 3) -> list[CardRow]:
    """The cards in force most like what an operator is typing."""
    pairs = grams(typed)
    if not pairs:
        return []
    query = select(CardRow).where(
        CardRow.state == "confirmed", col(CardRow.grams).bool_op("&&")(pairs)
    )
    rows = {row.number: row for row in session.exec(query.limit(CANDIDATES))}
    said = [
        (row.number, f"{row.question} {' '.join(row.keywords)}", bool(category == row.category))
        for row in rows.values()
    ]
    return [rows[number] for number, _ in nearest(typed, said, limit)]


def overdue(session: Session, today: date, owner: str | None = None) -> Sequence[CardRow]:
    """Cards in force whose day of review has come, the longest overdue first."""
    query = select(CardRow).where(CardRow.state == "confirmed", CardRow.review_on <= today)
    if owner is not None:
        query = query.where(CardRow.owner == owner)
    return session.exec(query.order_by(col(CardRow.review_on), col(CardRow.number))).all()


# --- editing ----------------------------------------------------------------------------


def draft(desk: Desk, card: Card, number: int | None = None) -> CardRow:
    """A new card, or the next version of one; a draft that is there already is rewritten."""
    demand(desk.actor, Act.EDIT_CARDS)
    _known(desk, card)
    # cards are numbered one after another: who draws a number waits for the other
    alone(desk.session, "cards")
    if number is None:
        last = desk.session.exec(select(func.max(CardRow.number))).one()
        return _write(desk, card, (last or 0) + 1, 1)
    newest = versions(desk.session, number)[0]
    if newest.state == "submitted":
        raise Conflict("此卡片正在等待责任单位确认", code="card_submitted")
    if newest.state != "draft":
        return _write(desk, card, number, newest.version + 1)
    desk.session.delete(newest)
    desk.session.flush()
    return _write(desk, card, number, newest.version)


def _known(desk: Desk, card: Card) -> None:
    unit = desk.session.get(Department, card.owner)
    if unit is None or unit.kind == "outside":
        raise Invalid.one("owner", "unknown", "请选择责任单位")
    if card.category and desk.session.get(CategoryRow, card.category) is None:
        raise Invalid.one("category", "unknown", "没有这个诉求类别，请从列表中选择")


def _write(desk: Desk, card: Card, number: int, version: int) -> CardRow:
    row = row_of(card, number, version, by=desk.actor.tag, at=desk.now)
    desk.session.add(row)
    desk.session.flush()
    return row


def row_of(card: Card, number: int, version: int, *, by: str, at: datetime) -> CardRow:
    """The card as a draft row."""
    return CardRow(
        number=number,
        version=version,
        state="draft",
        owner=card.owner,
        review_on=card.review_on,
        question=card.question,
        answer=card.answer,
        category=card.category,
        keywords=list(card.keywords),
        source=card.source,
        basis=card.basis,
        public=card.public,
        grams=card.grams,
        made_by=by,
        made_at=at,
    )


def submit(desk: Desk, number: int) -> CardRow:
    """Hand the draft to its owner's head."""
    demand(desk.actor, Act.EDIT_CARDS)
    row = _held(desk, number, "draft")
    row.state, row.remark = "submitted", None
    return row


def confirm(desk: Desk, number: int) -> CardRow:
    """The owner's head vouches for it: it replaces the version before. Nobody confirms his own."""
    row = _judged(desk, number)
    if stale(row.review_on, local_day(desk.now)):
        raise Conflict("复核日期已过，请退回编辑修改", code="card_stale")
    before = desk.session.exec(
        select(CardRow).where(CardRow.number == number, CardRow.state == "confirmed")
    ).first()
    if before is not None:
        before.state = "replaced"
        desk.session.flush()  # one version in force at a time, says an index
    row.state, row.decided_by, row.decided_at = "confirmed", desk.actor.tag, desk.now
    return row


def send_back(desk: Desk, number: int, remark: str) -> CardRow:
    """The owner's head does not vouch for it, and says why."""
    row = _judged(desk, number)
    if not remark.strip():
        raise Invalid.one("remark", "required", "请写明退回的理由")
    row.state, row.remark = "draft", remark.strip()[:500]
    return row


def retire(desk: Desk, number: int, remark: str) -> CardRow:
    """The owner's head takes a card out of use; its versions stay."""
    row = _held(desk, number, "confirmed")
    demand_unit(desk.actor, Act.CONFIRM_CARDS, row.owner)
    if not remark.strip():
        raise Invalid.one("remark", "required", "请写明停用的理由")
    row.state, row.remark = "retired", remark.strip()[:500]
    row.decided_by, row.decided_at = desk.actor.tag, desk.now
    return row


def _judged(desk: Desk, number: int) -> CardRow:
    row = _held(desk, number, "submitted")
    demand_unit(desk.actor, Act.CONFIRM_CARDS, row.owner)
    if row.made_by == desk.actor.tag:
        raise Forbidden("卡片须由编辑以外的人确认", code="same_person")
    return row


def _held(desk: Desk, number: int, state: str) -> CardRow:
    query = select(CardRow).where(CardRow.number == number).with_for_update()
    rows = desk.session.exec(query).all()
    if not rows:
        raise NotFound
    row = next((row for row in rows if row.state == state), None)
    if row is None:
        raise Conflict("卡片的状态已经变了，请刷新后再试", code="card_moved")
    return row


# --- using ------------------------------------------------------------------------------


def answer_from(desk: Desk, ticket_id: UUID, number: int, version: int) -> None:
    """Answer a request with the card's own text; the fact names card and version.

    Conflict when the card has moved on since it was read, or its day of review has come.
    """
    demand(desk.actor, Act.ANSWER)
    row = in_force(desk.session, number)
    if row.version != version:
        raise Conflict("知识卡片已有新版本，请看过再用", code="card_moved")
    if stale(row.review_on, local_day(desk.now)):
        raise Conflict("知识卡片已过复核日期，不能用于答复", code="card_stale")
    service.answer(desk, ticket_id, said(row), card=(number, version))


def said(row: CardRow) -> str:
    """What the complainant reads: the answer and what it stands on."""
    return f"{row.answer}\n依据：{row.basis}"
