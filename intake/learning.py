"""Learning from dispatchers: their corrections train a new suggester, held-back ones judge it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from core.database import reader
from core.desk import Desk, Office
from core.numbers import masked
from core.outbox import post
from core.permissions import Act, Actor, demand
from intake.data import CAUTIONS, texts
from intake.suggest import Model
from intake.suggest.measuring import Measured, better, measure
from intake.suggest.training import Example, train
from intake.suggesters import adopt, in_use, log_act
from intake.tables import SuggesterAct, SuggesterRow

# the newest corrections; older ones describe an older way of working
READ = 20_000
ENOUGH_NEW = 50
CASE_WEIGHT = 3.0
HELD_OF = 5
CORRECTIONS = text("""
    SELECT DISTINCT ON (t.id) t.title || E'\\n' || t.content AS words,
           e.facts ->> 'category' AS category, t.request, t.urgency,
           ('x' || substr(md5(t.id::text), 1, 8))::bit(32)::bigint % :held = 0 AS held
      FROM entry e JOIN ticket t ON t.id = e.ticket_id
     WHERE e.kind = 'ticket.routed' AND e.facts ->> 'by' = 'person'
       AND e.facts ->> 'category' IS NOT NULL
     ORDER BY t.id DESC, e.number DESC
     LIMIT :most
""")

SINCE = text("""
    SELECT count(*) FROM (
        SELECT 1 FROM entry
         WHERE kind = 'ticket.routed' AND facts ->> 'by' = 'person'
           AND (CAST(:last AS timestamptz) IS NULL OR at > :last)
         LIMIT :enough) AS fresh
""")


@dataclass(frozen=True, slots=True)
class Corrections:
    """What people decided: to learn from, and held back to judge by (one in five, for good)."""

    learn: tuple[Example, ...]
    held: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What came of a retraining, against the suggester in use when it began."""

    version: str
    learnt: int
    against: str
    new: Measured
    old: Measured

    @property
    def adopts(self) -> bool:
        return better(self.new, self.old)

    def as_json(self) -> dict[str, Any]:
        """The figures a page shows."""
        return {
            "learnt": self.learnt,
            "against": self.against,
            "new": self.new.as_json(),
            "old": self.old.as_json(),
            "adopts": self.adopts,
        }


def corrections(session: Session) -> Corrections:
    """The newest decisions of people, each ticket once; which are held back never changes."""
    rows = session.execute(CORRECTIONS, {"held": HELD_OF, "most": READ}).all()
    learn: list[Example] = []
    held: list[Example] = []
    for words, category, kind, urgency, back in rows:
        (held if back else learn).append(
            Example(masked(words), category, kind, urgency, CASE_WEIGHT)
        )
    return Corrections(tuple(learn), tuple(held))


def ask(desk: Desk) -> None:
    """Have a new suggester trained in the background."""
    demand(desk.actor, Act.EDIT_RULES)
    act = log_act(desk, "retrain", in_use(desk.session))
    post(desk, "intake.retrain", asked=str(act.id))


def ask_if_due(desk: Desk) -> bool:
    """Nightly: ask when enough people decided since the last training."""
    last = desk.session.exec(
        select(SuggesterAct.at)
        .where(SuggesterAct.act == "retrain")
        .order_by(col(SuggesterAct.id).desc())
        .limit(1)
    ).first()
    count = desk.session.execute(SINCE, {"last": last, "enough": ENOUGH_NEW}).scalar_one()
    if count < ENOUGH_NEW:
        return False
    ask(desk)
    return True


def retrain(
    office: Office, actor: Actor, *, asked: UUID, extra: Sequence[Example] = ()
) -> Lesson | None:
    """Train on shipped texts and corrections; keep it, and adopt it only when it is better.

    `extra` are the district's words and plan, as the shipped one was trained with. Training takes
    a minute: no transaction stays open meanwhile. Asked twice with one id, it trains once.
    """
    demand(actor, Act.EDIT_RULES)
    version = f"learnt-{asked.hex[:12]}"
    with reader(office.engine) as session:
        if session.get(SuggesterRow, version) is not None:
            return None
        known = corrections(session)
        old = in_use(session).model
    model = train([*texts(), *extra, *known.learn], version=version)
    model = replace(model, made={**model.made, "cases": len(known.learn)})
    cautions = frozenset(name for name in model.labels["category"] if name in CAUTIONS)
    lesson = Lesson(
        version,
        len(known.learn),
        old.version,
        measure(model, known.held, cautions),
        measure(old, known.held, cautions),
    )
    with office.desk(actor) as desk:
        _keep(desk, model, lesson)
    return lesson


def _keep(desk: Desk, model: Model, lesson: Lesson) -> None:
    desk.session.add(
        SuggesterRow(
            version=lesson.version,
            state="candidate",
            body=model.as_bytes(),
            measured=lesson.as_json(),
            made_at=desk.now,
            made_by=desk.actor.tag,
        )
    )
    desk.session.flush()
    # somebody may have adopted another one while this one was trained
    if lesson.adopts and in_use(desk.session).model.version == lesson.against:
        adopt(desk, lesson.version)
