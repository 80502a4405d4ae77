"""How every channel files: the draft, the suggester's advice on it, and the registration."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from sqlmodel import Session

from core.desk import Desk
from core.settings import Settings
from intake import service
from intake.data import CAUTIONS, bag_examples, lexicon, plan_examples, word_examples
from intake.draft import Draft
from intake.service import Advice, Filed, ReceiptKey
from intake.suggest import Guess, guess
from intake.suggest.training import Example
from intake.suggesters import InUse, in_use
from routing import current
from routing.current import InForce
from routing.data import district
from routing.rules import Facts, decide


def register(
    desk: Desk,
    settings: Settings,
    draft: Draft,
    receipt: ReceiptKey | None = None,
    *,
    limit: datetime | None = None,
    at_once: bool = False,
) -> Filed:
    """Take a draft in, with whatever the suggester is sure enough of."""
    return service.register(
        desk,
        draft,
        area=settings.area_code,
        receipt=receipt,
        adviser=lambda checked: advice(desk, checked),
        limit=limit,
        at_once=at_once,
    )


def advice(desk: Desk, draft: Draft) -> Advice:
    """A caution always; a category only when nobody chose one and the guess is sure enough."""
    rules = current.in_force(desk.session, desk.now)
    using = in_use(desk.session)
    found = guess(f"{draft.title}\n{draft.content}", using.model, CAUTIONS)
    urgency = "critical" if found.urgency == "critical" else None
    caution = found.caution or None
    if draft.category is not None or rules is None or not sure(found, using, rules):
        return Advice(caution=caution, urgency=urgency)
    return Advice(
        caution=caution,
        category=found.ranked[0][0],
        urgency=urgency,
        share=round(100 * found.sure_of(owners(rules))),
        model=using.model.version,
    )


def chosen(session: Session, found: Guess, rules: InForce | None) -> str:
    """The category a draft without one would be filed under; empty when a person must choose."""
    if rules is None or not sure(found, in_use(session), rules):
        return ""
    return found.ranked[0][0]


def sure(found: Guess, using: InUse, rules: InForce) -> bool:
    """Whether the office lets this guess dispatch."""
    return 100 * found.sure_of(owners(rules)) >= using.threshold


def owners(rules: InForce) -> Mapping[str, str]:
    """Who leads a plain complaint of each category; nobody where a person decides."""
    return _owners(rules)


@lru_cache(maxsize=4)
def _owners(rules: InForce) -> Mapping[str, str]:
    leads = {
        category.code: decide(Facts(category.code), rules.book, rules.register).lead
        for category in district().categories
    }
    return {code: lead or "" for code, lead in leads.items()}


def guessed(session: Session, text: str) -> Guess:
    """What the suggester in use makes of a text."""
    return guess(text, in_use(session).model, CAUTIONS)


def own_words() -> list[Example]:
    """What the shipped district says itself: its words for each category, its plan's sentences."""
    home = district()
    bodies = {task.number: f"{task.title}。{task.body}" for task in home.plan().tasks}
    plan = {c.code: bodies[c.task] for c in home.categories if c.task is not None}
    words = {c.code: (c.zh, *c.keywords) for c in home.categories}
    said = lexicon(home.code)
    return [
        *word_examples(words),
        *word_examples(said),
        *bag_examples(said),
        *plan_examples(plan),
    ]
