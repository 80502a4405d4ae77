"""Canned wording as it is kept: whose it is, who may change it, and what it says of one ticket."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import false
from sqlmodel import Session, col, or_, select

from core.desk import Desk
from core.errors import Forbidden, Invalid, NotFound
from core.permissions import Act, Actor, Role, demand, may
from core.tables import Department
from core.texts import UncleanText, clean
from intake.phrases import BODY_LIMIT, TITLE_LIMIT, asked
from intake.tables import PhraseRow

# whose wording is kept; the others write nothing to anybody
ROLES = (
    Role.OPERATOR,
    Role.DISPATCHER,
    Role.CALLBACK,
    Role.LIAISON,
    Role.HANDLER,
    Role.HEAD,
    Role.OFFICE,
)


def offered(session: Session, actor: Actor) -> Sequence[PhraseRow]:
    """The wording of the actor's hats and unit, his unit's own first."""
    hats = [role.value for role in actor.roles]
    unit = col(PhraseRow.unit) == actor.department if actor.department else false()
    query = select(PhraseRow).where(
        or_(col(PhraseRow.role).is_(None), col(PhraseRow.role).in_(hats)),
        or_(col(PhraseRow.unit).is_(None), unit),
    )
    order = (col(PhraseRow.unit).is_(None), col(PhraseRow.role).is_(None), col(PhraseRow.id))
    return session.exec(query.order_by(*order)).all()


def kept(session: Session, actor: Actor) -> Sequence[PhraseRow]:
    """What the actor may change: an editor everything, a head his unit's."""
    query = select(PhraseRow)
    if not _edits_all(actor):
        query = query.where(PhraseRow.unit == (actor.department or ""))
    return session.exec(query.order_by(col(PhraseRow.unit), col(PhraseRow.id))).all()


def _edits_all(actor: Actor) -> bool:
    return may(actor, Act.EDIT_CARDS)


def write(desk: Desk, values: Mapping[str, str], phrase_id: UUID | None = None) -> PhraseRow:
    """A new text, or another wording of one. Invalid names the field at fault."""
    demand(desk.actor, Act.EDIT_PHRASES)
    title, body = _text(values, "title", TITLE_LIMIT), _text(values, "body", BODY_LIMIT)
    asked(body)
    row = PhraseRow(id=desk.new_id(), title="", body="", made_by="", made_at=desk.now)
    if phrase_id is not None:
        row = _own(desk, phrase_id)
    row.title, row.body, row.made_by, row.made_at = title, body, desk.actor.tag, desk.now
    row.role, row.unit = _role(values.get("role", "")), _unit(desk, values.get("unit", ""))
    desk.session.add(row)
    return row


def remove(desk: Desk, phrase_id: UUID) -> None:
    """Take a text away; what was written with it stays as it was written."""
    demand(desk.actor, Act.EDIT_PHRASES)
    desk.session.delete(_own(desk, phrase_id))


def _own(desk: Desk, phrase_id: UUID) -> PhraseRow:
    row = desk.session.get(PhraseRow, phrase_id)
    if row is None:
        raise NotFound
    if not _edits_all(desk.actor) and row.unit != desk.actor.department:
        raise Forbidden
    return row


def _text(values: Mapping[str, str], field: str, limit: int) -> str:
    try:
        found = clean(values.get(field, "")[: 10 * limit], lines=field == "body")
    except UncleanText as error:
        message = "第{position}个字符不能使用，请删除"
        raise Invalid.one(field, error.code, message, position=error.position) from error
    if not found:
        raise Invalid.one(field, "required", "请填写")
    if len(found) > limit:
        message = "最多{limit}字，现有{length}字"
        raise Invalid.one(field, "too_long", message, limit=limit, length=len(found))
    return found


def _role(given: str) -> str | None:
    if given and given not in {role.value for role in ROLES}:
        raise Invalid.one("role", "unknown", "没有这个角色，请从列表中选择")
    return given or None


def _unit(desk: Desk, given: str) -> str | None:
    if not _edits_all(desk.actor):
        return desk.actor.department
    if given and (not given.isalnum() or desk.session.get(Department, given) is None):
        raise Invalid.one("unit", "unknown", "没有这个单位，请从列表中选择")
    return given or None
