"""A plan on its way in: received, its doubts answered by people, applied by a second person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from core.desk import Desk
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.moments import local_day
from core.permissions import Act, demand
from routing import queries
from routing.consequences import Consequence, consequences
from routing.current import in_force, register
from routing.importing import apply_plan, digest_of, read_here, stored_plan, version_of
from routing.plan import Doubt, Plan, PlanDiff, diff, doubts, settle
from routing.tables import NameConfirmation, PlanDraft, PlanRow

KEEP, NO_TASK, SEEN = "=", "-", "ok"
NAME_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft as it reads with the answers given so far; `digest` says which reading it was."""

    plan: Plan
    doubts: tuple[Doubt, ...]
    answered: Mapping[str, str]  # doubt → what was answered: a unit's name, or one of the codes
    digest: str

    @property
    def open(self) -> tuple[Doubt, ...]:
        return tuple(doubt for doubt in self.doubts if doubt.key not in self.answered)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What applying a reading would change: in the plan, and for the rulebook in force."""

    old: PlanRow | None
    diff: PlanDiff
    findings: tuple[Consequence, ...]
    book: str


def receive(desk: Desk, name: str, document: str) -> PlanDraft:
    """Keep a document that can be read as a plan. PlanRefused otherwise, and nothing is kept."""
    demand(desk.actor, Act.EDIT_RULES)
    read_here(desk.session, document)
    row = PlanDraft(
        id=desk.new_id(),
        name=name.strip()[-NAME_LIMIT:],
        document=document,
        answers={},
        uploaded_by=desk.actor.tag,
        uploaded_at=desk.now,
    )
    desk.session.add(row)
    desk.session.flush()
    return row


def listed(session: Session, limit: int = 30) -> Sequence[PlanDraft]:
    """Drafts, the newest first."""
    order = (col(PlanDraft.uploaded_at).desc(), col(PlanDraft.id).desc())
    return session.exec(select(PlanDraft).order_by(*order).limit(limit)).all()


def draft(session: Session, key: UUID) -> PlanDraft:
    """One draft; NotFound without it."""
    row = session.get(PlanDraft, key)
    if row is None:
        raise NotFound
    return row


def reading(session: Session, row: PlanDraft) -> Reading:
    """Read a draft again, with today's register and the answers given to it.

    Doubts that were answered are asked as they stood before the answer.
    """
    given = row.answers
    names: dict[str, str] = given.get("names", {})
    plain = read_here(session, row.document)
    asked = tuple(doubts(plain, row.document))
    named = read_here(session, row.document, names) if names else plain
    leads = {int(number): unit for number, unit in given.get("leads", {}).items()}
    plan = settle(named, leads=leads, dropped=set(given.get("dropped", [])))
    return Reading(plan, asked, _answered(asked, given), digest_of(plan, row.document))


def outlook(session: Session, plan: Plan, now: Any) -> Outlook:
    """The difference to the newest plan, and what the rulebook in force would feel of it."""
    old = queries.plan(session)
    changes = diff(stored_plan(session, old) if old else Plan("", (), ()), plan)
    rules = in_force(session, now)
    if rules is None:
        return Outlook(old, changes, (), "")
    # the book may stand on an older plan than the newest one
    base = session.get_one(PlanRow, rules.plan)
    felt = (
        changes if old and base.version == old.version else diff(stored_plan(session, base), plan)
    )
    return Outlook(old, changes, tuple(consequences(felt, rules.book.rules)), rules.book.version)


def answer(desk: Desk, key: UUID, answers: Mapping[str, str]) -> PlanDraft:
    """Settle doubts: {doubt: a unit's name, or keep, no task, seen, or nothing to open it again}.

    Invalid names the doubt whose answer does not fit it.
    """
    demand(desk.actor, Act.EDIT_RULES)
    row = _open(desk, key)
    asked = {doubt.key: doubt for doubt in reading(desk.session, row).doubts}
    given = _copied(row.answers)
    for doubt_key, said in answers.items():
        if doubt_key not in asked:
            raise NotFound
        _take(desk.session, given, asked[doubt_key], said)
    row.answers = given
    row.answered_by, row.answered_at = desk.actor.tag, desk.now
    return row


def apply(desk: Desk, key: UUID, *, effective_from: date, digest: str) -> PlanRow:
    """Make the draft a version of the plan: by another person than brought or answered it.

    Conflict when it now reads otherwise than the person saw it.
    """
    demand(desk.actor, Act.EDIT_RULES)
    row = _open(desk, key)
    if desk.actor.tag in {row.uploaded_by, row.answered_by}:
        raise Forbidden(
            "上传方案或处理存疑的人不能自己确认施行，请由另一人核对", code="second_person"
        )
    read = reading(desk.session, row)
    if read.digest != digest:
        raise Conflict("方案的识别结果已变化，请重新核对后再施行", code="reading_changed")
    _fits(desk, effective_from)
    made = apply_plan(
        desk,
        read.plan,
        version=version_of(effective_from, read.digest),
        document=row.document,
        effective_from=effective_from,
    )
    _remember(desk, row)
    row.state, row.digest, row.plan = "applied", read.digest, made.version
    row.ended_by, row.ended_at = desk.actor.tag, desk.now
    return made


def discard(desk: Desk, key: UUID) -> PlanDraft:
    """Put a draft away; nothing of it is applied."""
    demand(desk.actor, Act.EDIT_RULES)
    row = _open(desk, key)
    row.state, row.ended_by, row.ended_at = "discarded", desk.actor.tag, desk.now
    return row


def _open(desk: Desk, key: UUID) -> PlanDraft:
    row = desk.session.get(PlanDraft, key, with_for_update=True)
    if row is None:
        raise NotFound
    if row.state != "open":
        raise Conflict("这份草稿已经处理完毕", code="draft_ended")
    return row


def _copied(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "names": dict(answers.get("names", {})),
        "leads": dict(answers.get("leads", {})),
        "dropped": list(answers.get("dropped", [])),
        "seen": list(answers.get("seen", [])),
    }


def _take(session: Session, given: dict[str, Any], doubt: Doubt, said: str) -> None:
    number = doubt.tasks[0]
    given["seen"] = [key for key in given["seen"] if key != doubt.key]
    if doubt.of_name:
        given["names"].pop(doubt.name, None)
        if said:
            given["names"][doubt.name] = doubt.name if said == KEEP else _unit(session, doubt, said)
    elif doubt.blocking:
        given["leads"].pop(str(number), None)
        given["dropped"] = [n for n in given["dropped"] if n != number]
        if said == NO_TASK:
            given["dropped"].append(number)
        elif said:
            given["leads"][str(number)] = _unit(session, doubt, said)
    elif said:
        given["seen"].append(doubt.key)


def _unit(session: Session, doubt: Doubt, said: str) -> str:
    unit = register(session).resolve(said)
    if unit is None:
        raise Invalid.one(doubt.key, "unknown_unit", "单位名录中没有“{name}”", name=said)
    return unit.name


def _answered(asked: Sequence[Doubt], given: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for doubt in asked:
        number = doubt.tasks[0]
        if doubt.of_name and doubt.name in given.get("names", {}):
            meant = given["names"][doubt.name]
            found[doubt.key] = KEEP if meant == doubt.name else meant
        elif doubt.blocking and number in given.get("dropped", []):
            found[doubt.key] = NO_TASK
        elif doubt.blocking and str(number) in given.get("leads", {}):
            found[doubt.key] = given["leads"][str(number)]
        elif doubt.key in given.get("seen", []):
            found[doubt.key] = SEEN
    return found


def _fits(desk: Desk, effective_from: date) -> None:
    newest = queries.plan(desk.session)
    if newest is not None and effective_from < newest.effective_from:
        raise Invalid.one(
            "effective_from", "too_early", "施行日期不能早于现行方案的施行日期{day}",
            day=newest.effective_from.isoformat(),
        )  # fmt: skip
    if effective_from < local_day(desk.now):
        raise Invalid.one("effective_from", "past", "施行日期不能早于今天")


def _remember(desk: Desk, row: PlanDraft) -> None:
    """Names settled here are settled for every later plan."""
    for written, meant in row.answers.get("names", {}).items():
        fresh = insert(NameConfirmation).values(
            written=written, meant=meant, confirmed_by=row.answered_by, confirmed_at=row.answered_at
        )
        desk.session.execute(
            fresh.on_conflict_do_update(
                index_elements=["written"],
                set_={
                    "meant": meant,
                    "confirmed_by": row.answered_by,
                    "confirmed_at": row.answered_at,
                },
            )
        )
