"""Knowledge cards as their editors hand them in: checked field by field, found by likeness."""

import math
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from core.errors import Fault, Invalid
from core.texts import UncleanText, clean
from intake.grams import grams

Key = TypeVar("Key", bound=Hashable)
# what a card stands on: the plan's own words, a law, a rule of this platform, the unit's word
SOURCES = ("plan", "law", "platform", "unit")
LIMITS = {"question": 100, "answer": 2000, "basis": 300}
UNIT_LIMIT = 20
KEYWORDS_LIMIT = 20
KEYWORD_LENGTH = 20
# no card is sure for longer than this
LONGEST = timedelta(days=731)
# a card that shares less with what is typed is there by chance
LEAST = 0.12
PARTS = re.compile("[、，,；;\\s]+")
REQUIRED = {
    "question": "请写明问题",
    "answer": "请写明答复",
    "basis": "请写明依据",
    "owner": "请选择责任单位",
}


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says, whose it is, what it stands on, and when its owner looks at it again."""

    owner: str
    review_on: date
    question: str
    answer: str
    source: str
    basis: str
    category: str | None = None
    keywords: tuple[str, ...] = ()
    public: bool = False

    @property
    def grams(self) -> list[str]:
        """What it is found by."""
        return grams(self.question, self.answer, "、".join(self.keywords))


def stale(review_on: date, today: date) -> bool:
    """Whether the day of review has come: from then on nobody answers with the card."""
    return review_on <= today


def check(values: Mapping[str, str], today: date) -> Card:
    """The card a form asks for. Invalid names every field at fault."""
    faults: list[Fault] = []
    told = {
        name: _text(name, values.get(name, ""), faults) for name in (*LIMITS, "owner", "category")
    }
    for name, message in REQUIRED.items():
        if not told[name] and not any(fault.field == name for fault in faults):
            faults.append(Fault(name, "required", message))
    review_on = _day(values.get("review_on", ""), today, faults)
    keywords = _keywords(values.get("keywords", ""), faults)
    source = values.get("source", "")
    if source not in SOURCES:
        faults.append(Fault("source", "required", "请选择依据的种类"))
    if faults:
        raise Invalid(faults=tuple(faults))
    return Card(
        owner=told["owner"],
        review_on=review_on or today,
        question=told["question"],
        answer=told["answer"],
        source=source,
        basis=told["basis"],
        category=told["category"] or None,
        keywords=keywords,
        public=values.get("public", "") in {"on", "yes", "true"},
    )


def _text(name: str, value: str, faults: list[Fault]) -> str:
    limit = LIMITS.get(name, UNIT_LIMIT)
    try:
        found = clean(value[: 10 * limit], lines=name == "answer")
    except UncleanText as error:
        message = "第{position}个字符不能使用，请删除"
        faults.append(Fault(name, error.code, message, {"position": error.position}))
        return ""
    if len(found) > limit:
        params: dict[str, str | int] = {"limit": limit, "length": len(found)}
        faults.append(Fault(name, "too_long", "最多{limit}字，现有{length}字", params))
    return found


def _day(value: str, today: date, faults: list[Fault]) -> date | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        faults.append(Fault("review_on", "form", "请填写复核日期"))
        return None
    if not today < day <= today + LONGEST:
        faults.append(Fault("review_on", "range", "复核日期应在明天至两年之内"))
    return day


def _keywords(value: str, faults: list[Fault]) -> tuple[str, ...]:
    try:
        given = clean(value[: 2 * KEYWORDS_LIMIT * KEYWORD_LENGTH])
    except UncleanText as error:
        message = "第{position}个字符不能使用，请删除"
        faults.append(Fault("keywords", error.code, message, {"position": error.position}))
        return ()
    words = tuple(dict.fromkeys(word for word in PARTS.split(given) if word))
    if len(words) > KEYWORDS_LIMIT or any(len(word) > KEYWORD_LENGTH for word in words):
        faults.append(Fault("keywords", "too_long", "最多20个关键词，每个不超过20字"))
    return words


def nearest(
    text: str, cards: Iterable[tuple[Key, str, bool]], limit: int
) -> list[tuple[Key, float]]:
    """Up to `limit` keys of the cards (key, question with keywords, same category) most like it.

    What is rare among the cards counts for more; the share is of the card's own words, so a long
    complaint finds a short card.
    """
    known = [(key, frozenset(grams(own)), same) for key, own, same in cards]
    sought = frozenset(grams(text))
    seen: dict[str, int] = {}
    for _, own, _ in known:
        for gram in own:
            seen[gram] = seen.get(gram, 0) + 1
    weight = {gram: math.log(1 + len(known) / count) for gram, count in seen.items()}
    found = []
    for key, own, same in known:
        whole = sum(weight[gram] for gram in own)
        share = sum(weight[gram] for gram in own & sought) / whole if whole else 0.0
        if share >= LEAST:
            found.append((key, min(1.0, share * (1.5 if same else 1.0))))
    return sorted(found, key=lambda pair: -pair[1])[:limit]
